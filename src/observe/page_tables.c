/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_tables.c - all that a guest's page tables map, see page_tables.h. */
#include "observe/page_tables.h"

#include <errno.h>
#include <inttypes.h>

#include "cpu/pagewalk.h"

/* A guest may make tables that map 2^36 pages. */
#define STEPS_MAX (1u << 23)
#define LINES_MAX (1u << 16)

/* Pages that are alike and follow each other. */
struct stretch {
	struct pagewalk first;
	uint64_t size;		/* bytes; 0: none */
};

struct printer {
	FILE *out;
	struct stretch stretch;
	unsigned int lines;
};

static void print_stretch(struct printer *printer)
{
	const struct pagewalk *first = &printer->stretch.first;
	bool mega = first->page_size >> 20;

	if (!printer->stretch.size)
		return;
	fprintf(printer->out, "0x%016" PRIx64 "-0x%016" PRIx64 " to 0x%016" PRIx64
		"  %" PRIu64 " %s pages  %s r%c%c\n", first->linear,
		first->linear + (printer->stretch.size - 1), first->gpa,
		first->page_size >> (mega ? 20 : 10), mega ? "MiB" : "KiB",
		first->user ? "user" : "supervisor", first->writable ? 'w' : '-',
		first->executable ? 'x' : '-');
	printer->lines++;
	printer->stretch.size = 0;
}

static bool follows(const struct stretch *stretch, const struct pagewalk *walk)
{
	const struct pagewalk *first = &stretch->first;

	return stretch->size && walk->linear == first->linear + stretch->size &&
	       walk->gpa == first->gpa + stretch->size && walk->page_size == first->page_size &&
	       walk->user == first->user && walk->writable == first->writable &&
	       walk->executable == first->executable;
}

static void take_page(struct printer *printer, const struct pagewalk *walk)
{
	if (!follows(&printer->stretch, walk)) {
		print_stretch(printer);
		printer->stretch.first = *walk;
	}
	printer->stretch.size += walk->page_size;
}

static void take_mistake(struct printer *printer, const struct pagewalk *walk, int error)
{
	char text[160];

	pagewalk_explain(walk, error, text, sizeof(text));
	print_stretch(printer);
	fprintf(printer->out, "0x%016" PRIx64 ": %s\n", walk->linear, text);
	printer->lines++;
}

/* All linear addresses in turn: what one entry decides is looked at once. */
static void print_all(struct printer *printer, const struct mem *mem,
		      const struct vcpu_state *state, unsigned int linear_bits)
{
	uint64_t end = UINT64_C(1) << linear_bits, half = end / 2;
	uint64_t at = 0;

	for (unsigned int steps = 0; at < end; steps++) {
		/* In 64-bit mode the upper half has all higher bits set. */
		uint64_t linear = linear_bits > 32 && at >= half ? at - end : at;
		struct pagewalk walk;
		int error;

		if (steps == STEPS_MAX || printer->lines >= LINES_MAX) {
			print_stretch(printer);
			fprintf(printer->out, "and more, from 0x%016" PRIx64 " on\n", linear);
			return;
		}
		error = pagewalk_translate(mem, state, linear, &walk);
		if (!error)
			take_page(printer, &walk);
		else if (error != -EFAULT)
			take_mistake(printer, &walk, error);
		at += walk.span;
	}
	print_stretch(printer);
}

int page_tables_print(FILE *out, const struct mem *mem, const struct vcpu_state *state)
{
	struct printer printer = { .out = out };
	struct pagewalk walk;

	errno = 0;
	pagewalk_translate(mem, state, 0, &walk);
	fprintf(out, "page tables: %s", walk.mode);
	if (walk.span) {
		fprintf(out, ", CR3 0x%016" PRIx64 "\n", state->cr3);
		print_all(&printer, mem, state, walk.linear_bits);
	} else {
		fprintf(out, ": linear addresses are guest-physical ones\n");
	}
	return ferror(out) ? (errno ? -errno : -EIO) : 0;
}
