/* SPDX-License-Identifier: 0BSD */
/*
 * picture.c - the test picture of the text screen.
 */
#include <vmm/vga.h>

#include "shared/picture.h"

#define TITLE		VGA_ATTRIBUTE(VGA_WHITE, VGA_BLUE)
#define LABEL		VGA_ATTRIBUTE(VGA_DARK_GREY, VGA_BLACK)
#define PLAIN		VGA_ATTRIBUTE(VGA_LIGHT_GREY, VGA_BLACK)

#define GRID_ROW	4u
#define CHARACTERS	4u	/* the columns of the two tables */
#define ATTRIBUTES	44u
#define TEXT_ROW	21u

static char hex_digit(unsigned int value)
{
	return "0123456789ABCDEF"[value & 0xF];
}

/* A digit for each of 16 columns and rows: two cells a column. */
static void draw_labels(const struct painter *painter, unsigned int column)
{
	for (unsigned int i = 0; i < 16; i++) {
		painter->cell(column + 2 * i, GRID_ROW - 1, VGA_CELL(hex_digit(i), LABEL));
		painter->cell(column - 2, GRID_ROW + i, VGA_CELL(hex_digit(i), LABEL));
	}
}

static void draw_characters(const struct painter *painter)
{
	for (unsigned int i = 0; i < 256; i++)
		painter->cell(CHARACTERS + 2 * (i % 16), GRID_ROW + i / 16, VGA_CELL(i, PLAIN));
}

static void draw_attributes(const struct painter *painter)
{
	for (unsigned int i = 0; i < 256; i++) {
		unsigned int column = ATTRIBUTES + 2 * (i % 16);
		unsigned int row = GRID_ROW + i / 16;

		painter->cell(column, row, VGA_CELL('A', i));
		painter->cell(column + 1, row, VGA_CELL(0xB1, i));
	}
}

/* Odd columns and lengths, so that wide accesses are not all aligned. */
static void draw_texts(const struct painter *painter)
{
	static const struct {
		const char *text;
		uint8_t attribute;
	} texts[PICTURE_WAYS] = {
		{ "The first way: pack my box with five dozen liquor jugs",
		  VGA_ATTRIBUTE(VGA_LIGHT_GREEN, VGA_BLACK) },
		{ "The second way: how vexingly quick daft zebras jump!",
		  VGA_ATTRIBUTE(VGA_YELLOW, VGA_BLACK) },
		{ "The third way: sphinx of black quartz, judge my vow",
		  VGA_ATTRIBUTE(VGA_LIGHT_CYAN, VGA_BLACK) },
	};

	for (unsigned int i = 0; i < PICTURE_WAYS; i++)
		painter->text[i](CHARACTERS + i, TEXT_ROW + i, texts[i].text, texts[i].attribute);
}

void picture_draw(const struct painter *painter)
{
	painter->clear(PLAIN);
	for (unsigned int column = 0; column < VGA_COLUMNS; column++)
		painter->cell(column, 0, VGA_CELL(' ', TITLE));
	painter->text[0](CHARACTERS, 0, "Text mode test picture", TITLE);
	painter->text[1](CHARACTERS, 2, "256 characters", PLAIN);
	painter->text[2](ATTRIBUTES, 2, "256 attributes", PLAIN);
	draw_labels(painter, CHARACTERS);
	draw_labels(painter, ATTRIBUTES);
	draw_characters(painter);
	draw_attributes(painter);
	draw_texts(painter);
}
