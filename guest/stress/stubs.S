/* SPDX-License-Identifier: 0BSD */
/*
 * stubs.S - pieces of code that run at both rings, in pages that are mapped at STUBS. Each
 * ends with INT USER_DONE. Those that only use memory have a page to themselves: code that
 * runs natively wherever the other one's cannot.
 */
#include "cpu/descriptor.h"

#define USER_DONE	0xF0

	.macro	stub name
	.globl	\name
\name:
	.endm

	.macro	done
	int	$USER_DONE
	.endm

	.code64
	.section .user, "ax", @progbits
	.globl	stubs_start
	.balign	4096
stubs_start:
	stub	load1; movzbl (%rbx), %eax; done
	stub	load2; movzwl (%rbx), %eax; done
	stub	load4; movl (%rbx), %eax; done
	stub	load8; movq (%rbx), %rax; done
	stub	store1; movb %al, (%rbx); done
	stub	store2; movw %ax, (%rbx); done
	stub	store4; movl %eax, (%rbx); done
	stub	store8; movq %rax, (%rbx); done
	stub	stub_call; call *%rbx; done
	stub	stub_copy; rep movsq; done
	stub	stub_copy_bytes; rep movsb; done
	stub	stub_fill; rep stosq; done
	stub	stub_sum; xorl %eax, %eax; 1: imulq $31, %rax; addq (%rbx), %rax; \
		addq $8, %rbx; decq %rcx; jnz 1b; done
	stub	stub_exchange; xchgq %rax, (%rbx); done
	stub	stub_clear_bit; lock btrq $0, (%rbx); done
	stub	stub_load_sse; movups (%rbx), %xmm1; movq %xmm1, %rax; done
	stub	stub_store_sse; movq %rax, %xmm0; punpcklqdq %xmm0, %xmm0; movups %xmm0, (%rbx); done
	stub	stub_push; movq %rsp, %rsi; movq %rbx, %rsp; pushq %rax; movq %rsi, %rsp; done
	/* Those that show the processor's state. */
	.balign	4096
	stub	stub_flags; pushfq; popq %rax; done
	stub	stub_sti; sti; pushfq; popq %rax; done
	stub	stub_cli; cli; pushfq; popq %rax; done
	stub	stub_popf; pushq $0x3247; popfq; pushfq; popq %rax; done
	stub	stub_segments; movl %ds, %eax; shlq $16, %rax; movl %ss, %ecx; orq %rcx, %rax; \
		movl %cs, %ecx; done
	stub	stub_ds; movl $USER_DS, %ecx; movl %ecx, %ds; movl %ds, %eax; done
	stub	stub_ds_host; movl $0x78, %ecx; movl %ecx, %ds; movl %ds, %eax; done
	stub	stub_es; xorl %ecx, %ecx; movl %ecx, %es; movl %es, %eax; movl $KERNEL_DS, %ecx; \
		movl %ecx, %es; done
	stub	stub_lar; movl $0x28, %ecx; larl %ecx, %eax; lsll %ecx, %ecx; done
	stub	stub_lar_host; movl $0x7B, %ecx; larl %ecx, %eax; lsll %ecx, %ecx; done
	stub	stub_verr; movl $KERNEL_CS, %ecx; verr %cx; pushfq; popq %rax; verw %cx; done
	stub	stub_tables; subq $16, %rsp; movq $0, 8(%rsp); sgdt (%rsp); movq (%rsp), %rax; \
		sidt (%rsp); movq (%rsp), %rcx; addq $16, %rsp; done
	stub	stub_selectors; xorl %eax, %eax; str %ax; shll $16, %eax; sldt %ax; smsw %ecx; done
	stub	stub_cr; movq %cr0, %rax; movq %cr4, %rcx; done
	stub	stub_int80; int $0x80; done
	stub	stub_int3; int3; done
	stub	stub_ud; ud2; done
	stub	stub_divide; xorl %ecx, %ecx; divl %ecx; done
	stub	stub_syscall; syscall; done
	stub	stub_hypercall; vmmcall; done
	stub	stub_far; pushq $USER_CS; leaq 1f(%rip), %rax; pushq %rax; lretq; 1: movl %cs, %eax; done
	stub	stub_iret; movq %rsp, %rax; pushq $USER_DS; pushq %rax; pushq $0x3202; \
		pushq $USER_CS; leaq 1f(%rip), %rax; pushq %rax; iretq; 1: movl %cs, %eax; \
		pushfq; popq %rcx; done
	stub	stub_in; inb $0x21, %al; done
	stub	stub_hlt; jmp 1f; hlt; 1: movq %cr8, %rax; done
	stub	stub_fs; movq %fs:0x100000, %rax; done
	stub	stub_x87; fninit; fldpi; fld1; faddp; subq $8, %rsp; fstpl (%rsp); popq %rax; \
		fnstsw %ax; done

	.globl	stubs_end
stubs_end:

	.text
	.globl	syscall_entry
syscall_entry:
	addq	$1, %rax
	sysretq

	.section .note.GNU-stack, "", @progbits
