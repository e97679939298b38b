/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native.h - what an engine needs of the processor to let the host's processor
 * run guest code in its place for a while, unprivileged, as code of a process.
 *
 * The processor's state stays where it is: only the registers that such code
 * can change are taken out and put back. Whether the code is fit for it is found
 * by looking at it: some instructions neither trap in user mode nor do there
 * what they do for a kernel.
 */
#ifndef VMM_CPU_NATIVE_H
#define VMM_CPU_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/vcpu.h"

struct cpu;

/* The registers that unprivileged code can change. */
struct cpu_native {
	uint64_t gpr[GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;	/* those of arithmetic, and DF */
	uint64_t fs_base, gs_base;
	uint8_t code_bits;	/* 32 or 64 */
	uint8_t cpl;
	bool fs_usable;		/* 32-bit code: not a null selector */
	bool gs_usable;
	_Alignas(64) uint8_t xsave[VCPU_XSAVE_SIZE];
};

/* What translations come from: another one of these, and all may be others. */
struct cpu_space {
	uint64_t cr0, cr3, cr4, efer;	/* of each, the bits that matter */
	bool user;			/* CPL 3 */
	uint8_t code_bits;		/* not of translations: what code was taken for */
};

/* What is found in code; also what a state of the processor does not bear. */
#define CPU_CODE_LIES	(1u << 0)	/* what never is the same in user mode */
#define CPU_CODE_X87	(1u << 1)	/* x87, MMX, FXSAVE: always; see native.c */
#define CPU_CODE_SSE	(1u << 2)	/* CR0.EM and TS, CR4.OSFXSR */
#define CPU_CODE_AVX	(1u << 3)	/* CR0.EM and TS, CR4.OSXSAVE, XCR0 */
#define CPU_CODE_TSC	(1u << 4)	/* RDTSC: CR4.TSD, and the guest's own counter */
#define CPU_CODE_BASE	(1u << 5)	/* RDFSBASE and its like: CR4.FSGSBASE */
#define CPU_CODE_FLAGS	(1u << 6)	/* PUSHF: flags that user mode has otherwise */
#define CPU_CODE_SYSCALL (1u << 7)	/* SYSCALL: but in 64-bit code where it is enabled */
#define CPU_CODE_UNTOLD	(1u << 8)	/* goes to addresses that it calculates: always */
#define CPU_CODE_NEWS	(1u << 30)	/* not of this code: other pages are to be looked at again */
#define CPU_CODE_ANY	(1u << 31)	/* all code: it must be emulated */

/*
 * What code must not hold to run natively in the current state: CPU_CODE_...;
 * with CPU_CODE_ANY, none can: real mode, 16-bit code, segments that are not flat, single
 * steps, breakpoints, alignment checks, an interrupt shadow, an interrupt or a kick that is due.
 */
uint32_t cpu_native_bars(const struct cpu *cpu);

/* The registers, between runs. cpu_native_put() takes what code of the same mode made of them. */
void cpu_native_get(const struct cpu *cpu, struct cpu_native *native);
void cpu_native_put(struct cpu *cpu, const struct cpu_native *native);

void cpu_native_space(const struct cpu *cpu, struct cpu_space *space);

enum cpu_access { CPU_READ, CPU_WRITE, CPU_EXECUTE };

#define CPU_TABLES 4u

/* Where a page of linear addresses leads, and what may be done there. */
struct cpu_translation {
	uint64_t la;		/* the page's first address */
	uint64_t gpa;
	uint64_t size;		/* bytes: of a page of the guest's, or as much without paging */
	bool writable;		/* now, without a bit to be set in an entry first */
	bool executable;
	bool for_user;		/* CPL 3 may do all of that */
	bool for_supervisor;	/* CPL 0 to 2 may */
	/* The page tables that it comes from, and how much (a shift) an entry of each covers. */
	unsigned int tables;
	unsigned int entry_size;	/* bytes */
	struct {
		uint64_t gpa;
		unsigned int shift;
	} table[CPU_TABLES];
};

/*
 * Translates for an access at the current privilege, as the access itself does:
 * accessed and dirty bits are set. Returns false where it would fault; then nothing
 * has changed.
 */
bool cpu_native_translate(struct cpu *cpu, uint64_t la, enum cpu_access access,
			  struct cpu_translation *translation);

/*
 * Looks at the code at gpa, where it is entered, which has the linear address la, and at
 * what else of its page may be code, in the current code size; what has been seen is not
 * looked at again. Returns CPU_CODE_... of all that was ever found in the page; with
 * CPU_CODE_NEWS code may be entered where it was not known, in pages that were looked at before.
 */
uint32_t cpu_native_scan(struct cpu *cpu, uint64_t gpa, uint64_t la);

/*
 * Of the instructions that begin in the page before the linear address la's and end in
 * la's: CPU_CODE_..., as far as the former page's code has been looked at.
 */
uint32_t cpu_native_crossing(struct cpu *cpu, uint64_t la);

/* The page's code is or will be another one. */
void cpu_native_forget(struct cpu *cpu, uint64_t gpa);

/* No code is mapped: where too much has been found to keep it, all is forgotten. */
void cpu_native_renew(struct cpu *cpu);

/*
 * Watches a page: each write to it, by guest or machine, is told to
 * cpu_ops.written afterwards (by the machine: before); on = false: no longer.
 * Returns false where memory is missing.
 */
bool cpu_watch(struct cpu *cpu, uint64_t gpa, bool on);
bool cpu_watched(const struct cpu *cpu, uint64_t gpa);

/* Whether the processor keeps decoded code of the page; forgets it. */
bool cpu_has_code(const struct cpu *cpu, uint64_t gpa);
void cpu_forget_code(struct cpu *cpu, uint64_t gpa);

#endif
