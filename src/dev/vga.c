/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vga.c - the ports of a VGA, see vga.h.
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

#include "core/array.h"
#include "dev/vga_memory.h"
#include "dev/vga_state.h"
#include "dev/vga_text.h"

/* Ports, from 0x3C0. In monochrome those from 0x10 on are at 0x3B0 instead. */
enum vga_port {
	PORT_ATTRIBUTE_WRITE = 0x00,	/* index and data by turns */
	PORT_ATTRIBUTE_READ = 0x01,
	PORT_MISC_WRITE = 0x02,		/* read: input status 0 */
	PORT_ENABLE = 0x03,
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

#define TEXT_OFFSET (VGA_TEXT_BASE - VGA_MEMORY_BASE)
#define MONO_PORTS 0x0Cu	/* 0x3B0 to 0x3BB; 0x3BC is a parallel port's */

#define STATUS1_DISPLAY_DISABLED (1u << 0)
#define STATUS1_VERTICAL_RETRACE (1u << 3)

#define ATTRIBUTE_INDEX_WRITABLE 0x3Fu

#define DAC_LEVEL_MASK 0x3Fu
#define DAC_WRITING 0u		/* what the state port reads as */
#define DAC_READING 3u

struct vga_register {
	uint8_t initial;
	uint8_t writable;	/* bits; the others stay 0 */
	bool shown;		/* the picture follows it */
};

static const struct vga_register general[] = {
	[GENERAL_MISC] = { 0x67, 0xEF },	/* colour, 28 MHz, 400 lines */
	[GENERAL_FEATURE] = { 0x00, 0x0B },
	[GENERAL_STATUS_0] = { 0x00, 0x00 },	/* no interrupt pending, no switch sensed */
	[GENERAL_DAC_MASK] = { 0xFF, 0xFF, true },
	[GENERAL_ENABLE] = { 0x01, 0x01 },	/* of the video subsystem; does nothing */
};

static const struct vga_register sequencer[] = {
	[0x00] = { 0x03, 0x03 },	/* reset */
	[SEQUENCER_CLOCKING] = { 0x00, 0x3D, true },	/* 9 dots a character */
	[SEQUENCER_MAP_MASK] = { 0x03, 0x0F },
	[SEQUENCER_FONTS] = { 0x00, 0x3F, true },
	[SEQUENCER_MEMORY_MODE] = { 0x02, 0x0E },	/* odd/even */
};

static const struct vga_register crtc[CRTC_REGISTERS] = {
	[0x00] = { 0x5F, 0xFF },	/* horizontal total */
	[CRTC_COLUMNS] = { 0x4F, 0xFF, true },
	[0x02] = { 0x50, 0xFF },	/* start horizontal blanking */
	[0x03] = { 0x82, 0xFF },	/* end horizontal blanking */
	[0x04] = { 0x55, 0xFF },	/* start horizontal retrace */
	[0x05] = { 0x81, 0xFF },	/* end horizontal retrace */
	[0x06] = { 0xBF, 0xFF },	/* vertical total */
	[CRTC_OVERFLOW] = { 0x1F, 0xFF, true },
	[0x08] = { 0x00, 0x7F },	/* preset row scan */
	[CRTC_CELL_HEIGHT] = { 0x4F, 0xFF, true },	/* 16 lines */
	[CRTC_CURSOR_START] = { 0x0D | CURSOR_OFF, 0x3F, true },
	[CRTC_CURSOR_END] = { 0x0E, 0x7F, true },
	[CRTC_START_HIGH] = { 0x00, 0xFF, true },
	[CRTC_START_LOW] = { 0x00, 0xFF, true },
	[CRTC_CURSOR_HIGH] = { 0x00, 0xFF, true },
	[CRTC_CURSOR_LOW] = { 0x00, 0xFF, true },
	[0x10] = { 0x9C, 0xFF },	/* vertical retrace start */
	[CRTC_RETRACE_END] = { 0x8E, 0xFF },
	[CRTC_LINES] = { 0x8F, 0xFF, true },	/* 400 with the overflow's */
	[CRTC_OFFSET] = { 0x28, 0xFF, true },	/* 80 characters a row */
	[0x14] = { 0x1F, 0x7F },	/* underline location */
	[0x15] = { 0x96, 0xFF },	/* start vertical blanking */
	[0x16] = { 0xB9, 0xFF },	/* end vertical blanking */
	[0x17] = { 0xA3, 0xEF },	/* mode control */
	[CRTC_LINE_COMPARE] = { 0xFF, 0xFF, true },
};

static const struct vga_register graphics[] = {
	[GRAPHICS_SET_RESET] = { 0x00, 0x0F },
	[GRAPHICS_ENABLE_SET_RESET] = { 0x00, 0x0F },
	[GRAPHICS_COMPARE] = { 0x00, 0x0F },
	[GRAPHICS_ROTATE] = { 0x00, 0x1F },
	[GRAPHICS_READ_MAP] = { 0x00, 0x03 },
	[GRAPHICS_MODE] = { 0x10, 0x7B },	/* odd/even */
	[GRAPHICS_MISC] = { 0x0E, 0x0F, true },	/* window at 0xB8000 */
	[GRAPHICS_DONT_CARE] = { 0x0F, 0x0F },
	[GRAPHICS_BIT_MASK] = { 0xFF, 0xFF },
};

static const struct vga_register attribute[] = {
	/* 0x00 to 0x0F, internal palette: which of the DAC's colours */
	{ 0x00, 0x3F, true }, { 0x01, 0x3F, true }, { 0x02, 0x3F, true }, { 0x03, 0x3F, true },
	{ 0x04, 0x3F, true }, { 0x05, 0x3F, true }, { 0x14, 0x3F, true }, { 0x07, 0x3F, true },
	{ 0x38, 0x3F, true }, { 0x39, 0x3F, true }, { 0x3A, 0x3F, true }, { 0x3B, 0x3F, true },
	{ 0x3C, 0x3F, true }, { 0x3D, 0x3F, true }, { 0x3E, 0x3F, true }, { 0x3F, 0x3F, true },
	[ATTRIBUTE_MODE] = { 0x0C, 0xEF, true },	/* text, line graphics */
	[0x11] = { 0x00, 0xFF },	/* overscan color */
	[ATTRIBUTE_PLANES] = { 0x0F, 0x3F, true },
	[0x13] = { 0x08, 0x0F },	/* horizontal pixel panning */
	[ATTRIBUTE_COLOR_SELECT] = { 0x00, 0x0F, true },
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
	struct vga_state state;
	struct vga_memory memory;
	bool attribute_data;	/* the next write to PORT_ATTRIBUTE_WRITE is data */
	uint8_t status1;
	uint8_t dac_state;
	uint8_t dac_index;
	uint8_t dac_component;	/* of the colour at dac_index: 0 to 2 */
	uint8_t dac_latch[DAC_COMPONENTS];
};

int vga_create(struct vga **vga, struct screen *screen, const struct mem *mem)
{
	struct vga *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->screen = screen;
	vga_memory_init(&made->memory, screen, mem);
	*vga = made;
	return 0;
}

/* Mode 3's colours: EGA's 64, two bits for each of red, green and blue; black else. */
static void dac_reset(struct vga *vga)
{
	memset(vga->state.dac, 0, sizeof(vga->state.dac));
	for (unsigned int color = 0; color < 64; color++)
		for (unsigned int i = 0; i < DAC_COMPONENTS; i++)
			vga->state.dac[color][i] = (color << i & 0x04 ? 0x2A : 0) +
					     (color << i & 0x20 ? 0x15 : 0);
	vga->dac_state = DAC_WRITING;
	vga->dac_index = 0;
	vga->dac_component = 0;
}

/* The picture follows the registers. */
static void show(struct vga *vga)
{
	struct screen_cursor cursor = vga_text_cursor(&vga->state);
	struct screen_mode mode = *screen_mode(vga->screen);

	vga_text_mode(&vga->state, &mode);
	screen_set_mode(vga->screen, &mode);
	screen_set_cursor(vga->screen, &cursor);
}

/* The text memory stays: a reset clears no memory. */
static void vga_reset(void *self)
{
	struct vga *vga = self;

	for (unsigned int file = 0; file < FILES; file++) {
		vga->state.index[file] = files[file].initial_index;
		for (unsigned int i = 0; i < files[file].count; i++)
			vga->state.value[file][i] = files[file].registers[i].initial;
	}
	vga->attribute_data = false;
	vga->status1 = 0;
	dac_reset(vga);
	show(vga);
	vga_memory_follow(&vga->memory, &vga->state);
}

static uint8_t general_read(struct vga *vga, unsigned int number)
{
	return vga->state.value[FILE_GENERAL][number];
}

static void general_write(struct vga *vga, unsigned int number, uint8_t value)
{
	vga->state.value[FILE_GENERAL][number] = value & general[number].writable;
	if (general[number].shown)
		show(vga);
}

static uint8_t index_read(struct vga *vga, unsigned int file)
{
	return vga->state.index[file];
}

static void index_write(struct vga *vga, unsigned int file, uint8_t value)
{
	vga->state.index[file] = value;
}

static uint8_t data_read(struct vga *vga, unsigned int file)
{
	uint8_t number = vga->state.index[file] & files[file].index_mask;

	return number < files[file].count ? vga->state.value[file][number] : 0xFF;
}

static void data_write(struct vga *vga, unsigned int file, uint8_t value)
{
	uint8_t number = vga->state.index[file] & files[file].index_mask;

	if (number >= files[file].count)
		return;
	vga->state.value[file][number] = value & files[file].registers[number].writable;
	if (files[file].registers[number].shown)
		show(vga);
	if (file == FILE_SEQUENCER || file == FILE_GRAPHICS)
		vga_memory_follow(&vga->memory, &vga->state);
}

static void crtc_write(struct vga *vga, unsigned int file, uint8_t value)
{
	uint8_t *registers = vga->state.value[file];
	uint8_t number = vga->state.index[file];

	if (number <= CRTC_OVERFLOW && registers[CRTC_RETRACE_END] & RETRACE_END_PROTECT) {
		if (number != CRTC_OVERFLOW)
			return;
		/* The one bit that the protection leaves out. */
		value = (registers[number] & ~OVERFLOW_LINE_COMPARE_8) |
			(value & OVERFLOW_LINE_COMPARE_8);
	}
	data_write(vga, file, value);
}

static void attribute_write(struct vga *vga, unsigned int file, uint8_t value)
{
	uint8_t old = vga->state.index[file];

	if (vga->attribute_data)
		data_write(vga, file, value);
	else
		index_write(vga, file, value & ATTRIBUTE_INDEX_WRITABLE);
	vga->attribute_data = !vga->attribute_data;
	if ((old ^ vga->state.index[file]) & ATTRIBUTE_VIDEO_ON)
		show(vga);
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
	uint8_t level = vga->state.dac[vga->dac_index][vga->dac_component];

	dac_step(vga);
	return level;
}

/* A colour changes when all of its components are there. */
static void dac_write(struct vga *vga, unsigned int unused, uint8_t value)
{
	vga->dac_latch[vga->dac_component] = value & DAC_LEVEL_MASK;
	if (vga->dac_component == DAC_COMPONENTS - 1) {
		memcpy(vga->state.dac[vga->dac_index], vga->dac_latch, sizeof(vga->dac_latch));
		show(vga);
	}
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
	[PORT_ENABLE] = { general_read, GENERAL_ENABLE },
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
	[PORT_ENABLE] = { general_write, GENERAL_ENABLE },
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
	bool mono = !(vga->state.value[FILE_GENERAL][GENERAL_MISC] & MISC_COLOR);

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

static uint64_t memory_read(void *self, uint64_t offset, unsigned int size)
{
	struct vga *vga = self;
	uint64_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)vga_memory_read(&vga->memory, &vga->state,
						   (uint32_t)offset + i) << i * 8;
	return value;
}

static void memory_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct vga *vga = self;

	for (unsigned int i = 0; i < size; i++)
		vga_memory_write(&vga->memory, &vga->state, (uint32_t)offset + i,
				 (uint8_t)(value >> i * 8));
}

static uint64_t text_read(void *self, uint64_t offset, unsigned int size)
{
	struct vga *vga = self;
	uint64_t value = 0;

	if (!vga_memory_is_text(&vga->state))
		return memory_read(vga, TEXT_OFFSET + offset, size);
	screen_read(vga->screen, offset, &value, size);
	return value;
}

static void text_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct vga *vga = self;

	if (vga_memory_is_text(&vga->state))
		screen_write(vga->screen, offset, &value, size);
	else
		memory_write(vga, TEXT_OFFSET + offset, size, value);
}

#define ALL_SIZES (BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4 | BUS_SIZE_8)

const struct bus_ops vga_memory_ops = {
	.sizes = ALL_SIZES,
	.read = memory_read,
	.write = memory_write,
};

const struct bus_ops vga_text_ops = {
	.sizes = ALL_SIZES,
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

static void vga_fini(void *self)
{
	struct vga *vga = self;

	vga_memory_fini(&vga->memory);
	free(vga);
}

const struct device_ops vga_device = {
	.name = "vga",
	.reset = vga_reset,
	.fini = vga_fini,
};
