/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ops.h - the operations the processor knows, and who binds each.
 *
 * One row an operation: the mnemonic as Zydis and the manuals have it, and its
 * bind function. decode.c makes its table of mnemonics from the rows, bind.c
 * that of the functions. Operations on vectors and of the x87 have no rows:
 * whole instruction sets of them go to bind_fpu.
 */
#ifndef VMM_CPU_OPS_H
#define VMM_CPU_OPS_H

/* integer.c, multiply.c, decimal.c: arithmetic and logic. */
#define OPS_INTEGER(X) \
	X(ADD, bind_alu) X(OR, bind_alu) X(ADC, bind_alu) X(SBB, bind_alu) \
	X(AND, bind_alu) X(SUB, bind_alu) X(XOR, bind_alu) X(CMP, bind_alu) \
	X(TEST, bind_alu) \
	X(INC, bind_unary) X(DEC, bind_unary) X(NEG, bind_unary) X(NOT, bind_unary) \
	X(MUL, bind_multiply) X(IMUL, bind_multiply) X(DIV, bind_divide) X(IDIV, bind_divide) \
	X(ROL, bind_shift) X(ROR, bind_shift) X(RCL, bind_shift) X(RCR, bind_shift) \
	X(SHL, bind_shift) X(SHR, bind_shift) X(SAR, bind_shift) \
	X(SHLD, bind_double_shift) X(SHRD, bind_double_shift) \
	X(ADCX, bind_carry_add) X(ADOX, bind_carry_add) \
	X(DAA, bind_decimal) X(DAS, bind_decimal) X(AAA, bind_decimal) X(AAS, bind_decimal) \
	X(AAM, bind_decimal) X(AAD, bind_decimal)

/* bits.c: bit tests, scans and manipulation. */
#define OPS_BITS(X) \
	X(BT, bind_bit_test) X(BTS, bind_bit_test) X(BTR, bind_bit_test) X(BTC, bind_bit_test) \
	X(BSF, bind_bit_scan) X(BSR, bind_bit_scan) X(TZCNT, bind_bit_scan) \
	X(LZCNT, bind_bit_scan) X(POPCNT, bind_bit_scan) \
	X(ANDN, bind_bmi) X(BEXTR, bind_bmi) X(BLSI, bind_bmi) X(BLSMSK, bind_bmi) \
	X(BLSR, bind_bmi) X(BZHI, bind_bmi) X(PDEP, bind_bmi) X(PEXT, bind_bmi) \
	X(RORX, bind_bmi) X(SARX, bind_bmi) X(SHLX, bind_bmi) X(SHRX, bind_bmi) \
	X(MULX, bind_bmi) X(CRC32, bind_crc32) X(BSWAP, bind_bswap)

/* move.c, exchange.c, stack.c, misc.c: data movement, the stack, flags and the rest. */
#define OPS_MOVE(X) \
	X(MOV, bind_mov) X(MOVZX, bind_mov_extend) X(MOVSX, bind_mov_extend) \
	X(MOVSXD, bind_mov_extend) X(MOVBE, bind_movbe) X(MOVNTI, bind_mov) \
	X(LEA, bind_lea) X(XCHG, bind_xchg) X(XADD, bind_xadd) X(CMPXCHG, bind_cmpxchg) \
	X(CMPXCHG8B, bind_cmpxchg_wide) X(CMPXCHG16B, bind_cmpxchg_wide) \
	X(PUSH, bind_push) X(POP, bind_pop) \
	X(PUSHA, bind_push_all) X(PUSHAD, bind_push_all) \
	X(POPA, bind_pop_all) X(POPAD, bind_pop_all) \
	X(PUSHF, bind_push_flags) X(PUSHFD, bind_push_flags) X(PUSHFQ, bind_push_flags) \
	X(POPF, bind_pop_flags) X(POPFD, bind_pop_flags) X(POPFQ, bind_pop_flags) \
	X(ENTER, bind_enter) X(LEAVE, bind_leave) \
	X(CBW, bind_widen) X(CWDE, bind_widen) X(CDQE, bind_widen) \
	X(CWD, bind_widen) X(CDQ, bind_widen) X(CQO, bind_widen) \
	X(LAHF, bind_flags) X(SAHF, bind_flags) X(CLC, bind_flags) X(STC, bind_flags) \
	X(CMC, bind_flags) X(CLD, bind_flags) X(STD, bind_flags) X(SALC, bind_flags) \
	X(XLAT, bind_xlat) X(BOUND, bind_bound) X(NOP, bind_nop) X(PAUSE, bind_nop) \
	X(LFENCE, bind_nop) X(SFENCE, bind_nop) X(MFENCE, bind_nop) \
	X(PREFETCHNTA, bind_nop) X(PREFETCHT0, bind_nop) X(PREFETCHT1, bind_nop) \
	X(PREFETCHT2, bind_nop) X(PREFETCH, bind_nop) X(PREFETCHW, bind_nop) \
	X(CLFLUSH, bind_clflush) X(ENDBR32, bind_nop) X(ENDBR64, bind_nop) \
	X(RDRAND, bind_random) X(RDSEED, bind_random)

#define OPS_CONDITIONAL(X, prefix, bind) \
	X(prefix##O, bind) X(prefix##NO, bind) X(prefix##B, bind) X(prefix##NB, bind) \
	X(prefix##Z, bind) X(prefix##NZ, bind) X(prefix##BE, bind) X(prefix##NBE, bind) \
	X(prefix##S, bind) X(prefix##NS, bind) X(prefix##P, bind) X(prefix##NP, bind) \
	X(prefix##L, bind) X(prefix##NL, bind) X(prefix##LE, bind) X(prefix##NLE, bind)

/* branch.c: near jumps and what depends on conditions; in the order of the condition codes. */
#define OPS_BRANCH(X) \
	OPS_CONDITIONAL(X, J, bind_jcc) OPS_CONDITIONAL(X, SET, bind_setcc) \
	OPS_CONDITIONAL(X, CMOV, bind_cmov) \
	X(JMP, bind_jmp) X(CALL, bind_call) X(RET, bind_ret) \
	X(LOOP, bind_loop) X(LOOPE, bind_loop) X(LOOPNE, bind_loop) \
	X(JCXZ, bind_loop) X(JECXZ, bind_loop) X(JRCXZ, bind_loop)

/* string.c: string instructions and port I/O. */
#define OPS_STRING(X) \
	X(MOVSB, bind_string) X(MOVSW, bind_string) X(MOVSD, bind_string) X(MOVSQ, bind_string) \
	X(STOSB, bind_string) X(STOSW, bind_string) X(STOSD, bind_string) X(STOSQ, bind_string) \
	X(LODSB, bind_string) X(LODSW, bind_string) X(LODSD, bind_string) X(LODSQ, bind_string) \
	X(CMPSB, bind_string) X(CMPSW, bind_string) X(CMPSD, bind_string) X(CMPSQ, bind_string) \
	X(SCASB, bind_string) X(SCASW, bind_string) X(SCASD, bind_string) X(SCASQ, bind_string) \
	X(INSB, bind_string) X(INSW, bind_string) X(INSD, bind_string) \
	X(OUTSB, bind_string) X(OUTSW, bind_string) X(OUTSD, bind_string) \
	X(IN, bind_in) X(OUT, bind_out)

/* segment.c, far.c: segment registers, far transfers, task switches. */
#define OPS_SEGMENT(X) \
	X(LDS, bind_load_far) X(LES, bind_load_far) X(LFS, bind_load_far) \
	X(LGS, bind_load_far) X(LSS, bind_load_far) \
	X(LGDT, bind_table) X(LIDT, bind_table) X(SGDT, bind_table) X(SIDT, bind_table) \
	X(LLDT, bind_system_segment) X(LTR, bind_system_segment) \
	X(SLDT, bind_system_segment) X(STR, bind_system_segment) \
	X(LAR, bind_query) X(LSL, bind_query) X(VERR, bind_query) X(VERW, bind_query) \
	X(ARPL, bind_arpl)

/* interrupt.c: software interrupts and returns. */
#define OPS_INTERRUPT(X) \
	X(INT, bind_int) X(INT3, bind_int) X(INTO, bind_int) X(INT1, bind_int) \
	X(IRET, bind_iret) X(IRETD, bind_iret) X(IRETQ, bind_iret) \
	X(SYSCALL, bind_syscall) X(SYSRET, bind_syscall) \
	X(SYSENTER, bind_syscall) X(SYSEXIT, bind_syscall) \
	X(UD0, bind_ud) X(UD1, bind_ud) X(UD2, bind_ud)

/* system.c: control registers, MSRs, CPUID and the rest of what kernels do. */
#define OPS_SYSTEM(X) \
	X(CLI, bind_interrupt_flag) X(STI, bind_interrupt_flag) X(HLT, bind_hlt) \
	X(CLTS, bind_clts) X(LMSW, bind_msw) X(SMSW, bind_msw) \
	X(INVLPG, bind_invalidate) X(INVD, bind_invalidate) X(WBINVD, bind_invalidate) \
	X(RDMSR, bind_msr) X(WRMSR, bind_msr) X(RDTSC, bind_tsc) X(RDTSCP, bind_tsc) \
	X(RDPMC, bind_rdpmc) X(CPUID, bind_cpuid) X(SWAPGS, bind_swapgs) \
	X(RDFSBASE, bind_fsgsbase) X(RDGSBASE, bind_fsgsbase) \
	X(WRFSBASE, bind_fsgsbase) X(WRGSBASE, bind_fsgsbase) \
	X(CLAC, bind_ac) X(STAC, bind_ac) X(MONITOR, bind_monitor) X(MWAIT, bind_monitor) \
	X(XGETBV, bind_xcr) X(XSETBV, bind_xcr) \
	X(VMCALL, bind_vmcall) X(VMMCALL, bind_vmcall)

#define OPS_ALL(X) \
	OPS_INTEGER(X) OPS_BITS(X) OPS_MOVE(X) OPS_BRANCH(X) OPS_STRING(X) \
	OPS_SEGMENT(X) OPS_INTERRUPT(X) OPS_SYSTEM(X)

#define OPS_ENUM(name, bind) OP_##name,

enum op {
	OP_UNDEFINED,		/* no instruction of this processor: #UD */
	OP_FPU,			/* x87, MMX, SSE, AVX: bind_fpu */
	OPS_ALL(OPS_ENUM)
	OP_COUNT,
};

#undef OPS_ENUM

#endif
