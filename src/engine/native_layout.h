/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_layout.h - struct native as native_entry.S sees it; native.c checks
 * that it is so.
 */
#ifndef VMM_ENGINE_NATIVE_LAYOUT_H
#define VMM_ENGINE_NATIVE_LAYOUT_H

/* struct cpu_native, which comes first. */
#define NATIVE_GPR		0
#define NATIVE_RSP		32
#define NATIVE_FS_BASE		144
#define NATIVE_GS_BASE		152
#define NATIVE_XSAVE		192
/* What follows it. */
#define NATIVE_HOST_RSP		1024
#define NATIVE_HOST_FS		1032
#define NATIVE_HOST_GS		1040
#define NATIVE_LEFT_FS		1048
#define NATIVE_LEFT_GS		1056
#define NATIVE_TARGET		1064	/* RIP, or EIP and CS */
#define NATIVE_RFLAGS		1072
#define NATIVE_IN_GUEST		1080
#define NATIVE_KICKED		1084
#define NATIVE_DATA		1088	/* selectors: DS and ES, */
#define NATIVE_FS		1090
#define NATIVE_GS		1092
#define NATIVE_DISPATCH		1094	/* Syscall User Dispatch's byte */
#define NATIVE_STEPS		1095	/* not 0: one instruction, by the frame */
#define NATIVE_XCR0		1096	/* components to load */
#define NATIVE_FRAME		1104	/* for IRETQ */

/* The start of the signal stack: whose it is. */
#define NATIVE_STACK_SIZE	0x10000
#define NATIVE_STACK_MAGIC	0x6576697461766d6d	/* at 8, behind the pointer */

/* ucontext_t and what lies in it. */
#define UCONTEXT_STACK		16	/* uc_stack.ss_sp */

#endif
