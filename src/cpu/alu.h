/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alu.h - arithmetic by the host's own instructions, which leave the flags as
 * the processor does, the undefined ones too.
 *
 * Flags are taken over with LAHF and SETO (see arith_flags), and given to an
 * instruction with an addition that sets OF and with SAHF.
 */
#ifndef VMM_CPU_ALU_H
#define VMM_CPU_ALU_H

#include <stdint.h>

#include "cpu/internal.h"

#define ALU_SAVE "\n\tlahf\n\tseto %%al"
#define ALU_RESTORE "addb $127, %%al\n\tsahf\n\t"

/* GCC's operand modifiers by size: which part of a register is meant. */
#define ALU_PART_8 "b"
#define ALU_PART_16 "w"
#define ALU_PART_32 "k"
#define ALU_PART_64 "q"
#define ALU_SUFFIX_8 "b"
#define ALU_SUFFIX_16 "w"
#define ALU_SUFFIX_32 "l"
#define ALU_SUFFIX_64 "q"

/* a = a op b; the flags come out only. */
#define DEFINE_ALU_OUT(name, bits)							\
static inline uint##bits##_t alu_##name##bits(arith_flags *flags, uint##bits##_t a,	\
					      uint##bits##_t b)				\
{											\
	arith_flags after;								\
											\
	__asm__(#name ALU_SUFFIX_##bits " %" ALU_PART_##bits "[b], %" ALU_PART_##bits "[a]" \
		ALU_SAVE								\
		: [a] "+q"(a), "=&a"(after) : [b] "q"(b) : "cc");			\
	*flags = after;									\
	return a;									\
}

/* a = a op b; the flags go in too (carry). */
#define DEFINE_ALU_IN_OUT(name, bits)							\
static inline uint##bits##_t alu_##name##bits(arith_flags *flags, uint##bits##_t a,	\
					      uint##bits##_t b)				\
{											\
	arith_flags both = *flags;							\
											\
	__asm__(ALU_RESTORE #name ALU_SUFFIX_##bits " %" ALU_PART_##bits "[b], %"	\
		ALU_PART_##bits "[a]" ALU_SAVE						\
		: [a] "+&q"(a), "+&a"(both) : [b] "q"(b) : "cc");			\
	*flags = both;									\
	return a;									\
}

/* a = op a; the flags go in too (INC and DEC leave the carry). */
#define DEFINE_ALU_UNARY(name, bits)							\
static inline uint##bits##_t alu_##name##bits(arith_flags *flags, uint##bits##_t a)	\
{											\
	arith_flags both = *flags;							\
											\
	__asm__(ALU_RESTORE #name ALU_SUFFIX_##bits " %" ALU_PART_##bits "[a]" ALU_SAVE	\
		: [a] "+&q"(a), "+&a"(both) : : "cc");					\
	*flags = both;									\
	return a;									\
}

/* a = a op count; a count of 0 leaves the flags. */
#define DEFINE_ALU_SHIFT(name, bits)							\
static inline uint##bits##_t alu_##name##bits(arith_flags *flags, uint##bits##_t a,	\
					      uint8_t count)				\
{											\
	arith_flags both = *flags;							\
											\
	__asm__(ALU_RESTORE #name ALU_SUFFIX_##bits " %%cl, %" ALU_PART_##bits "[a]" ALU_SAVE \
		: [a] "+&q"(a), "+&a"(both) : "c"(count) : "cc");			\
	*flags = both;									\
	return a;									\
}

/* a = a and b op count: SHLD, SHRD. */
#define DEFINE_ALU_DOUBLE_SHIFT(name, bits)						\
static inline uint##bits##_t alu_##name##bits(arith_flags *flags, uint##bits##_t a,	\
					      uint##bits##_t b, uint8_t count)		\
{											\
	arith_flags both = *flags;							\
											\
	__asm__(ALU_RESTORE #name ALU_SUFFIX_##bits " %%cl, %" ALU_PART_##bits "[b], %"	\
		ALU_PART_##bits "[a]" ALU_SAVE						\
		: [a] "+&q"(a), "+&a"(both) : [b] "q"(b), "c"(count) : "cc");		\
	*flags = both;									\
	return a;									\
}

#endif
