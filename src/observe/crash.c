/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crash.c - the crash report, see crash.h. Registers and their bits: Intel SDM
 * vol. 1, 3.4.3, and vol. 3, 2.2, 2.5 and 3.4.5; AMD APM vol. 2, 3.1.7.
 */
#include "observe/crash.h"

#include <inttypes.h>

#include "core/array.h"
#include "cpu/pagewalk.h"
#include "observe/postmortem.h"

#define SHOWN_BYTES 16u
#define CODE_INSNS 6u		/* shown from RIP on */
#define INSN_BYTES 15u
#define CODE_BYTES (CODE_INSNS * INSN_BYTES)
#define BYTES_COLUMN 32
#define STACK_WORDS 8u
#define STACK_WORDS_A_LINE 4u

/* Where a processor begins after INIT (SDM vol. 3, 10.1.4): no memory is there for a guest. */
#define RESET_CS_BASE 0xFFFF0000u
#define RESET_IP 0xFFF0u

/* A bit of a register and the manual's name for it; a list ends with no name. */
struct flag {
	unsigned int bit;
	const char *name;
};

static const struct flag rflags_bits[] = {
	{ 0, "CF" }, { 2, "PF" }, { 4, "AF" }, { 6, "ZF" }, { 7, "SF" }, { 8, "TF" },
	{ 9, "IF" }, { 10, "DF" }, { 11, "OF" }, { 14, "NT" }, { 16, "RF" }, { 17, "VM" },
	{ 18, "AC" }, { 19, "VIF" }, { 20, "VIP" }, { 21, "ID" }, { 0, NULL },
};

static const struct flag cr0_bits[] = {
	{ 0, "PE" }, { 1, "MP" }, { 2, "EM" }, { 3, "TS" }, { 4, "ET" }, { 5, "NE" },
	{ 16, "WP" }, { 18, "AM" }, { 29, "NW" }, { 30, "CD" }, { 31, "PG" }, { 0, NULL },
};

static const struct flag cr4_bits[] = {
	{ 0, "VME" }, { 1, "PVI" }, { 2, "TSD" }, { 3, "DE" }, { 4, "PSE" }, { 5, "PAE" },
	{ 6, "MCE" }, { 7, "PGE" }, { 8, "PCE" }, { 9, "OSFXSR" }, { 10, "OSXMMEXCPT" },
	{ 11, "UMIP" }, { 12, "LA57" }, { 13, "VMXE" }, { 14, "SMXE" }, { 16, "FSGSBASE" },
	{ 17, "PCIDE" }, { 18, "OSXSAVE" }, { 19, "KL" }, { 20, "SMEP" }, { 21, "SMAP" },
	{ 22, "PKE" }, { 23, "CET" }, { 24, "PKS" }, { 0, NULL },
};

static const struct flag efer_bits[] = {
	{ 0, "SCE" }, { 8, "LME" }, { 10, "LMA" }, { 11, "NXE" }, { 12, "SVME" },
	{ 13, "LMSLE" }, { 14, "FFXSR" }, { 15, "TCE" }, { 0, NULL },
};

static const struct flag no_bits[] = { { 0, NULL } };

/*
 * The general registers without the E or R in front, in the order in which
 * they are shown: the first half in one column, the second in another. Outside
 * of 64-bit code there are the first eight.
 */
static const struct {
	enum vcpu_gpr gpr;
	const char *name;
} registers[] = {
	{ GPR_RAX, "AX" }, { GPR_RBX, "BX" }, { GPR_RCX, "CX" }, { GPR_RDX, "DX" },
	{ GPR_RSI, "SI" }, { GPR_RDI, "DI" }, { GPR_RBP, "BP" }, { GPR_RSP, "SP" },
	{ GPR_R8, "8" }, { GPR_R9, "9" }, { GPR_R10, "10" }, { GPR_R11, "11" },
	{ GPR_R12, "12" }, { GPR_R13, "13" }, { GPR_R14, "14" }, { GPR_R15, "15" },
};

static const struct {
	enum vcpu_segment_name segment;
	const char *name;
} segments[] = {
	{ SEG_CS, "CS" }, { SEG_SS, "SS" }, { SEG_DS, "DS" },
	{ SEG_ES, "ES" }, { SEG_FS, "FS" }, { SEG_GS, "GS" },
};

/* Types of system segments (SDM vol. 3, table 3-2); the others are no segments. */
static const char *const system_types[16] = {
	[1] = "16-bit TSS, available",
	[2] = "LDT",
	[3] = "16-bit TSS, busy",
	[9] = "TSS, available",
	[11] = "TSS, busy",
};

/* What the report is made of. */
struct report {
	FILE *out;
	const struct mem *mem;
	const struct vcpu_state *state;
	struct symbols *symbols;	/* NULL: none */
	const struct cpu_module *cpu;	/* NULL: none */
	unsigned int bits;	/* of the code: 16, 32, 64 */
	int digits;		/* of a register */
	char prefix;		/* of its name */
};

static const char *mode_name(const struct report *report)
{
	if (!(report->state->cr0 & CR0_PE))
		return "real mode";
	if (report->state->rflags & RFLAGS_VM)
		return "virtual-8086 mode";
	if (!(report->state->efer & EFER_LMA))
		return "protected mode";
	return report->bits == 64 ? "64-bit mode" : "compatibility mode";
}

/* Where an offset into a segment is: 64-bit code knows no bases but those of FS and GS. */
static uint64_t linear_address(const struct report *report, enum vcpu_segment_name segment,
			       uint64_t offset)
{
	if (report->bits == 64)
		return offset;
	return (uint32_t)(report->state->segment[segment].base + offset);
}

static bool after_reset(const struct vcpu_state *state)
{
	return !(state->cr0 & CR0_PE) && state->segment[SEG_CS].base == RESET_CS_BASE &&
	       state->rip == RESET_IP;
}

static void print_general(const struct report *report)
{
	size_t rows = (report->bits == 64 ? ARRAY_SIZE(registers) : ARRAY_SIZE(registers) / 2) / 2;

	for (size_t i = 0; i < rows; i++)
		fprintf(report->out, "%c%-5s %0*" PRIx64 "  %c%-5s %0*" PRIx64 "\n",
			report->prefix, registers[i].name,
			report->digits, report->state->gpr[registers[i].gpr],
			report->prefix, registers[i + rows].name,
			report->digits, report->state->gpr[registers[i + rows].gpr]);
}

static void print_position(const struct report *report, const struct pagewalk *walk, int error)
{
	char why[120], place[SYMBOLS_PLACE_SIZE];

	fprintf(report->out, "%cIP    %0*" PRIx64 "%s  linear 0x%" PRIx64 ", ", report->prefix,
		report->digits, report->state->rip,
		symbols_place(report->symbols, walk->linear, SYMBOLS_AT, place), walk->linear);
	if (!error) {
		fprintf(report->out, "physical 0x%" PRIx64 "\n", walk->gpa);
		return;
	}
	pagewalk_explain(walk, error, why, sizeof(why));
	fprintf(report->out, "%s\n", why);
}

/* A register's value and the names of the bits that are set, after its name. */
static void print_bits(const struct report *report, uint64_t value, const struct flag *flags)
{
	const char *separator = "  ";

	fprintf(report->out, " %0*" PRIx64, report->digits, value);
	for (; flags->name; flags++) {
		if (!(value >> flags->bit & 1))
			continue;
		fprintf(report->out, "%s%s", separator, flags->name);
		separator = " ";
	}
}

static void print_control(const struct report *report)
{
	const struct vcpu_state *state = report->state;
	const struct {
		const char *name;
		uint64_t value;
		const struct flag *flags;
	} controls[] = {
		{ "CR0", state->cr0, cr0_bits }, { "CR2", state->cr2, no_bits },
		{ "CR3", state->cr3, no_bits },	 { "CR4", state->cr4, cr4_bits },
		{ "EFER", state->efer, efer_bits },
	};

	fprintf(report->out, "%cFLAGS", report->prefix);
	print_bits(report, state->rflags, rflags_bits);
	fprintf(report->out, "  IOPL %u\n", (unsigned int)(state->rflags >> 12 & 3));
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		fprintf(report->out, "%-6s", controls[i].name);
		print_bits(report, controls[i].value, controls[i].flags);
		fputc('\n', report->out);
	}
}

/* The attributes of a code or data segment, in words. */
static void print_access(const struct report *report, const struct vcpu_segment *segment)
{
	/* By type: what it is, what may be done with it, what is odd about it. */
	bool code = segment->type & 8, odd = segment->type & 4, more = segment->type & 2;
	const char *rights = code ? (more ? "readable" : "execute-only")
				  : (more ? "writable" : "read-only");
	const char *oddity = !odd ? "" : code ? ", conforming" : ", expand-down";

	fprintf(report->out, "%s, %s%s%s, %u-bit, DPL %u", code ? "code" : "data", rights, oddity,
		segment->type & 1 ? "" : ", not accessed",
		code && segment->l ? 64u : segment->db ? 32u : 16u, segment->dpl);
}

static void print_segment(const struct report *report, const char *name,
			  const struct vcpu_segment *segment)
{
	const char *type = system_types[segment->type % ARRAY_SIZE(system_types)];

	fprintf(report->out, "%-6s %04x  base %0*" PRIx64 "  limit %08" PRIx32 "  ", name,
		segment->selector, report->digits, segment->base, segment->limit);
	if (!segment->present)
		fputs("not present", report->out);
	else if (segment->s)
		print_access(report, segment);
	else
		fputs(type ? type : "not a segment", report->out);
	fputc('\n', report->out);
}

static void print_table(const struct report *report, const char *name,
			const struct vcpu_table *table)
{
	fprintf(report->out, "%-6s       base %0*" PRIx64 "  limit %04x\n", name,
		report->digits, table->base, table->limit);
}

static void print_segments(const struct report *report)
{
	const struct vcpu_state *state = report->state;

	for (size_t i = 0; i < ARRAY_SIZE(segments); i++)
		print_segment(report, segments[i].name, &state->segment[segments[i].segment]);
	print_segment(report, "LDTR", &state->ldtr);
	print_segment(report, "TR", &state->tr);
	print_table(report, "GDTR", &state->gdtr);
	print_table(report, "IDTR", &state->idtr);
}

static void print_unreadable(const struct report *report, uint64_t linear)
{
	struct pagewalk walk;
	char why[120];
	int error = pagewalk_translate(report->mem, report->state, linear, &walk);

	pagewalk_explain(&walk, error, why, sizeof(why));
	fprintf(report->out, " (nothing to read at 0x%" PRIx64 ": %s)", walk.linear, why);
}

static bool disassemble(const struct report *report, struct cpu_insn *insn, const uint8_t *code,
			size_t len, uint64_t rip)
{
	bool real = !(report->state->cr0 & CR0_PE) || report->state->rflags & RFLAGS_VM;

	return report->cpu && len &&
	       !report->cpu->disassemble(insn, code, len < INSN_BYTES ? len : INSN_BYTES,
					 report->bits, real, rip);
}

static void print_bytes(const struct report *report, const uint8_t *code, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(report->out, " %02x", code[i]);
}

/* The instructions from RIP on, as many as could be read. */
static void print_insns(const struct report *report, const uint8_t *code, size_t len)
{
	uint64_t rip = report->state->rip;
	struct cpu_insn insn;

	for (unsigned int i = 0; i < CODE_INSNS; i++) {
		if (!disassemble(report, &insn, code, len, rip)) {
			if (len && report->cpu)
				fprintf(report->out, "%0*" PRIx64 ":  %02x ... is no instruction\n",
					report->digits, rip, *code);
			return;
		}
		fprintf(report->out, "%0*" PRIx64 ": ", report->digits, rip);
		print_bytes(report, code, insn.length);
		fprintf(report->out, "%*s  %s\n",
			insn.length * 3 < BYTES_COLUMN ? BYTES_COLUMN - insn.length * 3 : 0, "",
			insn.text);
		code += insn.length;
		len -= insn.length;
		rip += insn.length;
	}
}

static void print_code(const struct report *report, const uint8_t *code, size_t len,
		       uint64_t linear)
{
	fprintf(report->out, "bytes at %cIP:", report->prefix);
	print_bytes(report, code, len < SHOWN_BYTES ? len : SHOWN_BYTES);
	if (len < SHOWN_BYTES)
		print_unreadable(report, linear + len);
	fputc('\n', report->out);
	print_insns(report, code, len);
}

/* SP wraps around at the size that SS gives it. */
static uint64_t stack_mask(const struct report *report)
{
	if (report->bits == 64)
		return UINT64_MAX;
	return report->state->segment[SEG_SS].db ? UINT32_MAX : UINT16_MAX;
}

static void print_stack(const struct report *report)
{
	unsigned int size = report->bits / 8;
	uint64_t mask = stack_mask(report);

	fprintf(report->out, "stack, from its top:");
	for (unsigned int i = 0; i < STACK_WORDS; i++) {
		uint64_t offset = (report->state->gpr[GPR_RSP] + i * size) & mask;
		uint64_t linear = linear_address(report, SEG_SS, offset);
		uint64_t word = 0;
		size_t len = pagewalk_read(report->mem, report->state, linear, &word, size);

		if (i % STACK_WORDS_A_LINE == 0)
			fprintf(report->out, "\n%0*" PRIx64 ":", report->digits, linear);
		if (len < size) {
			print_unreadable(report, linear + len);
			break;
		}
		fprintf(report->out, " %0*" PRIx64, (int)size * 2, word);
	}
	fputc('\n', report->out);
}

/* The entries that lead to what is at a linear address. */
static void print_walk(const struct report *report, const char *name, uint64_t linear)
{
	struct pagewalk walk;
	int error = pagewalk_translate(report->mem, report->state, linear, &walk);
	char why[120];

	fprintf(report->out, "page walk of %s 0x%" PRIx64 ":", name, walk.linear);
	for (unsigned int i = 0; i < walk.count; i++)
		fprintf(report->out, "%s%s at 0x%" PRIx64 " = 0x%" PRIx64, i ? ", " : " ",
			walk.entry[i].level, walk.entry[i].gpa, walk.entry[i].value);
	if (error) {
		pagewalk_explain(&walk, error, why, sizeof(why));
		fprintf(report->out, "%s %s\n", walk.count ? ":" : "", why);
		return;
	}
	fprintf(report->out, ": physical 0x%" PRIx64 ", page of 0x%" PRIx64 " bytes, %s, %s%s\n",
		walk.gpa, walk.page_size, walk.writable ? "writable" : "read-only",
		walk.user ? "user" : "supervisor", walk.executable ? "" : ", not executable");
}

static void print_walks(const struct report *report, uint64_t linear)
{
	if (!(report->state->cr0 & CR0_PG))
		return;
	print_walk(report, report->bits == 64 ? "RIP" : "EIP", linear);
	print_walk(report, report->bits == 64 ? "RSP" : "ESP",
		   linear_address(report, SEG_SS,
				  report->state->gpr[GPR_RSP] & stack_mask(report)));
	print_walk(report, "CR2", report->state->cr2);
}

/* What went wrong, and what that looks like. */
static void print_why(const struct report *report, const struct crash *crash,
		      const uint8_t *code, size_t len)
{
	struct cpu_insn insn = { 0 };
	const struct postmortem pm = {
		.mem = crash->mem, .state = crash->state, .faults = crash->faults,
		.insn = disassemble(report, &insn, code, len, crash->state->rip) ? insn.text : "",
	};
	char text[200];
	const char *mistake = crash->stuck ? stuck_find(crash->stuck, &pm, text, sizeof(text)) :
			      mistake_find(&pm);

	faults_print(report->out, &pm);
	if (mistake)
		fprintf(report->out, "likely mistake: %s\n", mistake);
}

void crash_report(FILE *out, const struct crash *crash)
{
	const struct vcpu_state *state = crash->state;
	unsigned int bits = vcpu_code_bits(state);
	const struct report report = {
		.out = out,
		.mem = crash->mem,
		.state = state,
		.symbols = crash->symbols,
		.cpu = crash->cpu,
		.bits = bits,
		.digits = bits == 64 ? 16 : 8,
		.prefix = bits == 64 ? 'R' : 'E',
	};
	uint64_t linear = linear_address(&report, SEG_CS, state->rip);
	struct pagewalk walk;
	int error = pagewalk_translate(crash->mem, state, linear, &walk);
	uint8_t code[CODE_BYTES];
	size_t len = pagewalk_read(crash->mem, state, linear, code, sizeof(code));

	fprintf(out, "%s\n%u-bit code in %s, %s\n", crash->reason, bits, mode_name(&report),
		walk.mode);
	if (after_reset(state))
		fputs("these are the registers after a reset: on AMD processors KVM does not keep\n"
		      "those of a triple fault; run it with --engine=interp to see what it was\n", out);
	else
		print_why(&report, crash, code, len);
	print_general(&report);
	print_position(&report, &walk, error);
	print_control(&report);
	print_segments(&report);
	print_walks(&report, linear);
	print_code(&report, code, len, linear);
	print_stack(&report);
}
