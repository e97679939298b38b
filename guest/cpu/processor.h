/* SPDX-License-Identifier: 0BSD */
/*
 * processor.h - names of the processor's registers, flags and exceptions, and
 * the instructions that C does not have (Intel SDM vol. 3, 2.3 to 2.5, 6.15).
 */
#ifndef GUEST_CPU_PROCESSOR_H
#define GUEST_CPU_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

enum vector {
	VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_NMI = 2, VECTOR_BP = 3, VECTOR_OF = 4,
	VECTOR_BR = 5, VECTOR_UD = 6, VECTOR_NM = 7, VECTOR_DF = 8, VECTOR_TS = 10,
	VECTOR_NP = 11, VECTOR_SS = 12, VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_MF = 16,
	VECTOR_AC = 17, VECTOR_XM = 19,
};

/* Error codes that name a selector (6.13): beside the selector's upper 13 bits. */
#define ERROR_EXT	1u
#define ERROR_IDT	2u
#define ERROR_VECTOR(vector)	((vector) * 8u | ERROR_IDT)

#define FLAG_CF		(1u << 0)
#define FLAG_FIXED	(1u << 1)
#define FLAG_PF		(1u << 2)
#define FLAG_AF		(1u << 4)
#define FLAG_ZF		(1u << 6)
#define FLAG_SF		(1u << 7)
#define FLAG_TF		(1u << 8)
#define FLAG_IF		(1u << 9)
#define FLAG_DF		(1u << 10)
#define FLAG_OF		(1u << 11)
#define FLAG_IOPL	(3u << 12)
#define FLAG_NT		(1u << 14)
#define FLAG_RF		(1u << 16)
#define FLAG_VM		(1u << 17)
#define FLAG_AC		(1u << 18)
#define FLAG_ID		(1u << 21)

#define CR0_PE		(1u << 0)
#define CR0_MP		(1u << 1)
#define CR0_EM		(1u << 2)
#define CR0_TS		(1u << 3)
#define CR0_ET		(1u << 4)
#define CR0_NE		(1u << 5)
#define CR0_WP		(1u << 16)
#define CR0_AM		(1u << 18)
#define CR0_NW		(1u << 29)
#define CR0_CD		(1u << 30)
#define CR0_PG		(1u << 31)

#define CR4_VME		(1u << 0)
#define CR4_TSD		(1u << 2)
#define CR4_DE		(1u << 3)
#define CR4_PSE		(1u << 4)
#define CR4_PAE		(1u << 5)
#define CR4_PGE		(1u << 7)
#define CR4_OSFXSR	(1u << 9)
#define CR4_OSXMMEXCPT	(1u << 10)
#define CR4_UMIP	(1u << 11)
#define CR4_FSGSBASE	(1u << 16)
#define CR4_OSXSAVE	(1u << 18)
#define CR4_SMEP	(1u << 20)
#define CR4_SMAP	(1u << 21)

#define MSR_TSC			0x10u
#define MSR_SYSENTER_CS		0x174u
#define MSR_SYSENTER_ESP	0x175u
#define MSR_SYSENTER_EIP	0x176u
#define MSR_PAT			0x277u
#define MSR_EFER		0xC0000080u
#define MSR_STAR		0xC0000081u
#define MSR_LSTAR		0xC0000082u
#define MSR_CSTAR		0xC0000083u
#define MSR_FMASK		0xC0000084u
#define MSR_FS_BASE		0xC0000100u
#define MSR_GS_BASE		0xC0000101u
#define MSR_KERNEL_GS_BASE	0xC0000102u

#define EFER_SCE	(1u << 0)
#define EFER_LME	(1u << 8)
#define EFER_LMA	(1u << 10)
#define EFER_NXE	(1u << 11)

#define DR6_FIXED	0xFFFF0FF0u	/* what reads as 1 when nothing has happened */
#define DR6_BS		(1u << 14)
#define DR6_BD		(1u << 13)
#define DR7_FIXED	0x400u
#define DR7_GD		(1u << 13)

#define DEFINE_REGISTER(name)							\
	static inline uintptr_t read_##name(void)				\
	{									\
		uintptr_t value;						\
										\
		__asm__ volatile("mov %%" #name ", %0" : "=r"(value));		\
		return value;							\
	}									\
	static inline void write_##name(uintptr_t value)			\
	{									\
		__asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory");	\
	}

DEFINE_REGISTER(cr0)
DEFINE_REGISTER(cr2)
DEFINE_REGISTER(cr3)
DEFINE_REGISTER(cr4)
DEFINE_REGISTER(dr0)
DEFINE_REGISTER(dr1)
DEFINE_REGISTER(dr2)
DEFINE_REGISTER(dr3)
DEFINE_REGISTER(dr6)
DEFINE_REGISTER(dr7)

static inline uint64_t read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (uint64_t)high << 32;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uintptr_t read_flags(void)
{
	uintptr_t flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	return flags;
}

static inline void write_flags(uintptr_t flags)
{
	__asm__ volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}

static inline void invlpg(uintptr_t address)
{
	__asm__ volatile("invlpg %0" : : "m"(*(volatile char *)address) : "memory");
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid result;

	__asm__ volatile("cpuid"
			 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
			 : "a"(leaf), "c"(subleaf));
	return result;
}

/* Feature bits (SDM vol. 2, CPUID): leaf 1 EDX and ECX, leaf 7 EBX, leaf 0x80000001 EDX. */
#define CPUID_1_EDX_FPU		(1u << 0)
#define CPUID_1_EDX_DE		(1u << 2)
#define CPUID_1_EDX_PSE		(1u << 3)
#define CPUID_1_EDX_PAE		(1u << 6)
#define CPUID_1_EDX_SEP		(1u << 11)
#define CPUID_1_EDX_PGE		(1u << 13)
#define CPUID_1_EDX_PSE36	(1u << 17)
#define CPUID_1_EDX_FXSR	(1u << 24)
#define CPUID_1_EDX_SSE		(1u << 25)
#define CPUID_1_ECX_XSAVE	(1u << 26)
#define CPUID_1_ECX_AVX		(1u << 28)
#define CPUID_7_EBX_FSGSBASE	(1u << 0)
#define CPUID_7_EBX_SMEP	(1u << 7)
#define CPUID_7_EBX_SMAP	(1u << 20)
#define CPUID_81_EDX_SYSCALL	(1u << 11)
#define CPUID_81_EDX_NX		(1u << 20)
#define CPUID_81_EDX_PAGE1GB	(1u << 26)
#define CPUID_81_EDX_LM		(1u << 29)

static inline uint32_t cpuid_7_ebx(void)
{
	return cpuid(0, 0).eax >= 7 ? cpuid(7, 0).ebx : 0;
}

static inline uint32_t cpuid_81_edx(void)
{
	return cpuid(0x80000000, 0).eax >= 0x80000001 ? cpuid(0x80000001, 0).edx : 0;
}

#endif
