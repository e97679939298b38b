/* SPDX-License-Identifier: 0BSD */
/*
 * vga-widths.c - whether the text memory is memory: every width at every
 * alignment, string instructions and read-modify-write, each read back. Built
 * for 32 and for 64 bits: accesses of 8 bytes exist only there.
 *
 * What is expected is kept in ordinary memory, on which the same is done.
 */
#include <stddef.h>
#include <stdint.h>

#include <vmm/string.h>

#include "shared/check.h"

#define TEXT_START	0xB8000ul
#define TEXT_END	0xC0000ul
#define AREA		64u		/* bytes under test */
#define OFFSETS		16u

/* The bytes under test in text memory, and what they should be. */
struct area {
	volatile uint8_t *text;
	uint8_t model[AREA];
};

/* Bytewise, so that nothing but 8-bit accesses has to be right for it. */
static void area_reset(struct area *area)
{
	for (unsigned int i = 0; i < AREA; i++) {
		area->model[i] = (uint8_t)(0xA0 + i);
		area->text[i] = area->model[i];
	}
}

static bool area_equal(const struct area *area)
{
	for (unsigned int i = 0; i < AREA; i++) {
		if (area->text[i] != area->model[i])
			return false;
	}
	return true;
}

/* --- plain accesses --- */

#define DEFINE_ACCESS(bits)						\
	static void store##bits(volatile uint8_t *to, uint64_t value)	\
	{								\
		*(volatile uint##bits##_t *)(uintptr_t)to = (uint##bits##_t)value; \
	}								\
	static uint64_t load##bits(const volatile uint8_t *from)	\
	{								\
		return *(const volatile uint##bits##_t *)(uintptr_t)from; \
	}

DEFINE_ACCESS(8)
DEFINE_ACCESS(16)
DEFINE_ACCESS(32)
DEFINE_ACCESS(64)

static const struct {
	unsigned int bytes;
	void (*store)(volatile uint8_t *to, uint64_t value);
	uint64_t (*load)(const volatile uint8_t *from);
} widths[] = {
	{ 1, store8, load8 },
	{ 2, store16, load16 },
	{ 4, store32, load32 },
	{ 8, store64, load64 },
};

#define WIDTHS (sizeof(widths) / sizeof(widths[0]))

static void check_plain(struct checks *checks, struct area *area)
{
	const uint64_t value = 0x8877665544332211;

	for (unsigned int w = 0; w < WIDTHS; w++) {
		unsigned int bytes = widths[w].bytes;

		for (unsigned int at = 0; at < OFFSETS; at++) {
			area_reset(area);
			check(checks,
			      widths[w].load(area->text + at) == widths[w].load(area->model + at),
			      "read of %u bytes at offset %u", bytes, at);
			widths[w].store(area->text + at, value);
			widths[w].store(area->model + at, value);
			check(checks, area_equal(area), "write of %u bytes at offset %u", bytes,
			      at);
		}
	}
}

/* --- string instructions --- */

#define DEFINE_STRING(suffix)							\
	static void movs##suffix(volatile void *to, const volatile void *from, size_t count) \
	{									\
		__asm__ volatile("cld; rep movs" #suffix			\
				 : "+D"(to), "+S"(from), "+c"(count) : : "memory"); \
	}									\
	static void stos##suffix(volatile void *to, uint32_t value, size_t count) \
	{									\
		__asm__ volatile("cld; rep stos" #suffix			\
				 : "+D"(to), "+c"(count) : "a"(value) : "memory"); \
	}

DEFINE_STRING(b)
DEFINE_STRING(w)
DEFINE_STRING(l)

static const struct {
	const char *suffix;
	unsigned int bytes;
	void (*move)(volatile void *to, const volatile void *from, size_t count);
	void (*fill)(volatile void *to, uint32_t value, size_t count);
} strings[] = {
	{ "b", 1, movsb, stosb },
	{ "w", 2, movsw, stosw },
	{ "l", 4, movsl, stosl },
};

#define STRINGS (sizeof(strings) / sizeof(strings[0]))

static void check_string(struct checks *checks, struct area *area, unsigned int s)
{
	const char *suffix = strings[s].suffix;
	size_t count = 24 / strings[s].bytes;
	uint8_t source[24];
	uint8_t back[24];

	for (unsigned int i = 0; i < sizeof(source); i++)
		source[i] = (uint8_t)(i * 7 + 1);
	area_reset(area);
	strings[s].move(area->text + 3, source, count);
	strings[s].move(area->model + 3, source, count);
	check(checks, area_equal(area), "rep movs%s to text memory", suffix);
	strings[s].move(back, area->text + 3, count);
	check(checks, !memcmp(back, source, sizeof(back)), "rep movs%s from text memory", suffix);
	/* Overlapping: what was moved is moved again. */
	strings[s].move(area->text + 8, area->text + 4, count);
	strings[s].move(area->model + 8, area->model + 4, count);
	check(checks, area_equal(area), "rep movs%s within text memory", suffix);
	strings[s].fill(area->text + 5, 0x44332211, count);
	strings[s].fill(area->model + 5, 0x44332211, count);
	check(checks, area_equal(area), "rep stos%s", suffix);
}

static void check_compare(struct checks *checks, struct area *area)
{
	const volatile uint8_t *text = area->text;
	const uint8_t *model = area->model;
	size_t count = AREA;

	area_reset(area);
	area->model[40] ^= 0xFF;
	__asm__ volatile("cld; repe cmpsb"
			 : "+S"(text), "+D"(model), "+c"(count) : : "memory", "cc");
	check(checks, count == AREA - 41, "repe cmpsb stops %u bytes early", (unsigned int)count);

	text = area->text;
	count = AREA;
	__asm__ volatile("cld; repne scasb"
			 : "+D"(text), "+c"(count) : "a"(0xA0 + 17) : "memory", "cc");
	check(checks, count == AREA - 18, "repne scasb stops %u bytes early", (unsigned int)count);
}

/* --- read-modify-write --- */

#define DEFINE_MODIFY(name, instruction)				\
	static void name(volatile uint8_t *at)				\
	{								\
		__asm__ volatile(instruction : "+m"(*(volatile uint32_t *)(uintptr_t)at) \
				 : "r"(0x81422418u) : "memory", "cc");	\
	}

DEFINE_MODIFY(add_byte, "addb $0x35, %0")
DEFINE_MODIFY(or_word, "orw $0x1234, %0")
DEFINE_MODIFY(xor_long, "xorl %1, %0")
DEFINE_MODIFY(and_long, "andl %1, %0")
DEFINE_MODIFY(increment_byte, "incb %0")
DEFINE_MODIFY(decrement_word, "decw %0")
DEFINE_MODIFY(not_long, "notl %0")
DEFINE_MODIFY(negate_word, "negw %0")
DEFINE_MODIFY(shift_word, "shlw $3, %0")
DEFINE_MODIFY(rotate_byte, "rorb $1, %0")
DEFINE_MODIFY(locked_add, "lock addl %1, %0")
DEFINE_MODIFY(set_bit, "btsl $9, %0")

static void exchange_long(volatile uint8_t *at)
{
	uint32_t value = 0xCAFE1234;

	__asm__ volatile("xchgl %0, %1"
			 : "+r"(value), "+m"(*(volatile uint32_t *)(uintptr_t)at) : : "memory");
}

static const struct {
	const char *name;
	void (*modify)(volatile uint8_t *at);
} modifications[] = {
	{ "addb", add_byte }, { "orw", or_word }, { "xorl", xor_long }, { "andl", and_long },
	{ "incb", increment_byte }, { "decw", decrement_word }, { "notl", not_long },
	{ "negw", negate_word }, { "shlw", shift_word }, { "rorb", rotate_byte },
	{ "lock addl", locked_add }, { "btsl", set_bit }, { "xchgl", exchange_long },
};

#define MODIFICATIONS (sizeof(modifications) / sizeof(modifications[0]))

static void check_modifications(struct checks *checks, struct area *area)
{
	for (unsigned int m = 0; m < MODIFICATIONS; m++) {
		for (unsigned int at = 0; at < 4; at++) {
			area_reset(area);
			modifications[m].modify(area->text + at);
			modifications[m].modify(area->model + at);
			check(checks, area_equal(area), "%s at offset %u",
			      modifications[m].name, at);
		}
	}
}

int main(void)
{
	struct checks checks = { 0 };
	struct area first = { .text = (volatile uint8_t *)TEXT_START };
	struct area last = { .text = (volatile uint8_t *)(TEXT_END - AREA) };

	check_plain(&checks, &first);
	check_plain(&checks, &last);
	for (unsigned int s = 0; s < STRINGS; s++)
		check_string(&checks, &first, s);
	check_compare(&checks, &first);
	check_modifications(&checks, &first);
	return checks_result(&checks);
}
