/* SPDX-License-Identifier: 0BSD */
/*
 * selftest.c - the guest library checks itself, in each mode: start code, memory
 * functions, arithmetic, formatting, screen, hypercalls.
 */
#include <stddef.h>
#include <stdint.h>

#include <vmm/error.h>
#include <vmm/format.h>
#include <vmm/hypercall.h>
#include <vmm/pv.h>
#include <vmm/string.h>
#include <vmm/vga.h>

#include "shared/check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* volatile: the compiler sees that nobody writes them */
static volatile uint32_t zeroed[64];
static volatile uint32_t set[2] = { 0x12345678, 0x9ABCDEF0 };

static void check_start(struct checks *checks)
{
	bool zeros = true;

	for (size_t i = 0; i < COUNT(zeroed); i++)
		zeros &= zeroed[i] == 0;
	check(checks, zeros, "variables without a value are not 0");
	check(checks, set[0] == 0x12345678 && set[1] == 0x9ABCDEF0, "variables lost their value");
}

static void check_memory(struct checks *checks)
{
	char buffer[32] = "abcdefghijklmnopqrstuvwxyz";

	check(checks, memmove(buffer + 3, buffer, 10) == buffer + 3 &&
	      !memcmp(buffer, "abcabcdefghijnop", 16), "memmove() upwards");
	check(checks, memmove(buffer, buffer + 3, 10) == buffer &&
	      !memcmp(buffer, "abcdefghijhijnop", 16), "memmove() downwards");
	check(checks, memset(buffer + 1, 'x', 7) == buffer + 1 &&
	      !memcmp(buffer, "axxxxxxxij", 10), "memset()");
	check(checks, memcpy(buffer, "0123456", 7) == buffer &&
	      !memcmp(buffer, "0123456xij", 10), "memcpy()");
	check(checks, memcmp("abc", "abd", 3) < 0 && memcmp("b", "a", 1) > 0 &&
	      memcmp("x", "y", 0) == 0, "memcmp()");
	check(checks, strlen("") == 0 && strlen("four") == 4, "strlen()");
}

/* Quotients and remainders worked out with another tool (bc). */
static void check_division(struct checks *checks)
{
	static const struct {
		int64_t dividend, divisor, quotient, remainder;
	} cases[] = {
		{ 1000000000000, 7, 142857142857, 1 },
		{ -1000000000000, 7, -142857142857, -1 },
		{ 1000000000000, -7, -142857142857, 1 },
		{ 5, 1000000000000, 0, 5 },
		{ 9223372036854775807, 4294967296, 2147483647, 4294967295 },
		{ 9223372036854775807, 4294967297, 2147483647, 2147483648 },
		{ -9223372036854775807, 9223372036854775807, -1, 0 },
		{ 9223372036854775806, 9223372036854775807, 0, 9223372036854775806 },
		{ 1311768467463790320, 305419896000, 4294967, 93000358320 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		/* volatile: else the compiler does the sums */
		volatile int64_t dividend = cases[i].dividend;
		volatile int64_t divisor = cases[i].divisor;

		check(checks, dividend / divisor == cases[i].quotient &&
		      dividend % divisor == cases[i].remainder,
		      "%lld / %lld: %lld, %lld", (long long)dividend, (long long)divisor,
		      (long long)(dividend / divisor), (long long)(dividend % divisor));
	}
}

static void check_unsigned_division(struct checks *checks)
{
	volatile uint64_t most = UINT64_MAX;
	volatile uint64_t half = 0x8000000000000001;

	check(checks, most / 10 == 1844674407370955161 && most % 10 == 5, "2^64 - 1 by 10");
	check(checks, most / half == 1 && most % half == 0x7FFFFFFFFFFFFFFE,
	      "2^64 - 1 by 2^63 + 1");
	check(checks, half / most == 0 && half % most == half, "2^63 + 1 by 2^64 - 1");
	check(checks, most / 0x100000001 == 0xFFFFFFFF, "2^64 - 1 by 2^32 + 1");
}

/* Two machine words in 64-bit guests. Expected: worked out with another tool (Python). */
static void check_wide_division(struct checks *checks)
{
#if VMM_GUEST_BITS == 64
	volatile unsigned __int128 large = ((unsigned __int128)1 << 127) - 12345;
	volatile unsigned __int128 two_words = ((unsigned __int128)1 << 64) + 977;
	volatile uint64_t one_word = 10000000000000000000u;
	volatile __int128 negative = -(__int128)(((unsigned __int128)1 << 127) - 12345);

	check(checks, large / two_words == 0x7FFFFFFFFFFFFE17 &&
	      large % two_words == 0x8000000000071A00, "2^127 - 12345 by 2^64 + 977");
	check(checks, two_words / one_word == 1 && two_words % one_word == 8446744073709552593u,
	      "2^64 + 977 by 10^19");
	check(checks, negative / (__int128)two_words == -(__int128)0x7FFFFFFFFFFFFE17,
	      "-(2^127 - 12345) by 2^64 + 977");
#else
	(void)checks;
#endif
}

static void check_bits(struct checks *checks)
{
	volatile uint64_t value = 0x0040000000800000;

	check(checks, __builtin_popcountll(value) == 2, "population count");
	check(checks, __builtin_ctzll(value) == 23 && __builtin_ctzll(value << 32) == 55,
	      "trailing zeros");
	check(checks, __builtin_clzll(value) == 9 && __builtin_clzll(value >> 40) == 49,
	      "leading zeros");
	check(checks, __builtin_ffsll((long long)value) == 24, "first set bit");
	check(checks, value << 9 == 0x8000000100000000 && value >> 23 == 0x80000001, "shifts");
}

#define CHECK_FORMAT(checks, expected, ...)						\
	do {										\
		char text[64];								\
		int length = format_buffer(text, sizeof(text), __VA_ARGS__);		\
											\
		check(checks, length == sizeof(expected) - 1 &&				\
		      !memcmp(text, expected, sizeof(expected)),			\
		      "format: \"%s\", not \"%s\"", text, expected);			\
	} while (0)

static void check_format(struct checks *checks)
{
	char small[4];

	CHECK_FORMAT(checks, "plain 100%", "plain 100%%");
	CHECK_FORMAT(checks, "0 -1 -2147483648", "%d %i %d", 0, -1, INT32_MIN);
	CHECK_FORMAT(checks, "4294967295 ffffffff FFFFFFFF", "%u %x %X", -1u, -1u, -1u);
	CHECK_FORMAT(checks, "-9223372036854775808 18446744073709551615", "%lld %llu",
		     (long long)INT64_MIN, (unsigned long long)UINT64_MAX);
	CHECK_FORMAT(checks, "[   42|42   |00042|-0042]", "[%5d|%-5d|%05d|%05d]", 42, 42, 42, -42);
	CHECK_FORMAT(checks, "[abc|  abc|ab   |c]", "[%s|%5s|%-5.2s|%c]", "abc", "abc", "abc", 'c');
	CHECK_FORMAT(checks, "[   7|xy]", "[%*d|%.*s]", 4, 7, 2, "xyz");
	CHECK_FORMAT(checks, "12 34 0x1f", "%zu %ld %p", (size_t)12, 34l, (void *)0x1F);
	check(checks, format_buffer(small, sizeof(small), "%s", "too long") == 8 &&
	      !memcmp(small, "too", 4), "format_buffer() cuts");
}

static void check_screen(struct checks *checks)
{
	vga_clear(0x17);
	vga_text8(0, 0, "ab", 0x1E);
	vga_text16(2, 0, "cd", 0x1E);
	vga_text32(5, 0, "efg", 0x1E);
	vga_put8(9, 0, 'h', 0x2F);
	vga_fill(78, 24, 10, VGA_CELL('z', 0x4F));
	check(checks, vga_get16(0, 0) == 0x1E61 && vga_get16(1, 0) == 0x1E62, "vga_text8()");
	check(checks, vga_get16(2, 0) == 0x1E63 && vga_get16(3, 0) == 0x1E64, "vga_text16()");
	check(checks, vga_get16(5, 0) == 0x1E65 && vga_get16(6, 0) == 0x1E66 &&
	      vga_get16(7, 0) == 0x1E67 && vga_get16(8, 0) == 0x1720, "vga_text32()");
	check(checks, vga_get16(9, 0) == 0x2F68, "vga_put8()");
	check(checks, vga_get16(77, 24) == 0x1720 && vga_get16(79, 24) == 0x4F7A, "vga_fill()");
}

static void check_hypercalls(struct checks *checks)
{
	static const uint16_t cells[] = { 0x1F78, 0x1F79 };
	unsigned int columns = 0;
	unsigned int rows = 0;

	if (!vmm_hypercall_version()) {
		check(checks, vmm_hypercall(VMM_QUERY, VMM_EXIT) == -VMM_ENOSYS, "no hypercalls");
		return;
	}
	check(checks, pv_query(VMM_DISK_FLUSH) && !pv_query(15), "pv_query()");
	check(checks, !pv_screen_size(&columns, &rows) && columns == VGA_COLUMNS &&
	      rows == VGA_ROWS, "pv_screen_size()");
	check(checks, !pv_screen_put(20, 1, 0x2F40) && vga_get16(20, 1) == 0x2F40,
	      "pv_screen_put()");
	check(checks, !pv_screen_write(79, 1, cells, 2) && vga_get16(79, 1) == 0x1F78 &&
	      vga_get16(0, 2) == 0x1F79, "pv_screen_write()");
	check(checks, pv_printf("%d-bit %s\n", VMM_GUEST_BITS, "guest") == 13, "pv_printf()");
}

int main(void)
{
	struct checks checks = { 0 };

	check_start(&checks);
	check_memory(&checks);
	check_division(&checks);
	check_unsigned_division(&checks);
	check_wide_division(&checks);
	check_bits(&checks);
	check_format(&checks);
	check_screen(&checks);
	check_hypercalls(&checks);
	return checks_result(&checks);
}
