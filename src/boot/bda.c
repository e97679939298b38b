/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bda.c - what a BIOS leaves in its data area (IBM PC AT BIOS), see bda.h. */
#include "boot/bda.h"

#include <stddef.h>

#define BDA_GPA 0x400u
#define BDA_SIZE 0x100u

/* Equipment word: a coprocessor, a pointing device, 80 x 25 in colour, two serial ports. */
#define EQUIPMENT (1u << 1 | 1u << 2 | 2u << 4 | 2u << 9)

/* The fields that are not 0; all others say that something is not there. */
struct bda {
	uint16_t serial_ports[4];
	uint16_t parallel_ports[3];
	uint16_t ebda;			/* its segment; 0: none */
	uint16_t equipment;
	uint8_t tested;
	uint16_t low_memory;		/* KiB */
	uint8_t keyboard[0x34];
	uint8_t video_mode;
	uint16_t columns;
	uint16_t page_size, page_offset;
	uint8_t cursors[8][2];
	uint8_t cursor_end, cursor_start;
	uint8_t page;
	uint16_t crtc;			/* its first port */
	uint8_t other[0x1F];
	uint8_t last_row;
	uint16_t character_height;
} __attribute__((packed));

_Static_assert(offsetof(struct bda, low_memory) == 0x13, "at 0x413");
_Static_assert(offsetof(struct bda, video_mode) == 0x49, "at 0x449");
_Static_assert(offsetof(struct bda, crtc) == 0x63, "at 0x463");
_Static_assert(offsetof(struct bda, last_row) == 0x84, "at 0x484");

void bda_write(struct mem *mem, struct layout *layout)
{
	const struct bda bda = {
		.serial_ports = { 0x3F8, 0x2F8 },
		.equipment = EQUIPMENT,
		.low_memory = (uint16_t)(memmap_ram_end(mem, 0) / 1024),
		.video_mode = 3,
		.columns = 80,
		.page_size = 0x1000,
		.cursor_end = 7, .cursor_start = 6,
		.crtc = 0x3D4,
		.last_row = 24,
		.character_height = 16,
	};

	if (layout_take(layout, BDA_GPA, BDA_SIZE))
		return;
	mem_zero(mem, BDA_GPA, BDA_SIZE);
	mem_load(mem, BDA_GPA, &bda, sizeof(bda));
}
