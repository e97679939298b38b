/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simvirtio.h - SIMVIRTIO, a device of two byte queues: what a guest sends is
 * printed, what comes in is there for it to fetch. vmm-simvirtio(7) is its manual.
 *
 * All functions are called by the vCPU's thread, or while it does not run.
 */
#ifndef VMM_DEV_SIMVIRTIO_H
#define VMM_DEV_SIMVIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/device.h"
#include "core/mem.h"
#include "core/work.h"
#include "host/output.h"

#define SIMVIRTIO_ADDRESS	UINT64_C(0x100000)	/* of the registers, if not asked for */
#define SIMVIRTIO_SIZE		0x1000u			/* of the registers, claimed on the bus */
#define SIMVIRTIO_QUEUE_LENGTH	32768u			/* elements, of a byte each */

struct simvirtio;
struct simvirtio_words;

struct simvirtio_config {
	uint64_t address;		/* of the registers, for the device table */
	/*
	 * Mode poll: the page of control words that the guest has as plain memory
	 * behind the registers. NULL: mode exit.
	 */
	struct simvirtio_words *words;
	struct mem *mem;		/* where the buffers are */
	struct output *output;		/* what is sent goes there */
	struct works *works;		/* mode poll: how the thread has itself heard */
};

/* All in config must outlive the device. Returns 0 or -ENOMEM. */
int simvirtio_create(struct simvirtio **simvirtio, const struct simvirtio_config *config);

/* Before the guest runs: mode poll starts its thread. Returns 0 or -errno. */
int simvirtio_start(struct simvirtio *simvirtio);

/*
 * Bytes for the guest, as many as its queue has room for; returns how many. There
 * is no room until the device is ready and the queue enabled.
 */
size_t simvirtio_receive(struct simvirtio *simvirtio, const uint8_t *data, size_t len);

/* fn is called when there may be room again. It may call simvirtio_receive(). One at most. */
void simvirtio_on_room(struct simvirtio *simvirtio, void (*fn)(void *self), void *self);

/*
 * Takes what the guest has sent and nobody has noticed yet: for a guest that
 * halts.
 */
void simvirtio_sync(struct simvirtio *simvirtio);

extern const struct bus_ops simvirtio_ops;
extern const struct device_ops simvirtio_device;

#endif
