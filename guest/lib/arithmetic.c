/* SPDX-License-Identifier: 0BSD */
/*
 * arithmetic.c - the functions that a compiler calls for integers of two
 * machine words (names and meaning: GCC internals, "The GCC low-level runtime
 * library"): 64 bits in 16- and 32-bit guests, 128 bits in 64-bit ones. GCC's own
 * library is not there for every mode.
 *
 * Division follows H. S. Warren, Hacker's Delight, 2nd edition, 9-5.
 */
#include <stddef.h>
#include <stdint.h>

#if VMM_GUEST_BITS == 64
typedef uint64_t word;
typedef unsigned __int128 double_word;
typedef __int128 signed_double_word;
#define NAME(start, end) start##ti##end
#else
typedef uint32_t word;
typedef uint64_t double_word;
typedef int64_t signed_double_word;
#define NAME(start, end) start##di##end
#endif

#define WORD_BITS (sizeof(word) * 8)

double_word NAME(__udivmod, 4)(double_word dividend, double_word divisor, double_word *remainder);
double_word NAME(__udiv, 3)(double_word dividend, double_word divisor);
double_word NAME(__umod, 3)(double_word dividend, double_word divisor);
signed_double_word NAME(__divmod, 4)(signed_double_word dividend, signed_double_word divisor,
				     signed_double_word *remainder);
signed_double_word NAME(__div, 3)(signed_double_word dividend, signed_double_word divisor);
signed_double_word NAME(__mod, 3)(signed_double_word dividend, signed_double_word divisor);
int __popcountsi2(unsigned int value);
int __popcountdi2(uint64_t value);
int __ctzdi2(uint64_t value);
int __clzdi2(uint64_t value);
int __ffsdi2(uint64_t value);

/* high must be less than divisor: else the processor's divide error. */
static word divide_words(word high, word low, word divisor, word *remainder)
{
	word quotient;

	__asm__("div %4"
		: "=a"(quotient), "=d"(*remainder)
		: "a"(low), "d"(high), "r"(divisor)
		: "cc");
	return quotient;
}

static double_word divide_by_word(double_word dividend, word divisor, double_word *remainder)
{
	word rest;
	word high = divide_words(0, (word)(dividend >> WORD_BITS), divisor, &rest);
	word low = divide_words(rest, (word)dividend, divisor, &rest);

	*remainder = rest;
	return (double_word)high << WORD_BITS | low;
}

static unsigned int leading_zeros(word value)
{
	unsigned int zeros = (unsigned int)__builtin_clzll(value);

	return zeros - (64 - WORD_BITS);
}

double_word NAME(__udivmod, 4)(double_word dividend, double_word divisor, double_word *remainder)
{
	double_word ignored;
	double_word *rest = remainder ? remainder : &ignored;
	word divisor_high = (word)(divisor >> WORD_BITS);

	if (divisor_high == 0)
		return divide_by_word(dividend, (word)divisor, rest);

	/* An estimate from the leading words, at most one too large. */
	unsigned int shift = leading_zeros(divisor_high);
	word divisor_top = (word)(divisor << shift >> WORD_BITS);
	word unused;
	word estimate = divide_words((word)(dividend >> 1 >> WORD_BITS), (word)(dividend >> 1),
				     divisor_top, &unused);
	double_word quotient = estimate >> (WORD_BITS - 1 - shift);

	if (quotient)
		quotient--;
	*rest = dividend - quotient * divisor;
	if (*rest >= divisor) {
		*rest -= divisor;
		quotient++;
	}
	return quotient;
}

double_word NAME(__udiv, 3)(double_word dividend, double_word divisor)
{
	return NAME(__udivmod, 4)(dividend, divisor, NULL);
}

double_word NAME(__umod, 3)(double_word dividend, double_word divisor)
{
	double_word remainder;

	NAME(__udivmod, 4)(dividend, divisor, &remainder);
	return remainder;
}

static double_word magnitude(signed_double_word value)
{
	return value < 0 ? -(double_word)value : (double_word)value;
}

static signed_double_word with_sign(double_word value, int negative)
{
	return (signed_double_word)(negative ? -value : value);
}

/* The quotient is cut towards 0, the remainder has the dividend's sign. */
signed_double_word NAME(__divmod, 4)(signed_double_word dividend, signed_double_word divisor,
				     signed_double_word *remainder)
{
	double_word rest;
	double_word quotient = NAME(__udivmod, 4)(magnitude(dividend), magnitude(divisor), &rest);

	*remainder = with_sign(rest, dividend < 0);
	return with_sign(quotient, (dividend < 0) != (divisor < 0));
}

signed_double_word NAME(__div, 3)(signed_double_word dividend, signed_double_word divisor)
{
	signed_double_word remainder;

	return NAME(__divmod, 4)(dividend, divisor, &remainder);
}

signed_double_word NAME(__mod, 3)(signed_double_word dividend, signed_double_word divisor)
{
	signed_double_word remainder;

	NAME(__divmod, 4)(dividend, divisor, &remainder);
	return remainder;
}

int __popcountsi2(unsigned int value)
{
	int count = 0;

	for (; value; value &= value - 1)
		count++;
	return count;
}

int __popcountdi2(uint64_t value)
{
	return __popcountsi2((unsigned int)value) + __popcountsi2((unsigned int)(value >> 32));
}

int __ctzdi2(uint64_t value)
{
	unsigned int low = (unsigned int)value;

	return low ? __builtin_ctz(low) : 32 + __builtin_ctz((unsigned int)(value >> 32));
}

int __clzdi2(uint64_t value)
{
	unsigned int high = (unsigned int)(value >> 32);

	return high ? __builtin_clz(high) : 32 + __builtin_clz((unsigned int)value);
}

int __ffsdi2(uint64_t value)
{
	return value ? __ctzdi2(value) + 1 : 0;
}
