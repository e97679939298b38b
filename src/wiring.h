/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wiring.h - the chips of the machine, and who answers at which port, address
 * and line. The board and the tests of devices without a guest use the same.
 */
#ifndef VMM_WIRING_H
#define VMM_WIRING_H

#include <stdbool.h>

#include "core/a20.h"
#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/intr.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/msrs.h"
#include "core/run.h"
#include "dev/apicbus.h"
#include "dev/simvirtio.h"
#include "dev/uart.h"
#include "host/disk.h"
#include "host/ipc.h"
#include "host/keyboard.h"
#include "host/mouse.h"
#include "host/output.h"
#include "host/screen.h"
#include "pv/hypercall.h"

#define SERIAL_PORTS 2u		/* COM1, COM2 */

struct pm;

/* What chips are connected to. All must outlive the devices. */
struct wiring {
	struct mem *mem;
	struct bus *bus;
	struct irqs *irqs;
	struct intr *intr;
	struct msrs *msrs;
	struct a20 *a20;
	struct clock *clock;
	struct devices *devices;	/* takes the chips over */
	struct run *run;
	struct screen *screen;
	struct keyboard *keyboard;	/* whose keys the guest's keyboard has */
	struct mouse *mouse;		/* likewise; NULL: nobody moves it */
	struct disk *disk;		/* NULL: no disk, nobody answers at its ports */
	struct output *debugcon;
	struct output *serial[SERIAL_PORTS];
	bool qemu_debug_exit;
	/* A SIMVIRTIO device, unless its output is NULL; the rest as in simvirtio_config. */
	struct output *simvirtio_output;
	uint64_t simvirtio_address;
	struct simvirtio_words *simvirtio_words;
	bool calls_by_instruction;	/* of the engine: VMCALL is a hypercall */
	struct works *works;		/* of that device alone */
	struct ipc *ipc;		/* NULL: no endpoints, and sleep is not needed */
	void (*sleep)(void *sleeper, struct pollfd *fds, size_t count);	/* as machine_sleep() */
	void *sleeper;
	hypercall_made_fn *on_hypercall;	/* told of each one */
	void *on_hypercall_self;
	const struct log *log;

	/* Set by wire(): */
	struct apicbus *apics;
	struct uart *com[SERIAL_PORTS];	/* COM1, COM2 */
	struct pm *pm;
	struct simvirtio *simvirtio;	/* NULL: there is none */
};

/* Makes the chips and connects them. Returns 0 or -errno. */
int wire(struct wiring *wiring);

#endif
