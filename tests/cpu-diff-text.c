/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-diff-text.c - a case as one line of text:
 *
 *   BITS BYTES[@OFFSET] [NAME=NUMBER]... [data+OFFSET=BYTES]...
 *
 * All numbers are hexadecimal. What is not named is plain: 0, or as a reset
 * leaves it. Cases that failed are made as plain as they can be.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu-diff.h"

struct field {
	char name[8];
	uint16_t offset;	/* in struct diff_state */
	uint8_t size;
};

#define AT(member) offsetof(struct diff_state, member)
#define GPR(name, n) { name, AT(gpr) + 8 * (n), 8 }
#define ST(n) { "st" #n, AT(xsave) + XSAVE_ST + 16 * (n), 10 }
#define XMM(n) { "xmm" #n, AT(xsave) + XSAVE_XMM + 16 * (n), 16 }, \
	       { "ymmh" #n, AT(xsave) + XSAVE_YMM_HIGH + 16 * (n), 16 }

static const struct field fields[] = {
	GPR("rax", 0), GPR("rcx", 1), GPR("rdx", 2), GPR("rbx", 3), GPR("rsp", 4), GPR("rbp", 5),
	GPR("rsi", 6), GPR("rdi", 7), GPR("r8", 8), GPR("r9", 9), GPR("r10", 10), GPR("r11", 11),
	GPR("r12", 12), GPR("r13", 13), GPR("r14", 14), GPR("r15", 15),
	{ "rflags", AT(rflags), 8 },
	{ "fcw", AT(xsave) + XSAVE_FCW, 2 }, { "fsw", AT(xsave) + XSAVE_FSW, 2 },
	{ "ftw", AT(xsave) + XSAVE_FTW, 1 }, { "mxcsr", AT(xsave) + XSAVE_MXCSR, 4 },
	ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7),
	XMM(0), XMM(1), XMM(2), XMM(3), XMM(4), XMM(5), XMM(6), XMM(7),
	XMM(8), XMM(9), XMM(10), XMM(11), XMM(12), XMM(13), XMM(14), XMM(15),
};

#define FCW_RESET	0x37F
#define MXCSR_RESET	0x1F80

static void *field_at(struct diff_state *state, const struct field *field)
{
	return (uint8_t *)state + field->offset;
}

static const void *field_in(const struct diff_state *state, const struct field *field)
{
	return (const uint8_t *)state + field->offset;
}

void plain_start(struct diff_case *c)
{
	static const uint16_t fcw = FCW_RESET;
	static const uint32_t mxcsr = MXCSR_RESET;
	struct diff_state *start = &c->start;
	bool flat = c->bits == 32;

	memset(start, 0, sizeof(*start));
	start->rip = case_rip(c);
	start->rflags = RFLAGS_FIXED | RFLAGS_IF;
	start->gs_base = GS_BASE;
	start->selector[SEG_CS] = flat ? SELECTOR_CODE32 : SELECTOR_CODE64;
	start->selector[SEG_SS] = SELECTOR_DATA;
	start->selector[SEG_DS] = start->selector[SEG_ES] = flat ? SELECTOR_DATA : 0;
	memcpy(start->xsave + XSAVE_FCW, &fcw, sizeof(fcw));
	memcpy(start->xsave + XSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	start->xsave[XSAVE_HEADER] = XCR0_X87 | XCR0_SSE | XCR0_AVX;
	start->vector = NO_EXCEPTION;
}

/* --- printing --- */

static void print_bytes(const uint8_t *bytes, size_t count)
{
	while (count--)
		printf("%02x", *bytes++);
}

/* A number of any size, the highest byte first. */
static void print_number(const uint8_t *bytes, unsigned int size)
{
	while (size > 1 && !bytes[size - 1])
		size--;
	while (size)
		printf("%02x", bytes[--size]);
}

static void print_data(const uint8_t *data)
{
	for (unsigned int i = 0; i < DATA_SIZE; i++) {
		unsigned int end = i;

		while (end < DATA_SIZE && data[end])
			end++;
		if (end > i) {
			printf(" data+%x=", i);
			print_bytes(data + i, end - i);
			i = end;
		}
	}
}

void case_print(const struct diff_case *c)
{
	struct diff_case plain = { .bits = c->bits, .offset = c->offset };

	plain_start(&plain);
	printf("%u ", c->bits);
	print_bytes(c->bytes, c->length);
	if (c->offset != CODE_OFFSET)
		printf("@%x", c->offset);
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		const void *value = field_in(&c->start, &fields[i]);

		if (!memcmp(value, field_in(&plain.start, &fields[i]), fields[i].size))
			continue;
		printf(" %s=", fields[i].name);
		print_number(value, fields[i].size);
	}
	print_data(c->start.data);
}

static void print_values(const char *name, const uint8_t *native, const uint8_t *emulated,
			 unsigned int size)
{
	if (!memcmp(native, emulated, size))
		return;
	printf("  %s: native ", name);
	print_number(native, size);
	printf(", emulated ");
	print_number(emulated, size);
	printf("\n");
}

static void print_outcome(const char *who, const struct diff_state *state)
{
	if (state->vector == NO_EXCEPTION)
		printf("  %s: no exception\n", who);
	else
		printf("  %s: exception %u, error %x, address %" PRIx64 "\n", who, state->vector,
		       state->error, state->address);
}

void print_difference(const struct diff_state *native, const struct diff_state *emulated)
{
	static const struct field others[] = {
		{ "rip", AT(rip), 8 }, { "gs base", AT(gs_base), 8 },
		{ "es", AT(selector) + 2 * SEG_ES, 2 }, { "cs", AT(selector) + 2 * SEG_CS, 2 },
		{ "ss", AT(selector) + 2 * SEG_SS, 2 }, { "ds", AT(selector) + 2 * SEG_DS, 2 },
		{ "fs", AT(selector) + 2 * SEG_FS, 2 }, { "gs", AT(selector) + 2 * SEG_GS, 2 },
	};

	if (native->vector != emulated->vector || native->error != emulated->error ||
	    native->address != emulated->address) {
		print_outcome("native", native);
		print_outcome("emulated", emulated);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		print_values(others[i].name, field_in(native, &others[i]),
			     field_in(emulated, &others[i]), others[i].size);
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		print_values(fields[i].name, field_in(native, &fields[i]),
			     field_in(emulated, &fields[i]), fields[i].size);
	for (unsigned int i = 0; i < DATA_SIZE; i += 8) {
		char name[16];

		snprintf(name, sizeof(name), "data+%x", i);
		print_values(name, native->data + i, emulated->data + i, 8);
	}
}

/* --- reading --- */

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Pairs of digits, up to count. Returns how many bytes there were. */
static unsigned int read_bytes(const char **text, uint8_t *bytes, unsigned int count)
{
	unsigned int n = 0;

	while (n < count && digit((*text)[0]) >= 0 && digit((*text)[1]) >= 0) {
		bytes[n++] = (uint8_t)(digit((*text)[0]) << 4 | digit((*text)[1]));
		*text += 2;
	}
	return n;
}

static int read_number(const char **text, uint8_t *bytes, unsigned int size)
{
	size_t digits = strspn(*text, "0123456789abcdef");

	if (!digits || digits > 2 * size)
		return -EINVAL;
	memset(bytes, 0, size);
	for (size_t i = 0; i < digits; i++)
		bytes[i / 2] |= (uint8_t)(digit((*text)[digits - 1 - i]) << i % 2 * 4);
	*text += digits;
	return 0;
}

static int read_data(struct diff_case *c, const char **text)
{
	char *end;
	unsigned long at = strtoul(*text, &end, 16);

	if (end == *text || *end != '=' || at >= DATA_SIZE)
		return -EINVAL;
	*text = end + 1;
	return read_bytes(text, c->start.data + at, DATA_SIZE - (unsigned int)at) ? 0 : -EINVAL;
}

static int read_field(struct diff_case *c, const char **text)
{
	size_t length = strcspn(*text, "=+ ");

	if ((*text)[length] == '+' && !strncmp(*text, "data+", 5)) {
		*text += 5;
		return read_data(c, text);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strlen(fields[i].name) != length || strncmp(fields[i].name, *text, length) ||
		    (*text)[length] != '=')
			continue;
		*text += length + 1;
		return read_number(text, field_at(&c->start, &fields[i]), fields[i].size);
	}
	return -EINVAL;
}

static int read_instruction(struct diff_case *c, const char **text)
{
	char *end;

	*c = (struct diff_case){ .bits = (unsigned int)strtoul(*text, &end, 10),
				 .offset = CODE_OFFSET };
	if (end == *text || *end != ' ' || (c->bits != 32 && c->bits != 64))
		return -EINVAL;
	*text = end + 1;
	c->length = read_bytes(text, c->bytes, sizeof(c->bytes));
	if (!c->length)
		return -EINVAL;
	if (**text == '@') {
		c->offset = (unsigned int)strtoul(*text + 1, &end, 16);
		*text = end;
	}
	return c->offset < CODE_SIZE ? 0 : -EINVAL;
}

int case_parse(struct diff_case *c, const char *line, const char **where)
{
	int error = read_instruction(c, &line);

	plain_start(c);
	while (!error && (line += strspn(line, " \t\n"))[0]) {
		*where = line;
		error = read_field(c, &line);
		if (!error && *line && !strchr(" \t\n", *line))
			error = -EINVAL;
	}
	*where = line;
	if (error)
		return error;
	case_decode(c);
	if (needs_step(c))
		c->start.rflags |= RFLAGS_TF;
	return 0;
}

/* --- making it plain --- */

/* Whether it still fails with other bytes at a place; else they stay. */
static bool try_bytes(struct diff_case *c, void *at, const void *other, size_t size,
		      case_fails_fn *fails, void *self)
{
	uint8_t saved[DATA_SIZE];

	if (!memcmp(at, other, size))
		return true;
	memcpy(saved, at, size);
	memcpy(at, other, size);
	if (fails(self, c))
		return true;
	memcpy(at, saved, size);
	return false;
}

static void minimize_data(struct diff_case *c, size_t at, size_t size, case_fails_fn *fails,
			  void *self)
{
	static const uint8_t zero[DATA_SIZE];

	if (try_bytes(c, c->start.data + at, zero, size, fails, self) || size == 1)
		return;
	minimize_data(c, at, size / 2, fails, self);
	minimize_data(c, at + size / 2, size / 2, fails, self);
}

void minimize(struct diff_case *c, case_fails_fn *fails, void *self)
{
	struct diff_case plain = { .bits = c->bits, .offset = c->offset };

	plain_start(&plain);
	/* Without a step there is no way back from some. */
	if (needs_step(c))
		plain.start.rflags |= RFLAGS_TF;
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		try_bytes(c, field_at(&c->start, &fields[i]), field_in(&plain.start, &fields[i]),
			  fields[i].size, fails, self);
	minimize_data(c, 0, DATA_SIZE, fails, self);
}
