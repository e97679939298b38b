/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.c - what a machine's state comes to, see hash.h. */
#include "observe/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define RFLAGS_DEFINED UINT64_C(0x3F7FD7)

static void add(XXH3_state_t *hash, const void *data, size_t size)
{
	XXH3_128bits_update(hash, data, size);
}

static void add_number(XXH3_state_t *hash, uint64_t number)
{
	add(hash, &number, sizeof(number));
}

const char *const state_hash_names[STATE_HASHES] = {
	[STATE_HASH_RAM] = "ram", [STATE_HASH_REGISTERS] = "registers",
	[STATE_HASH_FPU] = "fpu", [STATE_HASH_SCREEN] = "screen",
};

/* The digest as text; the next part begins anew. */
static void take(XXH3_state_t *hash, char text[STATE_HASH_DIGITS + 1])
{
	XXH128_hash_t digest = XXH3_128bits_digest(hash);

	snprintf(text, STATE_HASH_DIGITS + 1, "%016" PRIx64 "%016" PRIx64, digest.high64,
		 digest.low64);
	XXH3_128bits_reset(hash);
}

/* Field by field: what lies between them in the struct is nobody's. */
static void add_segment(XXH3_state_t *hash, const struct vcpu_segment *segment)
{
	add_number(hash, segment->selector);
	add_number(hash, segment->present);
	/* The rest of a segment that cannot be used is arbitrary. */
	if (!segment->present)
		return;
	add_number(hash, segment->base);
	add_number(hash, segment->limit);
	add_number(hash, (uint64_t)segment->type | (uint64_t)segment->s << 4 |
		   (uint64_t)segment->dpl << 5 | (uint64_t)segment->l << 9 |
		   (uint64_t)segment->db << 10 | (uint64_t)segment->g << 11);
}

static void add_registers(XXH3_state_t *hash, const struct vcpu_state *state)
{
	const uint64_t rest[] = {
		state->rip, state->rflags & RFLAGS_DEFINED, state->cr0, state->cr2, state->cr3,
		state->cr4, state->cr8, state->efer, state->gdtr.base, state->gdtr.limit,
		state->idtr.base, state->idtr.limit,
	};

	add(hash, state->gpr, sizeof(state->gpr));
	add(hash, rest, sizeof(rest));
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		add_segment(hash, &state->segment[i]);
	add_segment(hash, &state->ldtr);
	add_segment(hash, &state->tr);
}

static void add_zeros(XXH3_state_t *hash, uint64_t size)
{
	static const uint8_t zeros[MEM_PAGE_SIZE];

	for (uint64_t part; size; size -= part) {
		part = size < sizeof(zeros) ? size : sizeof(zeros);
		add(hash, zeros, part);
	}
}

/* What nobody has touched is not touched for its hash either. */
static void add_ram(XXH3_state_t *hash, const struct mem *mem, const uint8_t *host, uint64_t size)
{
	bool used;

	for (uint64_t part; size; size -= part, host += part) {
		part = mem_run(mem, host, size, &used);
		if (used)
			add(hash, host, part);
		else
			add_zeros(hash, part);
	}
}

static void add_memory(XXH3_state_t *hash, const struct mem *mem)
{
	const struct mem_region *regions;
	size_t count = mem_regions(mem, &regions);

	for (size_t i = 0; i < count; i++) {
		/* The screen has a line of its own. */
		if (strcmp(regions[i].name, "RAM"))
			continue;
		add_number(hash, regions[i].gpa);
		add_ram(hash, mem, regions[i].host, regions[i].size);
	}
}

void state_hash(struct state_hashes *hashes, const struct mem *mem,
		const struct vcpu_state *state, const void *screen, size_t size)
{
	XXH3_state_t hash;

	XXH3_INITSTATE(&hash);
	XXH3_128bits_reset(&hash);
	add_memory(&hash, mem);
	take(&hash, hashes->text[STATE_HASH_RAM]);
	add_registers(&hash, state);
	take(&hash, hashes->text[STATE_HASH_REGISTERS]);
	add(&hash, state->xsave, sizeof(state->xsave));
	take(&hash, hashes->text[STATE_HASH_FPU]);
	add(&hash, screen, size);
	take(&hash, hashes->text[STATE_HASH_SCREEN]);
}
