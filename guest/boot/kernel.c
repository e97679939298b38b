/* SPDX-License-Identifier: 0BSD */
/*
 * kernel.c - the kernel that sector.S loads: looks whether all of it is there, and asks for
 * the memory map, which no boot loader has given it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmm/console.h>
#include <vmm/machine.h>
#include <vmm/memory.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define WORDS	2048u	/* two pages */
#define FACTOR	2654435761u

#define ROW4(n)		(n), (n) + 1, (n) + 2, (n) + 3
#define ROW16(n)	ROW4(n), ROW4((n) + 4), ROW4((n) + 8), ROW4((n) + 12)

void kernel_main(void);

/* volatile: what the compiler knows of them is what the loader has to make true. */
static const uint32_t constants[] = { ROW16(7000), ROW16(7016) };
static volatile uint32_t variables[WORDS] = { ROW16(9000), [WORDS - 1] = 9999 };
static volatile uint32_t zeros[WORDS];

/* What is constant is looked at here without the compiler's knowing. */
__attribute__((noipa)) static bool counts_from(const volatile uint32_t *words, size_t count, uint32_t first)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] != first + i)
			return false;
	return true;
}

static bool all_zero(const volatile uint32_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i])
			return false;
	return true;
}

static void report_region(const char *name, uintptr_t address, bool right)
{
	console_printf("%s at 0x%x: %s\n", name, (unsigned int)(address & ~0xFFFu),
		       right ? "right" : "wrong");
}

static void report_map(void)
{
	const struct vmm_memory_info *info = pv_memory_map(NULL);
	const struct vmm_memory_entry *e = info ? vmm_memory_first(info) : NULL;
	unsigned int entries = 0;
	uint64_t ram = 0;

	for (; e; e = vmm_memory_next(info, e)) {
		ram += e->type == VMM_MEMORY_RAM ? e->length : 0;
		entries++;
	}
	if (info)
		console_printf("memory map: %u entries, %u KiB of RAM\n", entries,
			       (unsigned int)(ram / 1024));
	else
		console_printf("memory map: nobody to ask\n");
}

void kernel_main(void)
{
	console_printf("kernel: loaded by a boot sector\n");
	report_region("text", (uintptr_t)kernel_main, true);
	report_region("constants", (uintptr_t)constants, counts_from(constants, COUNT(constants), 7000));
	report_region("variables", (uintptr_t)variables, counts_from(variables, 16, 9000) &&
		      all_zero(variables + 16, WORDS - 17) && variables[WORDS - 1] == 9999);
	report_region("zeros", (uintptr_t)zeros, all_zero(zeros, WORDS));
	for (uint32_t i = 0; i < WORDS; i++)
		zeros[i] = i * FACTOR;
	report_region("memory", (uintptr_t)zeros, zeros[WORDS - 1] == (WORDS - 1) * FACTOR);
	report_map();
	console_printf("kernel: done\n");
	machine_exit(0);
}
