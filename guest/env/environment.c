/* SPDX-License-Identifier: 0BSD */
/* environment.c - environments: how they begin, take turns and end, see env.h. */
#include "env/env.h"

#include <stdarg.h>

#include <vmm/format.h>
#include <vmm/machine.h>
#include <vmm/string.h>

#define ROW_END		22u
/* What a frame from ring 3 has. */
#define FRAME_SIZE	offsetof(struct trap_frame, v86_es)

static struct env envs[ENVS_MAX];
static struct env *current = envs;

struct env *env_current(void)
{
	return current;
}

/* --- address spaces --- */

/* Page tables of the kernel's, which each space begins with: made for the first one. */
static void map_kernel(struct paging *space)
{
	static struct paging kernel;

	if (!kernel.root) {
		kernel = *space;
		for (uint32_t address = 0; address < KERNEL_END; address += PAGE_SIZE)
			paging_map(&kernel, address, address, PTE_P | PTE_RW);
		write_cr3((uintptr_t)kernel.root);
		write_cr0(read_cr0() | CR0_PG | CR0_WP);
		space->root = frame_allocate();
	}
	for (uint32_t address = 0; address < KERNEL_END; address += PAGE_SIZE << space->index_bits)
		paging_set(space, address, 0, paging_entry(&kernel, address, 0));
}

static struct paging space_new(void)
{
	struct paging space = {
		.levels = 2, .entry_bytes = 4, .index_bits = 10, .root = frame_allocate(),
	};

	map_kernel(&space);
	return space;
}

uint32_t env_frame(const struct env *env, uint32_t address)
{
	uint64_t entry;

	if (address < USER_LOW || address >= USER_HIGH ||
	    !(paging_entry(&env->space, address, 0) & PTE_P))
		return 0;
	entry = paging_entry(&env->space, address, 1);
	return entry & PTE_P ? (uint32_t)entry & ~(PAGE_SIZE - 1) : 0;
}

bool env_allocate(struct env *env, uint32_t address, bool writable)
{
	if (address % PAGE_SIZE || address < USER_LOW || address >= USER_HIGH ||
	    env_frame(env, address))
		return false;
	paging_map(&env->space, address, frame_allocate(),
		   PTE_P | PTE_US | (writable ? PTE_RW : 0));
	return true;
}

/* --- begin --- */

void env_create(const char *name, const uint8_t *file, size_t size)
{
	struct env *env = envs;
	const char *wrong;

	while (env->state != ENV_FREE)
		env++;
	*env = (struct env){
		.state = ENV_RUNNABLE, .id = (unsigned int)(env - envs) + 1, .name = name,
		.space = space_new(),
		.frame = {
			.gs = USER_DS, .fs = USER_DS, .es = USER_DS, .ds = USER_DS, .cs = USER_CS,
			.flags = FLAG_FIXED | FLAG_IF, .sp = USER_STACK + PAGE_SIZE, .ss = USER_DS,
		},
	};
	wrong = elf_load(env, file, size);
	if (!wrong && !env_allocate(env, USER_STACK, true))
		wrong = "its stack's place is taken";
	if (wrong)
		env->state = ENV_ENDED;
	screen_state(env, wrong ? wrong : "runs");
}

/* --- turns --- */

/* The next one in turn that can run; the same one, if it is alone. */
static struct env *next_runnable(void)
{
	for (unsigned int i = 1; i <= ENVS_MAX; i++) {
		struct env *env = &envs[(unsigned int)(current - envs + i) % ENVS_MAX];

		if (env->state == ENV_RUNNABLE)
			return env;
	}
	return NULL;
}

static _Noreturn void finish(void)
{
	screen_say(ROW_END, "env: all environments have ended");
	machine_power_off();
}

static void choose_next(void)
{
	struct env *next = next_runnable();

	if (!next)
		finish();
	current = next;
	write_cr3((uintptr_t)current->space.root);
}

void env_switch(struct trap_frame *frame)
{
	memcpy(&current->frame, frame, FRAME_SIZE);
	choose_next();
	memcpy(frame, &current->frame, FRAME_SIZE);
}

void env_run_all(void)
{
	current = &envs[ENVS_MAX - 1];
	choose_next();
	env_enter(&current->frame);
}

void env_end(struct trap_frame *frame, const char *format, ...)
{
	char reason[80], state[120];
	va_list arguments;

	va_start(arguments, format);
	vformat_buffer(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	format_buffer(state, sizeof(state), "ended: %s; %u yields", reason, current->yields);
	current->state = ENV_ENDED;
	screen_state(current, state);
	choose_next();
	memcpy(frame, &current->frame, FRAME_SIZE);
}
