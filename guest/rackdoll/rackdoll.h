/* SPDX-License-Identifier: 0BSD */
/*
 * rackdoll.h - what the tasks of the guest rackdoll share: the screen, the address
 * space, ring 3.
 */
#ifndef GUEST_RACKDOLL_RACKDOLL_H
#define GUEST_RACKDOLL_RACKDOLL_H

/* Where ring 3 finds its code, its stack's end and its data, in each address space. */
#define USER_CODE	0x8000000000
#define USER_STACK	0x8000010000
#define USER_DATA	0x8000020000
#define USER_SHARED	0x8000030000

#define SYSTEM_VECTOR	0x80	/* a system call */
#define END_VECTOR	0x81	/* a task has ended */

#define SWITCHES	8	/* of tasks, that each waits for */

/* Offsets in a task's data. */
#define DATA_FIRST	0
#define DATA_SCRATCH	8
#define DATA_X87	16
#define DATA_SSE	24
#define DATA_HASH	32

#ifndef __ASSEMBLER__

#include "cpu/paging.h"

/* The space that the kernel began with, and runs in between tasks. */
extern struct paging kernel_space;

/* The next line of the screen. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the last TRY did: "ok", or the exception with its error code and CR2. */
const char *outcome(void);

/* Reads, writes, calls at ring 0; the outcome is in trap. */
void probe(enum probe_kind kind, uint64_t address);

static inline volatile uint32_t *word_at(uint64_t address)
{
	return (volatile uint32_t *)(uintptr_t)address;
}

static inline volatile uint64_t *quad_at(uint64_t address)
{
	return (volatile uint64_t *)(uintptr_t)address;
}

/* A page of the space, and its translation. */
void map(uint64_t address, uint64_t frame, uint64_t flags);
void unmap(uint64_t address);

/* A sum over memory in which each place counts. */
uint64_t checksum(uint64_t address, uint64_t size);

/* A space of its own, with the kernel's first PML4 entry: its lowest 512 GiB. */
struct paging space_new(void);

/*
 * Runs code of user.S at ring 3 with an argument in RBX until an exception, or INT
 * USER_DONE. Returns RAX.
 */
uint64_t user_run(void (*code)(void), uint64_t argument);

/* Where ring 3 finds code of user.S. */
uint64_t user_address(void (*code)(void));

/* Maps ring 3's code, a stack, and data into a space; returns the data's frame. */
uint64_t user_map(struct paging *space);

/* Of user.S; RBX is the argument. */
void user_start(void);
void user_read(void), user_write(void), user_call(void);
void user_cli(void), user_hlt(void), user_in(void), user_cr3(void), user_lgdt(void);
void user_int80(void), user_syscall(void), user_compute(void);

/* SYSCALL's end of the kernel, which calls system_call. */
void syscall_entry(void);
uint64_t system_call(uint64_t argument);

/* The tasks, in the order in which they run. */
void memory_tasks(void);	/* memory.c */
void table_tasks(void);		/* tables.c */
void user_tasks(void);		/* ring3.c */
void timer_tasks(void);		/* timer.c */

#endif
#endif
