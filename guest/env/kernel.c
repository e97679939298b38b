/* SPDX-License-Identifier: 0BSD */
/*
 * kernel.c - env, a teaching kernel in the manner of exokernels: each multiboot module is a
 * program that gets an environment, that is an address space and registers. They run at
 * ring 3, take turns by a system call and by the timer, and when all have ended the machine is
 * powered off. The screen is the same on every machine: each environment has a place there.
 *
 * 32 bits, page tables of two levels (Intel SDM vol. 3, 4.3).
 */
#include <vmm/machine.h>
#include <vmm/string.h>
#include <vmm/vga.h>

#include "cpu/timer.h"
#include "env/env.h"
#include "kernel/kernel.h"

#define INFO_MODULES	(1u << 3)

/* Of multiboot's information (3.3) and modules. */
struct info {
	uint32_t flags, unused[4];
	uint32_t modules_count, modules;
};

struct module {
	uint32_t start, end, string, reserved;
};

/* The name of a module's file, without folders and arguments. */
static const char *name_of(const char *line)
{
	static char names[ENVS_MAX][24];
	static unsigned int next;
	char *name = names[next++ % ENVS_MAX];
	size_t length = 0;

	for (; *line && *line != ' '; line++) {
		if (*line == '/')
			length = 0;
		else if (length < sizeof(names[0]) - 1)
			name[length++] = *line;
	}
	name[length] = '\0';
	return name;
}

/* Programs' mistakes end them, the kernel's are reported by trap.c. */
static bool on_exception(struct trap_frame *frame)
{
	if (!trap_from_outer(frame))
		return false;
	if (frame->vector == VECTOR_PF)
		env_end(frame, "page fault %x at %08x by %08x",
			(unsigned int)frame->error, (unsigned int)read_cr2(),
			(unsigned int)frame->ip);
	else
		env_end(frame, "exception %u, error %x, by %08x",
			(unsigned int)frame->vector, (unsigned int)frame->error,
			(unsigned int)frame->ip);
	return true;
}

static bool on_timer(struct trap_frame *frame)
{
	timer_acknowledge();
	env_current()->ticks++;
	env_switch(frame);
	return true;
}

static void set_traps(void)
{
	trap_init();
	for (unsigned int vector = 0; vector < 32; vector++)
		trap_handler[vector] = on_exception;
	trap_handler[TIMER_VECTOR] = on_timer;
	trap_handler[SYSTEM_VECTOR] = system_call;
	trap_gate(SYSTEM_VECTOR, ACCESS_PRESENT | TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
}

void kernel_main(const struct entry *entry)
{
	const struct info *info = at((uint32_t)entry->bx);
	const struct module *modules = at(info->modules);
	uint32_t count = info->flags & INFO_MODULES ? info->modules_count : 0;

	vga_clear(VGA_ATTRIBUTE(VGA_LIGHT_GREY, VGA_BLACK));
	screen_say(0, "env: %u programs", (unsigned int)count);
	if (!count || count > ENVS_MAX || modules[count - 1].end > FRAMES_START) {
		screen_say(1, "env: 1 to %u modules, please, that end below 4 MiB", ENVS_MAX);
		machine_exit(1);
	}
	set_traps();
	frames_from(FRAMES_START);
	for (uint32_t i = 0; i < count; i++)
		env_create(name_of(at(modules[i].string)), at(modules[i].start),
			   modules[i].end - modules[i].start);
	timer_start(TIMER_1000_HZ);
	env_run_all();
}
