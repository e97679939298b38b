/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen.c - the paravirtual screen: cells put where they are to be seen,
 * without a write to video memory, see vmm-hypercall(7).
 */
#include "pv/pv.h"

#include <errno.h>

/*
 * The position in the picture of a column and a row; -EINVAL where not all of
 * count cells from there on lie in the picture.
 */
static int64_t position(const struct screen *screen, uint64_t column, uint64_t row, uint64_t count)
{
	const struct screen_mode *mode = screen_mode(screen);
	uint64_t cell;

	if (column >= mode->columns || row >= mode->rows)
		return -EINVAL;
	cell = row * mode->columns + column;
	return count <= (uint64_t)mode->columns * mode->rows - cell ? (int64_t)cell : -EINVAL;
}

/* () -> columns | rows << 16 */
static int64_t pv_screen_info(void *self, struct mem *mem,
			      const uint64_t argument[HYPERCALL_ARGS])
{
	const struct screen_mode *mode = screen_mode(self);

	return mode->columns | mode->rows << 16;
}

/* The guest may have executed what is there. */
static void put(struct screen *screen, const struct mem *mem, int64_t cell, const uint8_t *cells,
		uint64_t count)
{
	mem_tell_writer(mem, screen_memory(screen), SCREEN_MEMORY_SIZE);
	screen_put(screen, (unsigned int)cell, cells, (unsigned int)count);
}

/* (column, row, character | attribute << 8) */
static int64_t pv_screen_put(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	int64_t cell = position(self, argument[0], argument[1], 1);
	const uint8_t bytes[2] = { argument[2] & 0xFF, argument[2] >> 8 & 0xFF };

	if (cell < 0)
		return cell;
	if (argument[2] > 0xFFFF)
		return -EINVAL;
	put(self, mem, cell, bytes, 1);
	return 0;
}

/* (column, row, gpa of cells, count) */
static int64_t pv_screen_write(void *self, struct mem *mem,
			       const uint64_t argument[HYPERCALL_ARGS])
{
	uint64_t count = argument[3];
	int64_t cell = position(self, argument[0], argument[1], count);
	/* A copy: the cells may be the screen's own, as in scrolling. */
	uint8_t cells[SCREEN_CELLS_MAX * 2];
	int error;

	if (cell < 0)
		return cell;
	error = mem_read(mem, argument[2], cells, count * 2);
	if (error)
		return error;
	put(self, mem, cell, cells, count);
	return 0;
}

int pv_screen_register(struct hypercalls *hypercalls, struct screen *screen)
{
	static const struct hypercall calls[] = {
		{ HYPERCALL_SCREEN_INFO, pv_screen_info },
		{ HYPERCALL_SCREEN_PUT, pv_screen_put },
		{ HYPERCALL_SCREEN_WRITE, pv_screen_write },
	};

	return hypercall_register_all(hypercalls, calls, sizeof(calls) / sizeof(calls[0]),
				      screen);
}
