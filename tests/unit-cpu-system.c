/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-cpu-system.c - the processor where it protects: segments, gates, privileges,
 * tasks, control registers, exceptions and interrupts.
 *
 * Each case is a piece of guest code, which the assembler makes as a part of this
 * program. It runs in the mode it is for, on tables whose handlers are a HLT
 * each, and ends in one of them: the vector, the error code and the address that were
 * pushed are compared with what the SDM says of the instruction. Guests with the
 * like of most cases were run on QEMU 7.2 too: it agreed wherever it checks at all.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpu.h"
#include "unit.h"

#define MEMORY_SIZE	0x200000u
#define INSTRUCTIONS	1000u		/* more than any case has */

/* Where things are in guest memory. Stacks go down. */
#define GDT		0x1000u
#define IDT		0x2000u
#define TSS		0x3000u
#define TSS_OTHER	0x3200u
#define HANDLERS	0x5000u		/* HANDLER_SIZE bytes each */
#define TABLES		0x6000u		/* PML4, PDPT, PD, PT */
#define CODE		0x10000u
#define STACK		0x20000u
#define STACK_INNER	0x28000u
#define STACK_IST	0x2C000u
#define STACK_OTHER	0x2E000u
#define STACK_USER	0x30000u
#define PAGES		0x100000u	/* the first ones differ, see map_pages() */

#define HANDLER_SIZE 4u
#define HLT 0xF4u
#define RET 0xC3u

/* For cases that raise no exception, but end in a HLT of their own at CPL 0. */
#define NONE (-1)

/* A write of a vector requests that interrupt. */
#define PORT_INTERRUPT 0xF5u
/* A write requests an NMI. */
#define PORT_NMI 0xF6u
/* A write of 0 or 1 sets address line 20. */
#define PORT_A20 0x92u

enum mode { REAL, V8086, KERNEL32, USER32, KERNEL64, USER64, COMPAT };

#define BITS_REAL "16"
#define BITS_V8086 "16"
#define BITS_KERNEL32 "32"
#define BITS_USER32 "32"
#define BITS_KERNEL64 "64"
#define BITS_USER64 "64"
#define BITS_COMPAT "32"

/* The address pushed: the instruction's, or the one behind it. */
enum where { AT, AFTER };

/* In a case's code: the address of its local label; label 0 is its start. */
#define ADDRESS(label) "(" label " - 0b + 0x10000)"
#define OFFSET(label) "(" label " - 0b)"

/*
 * Cases: name, mode, code before, the instruction in question; which vector it
 * raises, with which error code (0 where there is none), and the address. With NONE:
 * what RAX is then, in place of the error code.
 *
 * Selectors: 08 code, 10 data, 18 64-bit code, 23, 2B, 33 the same of users; the
 * others are what set_up_gdt() says.
 */
#define CASES_SEGMENTS(X)	\
	X(null_data, KERNEL32, "xor %eax,%eax;mov %eax,%fs", "mov %fs:0,%al", 13, 0, AT) \
	X(null_stack, KERNEL32, "xor %eax,%eax", "mov %eax,%ss", 13, 0, AT) \
	X(absent_data, KERNEL32, "mov $0x60,%eax", "mov %eax,%fs", 11, 0x60, AT) \
	X(absent_stack, KERNEL32, "mov $0x60,%eax", "mov %eax,%ss", 12, 0x60, AT) \
	X(outside_table, KERNEL32, "mov $0x203,%eax", "mov %eax,%fs", 13, 0x200, AT) \
	X(outside_ldt, KERNEL32, "mov $0x44,%eax", "mov %eax,%fs", 13, 0x44, AT) \
	X(execute_only, KERNEL32, "mov $0x70,%eax", "mov %eax,%fs", 13, 0x70, AT) \
	X(stack_read_only, KERNEL32, "mov $0x68,%eax", "mov %eax,%ss", 13, 0x68, AT) \
	X(stack_rpl, KERNEL32, "mov $0x13,%eax", "mov %eax,%ss", 13, 0x10, AT) \
	X(data_rpl, KERNEL32, "mov $0x13,%eax", "mov %eax,%fs", 13, 0x10, AT) \
	X(data_dpl, USER32, "mov $0x10,%eax", "mov %eax,%fs", 13, 0x10, AT) \
	X(no_data, KERNEL32, "mov $0x38,%eax", "mov %eax,%fs", 13, 0x38, AT) \
	X(write_read_only, KERNEL32, "mov $0x68,%eax;mov %eax,%fs;mov %fs:0,%al", \
	  "mov %al,%fs:0", 13, 0, AT) \
	X(write_code, KERNEL32, "mov %cs:0,%al", "mov %al,%cs:0", 13, 0, AT) \
	X(limit, KERNEL32, "mov $0x88,%eax;mov %eax,%fs;mov %fs:0xfc,%eax", "mov %fs:0xfd,%eax", \
	  13, 0, AT) \
	X(limit_of_stack, USER32, \
	  "mov $0x103,%eax;mov %eax,%ss;xor %ebp,%ebp;mov 0xfff(%ebp),%al", \
	  "mov 0x1000(%ebp),%al", 12, 0, AT) \
	X(expand_down, KERNEL32, "mov $0x90,%eax;mov %eax,%fs;mov %fs:0x1000,%al", \
	  "mov %fs:0xfff,%al", 13, 0, AT) \
	X(real_limit, REAL, "mov 0xfffe,%ax", "mov 0xffff,%ax", 13, 0, AT) \
	X(v8086_limit, V8086, "mov 0xfffe,%ax", "mov 0xffff,%ax", 13, 0, AT) \
	X(null_stack64, KERNEL64, "xor %eax,%eax;mov %eax,%ss", "ud2", 6, 0, AT) \
	X(null_stack64_user, USER64, "mov $3,%eax", "mov %eax,%ss", 13, 0, AT) \
	X(null_compat, COMPAT, "xor %eax,%eax;mov %eax,%es", "mov %es:0,%al", 13, 0, AT) \
	X(bases_ignored, KERNEL64, "mov $0x88,%eax;mov %eax,%ds;mov 0x1000,%eax", "hlt", NONE, \
	  0, AFTER) \
	X(noncanonical, KERNEL64, "movabs $0x800000000000,%rax", "mov (%rax),%al", 13, 0, AT) \
	X(noncanonical_stack, KERNEL64, "movabs $0x800000000000,%rbp", "mov (%rbp),%al", 12, 0, \
	  AT) \
	X(lar, KERNEL32, "mov $0x80,%ecx;lar %ecx,%eax", "hlt", NONE, 0xC09F00, AFTER) \
	X(lar_gate, KERNEL32, "mov $0x98,%ecx;lar %ecx,%eax", "hlt", NONE, 0xEC00, AFTER) \
	X(lsl, KERNEL32, "mov $0x88,%ecx;lsl %ecx,%eax", "hlt", NONE, 0xFF, AFTER) \
	X(lsl_gate, KERNEL32, "mov $0x98,%ecx;mov $5,%eax;lsl %ecx,%eax", "hlt", NONE, 5, AFTER) \
	X(verw, KERNEL32, "mov $0x68,%ecx;mov $1,%eax;verw %cx;setz %al;verr %cx;setz %ah", \
	  "hlt", NONE, 0x100, AFTER) \
	X(arpl, KERNEL32, "mov $0x10,%eax;mov $3,%ecx;arpl %cx,%ax", "hlt", NONE, 0x13, AFTER) \
	X(lar_real, REAL, "", "lar %ax,%ax", 6, 0, AT) \
	X(ltr_busy, KERNEL32, "mov $0x38,%eax", "ltr %ax", 13, 0x38, AT) \
	X(ltr_null, KERNEL32, "xor %eax,%eax", "ltr %ax", 13, 0, AT) \
	X(lldt_data, KERNEL32, "mov $0x10,%eax", "lldt %ax", 13, 0x10, AT) \
	X(lgdt_noncanonical, KERNEL64, "movabs $0x800000000000,%rax;push %rax;push %rax", \
	  "lgdt 6(%rsp)", 13, 0, AT)

#define CASES_TRANSFERS(X)	\
	X(jump_null, KERNEL32, "", "ljmp $0,$0", 13, 0, AT) \
	X(jump_outside, KERNEL32, "", "ljmp $0x208,$0", 13, 0x208, AT) \
	X(jump_data, KERNEL32, "", "ljmp $0x10,$0", 13, 0x10, AT) \
	X(jump_absent, KERNEL32, "", "ljmp $0x78,$0", 11, 0x78, AT) \
	X(jump_rpl, KERNEL32, "", "ljmp $0xb,$0", 13, 8, AT) \
	X(jump_outwards, KERNEL32, "", "ljmp $0x2b,$0", 13, 0x28, AT) \
	X(jump_inwards, USER32, "", "ljmp $8,$0", 13, 8, AT) \
	X(jump_conforming, USER32, "ljmp $0x80,$" ADDRESS("1f") ";1: mov %cs,%eax", "int $0x30", \
	  0x30, 0, AFTER) \
	X(jump_gate_data, KERNEL32, "", "ljmp $0xe8,$0", 13, 0x10, AT) \
	X(jump_both_sizes, KERNEL64, "push $0xe0;push $0", "lretq", 13, 0xE0, AT) \
	X(jump_noncanonical, KERNEL64, "movabs $0x800000000000,%rax", "jmp *%rax", 13, 0, AT) \
	X(call_and_return, KERNEL32, "lcall $8,$" ADDRESS("1f") \
	  ";jmp 2f;1: mov 4(%esp),%eax;lret;2:", "hlt", NONE, 8, AFTER) \
	X(return_null, KERNEL32, "push $0;push $0", "lret", 13, 0, AT) \
	X(return_inwards, USER32, "push $8;push $0", "lret", 13, 8, AT) \
	X(return_outwards, KERNEL32, "push $0x23;push $0x30000;push $0x2b;push $" ADDRESS("1f") \
	  ";lret;1:", "int $0x30", 0x30, 0, AFTER) \
	X(return_stack_null, KERNEL32, "push $0;push $0x30000;push $0x2b;push $0x10000", "lret", \
	  13, 0, AT) \
	X(return_stack_dpl, KERNEL32, "push $0x13;push $0x30000;push $0x2b;push $0x10000", \
	  "lret", 13, 0x10, AT) \
	X(gate_privilege, USER32, "", "lcall $0xa8,$0", 13, 0xA8, AT) \
	X(gate_absent, KERNEL32, "", "lcall $0xb8,$0", 11, 0xB8, AT) \
	X(iret_null, KERNEL32, "push $2;push $0;push $0", "iret", 13, 0, AT) \
	X(iret_absent, KERNEL32, "push $2;push $0x78;push $0", "iret", 11, 0x78, AT) \
	X(iret_inwards, USER32, "push $2;push $8;push $0", "iret", 13, 8, AT) \
	X(iret_nested64, KERNEL64, "pushf;orl $0x4000,(%rsp);popf", "iretq", 13, 0, AT) \
	X(iret_stack64, KERNEL64, "push $0x20;push $0;push $2;push $0x18;push $0x10000", \
	  "iretq", 13, 0x20, AT) \
	X(iret_null_stack64, KERNEL64, "push $0;push $0x20000;push $2;push $0x18;push $" \
	  ADDRESS("1f") ";iretq;1: mov %ss,%eax", "hlt", NONE, 0, AFTER) \
	X(iret_user64, KERNEL64, "push $0x23;push $0x30000;push $2;push $0x33;push $" \
	  ADDRESS("1f") ";iretq;1:", "cli", 13, 0, AT) \
	X(iret_keeps_iopl, USER32, "push $0x3202;push $0x2b;push $" ADDRESS("1f") \
	  ";iret;1: pushf;pop %eax", "cli", 13, 0, AT) \
	X(v8086_int_iopl, V8086, "", "int $0x30", 13, 0, AT) \
	X(v8086_int3, V8086, "", "int3", 3, 0, AFTER) \
	X(v8086_cli, V8086, "", "cli", 13, 0, AT) \
	X(v8086_str, V8086, "", "str %ax", 6, 0, AT) \
	X(v8086_in, V8086, "in $0x10,%al", "in $0x80,%al", 13, 0, AT) \
	X(sysret, KERNEL64, "mov $" ADDRESS("1f") ",%rcx;mov $2,%r11d;sysretq;1:", "hlt", 13, 0, \
	  AT) \
	X(real_far_call, REAL, "lcall $0x1000,$(1f - 0b);1: pop %ax;pop %ax", "hlt", NONE, \
	  0x1000, AFTER) \
	X(real_divide, REAL, "xor %cx,%cx", "div %cx", 0, 0, AT) \
	X(real_iret, REAL, "pushl $0x244202;pushl $0x1000;pushl $(1f - 0b);iretl;" \
	  "1: pushfl;pop %eax", "hlt", NONE, 0x244202, AFTER) \
	X(real_end, REAL, "", "ljmpl $0x1000,$0x10000", 13, 0, AT)

#define CASES_EXCEPTIONS(X)	\
	X(divide, KERNEL32, "xor %ecx,%ecx", "div %ecx", 0, 0, AT) \
	X(int3, USER32, "", "int3", 3, 0, AFTER) \
	X(into, USER32, "mov $0x7f,%al;inc %al", "into", 4, 0, AFTER) \
	X(int1, USER32, "", ".byte 0xf1", 1, 0, AFTER) \
	X(ud2, USER64, "", "ud2", 6, 0, AT) \
	X(vmcall, KERNEL64, "movabs $0xff564d4d01,%rax", "vmcall;hlt", NONE, 0, AFTER) \
	X(vmmcall, KERNEL32, "mov $0x564d4d01,%eax", "vmmcall;hlt", NONE, 0, AFTER) \
	X(vmcall_real, REAL, "mov $0x564d4d01,%eax", "vmcall;hlt", NONE, 0, AFTER) \
	X(vmcall_other, KERNEL64, "mov $0x564d4d02,%eax", "vmcall", 6, 0, AT) \
	X(vmmcall_other, KERNEL32, "xor %eax,%eax", "vmmcall", 6, 0, AT) \
	X(vmcall_user, USER32, "mov $0x564d4d01,%eax", "vmcall", 6, 0, AT) \
	X(vmmcall_user, USER64, "mov $0x564d4d01,%eax", "vmmcall", 6, 0, AT) \
	X(vmcall_v8086, V8086, "mov $0x564d4d01,%eax", "vmcall", 6, 0, AT) \
	X(int_privilege, USER32, "", "int $0x31", 13, 0x31 * 8 + 2, AT) \
	X(int_privilege64, USER64, "", "int $0x31", 13, 0x31 * 8 + 2, AT) \
	X(int_absent, KERNEL32, "", "int $0x32", 11, 0x32 * 8 + 2, AT) \
	X(int_call_gate, KERNEL32, "", "int $0x33", 13, 0x33 * 8 + 2, AT) \
	X(int_null, KERNEL32, "", "int $0x34", 13, 0, AT) \
	X(int_data, KERNEL32, "", "int $0x35", 13, 0x10, AT) \
	X(int_outwards, KERNEL32, "", "int $0x36", 13, 0x28, AT) \
	X(int_outside, KERNEL32, "", "int $0x40", 13, 0x40 * 8 + 2, AT) \
	X(int_ist, KERNEL64, "", "int $0x37", 0x37, 0, AFTER) \
	X(privileged, USER64, "", "rdmsr", 13, 0, AT) \
	X(user_hlt, USER32, "", "hlt", 13, 0, AT) \
	X(user_in, USER32, "in $0x10,%al", "in $0x80,%al", 13, 0, AT) \
	X(user_in_wide, USER32, "in $0x7e,%ax", "in $0x7f,%ax", 13, 0, AT) \
	X(lock, KERNEL32, "", ".byte 0xf0;mov %eax,(%ecx)", 6, 0, AT) \
	X(page_read, USER64, "", "mov 0x101000,%al", 14, 4, AT) \
	X(page_write, USER64, "mov 0x102000,%al", "mov %al,0x102000", 14, 7, AT) \
	X(page_kernel, USER64, "", "mov 0x103000,%al", 14, 5, AT) \
	X(page_reserved, KERNEL64, "", "mov 0x104000,%al", 14, 9, AT) \
	X(bound, KERNEL32, "movl $-1,0x40000;movl $5,0x40004;mov $-1,%eax;bound %eax,0x40000;" \
	  "mov $6,%eax", "bound %eax,0x40000", 5, 0, AT) \
	X(cmpxchg16b, KERNEL64, "cmpxchg16b (%rsp)", "cmpxchg16b 8(%rsp)", 13, 0, AT) \
	X(page_crossing, KERNEL64, "", "mov %eax,0x100ffe", 14, 2, AT) \
	X(page_write_protect, KERNEL64, \
	  "mov %al,0x102000;mov %cr0,%rax;bts $16,%rax;mov %rax,%cr0", "mov %al,0x102000", 14, \
	  3, AT) \
	X(page_smap, KERNEL64, "mov %cr4,%rax;bts $21,%rax;mov %rax,%cr4;stac;" \
	  "mov 0x100000,%al;clac", "mov 0x100000,%al", 14, 1, AT) \
	X(single_step, KERNEL32, "pushf;orl $0x100,(%esp);popf", "nop", 1, 0, AFTER) \
	X(single_step_stack, KERNEL32, "pushf;orl $0x100,(%esp);mov %ss,%eax;popf;mov %eax,%ss", \
	  "nop", 1, 0, AFTER) \
	X(single_step_iret, KERNEL32, "pushf;orl $0x100,(%esp);push %cs;push $" ADDRESS("1f") \
	  ";iret;1:", "nop", 1, 0, AFTER) \
	X(single_step_int, KERNEL32, "pushf;orl $0x100,(%esp);popf", "int $0x30", 0x30, 0, AFTER) \
	X(single_step_fault, KERNEL32, "pushf;orl $0x100,(%esp);popf", "ud2", 6, 0, AT) \
	X(io_breakpoint, KERNEL32, "mov $8,%eax;mov %eax,%cr4;mov $0x80,%eax;mov %eax,%dr2;" \
	  "mov $0x2000420,%eax;mov %eax,%dr7;in $0x81,%al", "in $0x80,%al", 1, 0, AFTER) \
	X(io_breakpoint_off, KERNEL32, "mov $0x80,%eax;mov %eax,%dr2;mov $0x2000420,%eax;" \
	  "mov %eax,%dr7;in $0x80,%al", "ud2", 6, 0, AT) \
	X(watchpoint_read, KERNEL32, "mov $0x100008,%eax;mov %eax,%dr3;mov $0xb0000480,%eax;" \
	  "mov %eax,%dr7;mov 0x100004,%eax", "movb 0x10000f,%al", 1, 0, AFTER) \
	X(breakpoint, KERNEL32, "mov $" ADDRESS("1f") \
	  ",%eax;mov %eax,%dr0;mov $0x402,%eax;mov %eax,%dr7;nop;1:", "nop", 1, 0, AT) \
	X(watchpoint, KERNEL32, "mov $0x100004,%eax;mov %eax,%dr1;mov $0xd00408,%eax;" \
	  "mov %eax,%dr7;mov 0x100004,%eax;mov %al,0x100003", "movw %ax,0x100003", 1, 0, AFTER) \
	X(debug_register, KERNEL32, "mov $0x2400,%eax;mov %eax,%dr7", "mov %dr0,%eax", 1, 0, AT) \
	X(interrupt_shadow, KERNEL32, "mov $0x38,%al;out %al,$0xf5;sti", "inc %eax", 0x38, 0, \
	  AFTER) \
	X(interrupt_popf, KERNEL32, "mov $0x38,%al;out %al,$0xf5;push $0x202", "popf", 0x38, 0, \
	  AFTER) \
	X(nmi, KERNEL32, "cli", "out %al,$0xf6", 2, 0, AFTER) \
	X(nmi_until_iret, KERNEL32, "movl $(0x80000 + 1f - 0b),0x2010;movl $0x18e00,0x2014;" \
	  "xor %eax,%eax;xor %ebx,%ebx;out %al,$0xf6;jmp 3f;" \
	  "1: inc %ebx;cmp $2,%ebx;je 2f;out %al,$0xf6;mov %ebx,%eax;iret;" \
	  "2: add $0x10,%eax;iret;3:", "hlt", NONE, 0x11, AFTER) \
	X(a20, KERNEL32, "movb $0x66,0x40000;movb $0x55,0x140000;xor %eax,%eax;out %al,$0x92;" \
	  "mov 0x140000,%bl;inc %eax;out %al,$0x92;mov 0x140000,%bh;movzwl %bx,%eax", "hlt", \
	  NONE, 0x5566, AFTER) \
	X(interrupt_halt, KERNEL64, "mov $0x38,%al;out %al,$0xf5;sti", "hlt", 0x38, 0, AFTER)

#define CASES_CONTROL(X)	\
	X(paging_unprotected, KERNEL32, "mov $0x80000010,%eax", "mov %eax,%cr0", 13, 0, AT) \
	X(write_through, KERNEL32, "mov $0x20000011,%eax", "mov %eax,%cr0", 13, 0, AT) \
	X(cr0_reserved, KERNEL32, "mov $0x0ff00001,%eax;mov %eax,%cr0;mov %cr0,%eax", "hlt", \
	  NONE, 0x11, AFTER) \
	X(cr0_upper, KERNEL64, "mov %cr0,%rax;bts $32,%rax", "mov %rax,%cr0", 13, 0, AT) \
	X(cr3_reserved, KERNEL64, "mov %cr3,%rax;bts $52,%rax", "mov %rax,%cr3", 13, 0, AT) \
	X(cr4_reserved, KERNEL32, "mov $0x8000,%eax", "mov %eax,%cr4", 13, 0, AT) \
	X(cr4_vme, KERNEL32, "mov $1,%eax", "mov %eax,%cr4", 13, 0, AT) \
	X(cr4_pvi, KERNEL32, "mov $2,%eax", "mov %eax,%cr4", 13, 0, AT) \
	X(cr4_la57, KERNEL32, "mov $0x1000,%eax", "mov %eax,%cr4", 13, 0, AT) \
	X(cr4_pcide, KERNEL64, "mov $0x20020,%eax", "mov %rax,%cr4", 13, 0, AT) \
	X(cr4_pke, KERNEL32, "mov $0x400000,%eax", "mov %eax,%cr4", 13, 0, AT) \
	X(long_without_pae, KERNEL32, "mov $0xc0000080,%ecx;rdmsr;bts $8,%eax;wrmsr;" \
	  "mov %cr0,%eax;bts $31,%eax", "mov %eax,%cr0", 13, 0, AT) \
	X(cr4_without_pae, KERNEL64, "xor %eax,%eax", "mov %rax,%cr4", 13, 0, AT) \
	X(paging_off_64, KERNEL64, "mov %cr0,%rax;btr $31,%rax", "mov %rax,%cr0", 13, 0, AT) \
	X(cr8, KERNEL64, "mov $9,%eax;mov %rax,%cr8;xor %eax,%eax;mov %cr8,%rax", "hlt", NONE, \
	  9, AFTER) \
	X(cr8_reserved, KERNEL64, "mov $16,%eax", "mov %rax,%cr8", 13, 0, AT) \
	X(dr7_upper, KERNEL64, "mov $-1,%rax", "mov %rax,%dr7", 13, 0, AT) \
	X(efer_reserved, KERNEL32, "mov $0xc0000080,%ecx;xor %edx,%edx;mov $2,%eax", "wrmsr", \
	  13, 0, AT) \
	X(efer_long, KERNEL64, "mov $0xc0000080,%ecx;rdmsr;btr $8,%eax", "wrmsr", 13, 0, AT) \
	X(msr_unknown, KERNEL32, "mov $0x12345,%ecx", "rdmsr", 13, 0, AT) \
	X(msr_noncanonical, KERNEL64, "mov $0xc0000082,%ecx;mov $0x8000,%edx", "wrmsr", 13, 0, \
	  AT) \
	X(msr_pat, KERNEL32, "mov $0x277,%ecx;rdmsr;mov $2,%al", "wrmsr", 13, 0, AT) \
	X(swapgs, KERNEL64, "mov $0xc0000102,%ecx;xor %edx,%edx;mov $0x1234,%eax;wrmsr;" \
	  "swapgs;dec %ecx;rdmsr", "hlt", NONE, 0x1234, AFTER) \
	X(fsgsbase_off, KERNEL64, "", "rdfsbase %rax", 6, 0, AT) \
	X(lmsw, KERNEL32, "mov $0xe,%eax;lmsw %ax;mov %cr0,%eax", "hlt", NONE, 0x1F, AFTER) \
	X(smsw, USER32, "smsw %eax", "clts", 13, 0, AT) \
	X(xgetbv_off, KERNEL64, "", "xgetbv", 6, 0, AT) \
	X(monitor, KERNEL64, "", "monitor", 6, 0, AT) \
	X(mwait, KERNEL64, "", "mwait", 6, 0, AT) \
	X(leave_protection, KERNEL32, "ljmp $0xf0,$" OFFSET("1f") \
	  ";.code16;1: mov $0x50,%ax;mov %ax,%ds;mov %cr0,%eax;" \
	  "and $0xfe,%al;mov %eax,%cr0;ljmp $0x1000,$" OFFSET("1f") \
	  ";1: mov $0x200,%ax;mov %ax,%ds;mov %ds,%ax", "hlt", NONE, 0x200, AFTER) \
	X(enter_long_mode, KERNEL32, \
	  "mov $0x6000,%eax;mov %eax,%cr3;mov $0x20,%eax;mov %eax,%cr4;" \
	  "mov $0xc0000080,%ecx;rdmsr;bts $8,%eax;wrmsr;mov %cr0,%eax;" \
	  "bts $31,%eax;mov %eax,%cr0;ljmp $0x18,$" ADDRESS("1f") \
	  ";.code64;1: movabs $0x100000000,%rdx;rdmsr", "hlt", NONE, 0x500, AFTER)

/* With a step that changes the machine first. */
#define CASES_PREPARED(X) \
	X(exception_absent, KERNEL32, "", "ud2", 11, 6 * 8 + 3, AT, absent_ud) \
	X(double_fault, KERNEL32, "mov $0x60,%eax", "mov %eax,%fs", 8, 0, AT, absent_np) \
	X(alignment, USER64, "pushf;orl $0x40000,(%rsp);popf;mov 0x100001,%al", \
	  "mov 0x100001,%ax", 17, 0, AT, alignment_check) \
	X(task_call, KERNEL32, "lcall $0x48,$0;str %eax", "hlt", NONE, 0x38, AFTER, other_returns) \
	X(task_gate, KERNEL32, "lcall $0xc8,$0;str %eax", "hlt", NONE, 0x38, AFTER, other_returns) \
	X(task_user_gate, USER32, "lcall $0xcb,$0", "cli", 13, 0, AT, other_returns) \
	X(task_busy, KERNEL32, "", "ljmp $0xf8,$0", 13, 0xF8, AT, other_returns) \
	X(task_short, KERNEL32, "", "ljmp $0x108,$0", 10, 0x108, AT, other_returns) \
	X(nmi_shadow, KERNEL32, "", "nop", 2, 0, AFTER, shadowed_nmi) \
	X(nmi_first, KERNEL32, "", "nop", 2, 0, AT, nmi_and_interrupt) \
	X(nmi_halt, KERNEL64, "", "hlt", 2, 0, AFTER, shadowed_nmi) \
	X(task_link, KERNEL32, "pushf;orl $0x4000,(%esp);popf", "iret", 10, 0x48, AT, link_idle)

/*
 * What features bring: the exception where the processor lacks one, from the
 * manuals' "CPUID Feature Flag" of each instruction and "reserved" of each bit. With the
 * feature there is none.
 */
#define SET_CR4(bit) "mov %cr4,%rax;bts $" #bit ",%rax"
#define SET_CR4_32(bit) "mov %cr4,%eax;bts $" #bit ",%eax"
#define WITH_SSE SET_CR4(9) ";mov %rax,%cr4;"
#define WITH_AVX SET_CR4(18) ";mov %rax,%cr4;xor %ecx,%ecx;xor %edx,%edx;mov $7,%eax;"
#define MSR_EFER "mov $0xc0000080,%ecx;xor %edx,%edx;"
#define CASES_FEATURES(X) \
	X(no_fpu, KERNEL64, "", "fnop", 6, 0, AT, "fpu") \
	X(no_de, KERNEL64, SET_CR4(3), "mov %rax,%cr4", 13, 0, AT, "de") \
	X(no_pse, KERNEL64, SET_CR4(4), "mov %rax,%cr4", 13, 0, AT, "pse") \
	X(no_tsc, KERNEL64, "", "rdtsc", 6, 0, AT, "tsc") \
	X(no_tsd, KERNEL64, SET_CR4(2), "mov %rax,%cr4", 13, 0, AT, "tsc") \
	X(no_msr, KERNEL64, "mov $0x277,%ecx", "rdmsr", 6, 0, AT, "msr") \
	X(no_pae, KERNEL32, SET_CR4_32(5), "mov %eax,%cr4", 13, 0, AT, "pae") \
	X(no_cx8, KERNEL64, "", "cmpxchg8b (%rsp)", 6, 0, AT, "cx8") \
	X(no_sep, KERNEL64, "mov $0x174,%ecx", "rdmsr", 13, 0, AT, "sep") \
	X(no_pge, KERNEL64, SET_CR4(7), "mov %rax,%cr4", 13, 0, AT, "pge") \
	X(no_cmov, KERNEL64, "", "cmovz %eax,%eax", 6, 0, AT, "cmov") \
	X(no_pat, KERNEL64, "mov $0x277,%ecx", "rdmsr", 13, 0, AT, "pat") \
	X(no_pse36, KERNEL32, "movl $0x83,0x40000;movl $0x2083,0x40004;mov $0x40000,%eax;" \
	  "mov %eax,%cr3;mov $0x10,%eax;mov %eax,%cr4;mov %cr0,%eax;bts $31,%eax;mov %eax,%cr0", \
	  "mov 0x400000,%al", 14, 9, AT, "pse36") \
	X(no_clflush, KERNEL64, "", "clflush (%rsp)", 6, 0, AT, "clflush") \
	X(no_mmx, KERNEL64, "", "paddb %mm0,%mm0", 6, 0, AT, "mmx") \
	X(no_fxsr, KERNEL64, "", "fxsave (%rsp)", 6, 0, AT, "fxsr") \
	X(no_osfxsr, KERNEL64, SET_CR4(9), "mov %rax,%cr4", 13, 0, AT, "fxsr") \
	X(no_sse, KERNEL64, "", "sfence", 6, 0, AT, "sse") \
	X(no_osxmmexcpt, KERNEL64, SET_CR4(10), "mov %rax,%cr4", 13, 0, AT, "sse") \
	X(no_sse2, KERNEL64, WITH_SSE, "addpd %xmm0,%xmm0", 6, 0, AT, "sse2") \
	X(no_mfence, KERNEL64, "", "mfence", 6, 0, AT, "sse2") \
	X(no_movnti, KERNEL64, "", "movnti %eax,(%rsp)", 6, 0, AT, "sse2") \
	X(no_sse3, KERNEL64, WITH_SSE, "haddps %xmm0,%xmm0", 6, 0, AT, "sse3") \
	X(no_pclmulqdq, KERNEL64, WITH_SSE, "pclmulqdq $0,%xmm0,%xmm0", 6, 0, AT, "pclmulqdq") \
	X(no_ssse3, KERNEL64, WITH_SSE, "pshufb %xmm0,%xmm0", 6, 0, AT, "ssse3") \
	X(no_sse41, KERNEL64, WITH_SSE, "pmulld %xmm0,%xmm0", 6, 0, AT, "sse4.1") \
	X(no_sse42, KERNEL64, WITH_SSE, "pcmpgtq %xmm0,%xmm0", 6, 0, AT, "sse4.2") \
	X(no_crc32, KERNEL64, "", "crc32b %al,%eax", 6, 0, AT, "sse4.2") \
	X(no_cx16, KERNEL64, "", "cmpxchg16b (%rsp)", 6, 0, AT, "cx16") \
	X(no_movbe, KERNEL64, "", "movbe (%rsp),%eax", 6, 0, AT, "movbe") \
	X(no_popcnt, KERNEL64, "", "popcnt %eax,%eax", 6, 0, AT, "popcnt") \
	X(no_xsave, KERNEL64, SET_CR4(18), "mov %rax,%cr4", 13, 0, AT, "xsave") \
	X(no_avx, KERNEL64, WITH_AVX, "xsetbv", 13, 0, AT, "avx") \
	X(no_fma, KERNEL64, WITH_AVX "xsetbv", "vfmadd213ss %xmm0,%xmm0,%xmm0", 6, 0, AT, "fma") \
	X(no_f16c, KERNEL64, WITH_AVX "xsetbv", "vcvtph2ps %xmm0,%xmm0", 6, 0, AT, "f16c") \
	X(no_avx2, KERNEL64, WITH_AVX "xsetbv", "vpaddd %ymm0,%ymm0,%ymm0", 6, 0, AT, "avx2") \
	X(no_rdrand, KERNEL64, "", "rdrand %eax", 6, 0, AT, "rdrand") \
	X(no_fsgsbase, KERNEL64, SET_CR4(16), "mov %rax,%cr4", 13, 0, AT, "fsgsbase") \
	X(no_bmi1, KERNEL64, "", "andn %eax,%eax,%eax", 6, 0, AT, "bmi1") \
	X(no_smep, KERNEL32, SET_CR4_32(20), "mov %eax,%cr4", 13, 0, AT, "smep") \
	X(no_bmi2, KERNEL64, "", "rorx $1,%eax,%eax", 6, 0, AT, "bmi2") \
	X(no_rdseed, KERNEL64, "", "rdseed %eax", 6, 0, AT, "rdseed") \
	X(no_adx, KERNEL64, "", "adcx %eax,%eax", 6, 0, AT, "adx") \
	X(no_smap, KERNEL64, SET_CR4(21), "mov %rax,%cr4", 13, 0, AT, "smap") \
	X(no_stac, KERNEL64, "", "stac", 6, 0, AT, "smap") \
	X(no_lahf, KERNEL64, "", "lahf", 6, 0, AT, "lahf") \
	X(no_syscall, KERNEL32, MSR_EFER "mov $1,%eax", "wrmsr", 13, 0, AT, "syscall") \
	X(no_nx, KERNEL32, MSR_EFER "mov $0x800,%eax", "wrmsr", 13, 0, AT, "nx") \
	X(no_page1gb, KERNEL64, "movq $0x83,0x7008", "mov 0x40000000,%al", 14, 9, AT, "page1gb") \
	X(no_rdtscp, KERNEL64, "", "rdtscp", 6, 0, AT, "rdtscp") \
	X(no_tsc_aux, KERNEL64, "mov $0xc0000103,%ecx", "rdmsr", 13, 0, AT, "rdtscp") \
	X(no_lm, KERNEL32, MSR_EFER "mov $0x100,%eax", "wrmsr", 13, 0, AT, "lm")

/*
 * MSRs that no bit of CPUID announces, and which kernels use unasked: Xen clears the counters
 * of AMD's processors (BIOS and Kernel Developer's Guide: MSRC001_0000 to 7), and reads
 * Intel's platform ID (SDM vol. 4, 2.1).
 */
#define INTEL "baseline,vendor=intel"
#define AMD "baseline,vendor=amd"
#define CLEAR_MSR(number) "mov $" #number ",%ecx;xor %eax,%eax;xor %edx,%edx;wrmsr;dec %eax;rdmsr"
#define CASES_VENDORS(X) \
	X(amd_perf_event, KERNEL64, CLEAR_MSR(0xC0010000), "hlt", NONE, 0, AFTER, AMD) \
	X(amd_perf_counter, KERNEL64, CLEAR_MSR(0xC0010007), "hlt", NONE, 0, AFTER, AMD) \
	X(amd_hwcr, KERNEL64, CLEAR_MSR(0xC0010015), "hlt", NONE, 0, AFTER, AMD) \
	X(amd_platform_id, KERNEL64, "mov $0x17,%ecx", "rdmsr", 13, 0, AT, AMD) \
	X(intel_platform_id, KERNEL64, "mov $0x17,%ecx;rdmsr", "hlt", NONE, 0, AFTER, INTEL) \
	X(intel_hwcr, KERNEL64, "mov $0xC0010015,%ecx", "rdmsr", 13, 0, AT, INTEL)

#define ASSEMBLE(name, mode, before, at)						\
	__asm__(".pushsection .rodata\n\t.code" BITS_##mode "\ncase_" #name ": 0: " before	\
		"\ncase_" #name "_at: " at "\ncase_" #name "_after: hlt\n\t.code64\n\t"		\
		".popsection");								\
	extern const uint8_t case_##name[], case_##name##_at[], case_##name##_after[];

#define ASSEMBLE_ROW(name, mode, before, at, ...) ASSEMBLE(name, mode, before, at)

CASES_SEGMENTS(ASSEMBLE_ROW)
CASES_TRANSFERS(ASSEMBLE_ROW)
CASES_EXCEPTIONS(ASSEMBLE_ROW)
CASES_CONTROL(ASSEMBLE_ROW)
CASES_PREPARED(ASSEMBLE_ROW)
CASES_FEATURES(ASSEMBLE_ROW)
CASES_VENDORS(ASSEMBLE_ROW)
ASSEMBLE(lzcnt, KERNEL64, "mov $0x100,%ecx;lzcnt %ecx,%eax", "")
ASSEMBLE(tzcnt, KERNEL64, "mov $5,%eax;xor %ecx,%ecx;tzcnt %ecx,%eax", "")
ASSEMBLE(call_gate, USER32, "push $0x111;push $0x222;lcall $0x9b,$0", "")
ASSEMBLE(call_gate64, USER64, "lcall *1f(%rip);1: .long 0;.word 0x9b", "")
ASSEMBLE(syscall, USER64, "syscall", "")
ASSEMBLE(to_v8086, KERNEL32, "push $0x55;push $0x44;push $0x33;push $0x22;push $0x3000;push $0x100;"
	 "push $0x23202;push $0x1000;push $" OFFSET("1f") ";iret;.code16;1:", "int $0x30")
ASSEMBLE(task_fault, KERNEL32, "ljmp $0x48,$0", "")
ASSEMBLE(triple_fault, KERNEL32, "nop", "ud2")
ASSEMBLE(smep, KERNEL64, "mov $0x100000,%eax;call *%rax;mov %cr4,%rcx;bts $20,%rcx;mov %rcx,%cr4;"
	 "call *%rax", "")
/* Across the end of a page behind which none is. */
#define CROSSINGS(X)					\
	X(crossing_store, "mov $-1,%eax", "mov %eax,0x100ffe")	\
	X(crossing_add, "mov $-1,%eax", "add %eax,0x100ffe")	\
	X(crossing_exchange, "mov $-1,%eax", "xchg %eax,0x100ffd")	\
	X(crossing_sse, "mov %cr4,%rax;bts $9,%rax;mov %rax,%cr4;pcmpeqd %xmm0,%xmm0", \
	  "movups %xmm0,0x100ff8")
#define ASSEMBLE_CROSSING(name, before, at) ASSEMBLE(name, KERNEL64, before, at)
CROSSINGS(ASSEMBLE_CROSSING)
/* What the other task executes. */
ASSEMBLE(other_task, KERNEL32, "iret", "")

/* --- the machine --- */

struct machine {
	struct mem *mem;
	uint8_t *memory;
	struct cpu *cpu;
	struct vcpu_state state;
	int interrupt;			/* the vector that is requested; NONE */
};

static uint64_t read_bus(void *self, enum bus_space space, uint64_t address,
				 unsigned int size)
{
	return UINT64_MAX;
}

static void write_bus(void *self, enum bus_space space, uint64_t address, unsigned int size,
		      uint64_t value)
{
	struct machine *machine = self;

	if (space == BUS_PIO && address == PORT_INTERRUPT) {
		machine->interrupt = (int)(value & 0xFF);
		cpu_set_interrupt(machine->cpu, true);
	} else if (space == BUS_PIO && address == PORT_NMI) {
		cpu_inject_nmi(machine->cpu);
	} else if (space == BUS_PIO && address == PORT_A20) {
		cpu_set_a20(machine->cpu, value & 1);
	}
}

static void read_string(void *self, uint16_t port, unsigned int size, void *data, size_t count)
{
	memset(data, 0xFF, size * count);
}

static void write_string(void *self, uint16_t port, unsigned int size, const void *data,
			 size_t count)
{
}

static int acknowledge(void *self)
{
	struct machine *machine = self;

	cpu_set_interrupt(machine->cpu, false);
	return machine->interrupt;
}

static uint64_t zero(void *self)
{
	return 0;
}

static const struct cpu_ops ops = {
	.read = read_bus, .write = write_bus, .read_string = read_string,
	.write_string = write_string, .acknowledge = acknowledge, .tsc = zero, .random = zero,
};

static uint64_t load(const struct machine *machine, uint64_t address, unsigned int size)
{
	uint64_t value = 0;

	if (address <= MEMORY_SIZE - size)
		memcpy(&value, machine->memory + address, size);
	return value;
}

static void store(struct machine *machine, uint32_t address, unsigned int size, uint64_t value)
{
	memcpy(machine->memory + address, &value, size);
}

/* --- tables --- */

static uint64_t descriptor(uint32_t base, uint32_t limit, uint64_t access, uint64_t flags)
{
	return (limit & 0xFFFF) | (uint64_t)(base & 0xFFFFFF) << 16 | access << 40 |
	       (uint64_t)(limit >> 16 & 0xF) << 48 | flags << 52 | (uint64_t)(base >> 24) << 56;
}

static uint64_t gate(uint32_t offset, uint16_t selector, uint64_t access)
{
	return (offset & 0xFFFF) | (uint64_t)selector << 16 | access << 40 |
	       (uint64_t)(offset >> 16) << 48;
}

static uint32_t handler(unsigned int vector)
{
	return HANDLERS + vector * HANDLER_SIZE;
}

static void set_up_gdt(struct machine *machine, bool wide)
{
	const uint16_t code = wide ? 0x18 : 0x08;
	const uint64_t two_parameters = wide ? 0 : UINT64_C(2) << 32;
	const struct {
		uint16_t selector;
		uint64_t value;
	} rows[] = {
		{ 0x08, descriptor(0, 0xFFFFF, 0x9B, 0xC) },
		{ 0x10, descriptor(0, 0xFFFFF, 0x93, 0xC) },
		{ 0x18, descriptor(0, 0xFFFFF, 0x9B, 0xA) },
		{ 0x20, descriptor(0, 0xFFFFF, 0xF3, 0xC) },
		{ 0x28, descriptor(0, 0xFFFFF, 0xFB, 0xC) },
		{ 0x30, descriptor(0, 0xFFFFF, 0xFB, 0xA) },
		{ 0x38, descriptor(TSS, 0x78, 0x8B, 0) },
		{ 0x48, descriptor(TSS_OTHER, 0x67, 0x89, 0) },
		{ 0x50, descriptor(0, 0xFFFF, 0x93, 0) },		/* as of real mode */
		{ 0x60, descriptor(0, 0xFFFFF, 0x13, 0xC) },		/* not present */
		{ 0x68, descriptor(0, 0xFFFFF, 0x91, 0xC) },		/* read only */
		{ 0x70, descriptor(0, 0xFFFFF, 0x99, 0xC) },		/* execute only */
		{ 0x78, descriptor(0, 0xFFFFF, 0x1B, 0xC) },		/* code, not present */
		{ 0x80, descriptor(0, 0xFFFFF, 0x9F, 0xC) },		/* conforming */
		{ 0x88, descriptor(PAGES, 0xFF, 0x93, 0x4) },
		{ 0x90, descriptor(0, 0xFFF, 0x97, 0x4) },		/* expands down */
		{ 0x98, gate(handler(0x3F), code, 0xEC) | two_parameters },
		{ 0xA8, gate(handler(0x3F), code, 0x8C) },
		{ 0xB8, gate(handler(0x3F), code, 0x6C) },		/* not present */
		{ 0xC8, gate(0, 0x48, 0xE5) },				/* task gate */
		{ 0xE0, descriptor(0, 0xFFFFF, 0x9B, 0xE) },		/* 64 and 32 bits */
		{ 0xE8, gate(handler(0x3F), 0x10, 0xEC) },		/* call gate to data */
		{ 0xF0, descriptor(CODE, 0xFFFF, 0x9B, 0) },		/* 16-bit code */
		{ 0xF8, descriptor(TSS_OTHER, 0x67, 0x8B, 0) },		/* busy */
		{ 0x100, descriptor(0, 0xFFF, 0xF3, 0x4) },		/* users' small data */
		{ 0x108, descriptor(TSS_OTHER, 0x66, 0x89, 0) },	/* too short */
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		store(machine, GDT + rows[i].selector, 8, rows[i].value);
	machine->state.gdtr = (struct vcpu_table){ .base = GDT, .limit = 0x1FF };
}

#define IDT_VECTORS 0x40u

static void set_up_idt(struct machine *machine, bool wide)
{
	static const uint16_t special_selector[IDT_VECTORS] = {
		[0x34] = 0x4, [0x35] = 0x10, [0x36] = 0x2B,
	};
	static const uint8_t special_access[IDT_VECTORS] = {
		[3] = 0xEE, [4] = 0xEE, [0x30] = 0xEE, [0x32] = 0x0E, [0x33] = 0x8C,
	};
	unsigned int size = wide ? 16 : 8;

	for (unsigned int i = 0; i < IDT_VECTORS; i++) {
		uint16_t selector = special_selector[i] ? special_selector[i] : wide ? 0x18 : 0x08;
		uint8_t access = special_access[i] ? special_access[i] : 0x8E;

		/* A null selector. */
		if (selector == 0x4)
			selector = 0;
		store(machine, IDT + i * size, 8, gate(handler(i), selector, access));
		store(machine, i * 4, 4, handler(i));
	}
	if (wide)
		machine->memory[IDT + 0x37 * size + 4] = 1;	/* IST1 */
	machine->state.idtr = (struct vcpu_table){ .base = IDT,
						   .limit = (uint16_t)(IDT_VECTORS * size - 1) };
}

static void set_up_tss(struct machine *machine, bool wide)
{
	if (wide) {
		store(machine, TSS + 4, 8, STACK_INNER);
		store(machine, TSS + 36, 8, STACK_IST);
	} else {
		store(machine, TSS + 4, 4, STACK_INNER);
		store(machine, TSS + 8, 4, 0x10);
	}
	/* Ports up to 0x7F. */
	store(machine, TSS + 0x66, 2, 0x68);
	store(machine, TSS + 0x78, 1, 0xFF);
	machine->state.tr = (struct vcpu_segment){
		.base = TSS, .limit = 0x78, .selector = 0x38, .type = SEG_TYPE_TSS32,
		.present = true,
	};
	machine->state.ldtr = (struct vcpu_segment){ .type = SEG_TYPE_LDT };
}

#define PTE_KERNEL 0x3u
#define PTE_USER 0x7u
#define PTE_READ_ONLY 0x5u

/* The first 2 MiB by small pages; those for users are code, their stack and the tests'. */
static void map_pages(struct machine *machine)
{
	uint32_t table = TABLES + 3 * 0x1000;

	for (uint32_t i = 0; i < 3; i++)
		store(machine, TABLES + i * 0x1000, 8, (TABLES + (i + 1) * 0x1000) | PTE_USER);
	for (uint32_t i = 0; i < 512; i++) {
		uint32_t address = i << 12;
		bool user = address == CODE || address == STACK_USER - 0x1000 || address >= PAGES;

		store(machine, table + i * 8, 8, address | (user ? PTE_USER : PTE_KERNEL));
	}
	table += PAGES >> 12 << 3;
	store(machine, table + 8, 8, 0);
	store(machine, table + 16, 8, (PAGES + 0x2000) | PTE_READ_ONLY);
	store(machine, table + 24, 8, (PAGES + 0x3000) | PTE_KERNEL);
	store(machine, table + 32, 8, (PAGES + 0x4000) | PTE_USER | UINT64_C(1) << 45);
}

/* --- modes --- */

static const struct {
	uint16_t code, data;
	uint32_t stack;
	uint8_t cpl;
	bool protected, wide, db, l;
} modes[] = {
	[REAL] = { CODE >> 4, 0, 0x3000, 0, false, false, false, false },
	[V8086] = { CODE >> 4, 0, 0x3000, 3, true, false, false, false },
	[KERNEL32] = { 0x08, 0x10, STACK, 0, true, false, true, false },
	[USER32] = { 0x2B, 0x23, STACK_USER, 3, true, false, true, false },
	[KERNEL64] = { 0x18, 0x10, STACK, 0, true, true, false, true },
	[USER64] = { 0x33, 0x23, STACK_USER, 3, true, true, false, true },
	[COMPAT] = { 0x2B, 0x23, STACK_USER, 3, true, true, true, false },
};

static bool is_real(enum mode mode)
{
	return mode == REAL || mode == V8086;
}

static void set_segments(struct vcpu_state *state, enum mode mode)
{
	for (unsigned int i = 0; i < SEG_COUNT; i++) {
		bool code = i == SEG_CS;
		uint16_t selector = code ? modes[mode].code : modes[mode].data;

		state->segment[i] = (struct vcpu_segment){
			.selector = selector, .base = is_real(mode) ? selector << 4 : 0,
			.limit = is_real(mode) ? 0xFFFF : UINT32_MAX,
			.type = code && mode != V8086 ? SEG_TYPE_CODE : SEG_TYPE_DATA,
			.dpl = modes[mode].cpl, .s = true, .present = true,
			.l = code && modes[mode].l,
			.db = !is_real(mode) && (!code || modes[mode].db), .g = !is_real(mode),
		};
	}
}

static void set_up(struct machine *machine, enum mode mode)
{
	struct vcpu_state *state = &machine->state;
	bool wide = modes[mode].wide;

	memset(machine->memory, 0, MEMORY_SIZE);
	memset(machine->memory + HANDLERS, HLT, IDT_VECTORS * HANDLER_SIZE);
	vcpu_state_reset(state);
	set_up_gdt(machine, wide);
	set_up_idt(machine, wide);
	set_up_tss(machine, wide);
	map_pages(machine);
	set_segments(state, mode);
	state->gpr[GPR_RSP] = modes[mode].stack;
	state->rip = is_real(mode) ? 0 : CODE;
	if (mode == REAL)
		state->idtr = (struct vcpu_table){ .limit = 0x3FF };
	if (mode == V8086)
		state->rflags |= RFLAGS_VM;
	if (modes[mode].protected)
		state->cr0 |= CR0_PE;
	if (wide) {
		state->cr0 |= CR0_PG;
		state->cr3 = TABLES;
		state->cr4 = CR4_PAE;
		state->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
	}
}

static void absent_ud(struct machine *machine)
{
	store(machine, IDT + 6 * 8 + 5, 1, 0x0E);
}

static void absent_np(struct machine *machine)
{
	store(machine, IDT + 11 * 8 + 5, 1, 0x0E);
}

static void alignment_check(struct machine *machine)
{
	machine->state.cr0 |= CR0_AM;
}

/* A task of CPL 0 with the code of other_task, 32 bits. */
static void other_returns(struct machine *machine)
{
	static const struct {
		uint8_t offset;
		uint32_t value;
	} fields[] = {
		{ 0x20, CODE + 0x800 }, { 0x24, 0x2 }, { 0x38, STACK_OTHER }, { 0x48, 0x10 },
		{ 0x4C, 0x08 }, { 0x50, 0x10 }, { 0x54, 0x10 }, { 0x58, 0x10 }, { 0x5C, 0x10 },
		{ 0x66, 0x68 },
	};

	for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		store(machine, TSS_OTHER + fields[i].offset, 4, fields[i].value);
	memcpy(machine->memory + CODE + 0x800, case_other_task,
	       (size_t)(case_other_task_after - case_other_task) + 1);
}

/* IRET of a nested task to one that is not busy. */
static void link_idle(struct machine *machine)
{
	store(machine, TSS, 2, 0x48);
}

static void shadowed_nmi(struct machine *machine)
{
	machine->state.interrupt_shadow = true;
	cpu_inject_nmi(machine->cpu);
}

static void nmi_and_interrupt(struct machine *machine)
{
	machine->state.rflags |= RFLAGS_IF;
	machine->interrupt = 0x38;
	cpu_set_interrupt(machine->cpu, true);
	cpu_inject_nmi(machine->cpu);
}

/* --- running --- */

struct test {
	const char *name;
	enum mode mode;
	const uint8_t *start, *at, *after;
	int vector;
	uint32_t error;
	enum where where;
	void (*prepare)(struct machine *machine);
};

#define ROW(name, mode, before, at, vector, error, where)				\
	{ #name, mode, case_##name, case_##name##_at, case_##name##_after, vector, error, where, \
	  NULL },
#define ROW_PREPARED(name, mode, before, at, vector, error, where, prepare)		\
	{ #name, mode, case_##name, case_##name##_at, case_##name##_after, vector, error, where, \
	  prepare },

static const struct test tests[] = {
	CASES_SEGMENTS(ROW)
	CASES_TRANSFERS(ROW)
	CASES_EXCEPTIONS(ROW)
	CASES_CONTROL(ROW)
	CASES_PREPARED(ROW_PREPARED)
};

#define ROW_FEATURE(name, mode, before, at, vector, error, where, feature)		\
	{ { #name, mode, case_##name, case_##name##_at, case_##name##_after, vector, error, \
	    where, NULL }, feature },

static const struct {
	struct test test;
	const char *feature;
} feature_tests[] = { CASES_FEATURES(ROW_FEATURE) },
  vendor_tests[] = { CASES_VENDORS(ROW_FEATURE) };

static enum cpu_stop run(struct machine *machine, const struct test *test)
{
	enum cpu_stop stop;

	set_up(machine, test->mode);
	memcpy(machine->memory + CODE, test->start, (size_t)(test->after - test->start) + 1);
	cpu_set_interrupt(machine->cpu, false);
	if (test->prepare)
		test->prepare(machine);
	cpu_memory_written(machine->cpu, 0, MEMORY_SIZE);
	cpu_set_state(machine->cpu, &machine->state);
	stop = cpu_run(machine->cpu, INSTRUCTIONS);
	cpu_get_state(machine->cpu, &machine->state);
	return stop;
}

/* The linear address behind the last instruction. */
static uint64_t address(const struct machine *machine)
{
	return machine->state.segment[SEG_CS].base + machine->state.rip;
}

static bool has_error(int vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

/* Something that was pushed, counted from the last. */
static uint64_t pushed(const struct machine *machine, unsigned int index, unsigned int size)
{
	const struct vcpu_state *state = &machine->state;

	return load(machine, state->segment[SEG_SS].base + state->gpr[GPR_RSP] +
		    (uint64_t)index * size, size);
}

static unsigned int frame_size(enum mode mode)
{
	return mode == REAL ? 2 : modes[mode].wide ? 8 : 4;
}

/* What the handler finds: the address, error code and RF, which faults set. */
static bool frame_right(const struct machine *machine, const struct test *test)
{
	unsigned int size = frame_size(test->mode), index = 0;
	const uint8_t *at = test->where == AT ? test->at : test->after;
	uint64_t wanted = (uint64_t)(at - test->start) + (is_real(test->mode) ? 0 : CODE);
	bool fault = test->where == AT && test->vector != 1 && test->vector != 2 &&
		     test->vector != 8;
	uint64_t flags;

	if (has_error(test->vector) && test->mode != REAL &&
	    pushed(machine, index++, size) != test->error)
		return false;
	flags = pushed(machine, index + 2, size);
	return pushed(machine, index, size) == wanted &&
	       (size == 2 || !(flags & RFLAGS_RF) == !fault);
}

static void run_case(struct unit *unit, struct machine *machine, const struct test *test)
{
	enum cpu_stop stop = run(machine, test);
	uint64_t wanted = test->vector == NONE ? CODE + (uint64_t)(test->after - test->start) :
			  handler((unsigned int)test->vector) + 1;
	bool passed = stop == CPU_HALTED && address(machine) == wanted;

	if (passed && test->vector == NONE)
		passed = machine->state.gpr[GPR_RAX] == test->error;
	else if (passed)
		passed = frame_right(machine, test);
	if (unit_check(unit, passed, test->name))
		return;
	printf("  stop %d at 0x%" PRIx64 ", wanted 0x%" PRIx64 "; RAX 0x%" PRIx64
	       "; on the stack 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 "\n", (int)stop,
	       address(machine), wanted, machine->state.gpr[GPR_RAX],
	       pushed(machine, 0, frame_size(test->mode)),
	       pushed(machine, 1, frame_size(test->mode)),
	       pushed(machine, 2, frame_size(test->mode)));
}

/* --- what more has to be looked at than a vector and its frame --- */

#define PIECE(name, mode) \
	&(const struct test){ #name, mode, case_##name, case_##name##_at, case_##name##_after, \
			      NONE, 0, AT, NULL }

static void check_pushed(struct unit *unit, const struct machine *machine, unsigned int size,
			 const uint64_t *wanted, unsigned int count, const char *what)
{
	bool same = true;

	for (unsigned int i = 0; i < count; i++)
		same &= pushed(machine, i, size) == wanted[i];
	unit_check(unit, same, what);
	for (unsigned int i = 0; !same && i < count; i++)
		printf("  is 0x%" PRIx64 ", should be 0x%" PRIx64 "\n", pushed(machine, i, size),
		       wanted[i]);
}

static void check_call_gates(struct unit *unit, struct machine *machine)
{
	const uint64_t next = CODE + (uint64_t)(case_call_gate_at - case_call_gate);
	const uint64_t frame[] = { next, 0x2B, 0x222, 0x111, STACK_USER - 8, 0x23 };
	const uint64_t frame64[] = { CODE + 6, 0x33, STACK_USER, 0x23 };

	run(machine, PIECE(call_gate, USER32));
	check_pushed(unit, machine, 4, frame, 6, "call gate: parameters and old stack");
	unit_equal(unit, machine->state.gpr[GPR_RSP], STACK_INNER - 24, "call gate: inner stack");
	unit_equal(unit, machine->state.segment[SEG_SS].selector, 0x10, "call gate: inner SS");
	run(machine, PIECE(call_gate64, USER64));
	check_pushed(unit, machine, 8, frame64, 4, "call gate, 64 bits: old stack");
	unit_equal(unit, machine->state.segment[SEG_SS].selector, 0, "call gate, 64 bits: null SS");
}

static void set_syscall(struct machine *machine)
{
	machine->state.msr.star = UINT64_C(0x00200018) << 32;
	machine->state.msr.lstar = handler(0x3F);
	machine->state.msr.sfmask = RFLAGS_IF;
	machine->state.rflags |= RFLAGS_IF | RFLAGS_CF;
}

static void check_syscall(struct unit *unit, struct machine *machine)
{
	struct test test = *PIECE(syscall, USER64);
	const struct vcpu_state *state = &machine->state;

	test.prepare = set_syscall;
	run(machine, &test);
	unit_equal(unit, state->rip, handler(0x3F) + 1, "SYSCALL: target");
	unit_equal(unit, state->gpr[GPR_RCX], CODE + 2, "SYSCALL: return address");
	unit_equal(unit, state->gpr[GPR_R11], RFLAGS_IF | RFLAGS_CF | RFLAGS_FIXED,
		   "SYSCALL: old flags");
	unit_equal(unit, state->rflags, RFLAGS_CF | RFLAGS_FIXED, "SYSCALL: flags");
	unit_equal(unit, state->segment[SEG_CS].selector, 0x18, "SYSCALL: CS");
	unit_equal(unit, state->segment[SEG_SS].selector, 0x20, "SYSCALL: SS");
}

/* RFLAGS.TF as the SYSCALL leaves it decides, not that before. */
static void stepped_syscall(struct machine *machine)
{
	set_syscall(machine);
	machine->state.rflags |= RFLAGS_TF;
}

static void masked_syscall(struct machine *machine)
{
	stepped_syscall(machine);
	machine->state.msr.sfmask |= RFLAGS_TF;
}

static void check_stepped_syscall(struct unit *unit, struct machine *machine)
{
	struct test test = *PIECE(syscall, USER64);

	test.prepare = stepped_syscall;
	run(machine, &test);
	unit_equal(unit, machine->state.rip, handler(1) + 1, "SYSCALL with TF: #DB");
	unit_equal(unit, pushed(machine, 0, 8), handler(0x3F), "... at the target");
	test.prepare = masked_syscall;
	run(machine, &test);
	unit_equal(unit, machine->state.rip, handler(0x3F) + 1, "SYSCALL that masks TF: no #DB");
}

/* Nothing is written to the first page. */
static void check_crossings(struct unit *unit, struct machine *machine)
{
#define PIECE_CROSSING(name, before, at) PIECE(name, KERNEL64),
	const struct test *const pieces[] = { CROSSINGS(PIECE_CROSSING) };

	for (unsigned int i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		run(machine, pieces[i]);
		unit_check(unit, machine->state.rip == handler(14) + 1 &&
			   machine->state.cr2 == PAGES + 0x1000 && !load(machine, PAGES + 0xFF8, 8),
			   pieces[i]->name);
	}
}

static void kernel_code(struct machine *machine)
{
	/* The code's own page becomes the kernel's; the first of the others returns. */
	store(machine, TABLES + 3 * 0x1000 + (CODE >> 12) * 8, 8, CODE | PTE_KERNEL);
	store(machine, PAGES, 1, RET);
}

static void check_smep(struct unit *unit, struct machine *machine)
{
	const uint64_t frame[] = { 0x11, PAGES, 0x18 };
	struct test test = *PIECE(smep, KERNEL64);

	test.prepare = kernel_code;
	run(machine, &test);
	unit_equal(unit, machine->state.rip, handler(14) + 1, "SMEP: #PF");
	check_pushed(unit, machine, 8, frame, 3, "SMEP: a fetch, at the target");
}

static void check_v8086(struct unit *unit, struct machine *machine)
{
	const uint64_t offset = (uint64_t)(case_to_v8086_after - case_to_v8086);
	const uint64_t frame[] = { offset, 0x1000, 0x23202, 0x100, 0x3000, 0x22, 0x33, 0x44, 0x55 };

	run(machine, PIECE(to_v8086, KERNEL32));
	check_pushed(unit, machine, 4, frame, 9, "virtual-8086: all that an interrupt pushes");
	unit_equal(unit, machine->state.segment[SEG_DS].selector, 0, "virtual-8086: null DS behind");
	unit_equal(unit, machine->state.rflags, RFLAGS_IOPL | RFLAGS_FIXED,
		   "virtual-8086: flags behind");
}

static void absent_in_task(struct machine *machine)
{
	other_returns(machine);
	store(machine, TSS_OTHER + 0x54, 4, 0x60);
}

static void check_tasks(struct unit *unit, struct machine *machine)
{
	const uint64_t frame[] = { 0x60, CODE + 0x800, 0x08 };
	struct test test = *PIECE(task_call, KERNEL32);

	test.prepare = other_returns;
	run(machine, &test);
	unit_equal(unit, load(machine, TSS_OTHER, 2), 0x38, "task: link to the one before");
	unit_equal(unit, load(machine, TSS_OTHER + 0x20, 4), CODE + 0x801, "task: EIP saved");
	unit_equal(unit, load(machine, TSS_OTHER + 0x24, 4), 0x2, "task: NT cleared when saved");
	unit_equal(unit, load(machine, GDT + 0x48 + 5, 1), 0x89, "task: not busy any more");
	unit_equal(unit, load(machine, GDT + 0x38 + 5, 1), 0x8B, "task: the first is busy");
	unit_equal(unit, machine->state.cr0 & CR0_TS, CR0_TS, "task: TS");
	test = *PIECE(task_fault, KERNEL32);
	test.prepare = absent_in_task;
	run(machine, &test);
	unit_equal(unit, machine->state.rip, handler(11) + 1, "task: absent DS raises #NP");
	check_pushed(unit, machine, 4, frame, 3, "task: which is the new task's");
	unit_equal(unit, load(machine, GDT + 0x38 + 5, 1), 0x89, "task: JMP leaves none behind");
}

static void no_idt(struct machine *machine)
{
	machine->state.idtr.limit = 0;
}

/* The processor that --cpu=model describes. Returns its features. */
static uint64_t take_model(struct machine *machine, const char *model)
{
	struct cpuid_leaf leaves[CPUID_LEAVES];
	struct cpuid_config config = { 0 };

	if (cpuid_parse(model, &config))
		abort();
	cpu_set_cpuid(machine->cpu, &config);
	return cpuid_features(leaves, cpuid_model(&config, leaves));
}

/* The processor without a feature; "": with all. Whether it was there. */
static bool leave_out(struct machine *machine, const char *feature)
{
	uint64_t all = take_model(machine, "baseline");
	char model[64];

	snprintf(model, sizeof(model), "baseline%s%s", *feature ? ",-" : "", feature);
	return take_model(machine, model) != all;
}

static void check_features(struct unit *unit, struct machine *machine)
{
	for (unsigned int i = 0; i < sizeof(feature_tests) / sizeof(feature_tests[0]); i++) {
		const struct test *test = &feature_tests[i].test;

		if (!leave_out(machine, feature_tests[i].feature))
			continue;	/* this host has not got it */
		run_case(unit, machine, test);
		leave_out(machine, "");
		run(machine, test);
		unit_equal(unit, address(machine), CODE + (uint64_t)(test->after - test->start) + 1,
			   "... with the feature");
	}
	/* Without the feature the prefix means nothing: BSR, and BSF that leaves RAX. */
	leave_out(machine, "lzcnt");
	run(machine, PIECE(lzcnt, KERNEL64));
	unit_equal(unit, machine->state.gpr[GPR_RAX], 8, "LZCNT without the feature");
	leave_out(machine, "bmi1");
	run(machine, PIECE(tzcnt, KERNEL64));
	unit_equal(unit, machine->state.gpr[GPR_RAX], 5, "TZCNT without the feature");
	leave_out(machine, "");
}

static void check_vendors(struct unit *unit, struct machine *machine)
{
	for (unsigned int i = 0; i < sizeof(vendor_tests) / sizeof(vendor_tests[0]); i++) {
		take_model(machine, vendor_tests[i].feature);
		run_case(unit, machine, &vendor_tests[i].test);
	}
	leave_out(machine, "");
}

static void check_shutdown(struct unit *unit, struct machine *machine)
{
	struct test test = *PIECE(triple_fault, KERNEL32);

	test.prepare = no_idt;
	unit_equal(unit, run(machine, &test), CPU_SHUTDOWN, "triple fault: shutdown");
	unit_equal(unit, machine->state.rip, CODE + 1, "triple fault: at the first one");
	unit_equal(unit, machine->state.gpr[GPR_RSP], STACK, "triple fault: nothing pushed");
}

static void check_a20(struct unit *unit, struct machine *machine)
{
	struct test test = *PIECE(triple_fault, KERNEL32);

	/* With A20 off the code at 1 MiB + CODE is that at CODE. */
	set_up(machine, KERNEL32);
	memcpy(machine->memory + CODE, test.start, 3);
	machine->state.rip = 0x100000 + CODE;
	cpu_memory_written(machine->cpu, 0, MEMORY_SIZE);
	cpu_set_state(machine->cpu, &machine->state);
	cpu_set_a20(machine->cpu, false);
	cpu_run(machine->cpu, 2);
	cpu_set_a20(machine->cpu, true);
	cpu_get_state(machine->cpu, &machine->state);
	unit_equal(unit, load(machine, STACK - 12, 4), 0x100000 + CODE + 1, "A20 off: wraps");
}

int main(void)
{
	struct machine machine = { .interrupt = NONE };
	struct mem_region region = { .size = MEMORY_SIZE, .flags = MEM_RW, .name = "RAM" };
	struct unit unit = { 0 };

	if (mem_create(&machine.mem))
		return 1;
	machine.memory = region.host = mem_backing(machine.mem, MEMORY_SIZE, false);
	if (!region.host || mem_add(machine.mem, &region, false) ||
	    cpu_create(&machine.cpu, machine.mem, &ops, &machine)) {
		mem_destroy(machine.mem);
		return 1;
	}
	for (unsigned int i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		run_case(&unit, &machine, &tests[i]);
	check_call_gates(&unit, &machine);
	check_syscall(&unit, &machine);
	check_stepped_syscall(&unit, &machine);
	check_crossings(&unit, &machine);
	check_smep(&unit, &machine);
	check_v8086(&unit, &machine);
	check_tasks(&unit, &machine);
	check_features(&unit, &machine);
	check_vendors(&unit, &machine);
	check_shutdown(&unit, &machine);
	check_a20(&unit, &machine);
	cpu_destroy(machine.cpu);
	mem_destroy(machine.mem);
	return unit_status(&unit);
}
