/* SPDX-License-Identifier: 0BSD */
/*
 * kernel.c - a kernel that prints all that its loader gave it on the debug console, a
 * line for each thing, so that tests can compare it with the specification
 * and with other loaders.
 *
 * The words of its command line act: "panic" halts, "crash" is an instruction that no
 * processor has, "reset" resets; else the run ends with status 0.
 */
#include <vmm/console.h>
#include <vmm/machine.h>
#include <vmm/string.h>

#include "kernel/kernel.h"

#define MULTIBOOT_MAGIC		0x2BADB002
#define MULTIBOOT2_MAGIC	0x36D76289

#define ZEROED 5000u

/* Beside what has contents in the file, and what has none. */
static volatile uint32_t initialized = 0xC0FFEE;
static volatile uint8_t zeroed[ZEROED];

static void report_entry(const struct entry *entry)
{
	static const char *const names[] = { "ds", "es", "fs", "gs", "ss" };

	console_printf("entry ax 0x%llx\n", (unsigned long long)entry->ax);
	console_printf("entry pe %u pg %u if %u df %u vm %u\n", (unsigned int)entry->cr0 & 1,
		       (unsigned int)(entry->cr0 >> 31) & 1, (unsigned int)(entry->flags >> 9) & 1,
		       (unsigned int)(entry->flags >> 10) & 1,
		       (unsigned int)(entry->flags >> 17) & 1);
	if (entry->efer)
		console_printf("entry pae %u lma %u\n", (unsigned int)(entry->cr4 >> 5) & 1,
			       (unsigned int)(entry->efer >> 10) & 1);
	for (unsigned int i = 0; i < 5; i++)
		console_printf("entry %s %s\n", names[i],
			       entry->segments[i] == PROBE ? "flat" : "not flat");
}

/* A megabyte apart: one and the same byte where A20 is off. */
static bool a20_is_on(void)
{
	volatile uint8_t *high = (volatile uint8_t *)(uintptr_t)&initialized;
	volatile uint8_t *low = (volatile uint8_t *)((uintptr_t)high ^ 0x100000);
	uint8_t was = *high;
	bool on;

	*high = 0x11;
	*low = 0x22;
	on = *high == 0x11;
	*high = was;
	return on;
}

static void report_image(void)
{
	unsigned int nonzero = 0;

	for (unsigned int i = 0; i < ZEROED; i++)
		nonzero += zeroed[i] != 0;
	console_printf("image data 0x%x bss %s\n", (unsigned int)initialized,
		       nonzero ? "not zero" : "zero");
	if (slide)
		console_printf("image slide 0x%x\n", (unsigned int)slide);
	else
		console_printf("image a20 %s\n", a20_is_on() ? "on" : "off");
	/* A kernel that is started again must find them as they were. */
	initialized = 0;
	memset((void *)zeroed, 0xFF, sizeof(zeroed));
}

static bool has_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	for (; *line; line++)
		if (*line == *word && !memcmp(line, word, length))
			return true;
	return false;
}

static _Noreturn void end(const char *line)
{
	console_printf("end\n");
	if (has_word(line, "panic"))
		panic();
	if (has_word(line, "crash"))
		__asm__ volatile("ud2");
	if (has_word(line, "reset"))
		machine_reset();
	machine_exit(0);
}

void kernel_main(const struct entry *entry)
{
	const char *line = "";

	report_entry(entry);
	report_image();
	if (entry->ax == MULTIBOOT_MAGIC)
		line = report_multiboot((uint32_t)entry->bx);
	else if (entry->ax == MULTIBOOT2_MAGIC)
		line = report_multiboot2((uint32_t)entry->bx);
	end(line);
}
