/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mbinfo.h - the information structure of multiboot, version 1 (Multiboot
 * Specification 0.6.96, 3.3), and the memory map in it: as the loader hands it to a
 * kernel, and as guests without a loader ask for it.
 */
#ifndef VMM_BOOT_MBINFO_H
#define VMM_BOOT_MBINFO_H

#include <stddef.h>
#include <stdint.h>

#include "boot/memmap.h"
#include "core/mem.h"

/* Bits of the flags: which fields are filled in. */
enum mbinfo_flag {
	MBINFO_MEMORY = 1 << 0,
	MBINFO_BOOT_DEVICE = 1 << 1,
	MBINFO_CMDLINE = 1 << 2,
	MBINFO_MODULES = 1 << 3,
	MBINFO_ELF_SECTIONS = 1 << 5,
	MBINFO_MEMORY_MAP = 1 << 6,
	MBINFO_LOADER_NAME = 1 << 9,
	MBINFO_FRAMEBUFFER = 1 << 12,
};

struct mbinfo {
	uint32_t flags;
	uint32_t mem_lower, mem_upper;	/* KiB */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t elf_num, elf_size, elf_addr, elf_shndx;
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr;
	uint32_t config_table;
	uint32_t boot_loader_name;
	uint32_t apm_table;
	uint32_t vbe_control_info, vbe_mode_info;
	uint16_t vbe_mode, vbe_interface_seg, vbe_interface_off, vbe_interface_len;
	uint32_t framebuffer_addr_low, framebuffer_addr_high;
	uint32_t framebuffer_pitch, framebuffer_width, framebuffer_height;
	uint8_t framebuffer_bpp, framebuffer_type;
	uint8_t color_info[6];
};

_Static_assert(sizeof(struct mbinfo) == 116, "as the specification has it");

/* An entry of the memory map. */
struct mbinfo_entry {
	uint32_t size;		/* of what follows */
	uint64_t base, length;
	uint32_t type;		/* enum memmap_type */
} __attribute__((packed));

/* The memory map (memmap.h) as entries of multiboot. Returns how many there are. */
size_t mbinfo_entries(const struct mem *mem, struct mbinfo_entry entries[MEMMAP_MAX]);

/*
 * What a guest without a loader gets: the structure with nothing but the memory map, and
 * its entries behind it, for a place at gpa, below 4 GiB.
 */
struct mbinfo_map {
	struct mbinfo info;
	struct mbinfo_entry entries[MEMMAP_MAX];
} __attribute__((packed));

/* Returns the number of bytes that are used. */
size_t mbinfo_make_map(const struct mem *mem, uint32_t gpa, struct mbinfo_map *map);

#endif
