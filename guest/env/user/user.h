/* SPDX-License-Identifier: 0BSD */
/* user.h - what programs of the kernel env call: the system calls as functions. */
#ifndef GUEST_ENV_USER_H
#define GUEST_ENV_USER_H

#include <stdarg.h>
#include <stdint.h>

#include <vmm/format.h>

#include "env/system.h"

/* The program; its result is the status. */
int main(void);

static inline int system_call(uint32_t number, uint32_t first, uint32_t second)
{
	int result;

	__asm__ volatile ("int $0x30" : "=a"(result) : "0"(number), "b"(first), "c"(second)
			  : "memory");
	return result;
}

static inline int sys_id(void)
{
	return system_call(SYSTEM_ID, 0, 0);
}

static inline void sys_yield(void)
{
	system_call(SYSTEM_YIELD, 0, 0);
}

static inline int sys_allocate(void *page)
{
	return system_call(SYSTEM_ALLOCATE, (uint32_t)(uintptr_t)page, 0);
}

static inline unsigned int sys_ticks(void)
{
	return (unsigned int)system_call(SYSTEM_TICKS, 0, 0);
}

/* A line, formatted as format.h says. */
__attribute__((format(printf, 1, 2))) static inline void print(const char *format, ...)
{
	char line[80];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vformat_buffer(line, sizeof(line), format, arguments);
	va_end(arguments);
	system_call(SYSTEM_PRINT, (uint32_t)(uintptr_t)line, (uint32_t)length);
}

#endif
