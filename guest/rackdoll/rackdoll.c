/* SPDX-License-Identifier: 0BSD */
/*
 * rackdoll.c - a small kernel for monitors with shadow page tables: its tasks use
 * paging, faults, ring 3, system calls and the timer, and each prints what it found. The
 * screen is the same on every processor and every monitor that is right.
 *
 * Multiboot, in long mode, by its own page tables. When all is done the machine is
 * powered off.
 */
#include "rackdoll/rackdoll.h"

#include <vmm/format.h>
#include <vmm/machine.h>
#include <vmm/string.h>
#include <vmm/vga.h>

#define COLOR		VGA_ATTRIBUTE(VGA_LIGHT_GREY, VGA_BLACK)
#define FRAMES		0x200000	/* the second large page */

extern uint64_t pml4[];
void long_main(void);

struct paging kernel_space = {
	.levels = 4, .entry_bytes = 8, .index_bits = 9, .nx = true,
};

static unsigned int row;

void say(const char *format, ...)
{
	char line[VGA_COLUMNS + 1];
	va_list arguments;

	va_start(arguments, format);
	vformat_buffer(line, sizeof(line), format, arguments);
	va_end(arguments);
	vga_text16(0, row, line, COLOR);
	row = (row + 1) % VGA_ROWS;
}

const char *outcome(void)
{
	static const char *const names[32] = {
		[VECTOR_DE] = "#DE", [VECTOR_UD] = "#UD", [VECTOR_NM] = "#NM",
		[VECTOR_SS] = "#SS", [VECTOR_GP] = "#GP", [VECTOR_PF] = "#PF",
	};
	static char text[4][40];	/* for as many in one line */
	static unsigned int next;
	char *at = text[next++ % 4];

	if (trap.vector == VECTOR_NONE || trap.vector == USER_DONE)
		return "ok";
	if (trap.vector == VECTOR_PF)
		format_buffer(at, sizeof(text[0]), "#PF %x at %llx", (unsigned int)trap.error,
			      (unsigned long long)trap.cr2);
	else if (trap.vector < 32 && names[trap.vector])
		format_buffer(at, sizeof(text[0]), "%s %x", names[trap.vector],
			      (unsigned int)trap.error);
	else
		format_buffer(at, sizeof(text[0]), "vector %u", (unsigned int)trap.vector);
	return at;
}

void probe(enum probe_kind kind, uint64_t address)
{
	if (kind == PROBE_READ)
		TRY("movl (%0), %%eax", : "b"(address) : "rax", "memory");
	else if (kind == PROBE_WRITE)
		TRY("movl %%eax, (%0)", : "b"(address), "a"(0x600D) : "memory");
	else
		TRY("call *%0", : "b"(address) : "rax", "memory");
}

void map(uint64_t address, uint64_t frame, uint64_t flags)
{
	paging_map(&kernel_space, address, frame, flags);
	invlpg(address);
}

void unmap(uint64_t address)
{
	paging_set(&kernel_space, address, 3, 0);
	invlpg(address);
}

uint64_t checksum(uint64_t address, uint64_t size)
{
	uint64_t sum = 0;

	for (uint64_t at = 0; at < size; at += 8)
		sum = sum * 31 + *quad_at(address + at);
	return sum;
}

struct paging space_new(void)
{
	struct paging space = kernel_space;

	space.root = frame_allocate();
	*quad_at(space.root) = *quad_at(kernel_space.root);
	return space;
}

void long_main(void)
{
	const uint64_t marks = PTE_A | PTE_D;

	frames_from(FRAMES);
	kernel_space.root = (uintptr_t)pml4;
	trap_tables_init();
	vga_clear(COLOR);
	say("boot     cr3 %llx: %llx, %llx, %llx and %llx", (unsigned long long)read_cr3(),
	    (unsigned long long)(pml4[0] & ~marks), (unsigned long long)(pml4[512] & ~marks),
	    (unsigned long long)(pml4[1024] & ~marks), (unsigned long long)(pml4[1025] & ~marks));
	memory_tasks();
	table_tasks();
	user_tasks();
	timer_tasks();
	say("rackdoll: all tasks have ended");
	machine_power_off();
}
