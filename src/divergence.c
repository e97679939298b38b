/* SPDX-License-Identifier: GPL-3.0-or-later */
/* divergence.c - the report on a difference, see divergence.h. */
#include "divergence.h"

#include <inttypes.h>
#include <string.h>

#include "cpu/pagewalk.h"
#include "observe/compare.h"

#define MEMORY_LINES 8u
#define VALUE_COLUMN 34

/* Little endian, as one number. */
static void print_value(FILE *out, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = size; i > 0; i--)
		fprintf(out, "%02x", bytes[i - 1]);
	fprintf(out, "%*s", (int)(VALUE_COLUMN - 2 * size), "");
}

static void print_register(void *self, const char *name, const void *a, const void *b, size_t size)
{
	FILE *out = self;

	fprintf(out, "  %-12s", name);
	print_value(out, a, size);
	print_value(out, b, size);
	fputc('\n', out);
}

static void print_heads(FILE *out, const struct pair *pair, const char *title)
{
	char label[PAIR_SIDES][40];

	for (unsigned int i = 0; i < PAIR_SIDES; i++)
		snprintf(label[i], sizeof(label[i]), "%c: %s", "AB"[i],
			 pair->side[i].board.engine->name);
	fprintf(out, "%-14s%-*s%s\n", title, VALUE_COLUMN, label[0], label[1]);
}

static void print_instruction(FILE *out, struct pair *pair)
{
	const struct vcpu_state *state = &pair->last;
	uint8_t bytes[PAIR_INSN_BYTES] = { 0 };
	struct cpu_insn insn;
	bool known = pair_instruction(pair, &insn, bytes);

	fprintf(out, "instruction %" PRIu64 " at 0x%" PRIx64 " (linear 0x%" PRIx64 "):", pair->count,
		state->rip, vcpu_linear_rip(state));
	for (unsigned int i = 0; known && i < insn.length; i++)
		fprintf(out, " %02x", bytes[i]);
	fprintf(out, "  %s\n", known ? insn.text : "(not an instruction)");
}

static void print_before(FILE *out, const struct vcpu_state *state)
{
	static const char names[GPR_COUNT][4] = {
		"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
		"R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
	};
	/* Outside of 64-bit code there are the first eight. */
	unsigned int count = vcpu_code_bits(state) == 64 ? GPR_COUNT : GPR_COUNT / 2;

	fputs("before it, on both sides:\n", out);
	for (unsigned int i = 0; i < count; i++)
		fprintf(out, "  %-3s %016" PRIx64 "%s", names[i], state->gpr[i],
			i % 4 == 3 ? "\n" : "");
	fprintf(out, "  RFLAGS %08" PRIx64 "  CR0 %08" PRIx64 "  CR3 %" PRIx64 "  CS %04x  SS %04x\n",
		state->rflags, state->cr0, state->cr3, state->segment[SEG_CS].selector,
		state->segment[SEG_SS].selector);
}

static void print_access(FILE *out, const struct pair_trace *trace, uint64_t index)
{
	const struct access *access = &trace->kept[index];
	char text[80];

	if (index >= trace->count) {
		snprintf(text, sizeof(text), "none");
	} else {
		snprintf(text, sizeof(text), "%s %s 0x%" PRIx64 ": 0x%0*" PRIx64,
			 access->write ? "write to" : "read from",
			 access->space == BUS_PIO ? "port" : "address", access->address,
			 access->size * 2, access->value);
	}
	fprintf(out, "%-*s", VALUE_COLUMN, text);
}

static bool same_access(const struct pair_trace *a, const struct pair_trace *b, uint64_t index)
{
	const struct access *left = &a->kept[index], *right = &b->kept[index];

	if (index >= a->count || index >= b->count)
		return false;
	return left->space == right->space && left->address == right->address &&
	       left->value == right->value && left->size == right->size &&
	       left->write == right->write;
}

/* The first access that differs, of those that were kept. */
static void print_accesses(FILE *out, const struct pair *pair)
{
	const struct pair_trace *a = &pair->side[0].trace, *b = &pair->side[1].trace;
	uint64_t most = a->count > b->count ? a->count : b->count, i = 0;

	while (i < most && i < TRACE_KEPT && same_access(a, b, i))
		i++;
	print_heads(out, pair, "device access");
	if (i == most || i == TRACE_KEPT) {
		fprintf(out, "  (behind the first %u; %" PRIu64 " and %" PRIu64 " in all)\n",
			TRACE_KEPT, a->count, b->count);
		return;
	}
	fprintf(out, "  %-12" PRIu64, i + 1);
	print_access(out, a, i);
	print_access(out, b, i);
	fputc('\n', out);
}

static void print_memory(FILE *out, const struct pair *pair)
{
	const struct mem *a = machine_mem(pair->side[0].board.machine);
	const struct mem *b = machine_mem(pair->side[1].board.machine);
	unsigned int lines = 0;
	uint64_t gpa = 0;

	print_heads(out, pair, "memory");
	for (; compare_memory(a, b, &gpa); gpa++) {
		uint8_t left = 0, right = 0;
		char name[24];

		if (lines++ == MEMORY_LINES) {
			fputs("  and more\n", out);
			break;
		}
		mem_read(a, gpa, &left, 1);
		mem_read(b, gpa, &right, 1);
		snprintf(name, sizeof(name), "0x%" PRIx64, gpa);
		print_register(out, name, &left, &right, 1);
	}
}

void divergence_ending(const struct side *side, char *text, size_t size)
{
	struct ending ending;

	if (run_ending(machine_run_control(side->board.machine), &ending))
		snprintf(text, size, "%s", ending.text);
	else
		snprintf(text, size, "%s", side->step == MACHINE_HALTED ?
			 "halted, interrupts on" : "runs");
}

static void print_endings(FILE *out, const struct pair *pair)
{
	print_heads(out, pair, "the guest");
	fprintf(out, "  %-12s", "");
	for (unsigned int i = 0; i < PAIR_SIDES; i++) {
		char text[160];

		divergence_ending(&pair->side[i], text, sizeof(text));
		fprintf(out, "%-*s", VALUE_COLUMN, text);
	}
	fputc('\n', out);
}

static void print_registers(FILE *out, const struct pair *pair)
{
	const struct vcpu_state *a = &pair->side[0].state, *b = &pair->side[1].state;

	print_heads(out, pair, "behind it");
	compare_registers(a, b, print_register, out);
	if (pair->fpu)
		compare_fpu(a, b, print_register, out);
}

void divergence_print(FILE *out, struct pair *pair)
{
	unsigned int found = pair->differences;

	fprintf(out, "%s and %s differ after %" PRIu64 " instructions\n",
		pair->side[0].board.engine->name, pair->side[1].board.engine->name, pair->count);
	print_instruction(out, pair);
	if (pair->side[0].interrupts != pair->interrupts_before)
		fputs("an interrupt was taken before it: the instruction is the handler's first one\n",
		      out);
	print_before(out, &pair->before);
	if (found & DIFFERS_STALL)
		fprintf(out, "%c does not come to 0x%" PRIx64 "; where it was stopped:\n",
			"BA"[pair->leader], pair->side[pair->leader].state.rip);
	if (found & (DIFFERS_REGISTERS | DIFFERS_STALL))
		print_registers(out, pair);
	if (found & DIFFERS_MEMORY)
		print_memory(out, pair);
	if (found & DIFFERS_ACCESSES)
		print_accesses(out, pair);
	if (found & DIFFERS_INTERRUPTS)
		fprintf(out, "interrupts taken so far: A %" PRIu64 ", B %" PRIu64 "\n",
			pair->side[0].interrupts, pair->side[1].interrupts);
	if (found & DIFFERS_ENDING)
		print_endings(out, pair);
}
