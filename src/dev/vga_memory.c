/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vga_memory.c - the planes of a VGA, see vga_memory.h. */
#include "dev/vga_memory.h"

#include <stdlib.h>

#define PLANE_FONTS 2u
#define ALL_PLANES 0xFu

enum function { FUNCTION_COPY, FUNCTION_AND, FUNCTION_OR, FUNCTION_XOR };

/* Where the memory answers, by the memory map bits of the graphics controller. */
static const struct {
	uint32_t base, size;
} windows[] = {
	{ 0x00000, 0x20000 }, { 0x00000, 0x10000 }, { 0x10000, 0x8000 }, { 0x18000, 0x8000 },
};

/* How the processor's addresses choose planes. */
enum way { WAY_PLANAR, WAY_ODD_EVEN, WAY_CHAIN_4 };

static unsigned int map_of(const struct vga_state *state)
{
	return state->value[FILE_GRAPHICS][GRAPHICS_MISC] >> 2 & 3;
}

/* *address: made to count from the window's start. Returns whether it lies in it. */
static bool in_window(const struct vga_state *state, uint32_t *address)
{
	unsigned int map = map_of(state);

	if (!(state->value[FILE_GENERAL][GENERAL_MISC] & MISC_MEMORY) ||
	    *address < windows[map].base || *address - windows[map].base >= windows[map].size)
		return false;
	*address -= windows[map].base;
	return true;
}

/*
 * The sequencer and the graphics controller each have a bit for odd/even. Who
 * changes only one of them (QEMU looks at one, hardware at both) wants planes.
 */
static enum way way_of(const struct vga_state *state)
{
	uint8_t mode = state->value[FILE_SEQUENCER][SEQUENCER_MEMORY_MODE];

	if (mode & MEMORY_MODE_CHAIN_4)
		return WAY_CHAIN_4;
	if (mode & MEMORY_MODE_SEQUENTIAL ||
	    !(state->value[FILE_GRAPHICS][GRAPHICS_MODE] & MODE_ODD_EVEN))
		return WAY_PLANAR;
	return WAY_ODD_EVEN;
}

bool vga_memory_is_text(const struct vga_state *state)
{
	const uint8_t *graphics = state->value[FILE_GRAPHICS];
	uint32_t address = windows[3].base;

	return map_of(state) == 3 && in_window(state, &address) && way_of(state) == WAY_ODD_EVEN &&
	       state->value[FILE_SEQUENCER][SEQUENCER_MAP_MASK] == 3 &&
	       !(graphics[GRAPHICS_READ_MAP] & 2) && !graphics[GRAPHICS_ENABLE_SET_RESET] &&
	       !(graphics[GRAPHICS_MODE] & (MODE_WRITE_MASK | MODE_READ_COMPARE)) &&
	       !graphics[GRAPHICS_ROTATE] && graphics[GRAPHICS_BIT_MASK] == 0xFF;
}

static bool is_font(const struct vga_state *state)
{
	uint32_t address = windows[3].base;

	return map_of(state) == 3 && in_window(state, &address) && way_of(state) == WAY_PLANAR &&
	       state->value[FILE_SEQUENCER][SEQUENCER_MAP_MASK] == 1u << PLANE_FONTS;
}

static void tell(const struct vga_memory *memory)
{
	mem_tell_writer(memory->mem, screen_memory(memory->screen), SCREEN_MEMORY_SIZE);
}

void vga_memory_follow(struct vga_memory *memory, const struct vga_state *state)
{
	if (screen_lend_to_fonts(memory->screen, is_font(state)))
		tell(memory);
}

/* In the text memory or not; the offset there is returned in *text. */
static bool is_text(unsigned int plane, uint32_t address, size_t *text)
{
	*text = address | plane;
	return plane < PLANE_FONTS && !(address & 1) && address < SCREEN_MEMORY_SIZE;
}

static uint8_t plane_read(struct vga_memory *memory, unsigned int plane, uint32_t address)
{
	uint8_t value = 0;
	size_t text;

	if (is_text(plane, address, &text))
		screen_read(memory->screen, text, &value, 1);
	else if (plane == PLANE_FONTS)
		value = screen_font_read(memory->screen, address);
	else if (memory->planes)
		value = memory->planes[plane][address];
	return value;
}

static void plane_write(struct vga_memory *memory, unsigned int plane, uint32_t address,
			uint8_t value)
{
	size_t text;

	if (is_text(plane, address, &text)) {
		tell(memory);
		screen_write(memory->screen, text, &value, 1);
	} else if (plane == PLANE_FONTS) {
		screen_font_write(memory->screen, address, value);
	} else {
		/* Where the host has none left, it stays zero. */
		if (!memory->planes)
			memory->planes = calloc(VGA_PLANES, VGA_PLANE_SIZE);
		if (memory->planes)
			memory->planes[plane][address] = value;
	}
}

void vga_memory_fini(struct vga_memory *memory)
{
	free(memory->planes);
	memory->planes = NULL;
}

/* What an address of the processor means. */
struct target {
	uint32_t address;	/* in each of the planes */
	uint8_t write_planes;	/* a bit each; the map mask chooses of them */
	uint8_t read_plane;
};

static struct target find_target(const struct vga_state *state, uint32_t address)
{
	uint8_t read_map = state->value[FILE_GRAPHICS][GRAPHICS_READ_MAP];
	uint32_t at = address % VGA_PLANE_SIZE;

	switch (way_of(state)) {
	case WAY_CHAIN_4:
		return (struct target){ at & ~UINT32_C(3), (uint8_t)(1u << (at & 3)), at & 3 };
	case WAY_ODD_EVEN:
		return (struct target){ at & ~UINT32_C(1), (uint8_t)(5u << (at & 1)),
					(read_map & 2) | (at & 1) };
	default:
		return (struct target){ at, ALL_PLANES, read_map };
	}
}

/* Read mode 1: a bit for each of the eight dots, whether its colour is the one asked for. */
static uint8_t compare(const struct vga_memory *memory, const uint8_t *graphics)
{
	uint8_t differs = 0;

	for (unsigned int plane = 0; plane < VGA_PLANES; plane++) {
		uint8_t wanted = graphics[GRAPHICS_COMPARE] >> plane & 1 ? 0xFF : 0x00;

		if (graphics[GRAPHICS_DONT_CARE] >> plane & 1)
			differs |= memory->latches[plane] ^ wanted;
	}
	return (uint8_t)~differs;
}

uint8_t vga_memory_read(struct vga_memory *memory, const struct vga_state *state,
			uint32_t address)
{
	const uint8_t *graphics = state->value[FILE_GRAPHICS];
	struct target target;

	if (!in_window(state, &address))
		return 0xFF;
	target = find_target(state, address);
	for (unsigned int plane = 0; plane < VGA_PLANES; plane++)
		memory->latches[plane] = plane_read(memory, plane, target.address);
	return graphics[GRAPHICS_MODE] & MODE_READ_COMPARE ? compare(memory, graphics) :
							     memory->latches[target.read_plane];
}

static uint8_t combine(enum function function, uint8_t value, uint8_t latch)
{
	switch (function) {
	case FUNCTION_AND:
		return value & latch;
	case FUNCTION_OR:
		return value | latch;
	case FUNCTION_XOR:
		return value ^ latch;
	default:
		return value;
	}
}

/* What the graphics controller makes of a byte on its way to a plane. */
static uint8_t process(const struct vga_memory *memory, const uint8_t *graphics,
		       unsigned int plane, uint8_t value)
{
	uint8_t set = graphics[GRAPHICS_SET_RESET] >> plane & 1 ? 0xFF : 0x00;
	unsigned int rotate = graphics[GRAPHICS_ROTATE] & 7;
	uint8_t rotated = (uint8_t)(value >> rotate | value << (8 - rotate));
	uint8_t mask = graphics[GRAPHICS_BIT_MASK], latch = memory->latches[plane];

	switch (graphics[GRAPHICS_MODE] & MODE_WRITE_MASK) {
	case 0:
		value = graphics[GRAPHICS_ENABLE_SET_RESET] >> plane & 1 ? set : rotated;
		break;
	case 1:
		return latch;
	case 2:
		value = value >> plane & 1 ? 0xFF : 0x00;
		break;
	default:
		value = set;
		mask &= rotated;
		break;
	}
	value = combine((enum function)(graphics[GRAPHICS_ROTATE] >> 3 & 3), value, latch);
	return (value & mask) | (latch & (uint8_t)~mask);
}

void vga_memory_write(struct vga_memory *memory, const struct vga_state *state, uint32_t address,
		      uint8_t value)
{
	struct target target;
	unsigned int planes;

	if (!in_window(state, &address))
		return;
	target = find_target(state, address);
	planes = target.write_planes & state->value[FILE_SEQUENCER][SEQUENCER_MAP_MASK];
	for (unsigned int plane = 0; plane < VGA_PLANES; plane++)
		if (planes >> plane & 1)
			plane_write(memory, plane, target.address,
				    process(memory, state->value[FILE_GRAPHICS], plane, value));
}
