/* SPDX-License-Identifier: 0BSD */
/*
 * system.h - the system calls of the kernel env: INT 0x30 with a number in EAX, arguments in
 * EBX and ECX, and the result in EAX; an error is less than 0. For the assembler too.
 */
#ifndef GUEST_ENV_SYSTEM_H
#define GUEST_ENV_SYSTEM_H

#define SYSTEM_VECTOR	0x30

#define SYSTEM_PRINT	0	/* (text, length): a line on the screen */
#define SYSTEM_ID	1	/* () -> the environment's number */
#define SYSTEM_YIELD	2	/* (): the others first */
#define SYSTEM_EXIT	3	/* (status): never returns */
#define SYSTEM_ALLOCATE	4	/* (address): a page of zeros there, private */
#define SYSTEM_TICKS	5	/* () -> how often the timer has interrupted it */

/* Where programs may be: below 0x7FFF8000, where a vmm with AddressSanitizer has its own. */
#define USER_LOW	0x40000000u
#define USER_HIGH	0x70000000u
#define USER_STACK	0x6FFFF000u	/* a page, the highest */

#endif
