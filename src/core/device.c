/* SPDX-License-Identifier: GPL-3.0-or-later */
/* device.c - the list of a machine's devices, see device.h. */
#include "core/device.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "core/array.h"

struct entry {
	const struct device_ops *ops;
	void *self;
};

struct devices {
	struct entry *entries;
	size_t count;
};

int devices_create(struct devices **devices)
{
	*devices = calloc(1, sizeof(**devices));
	return *devices ? 0 : -ENOMEM;
}

void devices_destroy(struct devices *devices)
{
	if (!devices)
		return;
	while (devices->count) {
		const struct entry *entry = &devices->entries[--devices->count];

		if (entry->ops->fini)
			entry->ops->fini(entry->self);
	}
	free(devices->entries);
	free(devices);
}

int devices_add(struct devices *devices, const struct device_ops *ops, void *self)
{
	struct entry *added = array_append(&devices->entries, &devices->count, sizeof(*added));

	if (!added) {
		if (ops->fini)
			ops->fini(self);
		return -ENOMEM;
	}
	*added = (struct entry){ .ops = ops, .self = self };
	return 0;
}

void devices_reset(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->entries[i].ops->reset)
			devices->entries[i].ops->reset(devices->entries[i].self);
}

void devices_describe(const struct devices *devices, FILE *out)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->entries[i].ops->describe)
			devices->entries[i].ops->describe(devices->entries[i].self, out);
}

bool devices_miss_eoi(const struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->entries[i].ops->misses_eoi &&
		    devices->entries[i].ops->misses_eoi(devices->entries[i].self))
			return true;
	return false;
}
