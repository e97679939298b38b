/* SPDX-License-Identifier: GPL-3.0-or-later */
/* debugport.c - debug console and debug exit, see debugport.h. */
#include "dev/debugport.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* By this a guest tells that a debug console is there (Bochs, port_e9_hack). */
#define DEBUG_CONSOLE_PRESENT 0xE9u

struct debug_exit {
	struct run *run;
	bool qemu_status;
};

static uint64_t console_read(void *self, uint64_t offset, unsigned int size)
{
	return DEBUG_CONSOLE_PRESENT;
}

static void console_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	uint8_t byte = (uint8_t)value;

	output_write(self, &byte, sizeof(byte));
}

static size_t console_write_block(void *self, uint64_t offset, unsigned int size,
				  const void *data, size_t count)
{
	output_write(self, data, count);
	return count;
}

const struct bus_ops debug_console_ops = {
	.sizes = BUS_SIZE_1,
	.read = console_read,
	.write = console_write,
	.write_block = console_write_block,
};

int debug_exit_create(struct debug_exit **debug_exit, struct run *run, bool qemu_status)
{
	*debug_exit = calloc(1, sizeof(**debug_exit));
	if (!*debug_exit)
		return -ENOMEM;
	(*debug_exit)->run = run;
	(*debug_exit)->qemu_status = qemu_status;
	return 0;
}

/* 0, as QEMU's isa-debug-exit. */
static uint64_t exit_read(void *self, uint64_t offset, unsigned int size)
{
	return 0;
}

static void exit_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	const struct debug_exit *debug_exit = self;
	uint64_t status = debug_exit->qemu_status ? 2 * value + 1 : value;

	run_end(debug_exit->run, ENDING_EXIT, run_guest_status(status),
		"guest wrote %" PRIu64 " to the debug-exit port", value);
}

const struct bus_ops debug_exit_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.read = exit_read,
	.write = exit_write,
};

const struct device_ops debug_exit_device = {
	.name = "debug-exit",
	.fini = free,
};
