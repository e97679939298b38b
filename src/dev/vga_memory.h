/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vga_memory.h - the four planes of a VGA's memory as the processor reaches
 * them through the window from 0xA0000 to 0xBFFFF: which addresses answer,
 * which planes they mean, the latches and what the graphics controller makes of
 * the data (IBM's Video Subsystems, "Memory Maps", "Graphics Controller").
 *
 * The text that the CRTC shows is the screen's text memory: its even bytes
 * (characters) are plane 0 at even addresses, its odd ones (attributes) plane 1.
 * Plane 2 is the screen's font memory. The rest of it belongs to this file.
 */
#ifndef VMM_DEV_VGA_MEMORY_H
#define VMM_DEV_VGA_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"
#include "dev/vga_state.h"
#include "host/screen.h"

#define VGA_PLANES 4u
#define VGA_PLANE_SIZE 0x10000u

struct vga_memory {
	struct screen *screen;
	const struct mem *mem;		/* told of writes to the text memory, which may hold code */
	/* What has no place in the screen; NULL: not touched yet, all zero. */
	uint8_t (*planes)[VGA_PLANE_SIZE];
	uint8_t latches[VGA_PLANES];
};

static inline void vga_memory_init(struct vga_memory *memory, struct screen *screen,
				   const struct mem *mem)
{
	*memory = (struct vga_memory){ .screen = screen, .mem = mem };
}

void vga_memory_fini(struct vga_memory *memory);

/* Whether the text window at 0xB8000 is bytes of the text memory, nothing else. */
bool vga_memory_is_text(const struct vga_state *state);

/*
 * To be called when registers have changed: where that window is the font plane,
 * and only that one is written, the text memory holds it for guests to which it
 * is plain memory.
 */
void vga_memory_follow(struct vga_memory *memory, const struct vga_state *state);

/* A byte; address: from 0xA0000, below 0x20000. Where no memory answers: all ones. */
uint8_t vga_memory_read(struct vga_memory *memory, const struct vga_state *state,
			uint32_t address);
void vga_memory_write(struct vga_memory *memory, const struct vga_state *state, uint32_t address,
		      uint8_t value);

#endif
