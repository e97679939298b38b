/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bus.c - ports and memory-mapped registers: sorted tables of claims, see bus.h. */
#include "core/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

#define PIO_LAST 0xFFFFu

struct space {
	struct bus_range *ranges;	/* sorted by base, disjoint */
	size_t count;
	size_t hit;			/* index of the last range found */
};

struct bus {
	struct space space[BUS_SPACES];
	bus_stray_fn *stray;
	void *stray_self;
};

static const uint64_t space_last[BUS_SPACES] = {
	[BUS_PIO] = PIO_LAST,
	[BUS_MMIO] = UINT64_MAX,
};

int bus_create(struct bus **bus)
{
	*bus = calloc(1, sizeof(**bus));
	return *bus ? 0 : -ENOMEM;
}

void bus_destroy(struct bus *bus)
{
	if (!bus)
		return;
	for (unsigned int i = 0; i < BUS_SPACES; i++)
		free(bus->space[i].ranges);
	free(bus);
}

/* Index of the first range that ends at or after address. */
static size_t first_after(const struct space *space, uint64_t address)
{
	size_t low = 0, high = space->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct bus_range *range = &space->ranges[middle];

		if (range->base + (range->length - 1) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int bus_claim(struct bus *bus, enum bus_space which, const struct bus_range *range)
{
	struct space *space = &bus->space[which];
	uint64_t last = range->base + (range->length - 1);
	struct bus_range *added;
	size_t index;

	if (!range->length || last < range->base || last > space_last[which] || !range->ops)
		return -EINVAL;
	index = first_after(space, range->base);
	if (index < space->count && space->ranges[index].base <= last)
		return -EEXIST;
	added = array_insert(&space->ranges, &space->count, sizeof(*added), index);
	if (!added)
		return -ENOMEM;
	*added = *range;
	return 0;
}

static bool holds(const struct bus_range *range, uint64_t address)
{
	return address - range->base < range->length;
}

const struct bus_range *bus_find(const struct bus *bus, enum bus_space which, uint64_t address)
{
	const struct space *space = &bus->space[which];
	size_t index = first_after(space, address);

	if (index == space->count || !holds(&space->ranges[index], address))
		return NULL;
	return &space->ranges[index];
}

/* bus_find() for accesses, which tend to come to the same owner again. */
static const struct bus_range *owner(struct bus *bus, enum bus_space which, uint64_t address)
{
	struct space *space = &bus->space[which];

	size_t index;

	if (space->hit < space->count && holds(&space->ranges[space->hit], address))
		return &space->ranges[space->hit];
	index = first_after(space, address);
	if (index == space->count || !holds(&space->ranges[index], address))
		return NULL;
	space->hit = index;
	return &space->ranges[index];
}

size_t bus_ranges(const struct bus *bus, enum bus_space space, const struct bus_range **ranges)
{
	*ranges = bus->space[space].ranges;
	return bus->space[space].count;
}

void bus_set_stray(struct bus *bus, bus_stray_fn *fn, void *self)
{
	bus->stray = fn;
	bus->stray_self = self;
}

static uint64_t ones(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
}

static uint64_t stray(struct bus *bus, enum bus_space space, uint64_t address,
		      unsigned int size, bool write, uint64_t value)
{
	if (bus->stray)
		bus->stray(bus->stray_self, space, address, size, write, value);
	return value;
}

/* Whether the owner takes the access whole. */
static bool takes(const struct bus_range *range, enum bus_space space, uint64_t address,
		  unsigned int size)
{
	if (!range || !(range->ops->sizes & size))
		return false;
	return space == BUS_PIO || range->length - (address - range->base) >= size;
}

/* The next port after the last one is port 0, as on the processor's bus. */
static uint64_t next_address(enum bus_space space, uint64_t address)
{
	return (address + 1) & space_last[space];
}

/*
 * Whether an access that its owner does not take whole is done as single bytes:
 * where the owner takes those, or where somebody answers at a later byte.
 */
static bool splits(const struct bus *bus, enum bus_space space, const struct bus_range *range,
		   uint64_t address, unsigned int size)
{
	const struct space *ranges = &bus->space[space];
	size_t index;

	if (size == 1)
		return false;
	if (range)
		return range->ops->sizes & BUS_SIZE_1;
	index = first_after(ranges, address);
	return index < ranges->count && ranges->ranges[index].base - address < size;
}

uint64_t bus_read(struct bus *bus, enum bus_space space, uint64_t address, unsigned int size)
{
	const struct bus_range *range = owner(bus, space, address);
	uint64_t value = 0;

	if (takes(range, space, address, size)) {
		if (!range->ops->read)
			return ones(size);
		return range->ops->read(range->self, address - range->base, size) & ones(size);
	}
	if (!splits(bus, space, range, address, size))
		return stray(bus, space, address, size, false, ones(size));
	for (unsigned int i = 0; i < size; i++, address = next_address(space, address))
		value |= bus_read(bus, space, address, 1) << (8 * i);
	return value;
}

void bus_write(struct bus *bus, enum bus_space space, uint64_t address,
	       unsigned int size, uint64_t value)
{
	const struct bus_range *range = owner(bus, space, address);

	value &= ones(size);
	if (takes(range, space, address, size)) {
		if (range->ops->write)
			range->ops->write(range->self, address - range->base, size, value);
		return;
	}
	if (!splits(bus, space, range, address, size)) {
		stray(bus, space, address, size, true, value);
		return;
	}
	for (unsigned int i = 0; i < size; i++, address = next_address(space, address))
		bus_write(bus, space, address, 1, value >> (8 * i) & 0xFF);
}

void bus_read_string(struct bus *bus, uint16_t port, unsigned int size,
		     void *data, size_t count)
{
	const struct bus_range *range = owner(bus, BUS_PIO, port);
	uint8_t *to = data;

	if (takes(range, BUS_PIO, port, size) && range->ops->read_block) {
		size_t done = range->ops->read_block(range->self, port - range->base,
						     size, to, count);

		to += done * size;
		count -= done;
	}
	for (; count; count--, to += size) {
		uint64_t value = bus_read(bus, BUS_PIO, port, size);

		memcpy(to, &value, size);
	}
}

void bus_write_string(struct bus *bus, uint16_t port, unsigned int size,
		      const void *data, size_t count)
{
	const struct bus_range *range = owner(bus, BUS_PIO, port);
	const uint8_t *from = data;

	if (takes(range, BUS_PIO, port, size) && range->ops->write_block) {
		size_t done = range->ops->write_block(range->self, port - range->base,
						      size, from, count);

		from += done * size;
		count -= done;
	}
	for (; count; count--, from += size) {
		uint64_t value = 0;

		memcpy(&value, from, size);
		bus_write(bus, BUS_PIO, port, size, value);
	}
}
