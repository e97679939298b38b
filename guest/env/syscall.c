/* SPDX-License-Identifier: 0BSD */
/* syscall.c - the system calls, see system.h. Programs are not trusted. */
#include "env/env.h"

#define LINE_MAX	64u

typedef void system_fn(struct trap_frame *frame, struct env *env);

/* Bytes of a program's memory; false where it has not all of them. */
static bool copy_from(const struct env *env, uint32_t address, char *to, size_t length)
{
	for (size_t i = 0; i < length; i++, address++) {
		uint32_t frame = env_frame(env, address & ~(PAGE_SIZE - 1));

		if (!frame)
			return false;
		to[i] = *(const char *)(uintptr_t)(frame + address % PAGE_SIZE);
	}
	return true;
}

static void print(struct trap_frame *frame, struct env *env)
{
	char text[LINE_MAX + 1];
	uint32_t length = frame->cx < LINE_MAX ? frame->cx : LINE_MAX;

	if (!copy_from(env, frame->bx, text, length)) {
		frame->ax = (uint32_t)-1;
		return;
	}
	text[length] = '\0';
	screen_print(env, text);
	frame->ax = 0;
}

static void id(struct trap_frame *frame, struct env *env)
{
	frame->ax = env->id;
}

static void yield(struct trap_frame *frame, struct env *env)
{
	env->yields++;
	frame->ax = 0;
	env_switch(frame);
}

static void end(struct trap_frame *frame, struct env *env)
{
	(void)env;
	env_end(frame, "status %d", (int)frame->bx);
}

static void allocate(struct trap_frame *frame, struct env *env)
{
	frame->ax = env_allocate(env, frame->bx, true) ? 0 : (uint32_t)-1;
}

static void ticks(struct trap_frame *frame, struct env *env)
{
	frame->ax = env->ticks;
}

bool system_call(struct trap_frame *frame)
{
	static system_fn *const calls[] = {
		[SYSTEM_PRINT] = print, [SYSTEM_ID] = id, [SYSTEM_YIELD] = yield,
		[SYSTEM_EXIT] = end, [SYSTEM_ALLOCATE] = allocate, [SYSTEM_TICKS] = ticks,
	};

	if (frame->ax < sizeof(calls) / sizeof(calls[0]))
		calls[frame->ax](frame, env_current());
	else
		frame->ax = (uint32_t)-1;
	return true;
}
