/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-pagewalk.c - page tables of every format, written out by hand from the
 * SDM (vol. 3, chapter 4), and what they have to translate to.
 */
#include "cpu/pagewalk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define MEMORY_SIZE (8u << 20)

/* An entry in guest memory. */
struct entry {
	uint64_t gpa;
	uint64_t value;
};

/* What a linear address has to give. */
struct wanted {
	const char *what;
	uint64_t linear;
	int error;
	const char *level;	/* of the last entry met */
	unsigned int count;	/* entries met */
	uint64_t gpa;
	uint64_t page_size;
	const char *rights;	/* of "uwx" */
};

/* One set-up of the processor, ends of lists: an entry at 0, no name. */
struct format {
	const char *mode;
	uint32_t cr0;
	uint32_t cr4;
	uint32_t efer;
	uint64_t cr3;
	const struct entry *entries;
	const struct wanted *wanted;
};

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#define PAGING (CR0_PE | CR0_PG)

static const struct entry no_entries[] = { { 0, 0 } };

static const struct wanted wanted_none[] = {
	{ "identity", 0x12345678, 0, NULL, 0, 0x12345678, 0, "uwx" },
	{ "cut to 32 bits", 0x500001234, 0, NULL, 0, 0x1234, 0, "uwx" },
	{ .what = NULL },
};

/* Page directory at 0x1000; page tables at 0x2000 and 0x3000. */
static const struct entry entries_32[] = {
	{ 0x1000, 0x00002007 },		/* linear 0: a table */
	{ 0x2014, 0x00345003 },		/* linear 0x5000: kernel's, writable */
	{ 0x2018, 0x00346005 },		/* linear 0x6000: everyone's, read-only */
	{ 0x201C, 0x00347087 },		/* linear 0x7000: bit 7 is PAT here */
	{ 0x2020, 0x00348002 },		/* linear 0x8000: all but present */
	{ 0x1004, 0x00C240E7 },		/* linear 4 MiB: a page at 0x12_00C0_0000 (PSE-36) */
	{ 0x100C, 0x00E00083 },		/* linear 12 MiB: bit 21 has to be 0 */
	{ 0x1018, 0x00D02083 },		/* linear 24 MiB: a page at 0x81_00C0_0000 */
	{ 0x1010, 0x7FFFF003 },		/* linear 16 MiB: table outside memory */
	{ 0x1014, 0x00002001 },		/* linear 20 MiB: the first table, read-only */
	{ 0x1FFC, 0x00003003 },
	{ 0x3FFC, 0x00008003 },		/* linear 4 GiB - 4 KiB */
	{ 0, 0 },
};

static const struct wanted wanted_32[] = {
	{ "kernel page", 0x5678, 0, "PTE", 2, 0x345678, 4 * KIB, "wx" },
	{ "read-only page", 0x6FFF, 0, "PTE", 2, 0x346FFF, 4 * KIB, "ux" },
	{ "PAT bit", 0x7001, 0, "PTE", 2, 0x347001, 4 * KIB, "uwx" },
	{ "rights of the PDE", 0x01405010, 0, "PTE", 2, 0x345010, 4 * KIB, "x" },
	{ "PTE not present", 0x8000, -EFAULT, "PTE", 2, 0, 0, NULL },
	{ "PDE not present", 0x00800000, -EFAULT, "PDE", 1, 0, 0, NULL },
	{ "table outside memory", 0x01000000, -ENXIO, "PTE", 2, 0, 0, NULL },
	{ "last page", 0xFFFFFFFF, 0, "PTE", 2, 0x8FFF, 4 * KIB, "wx" },
	{ "cut to 32 bits", 0xFFFFFFFF00005678, 0, "PTE", 2, 0x345678, 4 * KIB, "wx" },
	{ "PS without PSE is a table", 0x0060102C, -ENXIO, "PTE", 2, 0, 0, NULL },
	{ .what = NULL },
};

static const struct wanted wanted_pse[] = {
	{ "4 MiB page, PSE-36", 0x0060102C, 0, "PDE", 1, 0x1200E0102C, 4 * MIB, "uwx" },
	{ "4 MiB page, ends of PSE-36", 0x01ABCDEF, 0, "PDE", 1, 0x8100EBCDEF, 4 * MIB, "wx" },
	{ "4 KiB page", 0x5678, 0, "PTE", 2, 0x345678, 4 * KIB, "wx" },
	{ "reserved bit 21", 0x00C00000, -EBADMSG, "PDE", 1, 0, 0, NULL },
	{ .what = NULL },
};

/* Four PDPTEs at 0x1020, directories at 0x2000 and 0x3000, a table at 0x4000. */
static const struct entry entries_pae[] = {
	{ 0x1020, 0x2001 },
	{ 0x1028, 0x2003 },			/* bit 1 has to be 0 */
	{ 0x1038, 0x3001 },
	{ 0x2000, 0x4007 },
	{ 0x2008, 0x6000010E7 },		/* 2 MiB: bit 12 is PAT, bit 8 is G */
	{ 0x2010, 0x600002087 },		/* 2 MiB: bit 13 has to be 0 */
	{ 0x2018, 0x0010000000004003 },		/* bit 52 has to be 0 */
	{ 0x2028, 0x4007 },
	{ 0x4FF8, 0x8000000000567007 },
	{ 0x4FF0, 0x567005 },
	{ 0x3FF8, 0x400081 },
	{ 0, 0 },
};

static const struct wanted wanted_pae[] = {
	{ "4 KiB page, XD", 0x1FFABC, 0, "PTE", 3, 0x567ABC, 4 * KIB, "uw" },
	{ "4 KiB page", 0x1FEABC, 0, "PTE", 3, 0x567ABC, 4 * KIB, "ux" },
	{ "4 KiB page, the table again", 0xBFEABC, 0, "PTE", 3, 0x567ABC, 4 * KIB, "ux" },
	{ "2 MiB page above 4 GiB", 0x212345, 0, "PDE", 2, 0x600012345, 2 * MIB, "uwx" },
	{ "2 MiB page, last byte", 0xFFFFFFFF, 0, "PDE", 2, 0x5FFFFF, 2 * MIB, "x" },
	{ "2 MiB page, reserved bit", 0x400000, -EBADMSG, "PDE", 2, 0, 0, NULL },
	{ "PDE, reserved bit", 0x600000, -EBADMSG, "PDE", 2, 0, 0, NULL },
	{ "PDPTE, reserved bit", 0x40000000, -EBADMSG, "PDPTE", 1, 0, 0, NULL },
	{ "PDPTE not present", 0x80000000, -EFAULT, "PDPTE", 1, 0, 0, NULL },
	{ "PTE not present", 0x1000, -EFAULT, "PTE", 3, 0, 0, NULL },
	{ .what = NULL },
};

static const struct wanted wanted_pae_no_nxe[] = {
	{ "XD is reserved", 0x1FFABC, -EBADMSG, "PTE", 3, 0, 0, NULL },
	{ "without XD", 0x1FEABC, 0, "PTE", 3, 0x567ABC, 4 * KIB, "ux" },
	{ .what = NULL },
};

/* PML4 at 0x1000, and for 5-level paging PML5 at 0x7000 with it at both ends. */
static const struct entry entries_64[] = {
	{ 0x1000, 0x2007 },
	{ 0x1008, 0x2087 },			/* PML4E with PS */
	{ 0x1800, 0x2003 },			/* first entry of the upper half */
	{ 0x1FF8, 0x5007 },
	{ 0x2000, 0x3007 },
	{ 0x2008, 0x00000000C0001087 },		/* 1 GiB: bit 12 is PAT */
	{ 0x2010, 0x00000000C0002087 },		/* 1 GiB: bit 13 has to be 0 */
	{ 0x2018, 0x3007 },
	{ 0x5FF0, 0x8000000040000083 },		/* 1 GiB at -2 GiB, XD */
	{ 0x3000, 0x4007 },
	{ 0x3008, 0x000FFFFFFFE000E5 },		/* 2 MiB, the last there can be */
	{ 0x3010, 0x0000000000300087 },		/* 2 MiB: bit 20 has to be 0 */
	{ 0x3018, 0x0000000010000007 },		/* table outside memory */
	{ 0x3028, 0x4007 },
	{ 0x4018, 0x7FF0000000123E87 },		/* ignored bits, protection key, PAT */
	{ 0x4020, 0x8000000000125003 },
	{ 0x7000, 0x1007 },
	{ 0x7FF8, 0x1007 },
	{ 0x7008, 0x1087 },			/* PML5E with PS */
	{ 0x7010, 0x1001 },
	{ 0, 0 },
};

static const struct wanted wanted_4[] = {
	{ "4 KiB page", 0x3FFF, 0, "PTE", 4, 0x123FFF, 4 * KIB, "uwx" },
	{ "4 KiB page, XD", 0x4ABC, 0, "PTE", 4, 0x125ABC, 4 * KIB, "w" },
	{ "4 KiB page, the table again", 0xA03FFF, 0, "PTE", 4, 0x123FFF, 4 * KIB, "uwx" },
	{ "4 KiB page, the directory again", 0xC0003FFF, 0, "PTE", 4, 0x123FFF, 4 * KIB, "uwx" },
	{ "2 MiB page", 0x212345, 0, "PDE", 3, 0xFFFFFFFE12345, 2 * MIB, "ux" },
	{ "1 GiB page", 0x41234567, 0, "PDPTE", 2, 0xC1234567, GIB, "uwx" },
	{ "1 GiB page, XD", 0xFFFFFFFF81234567, 0, "PDPTE", 2, 0x41234567, GIB, "w" },
	{ "lowest of the upper half", 0xFFFF800000003000, 0, "PTE", 4, 0x123000, 4 * KIB, "wx" },
	{ "highest of the lower half", 0x00007FFFFFFFFFFF, -EFAULT, "PML4E", 1, 0, 0, NULL },
	{ "first that is not canonical", 0x0000800000000000, -EINVAL, NULL, 0, 0, 0, NULL },
	{ "last that is not canonical", 0xFFFF7FFFFFFFFFFF, -EINVAL, NULL, 0, 0, 0, NULL },
	{ "only canonical with 57 bits", 0x0001000000000000, -EINVAL, NULL, 0, 0, 0, NULL },
	{ "PML4E with PS", 0x8000000000, -EBADMSG, "PML4E", 1, 0, 0, NULL },
	{ "1 GiB page, reserved bit", 0x80000000, -EBADMSG, "PDPTE", 2, 0, 0, NULL },
	{ "2 MiB page, reserved bit", 0x400000, -EBADMSG, "PDE", 3, 0, 0, NULL },
	{ "table outside memory", 0x600000, -ENXIO, "PTE", 4, 0, 0, NULL },
	{ "PDE not present", 0x800000, -EFAULT, "PDE", 3, 0, 0, NULL },
	{ .what = NULL },
};

static const struct wanted wanted_4_no_nxe[] = {
	{ "XD is reserved", 0xFFFFFFFF81234567, -EBADMSG, "PDPTE", 2, 0, 0, NULL },
	{ .what = NULL },
};

static const struct wanted wanted_5[] = {
	{ "4 KiB page", 0x3FFF, 0, "PTE", 5, 0x123FFF, 4 * KIB, "uwx" },
	{ "1 GiB page, XD", 0xFFFFFFFF81234567, 0, "PDPTE", 3, 0x41234567, GIB, "w" },
	{ "last PML5E", 0xFFFF000041234567, 0, "PDPTE", 3, 0xC1234567, GIB, "uwx" },
	{ "rights of the PML5E", 0x0002000000003FFF, 0, "PTE", 5, 0x123FFF, 4 * KIB, "x" },
	{ "PML5E with PS", 0x0001000000000000, -EBADMSG, "PML5E", 1, 0, 0, NULL },
	{ "PML5E not present", 0x00FFFFFFFFFFFFFF, -EFAULT, "PML5E", 1, 0, 0, NULL },
	{ "first that is not canonical", 0x0100000000000000, -EINVAL, NULL, 0, 0, 0, NULL },
	{ .what = NULL },
};

/* CR3 has bits in it that are no part of the address. */
static const struct format formats[] = {
	{ "no paging", CR0_PE, 0, 0, 0x1000, no_entries, wanted_none },
	{ "32-bit paging", PAGING, 0, 0, 0x100001018, entries_32, wanted_32 },
	{ "32-bit paging", PAGING, CR4_PSE, 0, 0x1018, entries_32, wanted_pse },
	{ "PAE paging", PAGING, CR4_PAE, EFER_NXE, 0x100001038, entries_pae, wanted_pae },
	{ "PAE paging", PAGING, CR4_PAE, 0, 0x1020, entries_pae, wanted_pae_no_nxe },
	{ "4-level paging", PAGING, CR4_PAE, EFER_LMA | EFER_NXE, 0x1FFF, entries_64, wanted_4 },
	{ "4-level paging", PAGING, CR4_PAE, EFER_LMA, 0x1000, entries_64, wanted_4_no_nxe },
	{ "5-level paging", PAGING, CR4_PAE | CR4_LA57, EFER_LMA | EFER_NXE, 0x7018, entries_64,
	  wanted_5 },
};

/* Entries by what they are, a linear address that comes by, and their reserved bits. */
static const struct {
	const char *what;
	const struct format *format;
	uint64_t gpa;
	uint64_t linear;
	uint64_t reserved;
} reserved_bits[] = {
	{ "4 MiB PDE", &formats[2], 0x1004, 0x00400000, 0x200000 },
	{ "PAE PDPTE", &formats[3], 0x1020, 0x1FE000, 0xFFF00000000001E6 },
	{ "PAE PDE", &formats[3], 0x2000, 0x1FE000, 0x7FF0000000000000 },
	{ "PAE 2 MiB PDE", &formats[3], 0x2008, 0x200000, 0x7FF00000001FE000 },
	{ "PAE PTE", &formats[3], 0x4FF0, 0x1FE000, 0x7FF0000000000000 },
	{ "4-level PML4E", &formats[5], 0x1000, 0x3000, 0 },
	{ "4-level PDPTE", &formats[5], 0x2000, 0x3000, 0 },
	{ "4-level 1 GiB PDPTE", &formats[5], 0x2008, 0x40000000, 0x3FFFE000 },
	{ "4-level PDE", &formats[5], 0x3000, 0x3000, 0 },
	{ "4-level 2 MiB PDE", &formats[5], 0x3008, 0x200000, 0x1FE000 },
	{ "4-level PTE", &formats[5], 0x4018, 0x3000, 0 },
	{ "5-level PML5E", &formats[7], 0x7000, 0x3000, 0 },
};

static bool is_32_bit(const struct format *format)
{
	return !(format->cr4 & CR4_PAE);
}

static void enter_format(struct mem *mem, struct vcpu_state *state, const struct format *format)
{
	unsigned int size = is_32_bit(format) ? 4 : 8;

	memset(mem_ptr(mem, 0, MEMORY_SIZE, MEM_RW), 0, MEMORY_SIZE);
	for (const struct entry *entry = format->entries; entry->gpa; entry++)
		mem_write(mem, entry->gpa, &entry->value, size);
	vcpu_state_reset(state);
	state->cr0 = format->cr0;
	state->cr3 = format->cr3;
	state->cr4 = format->cr4;
	state->efer = format->efer;
}

static bool has_rights(const struct pagewalk *walk, const char *rights)
{
	return walk->user == !!strchr(rights, 'u') && walk->writable == !!strchr(rights, 'w') &&
	       walk->executable == !!strchr(rights, 'x');
}

static bool matches(const struct pagewalk *walk, int error, const struct wanted *wanted)
{
	if (error != wanted->error || walk->count != wanted->count || walk->gpa != wanted->gpa ||
	    walk->page_size != wanted->page_size)
		return false;
	if (wanted->rights && !has_rights(walk, wanted->rights))
		return false;
	return !wanted->level || !strcmp(walk->entry[walk->count - 1].level, wanted->level);
}

static void check_translations(struct unit *unit, const struct mem *mem,
			       const struct vcpu_state *state, const struct format *format)
{
	for (const struct wanted *wanted = format->wanted; wanted->what; wanted++) {
		struct pagewalk walk;
		char name[100], why[120];
		int error = pagewalk_translate(mem, state, wanted->linear, &walk);

		snprintf(name, sizeof(name), "pagewalk: %s: %s", format->mode, wanted->what);
		if (unit_check(unit, matches(&walk, error, wanted) &&
			       !strcmp(walk.mode, format->mode), name))
			continue;
		pagewalk_explain(&walk, error, why, sizeof(why));
		printf("  gave %d (%s), %u entries, gpa 0x%" PRIx64 ", page of 0x%" PRIx64
		       ", rights %d%d%d\n", error, why, walk.count, walk.gpa, walk.page_size,
		       walk.user, walk.writable, walk.executable);
	}
}

/* Each bit of an entry alone, but P and PS, which change what the others mean. */
static void check_reserved_bits(struct unit *unit, struct mem *mem, struct vcpu_state *state,
				size_t index)
{
	const struct format *format = reserved_bits[index].format;
	unsigned int size = is_32_bit(format) ? 4 : 8;
	uint64_t clean = 0, found = 0;
	struct pagewalk walk;
	char what[80];

	enter_format(mem, state, format);
	mem_read(mem, reserved_bits[index].gpa, &clean, size);
	for (unsigned int bit = 1; bit < 8 * size; bit++) {
		uint64_t changed = clean ^ UINT64_C(1) << bit;

		if (bit == 7)
			continue;
		mem_write(mem, reserved_bits[index].gpa, &changed, size);
		if (pagewalk_translate(mem, state, reserved_bits[index].linear, &walk) == -EBADMSG)
			found |= UINT64_C(1) << bit;
	}
	snprintf(what, sizeof(what), "pagewalk: reserved bits: %s", reserved_bits[index].what);
	unit_equal(unit, found, reserved_bits[index].reserved & ~UINT64_C(0x80), what);
}

static void check_read(struct unit *unit, const struct mem *mem, const struct vcpu_state *state,
		       uint64_t linear, const char *wanted, size_t wanted_len, const char *what)
{
	char buffer[8] = "........";
	size_t len = pagewalk_read(mem, state, linear, buffer, sizeof(buffer));

	unit_check(unit, len == wanted_len && !memcmp(buffer, wanted, len) &&
		   (len == sizeof(buffer) || buffer[len] == '.'), what);
}

/* Reads that go from page to page, with the tables of 32-bit paging. */
static void check_reads(struct unit *unit, struct mem *mem, struct vcpu_state *state)
{
	const uint32_t first_page = 0x00009003, outside = 0x7FFFF003;

	enter_format(mem, state, &formats[1]);
	mem_write(mem, 0x2000, &first_page, sizeof(first_page));	/* linear 0 */
	mem_write(mem, 0x203C, &outside, sizeof(outside));		/* linear 0xF000 */
	mem_write(mem, 0x345FFC, "abcd", 4);
	mem_write(mem, 0x346000, "efgh", 4);
	mem_write(mem, 0x347FFC, "ijkl", 4);
	mem_write(mem, 0x008FFC, "mnop", 4);
	mem_write(mem, 0x009000, "qrst", 4);
	check_read(unit, mem, state, 0x5FFC, "abcdefgh", 8, "pagewalk: read across pages");
	check_read(unit, mem, state, 0x7FFC, "ijkl", 4, "pagewalk: read up to a hole");
	check_read(unit, mem, state, 0xFFFFFFFC, "mnopqrst", 8, "pagewalk: read around 4 GiB");
	check_read(unit, mem, state, 0xB000, "", 0, "pagewalk: read where no page is");
	check_read(unit, mem, state, 0xF000, "", 0, "pagewalk: read where no memory is");
}

static void check_entries(struct unit *unit, struct mem *mem, struct vcpu_state *state)
{
	struct pagewalk walk;
	char text[120];
	int error;

	enter_format(mem, state, &formats[1]);
	error = pagewalk_translate(mem, state, 0x8000, &walk);
	unit_equal(unit, walk.entry[0].gpa, 0x1000, "pagewalk: address of the PDE");
	unit_equal(unit, walk.entry[0].value, 0x2007, "pagewalk: value of the PDE");
	unit_equal(unit, walk.entry[1].gpa, 0x2020, "pagewalk: address of the PTE");
	unit_equal(unit, walk.entry[1].value, 0x348002, "pagewalk: value of the PTE");
	pagewalk_explain(&walk, error, text, sizeof(text));
	unit_check(unit, strstr(text, "PTE") && strstr(text, "0x2020") &&
		   strstr(text, "not present"), "pagewalk: explanation");
}

int main(void)
{
	struct unit unit = { 0 };
	struct vcpu_state state;
	struct mem *mem;
	struct mem_region region = { .size = MEMORY_SIZE, .flags = MEM_RW, .name = "RAM" };

	if (mem_create(&mem) < 0)
		return EXIT_FAILURE;
	region.host = mem_backing(mem, MEMORY_SIZE, false);
	if (!region.host || mem_add(mem, &region, false) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		enter_format(mem, &state, &formats[i]);
		check_translations(&unit, mem, &state, &formats[i]);
	}
	for (size_t i = 0; i < sizeof(reserved_bits) / sizeof(reserved_bits[0]); i++)
		check_reserved_bits(&unit, mem, &state, i);
	check_reads(&unit, mem, &state);
	check_entries(&unit, mem, &state);
	mem_destroy(mem);
	return unit_status(&unit);
}
