/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feature.c - which feature of the processor an instruction came with (SDM vol. 2,
 * "CPUID Feature Flag" of each; APM vol. 3, appendix D). It is asked once, when the
 * instruction is decoded, so that executing it costs nothing.
 */
#include "cpu/internal.h"
#include "cpu/ops.h"

#define CMOV_ROW(name, bind) [OP_##name] = FEATURE_CMOV,

/* By enum op; those without a row are every processor's. */
static const uint8_t feature_of_op[OP_COUNT] = {
	OPS_CONDITIONAL(CMOV_ROW, CMOV, bind_cmov)
	[OP_ADCX] = FEATURE_ADX, [OP_ADOX] = FEATURE_ADX,
	[OP_ANDN] = FEATURE_BMI1, [OP_BEXTR] = FEATURE_BMI1, [OP_BLSI] = FEATURE_BMI1,
	[OP_BLSMSK] = FEATURE_BMI1, [OP_BLSR] = FEATURE_BMI1,
	[OP_BZHI] = FEATURE_BMI2, [OP_MULX] = FEATURE_BMI2, [OP_PDEP] = FEATURE_BMI2,
	[OP_PEXT] = FEATURE_BMI2, [OP_RORX] = FEATURE_BMI2, [OP_SARX] = FEATURE_BMI2,
	[OP_SHLX] = FEATURE_BMI2, [OP_SHRX] = FEATURE_BMI2,
	[OP_TZCNT] = FEATURE_BMI1, [OP_LZCNT] = FEATURE_LZCNT, [OP_POPCNT] = FEATURE_POPCNT,
	[OP_CRC32] = FEATURE_SSE42, [OP_MOVBE] = FEATURE_MOVBE,
	[OP_CMPXCHG8B] = FEATURE_CX8, [OP_CMPXCHG16B] = FEATURE_CX16,
	[OP_MOVNTI] = FEATURE_SSE2, [OP_LFENCE] = FEATURE_SSE2, [OP_MFENCE] = FEATURE_SSE2,
	[OP_SFENCE] = FEATURE_SSE, [OP_CLFLUSH] = FEATURE_CLFLUSH,
	[OP_RDRAND] = FEATURE_RDRAND, [OP_RDSEED] = FEATURE_RDSEED,
	[OP_SYSCALL] = FEATURE_SYSCALL, [OP_SYSRET] = FEATURE_SYSCALL,
	[OP_SYSENTER] = FEATURE_SEP, [OP_SYSEXIT] = FEATURE_SEP,
	[OP_RDMSR] = FEATURE_MSR, [OP_WRMSR] = FEATURE_MSR,
	[OP_RDTSC] = FEATURE_TSC, [OP_RDTSCP] = FEATURE_RDTSCP,
	[OP_RDFSBASE] = FEATURE_FSGSBASE, [OP_RDGSBASE] = FEATURE_FSGSBASE,
	[OP_WRFSBASE] = FEATURE_FSGSBASE, [OP_WRGSBASE] = FEATURE_FSGSBASE,
	[OP_CLAC] = FEATURE_SMAP, [OP_STAC] = FEATURE_SMAP,
	[OP_XGETBV] = FEATURE_XSAVE, [OP_XSETBV] = FEATURE_XSAVE,
};

/* Those of OP_FPU. */
static const uint8_t feature_of_set[FPU_SETS] = {
	[FPU_SET_X87] = FEATURE_FPU, [FPU_SET_MMX] = FEATURE_MMX,
	[FPU_SET_FXSAVE] = FEATURE_FXSR, [FPU_SET_SSE] = FEATURE_SSE,
	[FPU_SET_SSE2] = FEATURE_SSE2, [FPU_SET_SSE3] = FEATURE_SSE3,
	[FPU_SET_SSSE3] = FEATURE_SSSE3, [FPU_SET_SSE41] = FEATURE_SSE41,
	[FPU_SET_SSE42] = FEATURE_SSE42, [FPU_SET_PCLMULQDQ] = FEATURE_PCLMULQDQ,
	[FPU_SET_XSAVE] = FEATURE_XSAVE, [FPU_SET_AVX] = FEATURE_AVX,
	[FPU_SET_F16C] = FEATURE_F16C, [FPU_SET_FMA] = FEATURE_FMA,
	[FPU_SET_AVX2] = FEATURE_AVX2,
};

static enum cpu_feature feature_of(const struct decoded *decoded)
{
	switch (decoded->op) {
	case OP_FPU:
		return feature_of_set[decoded->fpu_set];
	case OP_LAHF:
	case OP_SAHF:
		return decoded->code_bits == 64 ? FEATURE_LAHF : FEATURE_NONE;
	default:
		return feature_of_op[decoded->op];
	}
}

void feature_restrict(struct cpu *cpu, struct decoded *decoded)
{
	enum cpu_feature feature = feature_of(decoded);

	if (feature == FEATURE_NONE || cpu_has(cpu, feature))
		return;
	/* These are the older ones with a prefix that had no meaning. */
	switch (decoded->op) {
	case OP_TZCNT:
		decoded->op = OP_BSF;
		break;
	case OP_LZCNT:
		decoded->op = OP_BSR;
		break;
	default:
		decoded->op = OP_UNDEFINED;
		break;
	}
}
