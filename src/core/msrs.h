/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * msrs.h - the model-specific registers that belong to a chip and not to the
 * processor itself: the local APIC's. The others are the engine's.
 *
 * They are claimed when the board is built, as ranges on the bus are, and are
 * accessed by the vCPU's thread.
 */
#ifndef VMM_CORE_MSRS_H
#define VMM_CORE_MSRS_H

#include <stdbool.h>
#include <stdint.h>

struct msr_ops {
	/* Return false where the access raises #GP: nothing has changed then. */
	bool (*read)(void *self, uint32_t number, uint64_t *value);
	bool (*write)(void *self, uint32_t number, uint64_t value);
};

struct msrs;

/* Returns 0 or -ENOMEM. The caller owns *msrs. */
int msrs_create(struct msrs **msrs);
void msrs_destroy(struct msrs *msrs);

/* Returns 0, -EEXIST where somebody has the number, or -ENOSPC. */
int msrs_claim(struct msrs *msrs, uint32_t number, const struct msr_ops *ops, void *self);

/* As struct msr_ops; a register that nobody has claimed raises #GP. */
bool msrs_read(const struct msrs *msrs, uint32_t number, uint64_t *value);
bool msrs_write(const struct msrs *msrs, uint32_t number, uint64_t value);

/*
 * The owner's word that it has to see each access to a register of its own from now
 * on. Until then an engine whose processor has the register too may let it answer:
 * it costs some engines a while to have accesses come out.
 */
void msrs_watch(struct msrs *msrs, uint32_t number);

/* The numbers of which that is true. Returns how many there are. */
unsigned int msrs_watched(const struct msrs *msrs, const uint32_t **numbers);

#endif
