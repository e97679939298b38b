/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device.h - the life of a device: made by its own create function, then kept
 * in a list that resets and ends them all.
 */
#ifndef VMM_CORE_DEVICE_H
#define VMM_CORE_DEVICE_H

#include <stdbool.h>
#include <stdio.h>

struct device_ops {
	const char *name;
	void (*reset)(void *self);	/* to its state at power-on; NULL: none */
	void (*fini)(void *self);	/* frees it; NULL: nothing to free */
	/* Prints lines on its state for the crash report; NULL: nothing to say. */
	void (*describe)(void *self, FILE *out);
	/* Whether interrupts wait here for the end of one that is in service; NULL: never. */
	bool (*misses_eoi)(const void *self);
};

struct devices;

/* Returns 0 or -ENOMEM. The caller owns *devices. */
int devices_create(struct devices **devices);

/* Ends the devices, last one first, and frees the list. NULL is fine. */
void devices_destroy(struct devices *devices);

/*
 * Adds a device, which from now on belongs to the list. Returns 0, or -ENOMEM
 * with the device ended.
 */
int devices_add(struct devices *devices, const struct device_ops *ops, void *self);

/* Resets the devices in the order in which they were added. */
void devices_reset(struct devices *devices);

/* Prints what the devices say of themselves, in the same order. */
void devices_describe(const struct devices *devices, FILE *out);

/* Whether one of them waits for an end of interrupt (EOI). */
bool devices_miss_eoi(const struct devices *devices);

#endif
