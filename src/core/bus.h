/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bus.h - who answers at which port and which memory-mapped address.
 *
 * Ranges are claimed when the board is built and never change afterwards;
 * a claim that overlaps another one is refused. Accesses come from the
 * vCPU's thread.
 *
 * A read that nobody claims gives all ones, a write that nobody claims is
 * dropped; the stray handler, where there is one, is told of both.
 */
#ifndef VMM_CORE_BUS_H
#define VMM_CORE_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bus_space {
	BUS_PIO,	/* 16-bit port numbers, accesses of 1, 2 and 4 bytes */
	BUS_MMIO,	/* guest-physical addresses, accesses of 1, 2, 4 and 8 */
	BUS_SPACES,
};

/* Access sizes in bytes, to be or-ed into bus_ops.sizes. */
#define BUS_SIZE_1 1u
#define BUS_SIZE_2 2u
#define BUS_SIZE_4 4u
#define BUS_SIZE_8 8u

struct bus_ops {
	/*
	 * The access sizes that read and write take. An access of another
	 * size is done as single bytes at rising addresses, as a PC's bus
	 * does it for 8-bit chips; where single bytes are not taken either,
	 * it counts as unclaimed.
	 */
	unsigned int sizes;
	/* offset: from the start of the claim. NULL: all ones. */
	uint64_t (*read)(void *self, uint64_t offset, unsigned int size);
	/* value: only the low size bytes are set. NULL: dropped. */
	void (*write)(void *self, uint64_t offset, unsigned int size, uint64_t value);
	/*
	 * Optional, for string I/O: count elements of size bytes at one
	 * offset, as many as the device takes in one go. Returns how many
	 * it did; the rest is done one by one.
	 */
	size_t (*read_block)(void *self, uint64_t offset, unsigned int size,
			     void *data, size_t count);
	size_t (*write_block)(void *self, uint64_t offset, unsigned int size,
			      const void *data, size_t count);
};

/* One claim. */
struct bus_range {
	uint64_t base;
	uint64_t length;	/* ports or bytes, not 0 */
	const struct bus_ops *ops;
	void *self;		/* handed to the operations */
	const char *name;	/* of the owner, for reports; must outlive the bus */
};

/* Told of accesses that nobody claims. value: what was
 * written; reads: all ones in size bytes. */
typedef void bus_stray_fn(void *self, enum bus_space space, uint64_t address,
			  unsigned int size, bool write, uint64_t value);

struct bus;

/* Returns 0 or -ENOMEM. The caller owns *bus. */
int bus_create(struct bus **bus);
void bus_destroy(struct bus *bus);

/*
 * Claims a range; the struct is copied. Returns 0; -EEXIST where it overlaps a
 * claim; -EINVAL where it is empty, wraps around or (ports) goes past 0xFFFF;
 * -ENOMEM.
 *
 * A port access belongs to the owner of its first port (0x1F0 takes 16 bits
 * although 0x1F1 is another register); a memory access that runs past its
 * owner's range is done as single bytes.
 */
int bus_claim(struct bus *bus, enum bus_space space, const struct bus_range *range);

/* The claim that holds the address, or NULL. */
const struct bus_range *bus_find(const struct bus *bus, enum bus_space space, uint64_t address);

/* The claims in order of address; valid until the next one. Returns how many there are. */
size_t bus_ranges(const struct bus *bus, enum bus_space space, const struct bus_range **ranges);

/* At most one handler; NULL for none. */
void bus_set_stray(struct bus *bus, bus_stray_fn *fn, void *self);

/* size: 1, 2, 4 or (BUS_MMIO) 8. The result's upper bytes are 0. */
uint64_t bus_read(struct bus *bus, enum bus_space space, uint64_t address, unsigned int size);
void bus_write(struct bus *bus, enum bus_space space, uint64_t address,
	       unsigned int size, uint64_t value);

/*
 * String I/O: count elements of size bytes (1, 2, 4), all at the same port;
 * data holds them one after another, little endian.
 */
void bus_read_string(struct bus *bus, uint16_t port, unsigned int size,
		     void *data, size_t count);
void bus_write_string(struct bus *bus, uint16_t port, unsigned int size,
		      const void *data, size_t count);

#endif
