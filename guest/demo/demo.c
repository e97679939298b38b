/* SPDX-License-Identifier: 0BSD */
/*
 * demo.c - something to look at: what text mode can do, and what machine this
 * is.
 */
#include <stddef.h>
#include <stdint.h>

#include <vmm/ata.h>
#include <vmm/format.h>
#include <vmm/hypercall.h>
#include <vmm/string.h>
#include <vmm/vga.h>

#include "demo/scene.h"

#define ON_BLACK(color)	VGA_ATTRIBUTE(color, VGA_BLACK)
#define FRAME		ON_BLACK(VGA_CYAN)
#define HEADING		ON_BLACK(VGA_WHITE)
#define LABEL		ON_BLACK(VGA_LIGHT_GREY)
#define VALUE		ON_BLACK(VGA_LIGHT_CYAN)

#define PANEL_ROW	14u
#define PANEL_WIDTH	39u
#define RIGHT_COLUMN	41u

/* --- frames --- */

/* A box with a heading in its upper edge; width and height with the edges. */
static void draw_frame(unsigned int column, unsigned int row, unsigned int width,
		       unsigned int height, const char *heading)
{
	unsigned int right = column + width - 1;
	unsigned int bottom = row + height - 1;

	vga_fill(column, row, width, VGA_CELL(0xCD, FRAME));
	vga_fill(column, bottom, width, VGA_CELL(0xCD, FRAME));
	for (unsigned int y = row + 1; y < bottom; y++) {
		vga_put16(column, y, VGA_CELL(0xBA, FRAME));
		vga_put16(right, y, VGA_CELL(0xBA, FRAME));
	}
	vga_put16(column, row, VGA_CELL(0xC9, FRAME));
	vga_put16(right, row, VGA_CELL(0xBB, FRAME));
	vga_put16(column, bottom, VGA_CELL(0xC8, FRAME));
	vga_put16(right, bottom, VGA_CELL(0xBC, FRAME));
	vga_put16(column + 2, row, VGA_CELL(0xB5, FRAME));
	vga_text16(column + 3, row, heading, HEADING);
	vga_put16(column + 3 + (unsigned int)strlen(heading), row, VGA_CELL(0xC6, FRAME));
}

/* --- this machine --- */

#define MIB_SHIFT	20
#define MOST_MIB	3072u		/* above are devices */

static int memory_answers(uint32_t mib)
{
	volatile uint32_t *last = (volatile uint32_t *)(((uintptr_t)mib << MIB_SHIFT) - 4);
	uint32_t saved = *last;
	int answers;

	*last = ~saved;
	answers = *last == ~saved;
	*last = saved;
	return answers;
}

/* By halves: the largest size whose last bytes keep what is written to them. */
static uint32_t memory_mib(void)
{
	uint32_t there = 0;
	uint32_t missing = MOST_MIB + 1;

	while (missing - there > 1) {
		uint32_t middle = (there + missing) / 2;

		if (memory_answers(middle))
			there = middle;
		else
			missing = middle;
	}
	return there;
}

static void describe_memory(char *text, size_t size)
{
	uint32_t mib = memory_mib();

	if (mib)
		format_buffer(text, size, "%u MiB", mib);
	else
		format_buffer(text, size, "under 1 MiB");
}

static void describe_disk(char *text, size_t size)
{
	uint32_t sectors = ata_sectors();

	if (sectors)
		format_buffer(text, size, "ATA, %u sectors", sectors);
	else
		format_buffer(text, size, "none");
}

static void describe_hypercalls(char *text, size_t size)
{
	unsigned int version = vmm_hypercall_version();

	if (version)
		format_buffer(text, size, "version %u, port %X", version, VMM_HYPERCALL_PORT);
	else
		format_buffer(text, size, "none");
}

static void describe_mode(char *text, size_t size)
{
	format_buffer(text, size, "%u bits, protected", VMM_GUEST_BITS);
}

static void describe_screen(char *text, size_t size)
{
	format_buffer(text, size, "%u x %u, 16 colours", VGA_COLUMNS, VGA_ROWS);
}

static void draw_machine(void)
{
	static const struct {
		const char *label;
		void (*describe)(char *text, size_t size);
	} lines[] = {
		{ "Processor", describe_mode },
		{ "Memory", describe_memory },
		{ "Screen", describe_screen },
		{ "Disk", describe_disk },
		{ "Hypercalls", describe_hypercalls },
	};
	char text[24];

	draw_frame(0, PANEL_ROW, PANEL_WIDTH, 7, " This machine ");
	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		lines[i].describe(text, sizeof(text));
		vga_text16(3, PANEL_ROW + 1 + i, lines[i].label, LABEL);
		vga_text16(15, PANEL_ROW + 1 + i, text, VALUE);
	}
}

/* --- colours and characters --- */

/* The 16 colours, each in four shades over black, and their numbers. */
static void draw_colors(void)
{
	static const uint8_t shades[] = { 0xB0, 0xB1, 0xB2, 0xDB };

	draw_frame(RIGHT_COLUMN, PANEL_ROW, PANEL_WIDTH, 7, " 16 colours ");
	for (unsigned int color = 0; color < 16; color++) {
		unsigned int column = RIGHT_COLUMN + 4 + 2 * color;

		for (unsigned int i = 0; i < sizeof(shades); i++)
			vga_fill(column, PANEL_ROW + 1 + i, 2,
				 VGA_CELL(shades[i], ON_BLACK(color)));
		vga_put16(column, PANEL_ROW + 5, VGA_CELL("0123456789ABCDEF"[color], LABEL));
	}
}

static void draw_characters(void)
{
	static const char samples[] =
		"\x01\x02 \x03\x04\x05\x06 \x0B\x0C \x0D\x0E \x0F  "
		"\x10\x11\x1E\x1F \x18\x19\x1A\x1B\x1D\x12  "
		"\xE0\xE1\xE2\xE3\xE4\xE5\xE6\xE7\xE8\xE9\xEA\xEB\xEC\xED\xEE\xEF  "
		"\xF0\xF1\xF2\xF3\xF6\xF7\xFB\xFC\xFD \xAB\xAC \xA8\xAD \x9B\x9C\x9D\x9F \xFE";

	draw_frame(0, PANEL_ROW + 7, VGA_COLUMNS, 3, " Code page 437 ");
	vga_text16(3, PANEL_ROW + 8, samples, ON_BLACK(VGA_YELLOW));
}

int main(void)
{
	vga_clear(ON_BLACK(VGA_LIGHT_GREY));
	scene_draw();
	draw_machine();
	draw_colors();
	draw_characters();
	vga_text16(14, 24, "Others: vmm --demo=vga-emul, disk-emul, bench-pio ...",
		   ON_BLACK(VGA_DARK_GREY));
	return 0;
}
