/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.c - in what two machines differ, see compare.h. The XSAVE area: SDM
 * vol. 1, 10.5.1 and 13.4.
 */
#include "observe/compare.h"

#include <string.h>

#include "core/array.h"

/* A field of struct vcpu_state. */
struct field {
	const char *name;
	size_t offset;
	uint8_t size;		/* bytes */
	uint64_t mask;		/* 0: all bits */
};

#define FIELD(name, field, mask) \
	{ name, offsetof(struct vcpu_state, field), sizeof(((struct vcpu_state *)0)->field), mask }
#define GPR(name) FIELD(#name, gpr[GPR_##name], 0)
#define XMM(n) { "XMM" #n, offsetof(struct vcpu_state, xsave) + 160 + 16 * (n), 16, 0 }
#define YMM(n) { "YMM" #n "h", offsetof(struct vcpu_state, xsave) + 576 + 16 * (n), 16, 0 }
#define ST(n) { "ST" #n, offsetof(struct vcpu_state, xsave) + 32 + 16 * (n), 10, 0 }

static const struct field registers[] = {
	FIELD("RIP", rip, 0), FIELD("RFLAGS", rflags, COMPARE_RFLAGS),
	GPR(RAX), GPR(RBX), GPR(RCX), GPR(RDX), GPR(RSI), GPR(RDI), GPR(RBP), GPR(RSP),
	GPR(R8), GPR(R9), GPR(R10), GPR(R11), GPR(R12), GPR(R13), GPR(R14), GPR(R15),
	FIELD("CR0", cr0, 0), FIELD("CR2", cr2, 0), FIELD("CR3", cr3, 0), FIELD("CR4", cr4, 0),
	FIELD("CR8", cr8, 0), FIELD("EFER", efer, 0),
	FIELD("GDTR", gdtr.base, 0), FIELD("GDTR limit", gdtr.limit, 0),
	FIELD("IDTR", idtr.base, 0), FIELD("IDTR limit", idtr.limit, 0),
};

static const struct field fpu_registers[] = {
	{ "FCW", offsetof(struct vcpu_state, xsave), 2, 0 },
	{ "FSW", offsetof(struct vcpu_state, xsave) + 2, 2, 0 },
	{ "FTW", offsetof(struct vcpu_state, xsave) + 4, 1, 0 },
	{ "MXCSR", offsetof(struct vcpu_state, xsave) + 24, 4, 0 },
	ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7),
	XMM(0), XMM(1), XMM(2), XMM(3), XMM(4), XMM(5), XMM(6), XMM(7),
	XMM(8), XMM(9), XMM(10), XMM(11), XMM(12), XMM(13), XMM(14), XMM(15),
	YMM(0), YMM(1), YMM(2), YMM(3), YMM(4), YMM(5), YMM(6), YMM(7),
	YMM(8), YMM(9), YMM(10), YMM(11), YMM(12), YMM(13), YMM(14), YMM(15),
};

static const struct {
	const char *selector, *base, *limit, *access;
	size_t offset;
} segments[] = {
#define SEGMENT(name, field) \
	{ name, name " base", name " limit", name " access", offsetof(struct vcpu_state, field) }
	SEGMENT("CS", segment[SEG_CS]), SEGMENT("SS", segment[SEG_SS]),
	SEGMENT("DS", segment[SEG_DS]), SEGMENT("ES", segment[SEG_ES]),
	SEGMENT("FS", segment[SEG_FS]), SEGMENT("GS", segment[SEG_GS]),
	SEGMENT("LDTR", ldtr), SEGMENT("TR", tr),
#undef SEGMENT
};

static unsigned int compare_fields(const struct field *fields, size_t count,
				   const struct vcpu_state *a, const struct vcpu_state *b,
				   compare_fn *fn, void *self)
{
	unsigned int found = 0;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *at_a = (const uint8_t *)a + fields[i].offset;
		const uint8_t *at_b = (const uint8_t *)b + fields[i].offset;
		uint64_t value_a, value_b;

		if (!memcmp(at_a, at_b, fields[i].size))
			continue;
		if (fields[i].mask) {
			memcpy(&value_a, at_a, sizeof(value_a));
			memcpy(&value_b, at_b, sizeof(value_b));
			if (!((value_a ^ value_b) & fields[i].mask))
				continue;
		}
		found++;
		if (fn)
			fn(self, fields[i].name, at_a, at_b, fields[i].size);
	}
	return found;
}

/* The attributes as a descriptor has them: type, S, DPL, P, then AVL, L, D/B, G. */
static uint16_t access_of(const struct vcpu_segment *segment)
{
	return (uint16_t)(segment->type | segment->s << 4 | segment->dpl << 5 |
			  segment->present << 7 | segment->l << 9 | segment->db << 10 |
			  segment->g << 11);
}

static unsigned int compare_segment(size_t index, const struct vcpu_segment *a,
				    const struct vcpu_segment *b, compare_fn *fn, void *self)
{
	const uint16_t access_a = access_of(a), access_b = access_of(b);
	bool usable = a->present || b->present;
	const struct {
		const char *name;
		const void *a, *b;
		size_t size;
		bool differs;
	} parts[] = {
		{ segments[index].selector, &a->selector, &b->selector, sizeof(a->selector),
		  a->selector != b->selector },
		{ segments[index].base, &a->base, &b->base, sizeof(a->base),
		  usable && a->base != b->base },
		{ segments[index].limit, &a->limit, &b->limit, sizeof(a->limit),
		  usable && a->limit != b->limit },
		{ segments[index].access, &access_a, &access_b, sizeof(access_a),
		  usable && access_a != access_b },
	};
	unsigned int found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		found += parts[i].differs;
		if (parts[i].differs && fn)
			fn(self, parts[i].name, parts[i].a, parts[i].b, parts[i].size);
	}
	return found;
}

unsigned int compare_registers(const struct vcpu_state *a, const struct vcpu_state *b,
			       compare_fn *fn, void *self)
{
	unsigned int found = compare_fields(registers, ARRAY_SIZE(registers), a, b, fn, self);

	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		const void *at_a = (const uint8_t *)a + segments[i].offset;
		const void *at_b = (const uint8_t *)b + segments[i].offset;

		if (memcmp(at_a, at_b, sizeof(struct vcpu_segment)) != 0)
			found += compare_segment(i, at_a, at_b, fn, self);
	}
	return found;
}

unsigned int compare_fpu(const struct vcpu_state *a, const struct vcpu_state *b,
			 compare_fn *fn, void *self)
{
	return compare_fields(fpu_registers, ARRAY_SIZE(fpu_registers), a, b, fn, self);
}

/* The first byte that differs, of size that do. */
static uint64_t first_difference(const uint8_t *a, const uint8_t *b, uint64_t size)
{
	uint64_t at = 0;

	while (at + MEM_PAGE_SIZE < size && !memcmp(a + at, b + at, MEM_PAGE_SIZE))
		at += MEM_PAGE_SIZE;
	while (at < size && a[at] == b[at])
		at++;
	return at;
}

bool compare_memory(const struct mem *a, const struct mem *b, uint64_t *gpa)
{
	const struct mem_region *regions_a, *regions_b;
	size_t count = mem_regions(a, &regions_a);

	mem_regions(b, &regions_b);
	for (size_t i = 0; i < count; i++) {
		uint64_t end = regions_a[i].gpa + regions_a[i].size, skip;

		if (end <= *gpa)
			continue;
		skip = *gpa > regions_a[i].gpa ? *gpa - regions_a[i].gpa : 0;
		if (!memcmp(regions_a[i].host + skip, regions_b[i].host + skip,
			    regions_a[i].size - skip))
			continue;
		*gpa = regions_a[i].gpa + skip +
		       first_difference(regions_a[i].host + skip, regions_b[i].host + skip,
					regions_a[i].size - skip);
		return true;
	}
	return false;
}
