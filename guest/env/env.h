/* SPDX-License-Identifier: 0BSD */
/*
 * env.h - environments: an address space, registers, and a place on the screen for each
 * program that runs at ring 3.
 */
#ifndef GUEST_ENV_ENV_H
#define GUEST_ENV_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/paging.h"
#include "cpu/trap.h"
#include "env/system.h"

#define ENVS_MAX	5u
#define KERNEL_END	0x800000u	/* of what is mapped one-to-one, for the kernel alone */
#define FRAMES_START	0x400000u	/* behind the kernel and its modules */

enum env_state {
	ENV_FREE,
	ENV_RUNNABLE,
	ENV_ENDED,
};

struct env {
	enum env_state state;
	unsigned int id;		/* from 1 on */
	const char *name;
	struct paging space;
	struct trap_frame frame;	/* up to ss: where it goes on */
	unsigned int yields, ticks, lines;
};

/* environment.c */

/*
 * An environment for a program: an ELF file in memory. What is no such file is said on its
 * place of the screen, and it has ended.
 */
void env_create(const char *name, const uint8_t *file, size_t size);

/* Of the first one; returns when none is left to run, never. */
_Noreturn void env_run_all(void);

/* The one that runs. */
struct env *env_current(void);

/*
 * In a trap's handler: saves the frame as the current environment's, and fills in that of
 * the next one, in whose address space the handler goes on.
 */
void env_switch(struct trap_frame *frame);

/* It has ended, for a reason that its place of the screen shows; the next one follows. */
void env_end(struct trap_frame *frame, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A page of an environment's memory: zeros; false where that is not its to have. */
bool env_allocate(struct env *env, uint32_t address, bool writable);

/* Where a page of it lies in memory, if it has one that programs may use; else 0. */
uint32_t env_frame(const struct env *env, uint32_t address);

/* elf.c: into the environment. Returns NULL, or what is wrong with the file. */
const char *elf_load(struct env *env, const uint8_t *file, size_t size);

/* syscall.c */
bool system_call(struct trap_frame *frame);

/* screen.c: lines of the screen: the title, an environment's state, what it prints. */
void screen_say(unsigned int row, const char *format, ...) __attribute__((format(printf, 2, 3)));
void screen_state(const struct env *env, const char *state);
void screen_print(struct env *env, const char *text);

/* enter.S: to ring 3. */
_Noreturn void env_enter(const struct trap_frame *frame);

#endif
