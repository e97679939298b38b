/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simvirtio_poll.h - SIMVIRTIO's mode poll: queues whose control words lie in
 * plain memory, and the thread that looks at them. For simvirtio.c.
 *
 * The thread moves what the guest sends from its ring into a buffer of vmm's, so
 * that the guest finds room without an exit; what it means is the device's
 * affair, in the vCPU's thread, which is told when 64 KiB have come together or
 * the first of them has waited for 2 ms. It writes nothing but the control word
 * that is its own: other memory may hold code, which only the vCPU's thread may change.
 *
 * Memory ordering: each control word has one writer. Who advances it has written
 * or read the elements before: it stores with release, the other side loads with
 * acquire. In an x86 guest all plain stores are releases and all loads acquires
 * (Intel SDM vol. 3, 9.2.2); it only has to keep its compiler from moving them. The
 * engines that emulate it run on an x86 processor too, and access an aligned word of
 * 32 bits by one instruction.
 */
#ifndef VMM_DEV_SIMVIRTIO_POLL_H
#define VMM_DEV_SIMVIRTIO_POLL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/work.h"

#define SIMVIRTIO_QUEUES 2u

/* The page of control words as the guest has it, a cache line a queue. */
struct simvirtio_words {
	struct {
		_Alignas(64) _Atomic uint32_t head;	/* the producer's */
		_Atomic uint32_t tail;			/* the consumer's */
	} queue[SIMVIRTIO_QUEUES];
};

struct simvirtio_poll;

/*
 * news is posted by the thread, see above and simvirtio_poll_watch(). words and works
 * must outlive it. Returns 0 or -ENOMEM. The caller owns *poll.
 */
int simvirtio_poll_create(struct simvirtio_poll **poll, struct simvirtio_words *words,
			  struct works *works, struct work *news);

/* Ends the thread. NULL is fine. */
void simvirtio_poll_destroy(struct simvirtio_poll *poll);

/* Starts the thread. Returns 0 or -errno. */
int simvirtio_poll_start(struct simvirtio_poll *poll);

/* --- what follows is called by the vCPU's thread --- */

/*
 * TX is enabled: its elements lie at buffer, SIMVIRTIO_QUEUE_LENGTH of them, the next one
 * at the index tail.
 */
void simvirtio_poll_enable(struct simvirtio_poll *poll, const uint8_t *buffer, uint32_t tail);

/* TX is disabled. What has been moved can still be taken. */
void simvirtio_poll_disable(struct simvirtio_poll *poll);

/* All is forgotten, and TX disabled. */
void simvirtio_poll_reset(struct simvirtio_poll *poll);

/*
 * The next bytes that the guest has sent, at most size of them, straight from its
 * ring too. Returns how many. *broken: set where the ring's head is none.
 */
size_t simvirtio_poll_take(struct simvirtio_poll *poll, uint8_t *bytes, size_t size,
			   bool *broken);

/*
 * on: news is posted once half of RX, whose next element has the index head, is
 * free, or its tail is no index.
 */
void simvirtio_poll_watch(struct simvirtio_poll *poll, bool on, uint32_t head);

#endif
