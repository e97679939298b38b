/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile.c - the exit profile, see profile.h. */
#include "observe/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000.0
#define PAGE_MASK (~UINT64_C(0xFFF))

/* A guest may touch as many addresses as it likes: further ones share a row. */
#define ROWS_MAX 4096u
#define SLOTS (2 * ROWS_MAX)	/* a power of two, never more than half full */
#define SLOT_BITS 13

_Static_assert(SLOTS == 1u << SLOT_BITS, "the hash gives SLOT_BITS bits");

struct row {
	uint64_t exits;
	uint64_t transfers;	/* 0: a free slot */
	uint64_t address;
	uint8_t kind;		/* enum profile_kind */
	uint8_t size;
	bool write;
};

struct profile {
	struct row slots[SLOTS];	/* open addressing, linear probing */
	unsigned int rows;
	struct row others;		/* what came after ROWS_MAX */
	struct timespec started;
	double seconds;
};

/* What a row of a kind shows. */
static const struct {
	const char *name;
	bool access;		/* has an address, a direction, a size, an owner */
	enum bus_space space;
	int digits;		/* of the address, at least */
	uint64_t mask;		/* what of it tells rows apart: memory goes by pages */
} kinds[PROFILE_KINDS] = {
	[PROFILE_PIO] = { "pio", true, BUS_PIO, 4, UINT64_MAX },
	[PROFILE_MMIO] = { "mmio", true, BUS_MMIO, 8, PAGE_MASK },
	[PROFILE_POSTED] = { "posted", true, BUS_MMIO, 8, PAGE_MASK },
	[PROFILE_MSR] = { .name = "msr" },
	[PROFILE_HLT] = { .name = "hlt" },
	[PROFILE_KICK] = { .name = "kick" },
	[PROFILE_EMULATED] = { .name = "emulated" },
	[PROFILE_OTHER] = { .name = "other" },
};

int profile_create(struct profile **profile)
{
	*profile = calloc(1, sizeof(**profile));
	return *profile ? 0 : -ENOMEM;
}

void profile_destroy(struct profile *profile)
{
	free(profile);
}

void profile_start(struct profile *profile)
{
	clock_gettime(CLOCK_MONOTONIC, &profile->started);
}

void profile_stop(struct profile *profile)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	profile->seconds += (double)(now.tv_sec - profile->started.tv_sec) +
			    (double)(now.tv_nsec - profile->started.tv_nsec) / NS_PER_S;
}

/* Fibonacci hashing: the upper bits of a product. */
static unsigned int hash(const struct row *key)
{
	uint64_t mixed = key->address ^ (uint64_t)key->kind << 61 ^
			 (uint64_t)key->size << 56 ^ (uint64_t)key->write << 55;

	return (unsigned int)(mixed * UINT64_C(0x9E3779B97F4A7C15) >> (64 - SLOT_BITS));
}

static bool same(const struct row *a, const struct row *b)
{
	return a->address == b->address && a->kind == b->kind && a->size == b->size &&
	       a->write == b->write;
}

/* The row that counts for a key; a new one takes over the key. */
static struct row *find_row(struct profile *profile, const struct row *key)
{
	struct row *row;

	for (unsigned int slot = hash(key);; slot++) {
		row = &profile->slots[slot % SLOTS];
		if (!row->transfers)
			break;
		if (same(row, key))
			return row;
	}
	if (profile->rows == ROWS_MAX)
		return &profile->others;
	profile->rows++;
	*row = *key;
	return row;
}

void profile_count(struct profile *profile, enum profile_kind kind, uint64_t address,
		   unsigned int size, bool write, uint32_t count)
{
	const struct row key = {
		.address = address & kinds[kind].mask,
		.kind = (uint8_t)kind,
		.size = (uint8_t)size,
		.write = write,
	};
	struct row *row = find_row(profile, &key);

	row->exits += kind != PROFILE_POSTED;
	row->transfers += count;
}

/* The most frequent first; where that says nothing, by what they are. */
static int compare(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->exits != b->exits)
		return a->exits < b->exits ? 1 : -1;
	if (a->transfers != b->transfers)
		return a->transfers < b->transfers ? 1 : -1;
	if (a->kind != b->kind)
		return a->kind - b->kind;
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->write != b->write)
		return a->write - b->write;
	return a->size - b->size;
}

/* A sorted copy of the rows in use. */
static struct row *sorted_rows(const struct profile *profile)
{
	struct row *rows = malloc((profile->rows + 1) * sizeof(*rows));
	size_t count = 0;

	if (!rows)
		return NULL;
	for (unsigned int slot = 0; slot < SLOTS; slot++)
		if (profile->slots[slot].transfers)
			rows[count++] = profile->slots[slot];
	qsort(rows, count, sizeof(*rows), compare);
	return rows;
}

static void print_counts(FILE *out, const struct row *row, uint64_t total)
{
	fprintf(out, "%12" PRIu64 "  %5.1f%%  %12" PRIu64 "  ", row->exits,
		total ? 100.0 * (double)row->exits / (double)total : 0.0, row->transfers);
}

static void print_row(FILE *out, const struct row *row, uint64_t total, const struct bus *bus)
{
	const struct bus_range *owner;
	char address[24];

	print_counts(out, row, total);
	if (!kinds[row->kind].access) {
		fprintf(out, "%s\n", kinds[row->kind].name);
		return;
	}
	owner = bus_find(bus, kinds[row->kind].space, row->address);
	snprintf(address, sizeof(address), "0x%0*" PRIx64, kinds[row->kind].digits, row->address);
	fprintf(out, "%-6s  %-10s  %-5s  %4u  %s\n", kinds[row->kind].name, address,
		row->write ? "write" : "read", row->size, owner ? owner->name : "(nobody)");
}

static struct row total_of(const struct profile *profile, const struct row *rows)
{
	struct row total = profile->others;

	for (unsigned int i = 0; i < profile->rows; i++) {
		total.exits += rows[i].exits;
		total.transfers += rows[i].transfers;
	}
	return total;
}

static void print_profile(FILE *out, const struct profile *profile, const struct row *rows,
			  const struct bus *bus)
{
	const struct row total = total_of(profile, rows);

	fprintf(out, "%12s  %6s  %12s  %-6s  %-10s  %-5s  %4s  %s\n", "exits", "share",
		"transfers", "reason", "address", "dir", "size", "owner");
	for (unsigned int i = 0; i < profile->rows; i++)
		print_row(out, &rows[i], total.exits, bus);
	if (profile->others.transfers) {
		print_counts(out, &profile->others, total.exits);
		fprintf(out, "others (only %u rows are kept)\n", ROWS_MAX);
	}
	print_counts(out, &total, total.exits);
	fprintf(out, "total in %.6f s", profile->seconds);
	if (profile->seconds > 0)
		fprintf(out, ", %.0f exits a second", (double)total.exits / profile->seconds);
	fputc('\n', out);
}

int profile_print(const struct profile *profile, const struct bus *bus, FILE *stream)
{
	struct row *rows = sorted_rows(profile);

	if (!rows)
		return -ENOMEM;
	print_profile(stream, profile, rows, bus);
	free(rows);
	return 0;
}
