/* SPDX-License-Identifier: 0BSD */
/* multiboot.c - prints a multiboot information structure, version 1 (3.3 there). */
#include <vmm/console.h>

#include "kernel/kernel.h"

struct info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper;
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t num, size, addr, shndx;
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr;
	uint32_t config_table;
	uint32_t boot_loader_name;
	uint32_t apm_table;
	uint32_t vbe_control_info, vbe_mode_info;
	uint16_t vbe_mode, vbe_interface_seg, vbe_interface_off, vbe_interface_len;
	uint64_t framebuffer_addr;
	uint32_t framebuffer_pitch, framebuffer_width, framebuffer_height;
	uint8_t framebuffer_bpp, framebuffer_type, color_info[6];
};

struct module {
	uint32_t start, end, string, reserved;
};

struct map_entry {
	uint32_t size;
	uint32_t base_low, base_high, length_low, length_high, type;
};

static bool has(const struct info *info, unsigned int bit)
{
	return info->flags >> bit & 1;
}

static void report_map(const struct info *info)
{
	const uint8_t *entry = at(info->mmap_addr), *end = entry + info->mmap_length;

	for (; entry < end; entry += ((const struct map_entry *)entry)->size + 4) {
		const struct map_entry *e = (const struct map_entry *)entry;

		console_printf("map 0x%08x%08x 0x%08x%08x type %u\n", (unsigned int)e->base_high,
			       (unsigned int)e->base_low, (unsigned int)e->length_high,
			       (unsigned int)e->length_low, (unsigned int)e->type);
	}
}

static void report_modules(const struct info *info)
{
	const struct module *modules = at(info->mods_addr);

	console_printf("modules %u\n", (unsigned int)info->mods_count);
	for (uint32_t i = 0; i < info->mods_count; i++)
		report_module(modules[i].start, modules[i].end, at(modules[i].string));
}

const char *report_multiboot(uint32_t address)
{
	const struct info *info = at(address);
	const char *line = has(info, 2) ? at(info->cmdline) : "";

	console_printf("flags 0x%x\n", (unsigned int)info->flags);
	if (has(info, 0))
		console_printf("memory lower %u upper %u\n", (unsigned int)info->mem_lower,
			       (unsigned int)info->mem_upper);
	if (has(info, 1))
		console_printf("boot device 0x%x\n", (unsigned int)info->boot_device);
	if (has(info, 2))
		console_printf("command line: %s.\n", line);
	if (has(info, 3))
		report_modules(info);
	if (has(info, 5))
		report_sections(info->num, info->size, info->shndx, at(info->addr));
	if (has(info, 6))
		report_map(info);
	if (has(info, 9))
		console_printf("loader: %s\n", (const char *)at(info->boot_loader_name));
	if (has(info, 12))
		console_printf("framebuffer 0x%llx pitch %u %u x %u bpp %u type %u\n",
			       (unsigned long long)info->framebuffer_addr,
			       (unsigned int)info->framebuffer_pitch,
			       (unsigned int)info->framebuffer_width,
			       (unsigned int)info->framebuffer_height, info->framebuffer_bpp,
			       info->framebuffer_type);
	return line;
}
