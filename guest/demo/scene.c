/* SPDX-License-Identifier: 0BSD */
/*
 * scene.c - pixels and textures in text mode.
 *
 * Title and sun are made of pixels, two to a cell: half a block, whose upper
 * half is the character's colour and whose lower half is the background. Sky and
 * sea are made of shades: characters that mix two colours dot by dot.
 */
#include <stdbool.h>
#include <stdint.h>

#include <vmm/vga.h>

#include "demo/scene.h"

#define SKY_ROWS	9u
#define SEA_ROWS	(SCENE_ROWS - SKY_ROWS)

#define UPPER_HALF_BLOCK 0xDF
#define LIGHT_SHADE	0xB0
#define MEDIUM_SHADE	0xB1
#define DARK_SHADE	0xB2
#define FULL_BLOCK	0xDB
#define DOT		0xFA
#define WAVES		0xF7
#define LINE		0xC4
#define DOUBLE_LINE	0xCD

#define TRANSPARENT	0xFF

/* --- the sky --- */

/* A row of the sky: two colours mixed, and the one that counts as its own. */
static const struct sky {
	uint8_t shade;
	uint8_t foreground;
	uint8_t background;
	uint8_t color;
} skies[SKY_ROWS] = {
	{ FULL_BLOCK, VGA_BLACK, VGA_BLACK, VGA_BLACK },
	{ LIGHT_SHADE, VGA_BLUE, VGA_BLACK, VGA_BLACK },
	{ MEDIUM_SHADE, VGA_BLUE, VGA_BLACK, VGA_BLUE },
	{ DARK_SHADE, VGA_BLUE, VGA_BLACK, VGA_BLUE },
	{ FULL_BLOCK, VGA_BLUE, VGA_BLUE, VGA_BLUE },
	{ LIGHT_SHADE, VGA_MAGENTA, VGA_BLUE, VGA_BLUE },
	{ DARK_SHADE, VGA_MAGENTA, VGA_BLUE, VGA_MAGENTA },
	{ LIGHT_SHADE, VGA_LIGHT_RED, VGA_MAGENTA, VGA_MAGENTA },
	{ DARK_SHADE, VGA_LIGHT_RED, VGA_MAGENTA, VGA_LIGHT_RED },
};

static uint16_t sky_cell(unsigned int row)
{
	const struct sky *sky = &skies[row];

	return VGA_CELL(sky->shade, VGA_ATTRIBUTE(sky->foreground, sky->background));
}

static void draw_stars(void)
{
	static const struct {
		uint8_t column, row, character, color;
	} stars[] = {
		{ 9, 0, '.', VGA_LIGHT_GREY },	{ 24, 0, DOT, VGA_WHITE },
		{ 38, 0, '.', VGA_DARK_GREY },	{ 47, 0, '+', VGA_LIGHT_CYAN },
		{ 60, 0, DOT, VGA_WHITE },	{ 76, 0, '*', VGA_WHITE },
		{ 3, 1, DOT, VGA_WHITE },	{ 66, 1, '.', VGA_LIGHT_GREY },
		{ 14, 2, '+', VGA_WHITE },	{ 71, 2, DOT, VGA_WHITE },
		{ 6, 3, DOT, VGA_LIGHT_GREY },	{ 78, 3, DOT, VGA_LIGHT_CYAN },
		{ 1, 4, '.', VGA_LIGHT_GREY },	{ 73, 4, '.', VGA_LIGHT_GREY },
	};

	for (unsigned int i = 0; i < sizeof(stars) / sizeof(stars[0]); i++) {
		uint8_t sky = skies[stars[i].row].color;

		vga_put16(stars[i].column, stars[i].row,
			  VGA_CELL(stars[i].character, VGA_ATTRIBUTE(stars[i].color, sky)));
	}
}

/* --- title and sun, in pixels --- */

#define TITLE_LEFT	18u
#define TITLE_TOP	3u
#define TITLE_WIDTH	43u
#define TITLE_HEIGHT	10u

static bool title_has(unsigned int x, unsigned int y)
{
	static const char *const title[TITLE_HEIGHT] = {
		"###.......###..###.......###..###.......###",
		"###.......###..####.....####..####.....####",
		".###.....###...#####...#####..#####...#####",
		".###.....###...######.######..######.######",
		"..###...###....#############..#############",
		"..###...###....###.#####.###..###.#####.###",
		"...###.###.....###..###..###..###..###..###",
		"...###.###.....###...#...###..###...#...###",
		"....#####......###.......###..###.......###",
		".....###.......###.......###..###.......###",
	};

	/* Unsigned: left of it and above it are far away. */
	x -= TITLE_LEFT;
	y -= TITLE_TOP;
	return x < TITLE_WIDTH && y < TITLE_HEIGHT && title[y][x] == '#';
}

static uint8_t title_pixel(unsigned int x, unsigned int y)
{
	static const uint8_t colors[TITLE_HEIGHT] = {
		VGA_WHITE, VGA_WHITE, VGA_WHITE, VGA_LIGHT_CYAN, VGA_LIGHT_CYAN,
		VGA_LIGHT_CYAN, VGA_LIGHT_CYAN, VGA_CYAN, VGA_CYAN, VGA_CYAN,
	};

	if (title_has(x, y))
		return colors[y - TITLE_TOP];
	/* a shadow to the lower right */
	return title_has(x - 1, y - 1) ? VGA_BLACK : TRANSPARENT;
}

/* The sun sets in the middle; a pixel is 9 dots wide and 8 high. */
#define SUN_RADIUS	100	/* dots */

static bool sun_has(unsigned int x, unsigned int y)
{
	int across = (2 * (int)x - (int)VGA_COLUMNS + 1) * 9 / 2;
	int above = ((int)SKY_ROWS * 2 - (int)y) * 8;

	return across * across + above * above < SUN_RADIUS * SUN_RADIUS;
}

static uint8_t scene_pixel(unsigned int x, unsigned int y)
{
	uint8_t color = title_pixel(x, y);

	return color == TRANSPARENT && sun_has(x, y) ? VGA_YELLOW : color;
}

/* What a cell shows that is not all title: sky, or the sun, redder further down. */
static uint16_t background_cell(unsigned int row, bool sun)
{
	static const uint8_t sun_shades[SKY_ROWS] = {
		' ', ' ', ' ', ' ', ' ', ' ', ' ', LIGHT_SHADE, MEDIUM_SHADE,
	};

	return sun ? VGA_CELL(sun_shades[row], VGA_ATTRIBUTE(VGA_LIGHT_RED, VGA_YELLOW))
		   : sky_cell(row);
}

static uint16_t sky_or_pixels(unsigned int column, unsigned int row)
{
	uint8_t upper = scene_pixel(column, 2 * row);
	uint8_t lower = scene_pixel(column, 2 * row + 1);

	if (upper == lower && (upper == TRANSPARENT || upper == VGA_YELLOW))
		return background_cell(row, upper == VGA_YELLOW);
	if (upper == TRANSPARENT)
		upper = skies[row].color;
	if (lower == TRANSPARENT)
		lower = skies[row].color;
	return VGA_CELL(UPPER_HALF_BLOCK, VGA_ATTRIBUTE(upper, lower));
}

/* --- the sea --- */

/* A number that looks random, the same for a cell each time. */
static unsigned int noise(unsigned int column, unsigned int row)
{
	unsigned int mixed = column * 2654435761u + row * 2246822519u;

	mixed ^= mixed >> 15;
	mixed *= 2654435761u;
	return mixed >> 24;
}

/* Waves, and in the middle what the sun leaves on them. */
static uint16_t sea_cell(unsigned int column, unsigned int row)
{
	unsigned int away = column < VGA_COLUMNS / 2 ? VGA_COLUMNS / 2 - 1 - column
						     : column - VGA_COLUMNS / 2;
	unsigned int random = noise(column, row);

	if (away < 10 - 2 * row && random % 4)
		return VGA_CELL(DOUBLE_LINE, VGA_ATTRIBUTE(VGA_YELLOW, VGA_BLUE));
	if (away < 18 - 2 * row && random % 3 == 0)
		return VGA_CELL(LINE, VGA_ATTRIBUTE(VGA_LIGHT_RED, VGA_BLUE));
	if (row == 0)
		return VGA_CELL(LIGHT_SHADE, VGA_ATTRIBUTE(VGA_MAGENTA, VGA_BLUE));
	if (random < 24 + 12 * row)
		return VGA_CELL(WAVES, VGA_ATTRIBUTE(VGA_LIGHT_BLUE, VGA_BLUE));
	return VGA_CELL(' ', VGA_ATTRIBUTE(VGA_BLUE, VGA_BLUE));
}

void scene_draw(void)
{
	for (unsigned int column = 0; column < VGA_COLUMNS; column++) {
		for (unsigned int row = 0; row < SKY_ROWS; row++)
			vga_put16(column, row, sky_or_pixels(column, row));
		for (unsigned int row = 0; row < SEA_ROWS; row++)
			vga_put16(column, SKY_ROWS + row, sea_cell(column, row));
	}
	draw_stars();
}
