/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vga.c - the text mode of a VGA, see vga.h.
 *
 * Registers as in IBM's "PS/2 Hardware Interface Technical Reference: Video
 * Subsystems" (1992), section 2; their values at reset are those of BIOS mode
 * 3. A register that a VGA does not have reads as all ones.
 */
#include "dev/vga.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Ports, from 0x3C0. In monochrome those from 0x10 on are at 0x3B0 instead. */
enum vga_port {
	PORT_ATTRIBUTE_WRITE = 0x00,	/* index and data by turns */
	PORT_ATTRIBUTE_READ = 0x01,
	PORT_MISC_WRITE = 0x02,		/* read: input status 0 */
	PORT_SEQUENCER_INDEX = 0x04,
	PORT_SEQUENCER_DATA = 0x05,
	PORT_DAC_MASK = 0x06,
	PORT_DAC_READ_INDEX = 0x07,	/* read: the DAC's state */
	PORT_DAC_WRITE_INDEX = 0x08,
	PORT_DAC_DATA = 0x09,
	PORT_FEATURE_READ = 0x0A,
	PORT_MISC_READ = 0x0C,
	PORT_GRAPHICS_INDEX = 0x0E,
	PORT_GRAPHICS_DATA = 0x0F,
	PORT_MOVABLE = 0x10,		/* the first that monochrome moves */
	PORT_CRTC_INDEX = 0x14,
	PORT_CRTC_DATA = 0x15,
	PORT_FEATURE_WRITE = 0x1A,	/* read: input status 1 */
	PORTS = 0x20,
};

#define MONO_PORTS 0x0Cu	/* 0x3B0 to 0x3BB; 0x3BC is a parallel port's */

#define MISC_COLOR (1u << 0)	/* input/output address select */
#define STATUS1_DISPLAY_DISABLED (1u << 0)
#define STATUS1_VERTICAL_RETRACE (1u << 3)

/* The register files: the general registers have ports of their own, the others an index. */
enum vga_file { FILE_GENERAL, FILE_SEQUENCER, FILE_CRTC, FILE_GRAPHICS, FILE_ATTRIBUTE, FILES };

enum vga_general { GENERAL_MISC, GENERAL_FEATURE, GENERAL_STATUS_0, GENERAL_DAC_MASK };

#define CRTC_OVERFLOW 0x07
#define CRTC_CURSOR_START 0x0A
#define CRTC_CURSOR_END 0x0B
#define CRTC_START_HIGH 0x0C
#define CRTC_START_LOW 0x0D
#define CRTC_CURSOR_HIGH 0x0E
#define CRTC_CURSOR_LOW 0x0F
#define CRTC_RETRACE_END 0x11
#define CRTC_REGISTERS 0x19

#define OVERFLOW_LINE_COMPARE_8 (1u << 4)
#define RETRACE_END_PROTECT (1u << 7)	/* of registers 0 to 7 */
#define CURSOR_OFF (1u << 5)
#define CURSOR_LINE_MASK 0x1Fu

#define ATTRIBUTE_INDEX_WRITABLE 0x3Fu
#define ATTRIBUTE_VIDEO_ON (1u << 5)	/* of the index: palette address source */

#define DAC_COLORS 256u
#define DAC_COMPONENTS 3u
#define DAC_LEVEL_MASK 0x3Fu
#define DAC_WRITING 0u		/* what the state port reads as */
#define DAC_READING 3u

struct vga_register {
	uint8_t initial;
	uint8_t writable;	/* bits; the others stay 0 */
};

static const struct vga_register general[] = {
	[GENERAL_MISC] = { 0x67, 0xEF },	/* colour, 28 MHz, 400 lines */
	[GENERAL_FEATURE] = { 0x00, 0x0B },
	[GENERAL_STATUS_0] = { 0x00, 0x00 },	/* no interrupt pending, no switch sensed */
	[GENERAL_DAC_MASK] = { 0xFF, 0xFF },
};

static const struct vga_register sequencer[] = {
	[0x00] = { 0x03, 0x03 },	/* reset */
	[0x01] = { 0x00, 0x3D },	/* clocking mode: 9 dots a character */
	[0x02] = { 0x03, 0x0F },	/* map mask */
	[0x03] = { 0x00, 0x3F },	/* character map select */
	[0x04] = { 0x02, 0x0E },	/* memory mode: odd/even */
};

static const struct vga_register crtc[CRTC_REGISTERS] = {
	[0x00] = { 0x5F, 0xFF },	/* horizontal total */
	[0x01] = { 0x4F, 0xFF },	/* horizontal display end */
	[0x02] = { 0x50, 0xFF },	/* start horizontal blanking */
	[0x03] = { 0x82, 0xFF },	/* end horizontal blanking */
	[0x04] = { 0x55, 0xFF },	/* start horizontal retrace */
	[0x05] = { 0x81, 0xFF },	/* end horizontal retrace */
	[0x06] = { 0xBF, 0xFF },	/* vertical total */
	[CRTC_OVERFLOW] = { 0x1F, 0xFF },
	[0x08] = { 0x00, 0x7F },	/* preset row scan */
	[0x09] = { 0x4F, 0xFF },	/* maximum scan line: 16 a character */
	[CRTC_CURSOR_START] = { 0x0D | CURSOR_OFF, 0x3F },
	[CRTC_CURSOR_END] = { 0x0E, 0x7F },
	[CRTC_START_HIGH] = { 0x00, 0xFF },
	[CRTC_START_LOW] = { 0x00, 0xFF },
	[CRTC_CURSOR_HIGH] = { 0x00, 0xFF },
	[CRTC_CURSOR_LOW] = { 0x00, 0xFF },
	[0x10] = { 0x9C, 0xFF },	/* vertical retrace start */
	[CRTC_RETRACE_END] = { 0x8E, 0xFF },
	[0x12] = { 0x8F, 0xFF },	/* vertical display end */
	[0x13] = { 0x28, 0xFF },	/* offset: 80 characters a row */
	[0x14] = { 0x1F, 0x7F },	/* underline location */
	[0x15] = { 0x96, 0xFF },	/* start vertical blanking */
	[0x16] = { 0xB9, 0xFF },	/* end vertical blanking */
	[0x17] = { 0xA3, 0xEF },	/* mode control */
	[0x18] = { 0xFF, 0xFF },	/* line compare */
};

static const struct vga_register graphics[] = {
	[0x00] = { 0x00, 0x0F },	/* set/reset */
	[0x01] = { 0x00, 0x0F },	/* enable set/reset */
	[0x02] = { 0x00, 0x0F },	/* color compare */
	[0x03] = { 0x00, 0x1F },	/* data rotate */
	[0x04] = { 0x00, 0x03 },	/* read map select */
	[0x05] = { 0x10, 0x7B },	/* mode: odd/even */
	[0x06] = { 0x0E, 0x0F },	/* miscellaneous: window at 0xB8000 */
	[0x07] = { 0x0F, 0x0F },	/* color don't care */
	[0x08] = { 0xFF, 0xFF },	/* bit mask */
};

static const struct vga_register attribute[] = {
	/* 0x00 to 0x0F, internal palette: which of the DAC's colours */
	{ 0x00, 0x3F }, { 0x01, 0x3F }, { 0x02, 0x3F }, { 0x03, 0x3F },
	{ 0x04, 0x3F }, { 0x05, 0x3F }, { 0x14, 0x3F }, { 0x07, 0x3F },
	{ 0x38, 0x3F }, { 0x39, 0x3F }, { 0x3A, 0x3F }, { 0x3B, 0x3F },
	{ 0x3C, 0x3F }, { 0x3D, 0x3F }, { 0x3E, 0x3F }, { 0x3F, 0x3F },
	[0x10] = { 0x0C, 0xEF },	/* mode control: text, line graphics */
	[0x11] = { 0x00, 0xFF },	/* overscan color */
	[0x12] = { 0x0F, 0x3F },	/* color plane enable */
	[0x13] = { 0x08, 0x0F },	/* horizontal pixel panning */
	[0x14] = { 0x00, 0x0F },	/* color select */
};

static const struct {
	const struct vga_register *registers;
	uint8_t count;
	uint8_t initial_index;
	uint8_t index_mask;	/* bits of the index that choose the register */
} files[FILES] = {
	[FILE_GENERAL] = { general, ARRAY_SIZE(general), 0x00, 0xFF },
	[FILE_SEQUENCER] = { sequencer, ARRAY_SIZE(sequencer), 0x00, 0xFF },
	[FILE_CRTC] = { crtc, ARRAY_SIZE(crtc), 0x00, 0xFF },
	[FILE_GRAPHICS] = { graphics, ARRAY_SIZE(graphics), 0x00, 0xFF },
	[FILE_ATTRIBUTE] = { attribute, ARRAY_SIZE(attribute), ATTRIBUTE_VIDEO_ON, 0x1F },
};

struct vga {
	struct screen *screen;
	uint8_t index[FILES];
	uint8_t value[FILES][CRTC_REGISTERS];	/* the CRTC has the most */
	bool attribute_data;	/* the next write to PORT_ATTRIBUTE_WRITE is data */
	uint8_t status1;
	uint8_t dac_state;
	uint8_t dac_index;
	uint8_t dac_component;	/* of the colour at dac_index: 0 to 2 */
	uint8_t dac_latch[DAC_COMPONENTS];
	uint8_t dac[DAC_COLORS][DAC_COMPONENTS];
};

int vga_create(struct vga **vga, struct screen *screen)
{
	struct vga *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->screen = screen;
	*vga = made;
	return 0;
}

/* Mode 3's colours: EGA's 64, two bits for each of red, green and blue; black else. */
static void dac_reset(struct vga *vga)
{
	memset(vga->dac, 0, sizeof(vga->dac));
	for (unsigned int color = 0; color < 64; color++)
		for (unsigned int i = 0; i < DAC_COMPONENTS; i++)
			vga->dac[color][i] = (color << i & 0x04 ? 0x2A : 0) +
					     (color << i & 0x20 ? 0x15 : 0);
	vga->dac_state = DAC_WRITING;
	vga->dac_index = 0;
	vga->dac_component = 0;
}

/* What of the registers the picture follows. */
static void show(struct vga *vga)
{
	const uint8_t *value = vga->value[FILE_CRTC];
	struct screen_cursor cursor = {
		.enabled = !(value[CRTC_CURSOR_START] & CURSOR_OFF),
		.cell = (uint16_t)(value[CRTC_CURSOR_HIGH] << 8 | value[CRTC_CURSOR_LOW]),
		.first_line = value[CRTC_CURSOR_START] & CURSOR_LINE_MASK,
		.last_line = value[CRTC_CURSOR_END] & CURSOR_LINE_MASK,
	};

	screen_set_cursor(vga->screen, &cursor);
	screen_set_start(vga->screen,
			 (uint16_t)(value[CRTC_START_HIGH] << 8 | value[CRTC_START_LOW]));
}

/* The text memory stays: a reset clears no memory. */
static void vga_reset(void *self)
{
	struct vga *vga = self;

	for (unsigned int file = 0; file < FILES; file++) {
		vga->index[file] = files[file].initial_index;
		for (unsigned int i = 0; i < files[file].count; i++)
			vga->value[file][i] = files[file].registers[i].initial;
	}
	vga->attribute_data = false;
	vga->status1 = 0;
	dac_reset(vga);
	show(vga);
}

static uint8_t general_read(struct vga *vga, unsigned int number)
{
	return vga->value[FILE_GENERAL][number];
}

static void general_write(struct vga *vga, unsigned int number, uint8_t value)
{
	vga->value[FILE_GENERAL][number] = value & general[number].writable;
}

static uint8_t index_read(struct vga *vga, unsigned int file)
{
	return vga->index[file];
}

static void index_write(struct vga *vga, unsigned int file, uint8_t value)
{
	vga->index[file] = value;
}

static uint8_t data_read(struct vga *vga, unsigned int file)
{
	uint8_t number = vga->index[file] & files[file].index_mask;

	return number < files[file].count ? vga->value[file][number] : 0xFF;
}

static void data_write(struct vga *vga, unsigned int file, uint8_t value)
{
	uint8_t number = vga->index[file] & files[file].index_mask;

	if (number < files[file].count)
		vga->value[file][number] = value & files[file].registers[number].writable;
}

static void crtc_write(struct vga *vga, unsigned int file, uint8_t value)
{
	uint8_t *registers = vga->value[file];
	uint8_t number = vga->index[file];

	if (number <= CRTC_OVERFLOW && registers[CRTC_RETRACE_END] & RETRACE_END_PROTECT) {
		if (number != CRTC_OVERFLOW)
			return;
		/* The one bit that the protection leaves out. */
		value = (registers[number] & ~OVERFLOW_LINE_COMPARE_8) |
			(value & OVERFLOW_LINE_COMPARE_8);
	}
	data_write(vga, file, value);
	show(vga);
}

static void attribute_write(struct vga *vga, unsigned int file, uint8_t value)
{
	if (vga->attribute_data)
		data_write(vga, file, value);
	else
		index_write(vga, file, value & ATTRIBUTE_INDEX_WRITABLE);
	vga->attribute_data = !vga->attribute_data;
}

/* Guests wait for either level of both bits: each read gives the other one. */
static uint8_t status1_read(struct vga *vga, unsigned int unused)
{
	vga->attribute_data = false;
	vga->status1 ^= STATUS1_DISPLAY_DISABLED | STATUS1_VERTICAL_RETRACE;
	return vga->status1;
}

static void dac_index_write(struct vga *vga, unsigned int state, uint8_t value)
{
	vga->dac_state = (uint8_t)state;
	vga->dac_index = value;
	vga->dac_component = 0;
}

static uint8_t dac_index_read(struct vga *vga, unsigned int unused)
{
	return vga->dac_index;
}

static uint8_t dac_state_read(struct vga *vga, unsigned int unused)
{
	return vga->dac_state;
}

static void dac_step(struct vga *vga)
{
	if (++vga->dac_component < DAC_COMPONENTS)
		return;
	vga->dac_component = 0;
	vga->dac_index++;
}

static uint8_t dac_read(struct vga *vga, unsigned int unused)
{
	uint8_t level = vga->dac[vga->dac_index][vga->dac_component];

	dac_step(vga);
	return level;
}

/* A colour changes when all of its components are there. */
static void dac_write(struct vga *vga, unsigned int unused, uint8_t value)
{
	vga->dac_latch[vga->dac_component] = value & DAC_LEVEL_MASK;
	if (vga->dac_component == DAC_COMPONENTS - 1)
		memcpy(vga->dac[vga->dac_index], vga->dac_latch, sizeof(vga->dac_latch));
	dac_step(vga);
}

/* argument: the register file, register or state, as the functions name it. */
static const struct {
	uint8_t (*fn)(struct vga *vga, unsigned int argument);
	unsigned int argument;
} port_reads[PORTS] = {
	[PORT_ATTRIBUTE_WRITE] = { index_read, FILE_ATTRIBUTE },
	[PORT_ATTRIBUTE_READ] = { data_read, FILE_ATTRIBUTE },
	[PORT_MISC_WRITE] = { general_read, GENERAL_STATUS_0 },
	[PORT_SEQUENCER_INDEX] = { index_read, FILE_SEQUENCER },
	[PORT_SEQUENCER_DATA] = { data_read, FILE_SEQUENCER },
	[PORT_DAC_MASK] = { general_read, GENERAL_DAC_MASK },
	[PORT_DAC_READ_INDEX] = { dac_state_read, 0 },
	[PORT_DAC_WRITE_INDEX] = { dac_index_read, 0 },
	[PORT_DAC_DATA] = { dac_read, 0 },
	[PORT_FEATURE_READ] = { general_read, GENERAL_FEATURE },
	[PORT_MISC_READ] = { general_read, GENERAL_MISC },
	[PORT_GRAPHICS_INDEX] = { index_read, FILE_GRAPHICS },
	[PORT_GRAPHICS_DATA] = { data_read, FILE_GRAPHICS },
	[PORT_CRTC_INDEX] = { index_read, FILE_CRTC },
	[PORT_CRTC_DATA] = { data_read, FILE_CRTC },
	[PORT_FEATURE_WRITE] = { status1_read, 0 },
};

static const struct {
	void (*fn)(struct vga *vga, unsigned int argument, uint8_t value);
	unsigned int argument;
} port_writes[PORTS] = {
	[PORT_ATTRIBUTE_WRITE] = { attribute_write, FILE_ATTRIBUTE },
	[PORT_MISC_WRITE] = { general_write, GENERAL_MISC },
	[PORT_SEQUENCER_INDEX] = { index_write, FILE_SEQUENCER },
	[PORT_SEQUENCER_DATA] = { data_write, FILE_SEQUENCER },
	[PORT_DAC_MASK] = { general_write, GENERAL_DAC_MASK },
	[PORT_DAC_READ_INDEX] = { dac_index_write, DAC_READING },
	[PORT_DAC_WRITE_INDEX] = { dac_index_write, DAC_WRITING },
	[PORT_DAC_DATA] = { dac_write, 0 },
	[PORT_GRAPHICS_INDEX] = { index_write, FILE_GRAPHICS },
	[PORT_GRAPHICS_DATA] = { data_write, FILE_GRAPHICS },
	[PORT_CRTC_INDEX] = { index_write, FILE_CRTC },
	[PORT_CRTC_DATA] = { crtc_write, FILE_CRTC },
	[PORT_FEATURE_WRITE] = { general_write, GENERAL_FEATURE },
};

/* Whether the port answers where it was accessed: mono_range is at 0x3B0. */
static bool port_enabled(const struct vga *vga, unsigned int port, bool mono_range)
{
	bool mono = !(vga->value[FILE_GENERAL][GENERAL_MISC] & MISC_COLOR);

	return port < PORT_MOVABLE || mono == mono_range;
}

static uint64_t port_read(struct vga *vga, unsigned int port, bool mono_range)
{
	if (!port_enabled(vga, port, mono_range) || !port_reads[port].fn)
		return 0xFF;
	return port_reads[port].fn(vga, port_reads[port].argument);
}

static void port_write(struct vga *vga, unsigned int port, bool mono_range, uint64_t value)
{
	if (port_enabled(vga, port, mono_range) && port_writes[port].fn)
		port_writes[port].fn(vga, port_writes[port].argument, (uint8_t)value);
}

static uint64_t register_read(void *self, uint64_t offset, unsigned int size)
{
	return port_read(self, offset % PORTS, false);
}

static void register_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	port_write(self, offset % PORTS, false, value);
}

static uint64_t mono_read(void *self, uint64_t offset, unsigned int size)
{
	return port_read(self, PORT_MOVABLE + offset % MONO_PORTS, true);
}

static void mono_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	port_write(self, PORT_MOVABLE + offset % MONO_PORTS, true, value);
}

static uint64_t text_read(void *self, uint64_t offset, unsigned int size)
{
	struct vga *vga = self;
	uint64_t value = 0;

	screen_read(vga->screen, offset, &value, size);
	return value;
}

static void text_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct vga *vga = self;

	screen_write(vga->screen, offset, &value, size);
}

const struct bus_ops vga_text_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4 | BUS_SIZE_8,
	.read = text_read,
	.write = text_write,
};

/* 8-bit chips: a 16-bit write to an index port sets the data port too. */
const struct bus_ops vga_register_ops = {
	.sizes = BUS_SIZE_1,
	.read = register_read,
	.write = register_write,
};

const struct bus_ops vga_mono_ops = {
	.sizes = BUS_SIZE_1,
	.read = mono_read,
	.write = mono_write,
};

const struct device_ops vga_device = {
	.name = "vga",
	.reset = vga_reset,
	.fini = free,
};
