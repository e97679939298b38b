/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mistakes.c - what beginners get wrong, recognized by what it leads to; see
 * postmortem.h. The first rule of the table that holds is taken: what makes a
 * delivery fail comes last, since without it the first exception would not have
 * been the guest's end, but is the lesser mistake.
 */
#include <string.h>

#include "core/array.h"
#include "cpu/pagewalk.h"
#include "observe/postmortem.h"

#define VECTOR_DE 0u
#define VECTOR_UD 6u
#define VECTOR_NM 7u
#define VECTOR_TS 10u
#define VECTOR_NP 11u
#define VECTOR_SS 12u
#define VECTOR_GP 13u
#define VECTOR_PF 14u

#define EXCEPTION_VECTORS 32u
#define SELECTOR_RPL 3u
#define STACK_REACH 64u		/* bytes that one event or instruction pushes, at most */
#define ENTRY_PS (1u << 7)
#define ENTRY_XD (UINT64_C(1) << 63)
#define TABLE_BITS 0xFFFu
#define CR3_TABLES UINT64_C(0xFFFFFFFFFF000)
#define INSN_LENGTH_MAX 15u
#define GATE_PRESENT_TYPE 0x9Eu		/* of bits 40 to 47: P, S, and the type but for trap */
#define GATE_PRESENT_INTERRUPT 0x8Eu
#define PDPTES 4u			/* with PAE alone */
#define PDPTE_RESERVED (UINT64_C(0xFFF) << 52 | 0x1E6u)	/* SDM vol. 3, table 4-8 */

static const struct vcpu_fault *first(const struct postmortem *pm)
{
	return &pm->faults->fault[0];
}

static bool began_with(const struct postmortem *pm, uint8_t vector)
{
	return first(pm)->event == EVENT_EXCEPTION && first(pm)->vector == vector;
}

static bool insn_begins(const struct postmortem *pm, const char *text)
{
	return !strncmp(pm->insn, text, strlen(text));
}

static bool insn_has(const struct postmortem *pm, const char *text)
{
	return strstr(pm->insn, text);
}

static unsigned int privilege(const struct postmortem *pm)
{
	return pm->state->segment[SEG_CS].selector & SELECTOR_RPL;
}

/* --- interrupts --- */

static bool interrupt_as_exception(const struct postmortem *pm)
{
	return first(pm)->event == EVENT_INTERRUPT && first(pm)->vector >= 8 &&
	       first(pm)->vector < 16 && pm->state->cr0 & CR0_PE;
}

/* The first event's gate has this problem. */
static bool first_gate(const struct postmortem *pm, enum entry_problem problem)
{
	struct table_entry gate;

	postmortem_gate(pm, first(pm)->vector, &gate);
	return gate.problem == problem;
}

static bool idt_none(const struct postmortem *pm)
{
	return !pm->state->idtr.limit || (pm->state->cr0 & CR0_PE && pm->state->idtr.limit < 8);
}

/* What a reset leaves: LIDT has never been executed. */
static bool idt_of_real_mode(const struct postmortem *pm)
{
	return pm->state->cr0 & CR0_PE && !pm->state->idtr.base &&
	       (pm->state->idtr.limit == 0xFFFF || pm->state->idtr.limit == 0x3FF);
}

static bool idt_unreadable(const struct postmortem *pm)
{
	return first_gate(pm, ENTRY_UNREADABLE);
}

static bool idt_short(const struct postmortem *pm)
{
	return first_gate(pm, ENTRY_BEYOND);
}

static bool gate_empty(const struct postmortem *pm)
{
	return first_gate(pm, ENTRY_EMPTY);
}

/* Where long mode's table would have it, there is none; in a table of 8-byte entries there is. */
static bool gates_of_32_bits(const struct postmortem *pm)
{
	struct table_entry gate;
	uint64_t raw;

	if (!(pm->state->efer & EFER_LMA))
		return false;
	postmortem_gate(pm, first(pm)->vector, &gate);
	if (!gate.problem || gate.problem == ENTRY_UNREADABLE)
		return false;
	return pagewalk_read(pm->mem, pm->state, pm->state->idtr.base + 8u * first(pm)->vector,
			     &raw, sizeof(raw)) == sizeof(raw) &&
	       (raw >> 40 & GATE_PRESENT_TYPE) == GATE_PRESENT_INTERRUPT;
}

/* INT by user code, whose gate is a good one but does not let it: #GP of the gate. */
static bool gate_privilege(const struct postmortem *pm)
{
	const struct vcpu_fault *called = first(pm), *refused = called + 1;
	struct table_entry gate;

	if (pm->faults->count < 2 || called->event != EVENT_SOFTWARE || privilege(pm) != 3 ||
	    refused->vector != VECTOR_GP || !(refused->error & ERROR_IDT) ||
	    (refused->error & ERROR_SELECTOR) >> 3 != called->vector)
		return false;
	postmortem_gate(pm, called->vector, &gate);
	return !gate.problem;
}

static bool gate_absent(const struct postmortem *pm)
{
	return first_gate(pm, ENTRY_NOT_PRESENT);
}

static bool gate_type(const struct postmortem *pm)
{
	return first_gate(pm, ENTRY_NO_GATE);
}

static bool gate_selector(const struct postmortem *pm)
{
	struct table_entry gate, code;

	postmortem_gate(pm, first(pm)->vector, &gate);
	if (gate.problem || !gate.raw)
		return false;
	postmortem_descriptor(pm, gate_code(&gate), &code);
	return code.problem || !entry_is_code(&code);
}

/* --- the stack --- */

/* Whether what is pushed now goes to where no memory is, or is not mapped. */
static bool stack_nowhere(const struct postmortem *pm)
{
	uint64_t top = pm->state->gpr[GPR_RSP], low;
	uint8_t byte;

	if (vcpu_code_bits(pm->state) != 64)
		top = (uint32_t)(top + pm->state->segment[SEG_SS].base);
	low = top - 1;
	return pm->state->cr0 & CR0_PE && !pagewalk_read(pm->mem, pm->state, low, &byte, 1);
}

static bool stack_null_segment(const struct postmortem *pm)
{
	const struct vcpu_segment *ss = &pm->state->segment[SEG_SS];

	return began_with(pm, VECTOR_SS) && vcpu_code_bits(pm->state) != 64 && !ss->present;
}

static bool stack_beyond_limit(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_SS) && !first(pm)->error && vcpu_code_bits(pm->state) != 64;
}

static bool no_tss(const struct postmortem *pm)
{
	return pm->state->cr0 & CR0_PE && privilege(pm) == 3 &&
	       (!(pm->state->tr.selector & ERROR_SELECTOR) || !pm->state->tr.present);
}

/* --- paging --- */

static bool first_walk(const struct postmortem *pm, struct pagewalk *walk)
{
	return began_with(pm, VECTOR_PF) &&
	       pagewalk_translate(pm->mem, pm->state, first(pm)->address, walk) < 0 && walk->count;
}

static bool tables_nowhere(const struct postmortem *pm)
{
	uint64_t tables = pm->state->cr3 & CR3_TABLES;

	return pm->state->cr0 & CR0_PG && first(pm)->event == EVENT_EXCEPTION &&
	       !mem_valid(pm->mem, tables, MEM_PAGE_SIZE, MEM_READ);
}

static bool code_not_mapped(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_PF) &&
	       first(pm)->address == vcpu_linear_rip(pm->state) &&
	       !(first(pm)->error & PAGE_ERROR_PRESENT);
}

static bool execute_disable(const struct postmortem *pm)
{
	struct pagewalk walk;

	return first_walk(pm, &walk) && first(pm)->error & PAGE_ERROR_RESERVED &&
	       walk.entry[walk.count - 1].value & ENTRY_XD && !(pm->state->efer & EFER_NXE);
}

/* Code in a page that has the bit, as it should: it is not meant for code. */
static bool fetch_forbidden(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_PF) &&
	       (first(pm)->error & (PAGE_ERROR_FETCH | PAGE_ERROR_PRESENT)) ==
	       (PAGE_ERROR_FETCH | PAGE_ERROR_PRESENT) && !(first(pm)->error & PAGE_ERROR_USER);
}

static bool read_only(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_PF) &&
	       (first(pm)->error & (PAGE_ERROR_WRITE | PAGE_ERROR_PRESENT)) ==
	       (PAGE_ERROR_WRITE | PAGE_ERROR_PRESENT);
}

/* The table's address is no multiple of 4 KiB: its low bits have become flags. */
static bool table_not_aligned(const struct postmortem *pm)
{
	struct pagewalk walk;

	return first_walk(pm, &walk) && first(pm)->error & PAGE_ERROR_RESERVED &&
	       walk.entry[walk.count - 1].value & ENTRY_PS;
}

static bool reserved_bit(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_PF) && first(pm)->error & PAGE_ERROR_RESERVED;
}

static bool user_page(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_PF) && first(pm)->error & PAGE_ERROR_PRESENT &&
	       first(pm)->error & PAGE_ERROR_USER;
}

static bool null_pointer(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_PF) && first(pm)->address < MEM_PAGE_SIZE;
}

static bool not_mapped(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_PF) && !(first(pm)->error & PAGE_ERROR_PRESENT);
}

static bool sets_cr0(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_GP) && insn_begins(pm, "mov cr0");
}

/* They are loaded, and checked, when CR0, CR3 or CR4 is written (SDM vol. 3, 4.4.1). */
static bool pdpte_reserved(const struct postmortem *pm)
{
	uint64_t entries[PDPTES];

	if (!began_with(pm, VECTOR_GP) || !insn_begins(pm, "mov cr") ||
	    !(pm->state->cr4 & CR4_PAE) || pm->state->efer & EFER_LME ||
	    mem_read(pm->mem, pm->state->cr3 & 0xFFFFFFE0u, entries, sizeof(entries)))
		return false;
	for (size_t i = 0; i < PDPTES; i++)
		if (entries[i] & 1 && entries[i] & PDPTE_RESERVED)
			return true;
	return false;
}

static bool sets_cr4(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_GP) && insn_begins(pm, "mov cr4");
}

static bool long_without_pae(const struct postmortem *pm)
{
	return sets_cr0(pm) && pm->state->efer & EFER_LME && !(pm->state->cr4 & CR4_PAE);
}

/* --- segments --- */

/* The first exception is about a selector: whose entry has what problem. */
static bool first_selector(const struct postmortem *pm, struct table_entry *entry)
{
	const struct vcpu_fault *fault = first(pm);

	if (fault->event != EVENT_EXCEPTION || fault->vector < VECTOR_TS ||
	    fault->vector > VECTOR_GP || !(fault->error & ERROR_SELECTOR) ||
	    fault->error & ERROR_IDT)
		return false;
	postmortem_descriptor(pm, (uint16_t)fault->error, entry);
	return true;
}

static bool iret_frame(const struct postmortem *pm)
{
	return (began_with(pm, VECTOR_GP) || began_with(pm, VECTOR_NP)) && insn_begins(pm, "iret");
}

static bool gdt_short(const struct postmortem *pm)
{
	struct table_entry entry;

	return first_selector(pm, &entry) && entry.problem == ENTRY_BEYOND;
}

static bool gdt_unreadable(const struct postmortem *pm)
{
	struct table_entry entry;

	/* With paging it is a page fault in the table. */
	if (began_with(pm, VECTOR_PF))
		return first(pm)->address - pm->state->gdtr.base <= pm->state->gdtr.limit;
	return first_selector(pm, &entry) && entry.problem == ENTRY_UNREADABLE;
}

static bool gdt_absent(const struct postmortem *pm)
{
	struct table_entry entry;

	return first_selector(pm, &entry) &&
	       (entry.problem == ENTRY_NOT_PRESENT || entry.problem == ENTRY_EMPTY);
}

static bool far_to_data(const struct postmortem *pm)
{
	struct table_entry entry;

	return first_selector(pm, &entry) && !entry.problem && !entry_is_code(&entry) &&
	       !insn_begins(pm, "mov ") && !insn_begins(pm, "pop ") && !insn_begins(pm, "l");
}

static bool data_from_code(const struct postmortem *pm)
{
	struct table_entry entry;

	return first_selector(pm, &entry) && !entry.problem &&
	       (insn_begins(pm, "mov ") || insn_begins(pm, "pop ") || insn_begins(pm, "l"));
}

static bool code_beyond_limit(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_GP) && !first(pm)->error && vcpu_code_bits(pm->state) != 64 &&
	       pm->state->rip > pm->state->segment[SEG_CS].limit;
}

static bool null_segment(const struct postmortem *pm)
{
	const struct vcpu_state *state = pm->state;

	return began_with(pm, VECTOR_GP) && !first(pm)->error && vcpu_code_bits(state) != 64 &&
	       state->cr0 & CR0_PE && (!state->segment[SEG_DS].present ||
				       !state->segment[SEG_ES].present) && insn_has(pm, "[");
}

/* --- instructions --- */

static bool privileged(const struct postmortem *pm)
{
	static const char *const names[] = {
		"hlt", "cli", "sti", "in ", "out ", "lgdt", "lidt", "ltr", "lldt", "mov cr", "rdmsr",
		"wrmsr", "invlpg", "lmsw", "clts",
	};

	if (!began_with(pm, VECTOR_GP) || privilege(pm) != 3)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (insn_begins(pm, names[i]))
			return true;
	return false;
}

static bool msr_unknown(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_GP) &&
	       (insn_begins(pm, "rdmsr") || insn_begins(pm, "wrmsr"));
}

static bool sse_registers(const struct postmortem *pm)
{
	return insn_has(pm, "xmm") || insn_has(pm, "ymm");
}

static bool sse_off(const struct postmortem *pm)
{
	return sse_registers(pm) &&
	       ((began_with(pm, VECTOR_UD) && !(pm->state->cr4 & CR4_OSFXSR)) ||
		(began_with(pm, VECTOR_UD) && pm->state->cr0 & CR0_EM) ||
		(began_with(pm, VECTOR_NM) && pm->state->cr0 & CR0_TS));
}

static bool sse_not_aligned(const struct postmortem *pm)
{
	return sse_registers(pm) && began_with(pm, VECTOR_GP) && !first(pm)->error;
}

static bool syscall_off(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_UD) && !(pm->state->efer & EFER_SCE) &&
	       (insn_begins(pm, "syscall") || insn_begins(pm, "sysret"));
}

static bool fpu_off(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_NM) && pm->state->cr0 & (CR0_EM | CR0_TS);
}

static bool not_canonical(const struct postmortem *pm)
{
	return (began_with(pm, VECTOR_GP) || began_with(pm, VECTOR_SS)) && !first(pm)->error &&
	       vcpu_code_bits(pm->state) == 64 &&
	       (insn_has(pm, "[") || insn_begins(pm, "jmp") || insn_begins(pm, "call") ||
		insn_begins(pm, "ret"));
}

static bool divides(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_DE);
}

/* Zeros are ADD [RAX], AL: whoever runs into them has jumped to where nothing is. */
static bool runs_through_zeros(const struct postmortem *pm)
{
	uint16_t bytes;

	return first(pm)->event == EVENT_EXCEPTION && insn_begins(pm, "add ") &&
	       pagewalk_read(pm->mem, pm->state, vcpu_linear_rip(pm->state), &bytes, 2) == 2 &&
	       !bytes;
}

/* Not where an access to something else came first: what it met may have cost the code too. */
static bool no_code(const struct postmortem *pm)
{
	uint64_t rip = vcpu_linear_rip(pm->state);
	uint8_t byte;

	if (began_with(pm, VECTOR_PF) && first(pm)->address - rip >= INSN_LENGTH_MAX)
		return false;
	return first(pm)->event == EVENT_EXCEPTION &&
	       !pagewalk_read(pm->mem, pm->state, rip, &byte, 1);
}

static bool undefined(const struct postmortem *pm)
{
	return began_with(pm, VECTOR_UD);
}

/* --- the rules --- */

#define HANDLER " (the guest died of it because it has no handler that can be reached)"

static const struct {
	bool (*holds)(const struct postmortem *pm);
	const char *text;
} rules[] = {
	{ interrupt_as_exception,
	  "an IRQ came as the vector of an exception: move the 8259s' vectors to 0x20 and above "
	  "(ICW1 to ICW4) before STI" },
	{ iret_frame,
	  "IRET found no valid CS on the stack: is the error code still there, or what the "
	  "handler pushed, or was the frame overwritten?" },
	{ execute_disable,
	  "a page table entry has bit 63 (execute disable) set while EFER.NXE is clear: set NXE "
	  "first" },
	{ table_not_aligned,
	  "a page table's address is not a multiple of 4096: its low bits act as flags of the entry "
	  "that points to it (here PS, bit 7); align the tables" },
	{ reserved_bit,
	  "a reserved bit is set in a page table entry: was the entry's address or type filled in "
	  "wrongly?" },
	{ gdt_unreadable,
	  "the GDT is not where GDTR says: LGDT wants its linear address, which must be mapped" },
	{ tables_nowhere, "CR3 points to where no memory is: it wants the physical address of the "
	  "uppermost page table" },
	{ code_beyond_limit, "the code runs beyond the limit of CS: is the descriptor's limit too "
	  "small, or its G bit missing?" },
	{ no_code,
	  "the guest jumped to where nothing is, neither memory nor a mapped page: a wrong "
	  "function pointer, return address or entry point, or paging was turned on without "
	  "mapping the code that runs (an identity mapping)" },
	{ code_not_mapped,
	  "the code that runs is not mapped: map it at its own address before CR0.PG is set" },
	{ stack_nowhere,
	  "the stack pointer points to where no memory is or nothing is mapped: set RSP before "
	  "the first push, call or interrupt, or the stack has overflowed" },
	{ stack_null_segment,
	  "SS holds the null selector: load it with a data segment before the stack is used" },
	{ stack_beyond_limit, "the stack is beyond the limit of SS: is the descriptor's limit too "
	  "small, its G bit missing, or ESP set for another segment?" },
	{ pdpte_reserved, "with CR4.PAE, CR3 has to point to four page directory pointer entries of 8 "
	  "bytes, whose bits 1, 2 and 5 to 8 are clear: is a table without PAE there?" },
	{ sets_cr4, "a bit of CR4 that this processor does not have was set (check CPUID), or PAE "
	  "cleared in long mode" },
	{ long_without_pae, "long mode needs CR4.PAE before CR0.PG is set" },
	{ sets_cr0, "these bits of CR0 do not go together: PG needs PE, NW needs CD, and with "
	  "EFER.LME set CR4.PAE" },
	{ privileged, "user code (privilege 3) executed a privileged instruction" HANDLER },
	{ msr_unknown, "RDMSR or WRMSR of a register that this processor does not have, or with "
	  "reserved bits set: check ECX and CPUID" },
	{ sse_off, "SSE is not enabled: clear CR0.EM and TS, set CR0.MP, CR4.OSFXSR and "
	  "CR4.OSXMMEXCPT, or compile the kernel with -mgeneral-regs-only" },
	{ fpu_off, "the x87 FPU is not enabled: clear CR0.EM, and CR0.TS (CLTS)" },
	{ syscall_off, "SYSCALL is not enabled: set EFER.SCE, and STAR and LSTAR first" },
	{ sse_not_aligned, "an SSE instruction wants its operand at a multiple of 16: is the stack "
	  "aligned to 16 bytes at each call?" },
	{ gdt_short, "a selector lies beyond the GDT's limit: is it an index in place of an index "
	  "times 8, or is GDTR's limit too small (the table's size less 1)?" },
	{ gdt_absent, "a selector names a descriptor that is empty or not present (P, bit 47, is "
	  "clear)" },
	{ far_to_data, "CS was to be loaded with a data segment's selector: a code segment is "
	  "wanted" },
	{ data_from_code, "a segment register was to be loaded with a selector of the wrong type or "
	  "privilege: SS needs a writable data segment, TR a TSS that is "
	  "not busy (LTR is executed once)" },
	{ null_segment, "DS or ES holds no usable segment: load them with a data segment after "
	  "entering protected mode" },
	{ gate_privilege, "user code (privilege 3) executed INT, and the gate's DPL does not let it: "
	  "set DPL 3 in the gate (access 0xEE)" },
	{ no_tss, "user code was interrupted, and TR has no TSS to take the kernel's stack from: "
	  "set SS0:ESP0 or RSP0 and execute LTR" },
	{ not_canonical, "an address is not canonical: its bits 47 to 63 must be equal" },
	{ fetch_forbidden, "code was executed from a page whose tables have bit 63 (execute disable) "
	  "set: is it data, or was the bit set for too much?" },
	{ runs_through_zeros, "the guest executes zeros: it jumped or ran to where no code is" },
	{ null_pointer, "a null pointer was used" HANDLER },
	{ user_page, "user code used a page without the U/S bit, which each level of its tables "
	  "needs" HANDLER },
	{ read_only, "a page was written whose tables do not all have the R/W bit (bit 1)" HANDLER },
	{ divides, "a division by zero, or whose quotient does not fit" HANDLER },
	{ idt_none, "no IDT is loaded (its limit is 0): build one and execute LIDT before the first "
	  "interrupt or exception" },
	{ idt_of_real_mode, "the IDT is still that of real mode: build one and execute LIDT after "
	  "entering protected mode, before the first interrupt or exception" },
	{ idt_unreadable, "the IDT is not where IDTR says: LIDT wants its linear address, which must "
	  "be mapped" },
	{ gates_of_32_bits, "the IDT has entries of 8 bytes, as without long mode: in long mode an "
	  "entry has 16" },
	{ idt_short, "the IDT has no entry for the vector: its limit is too small (16 bytes an entry "
	  "in long mode, else 8; the limit is the size less 1)" },
	{ gate_empty, "the IDT's entry for the vector is empty: a handler is missing" },
	{ gate_absent, "the IDT's entry for the vector is not marked present (P, bit 47)" },
	{ gate_type, "the IDT's entry for the vector is no interrupt or trap gate: type 0xE or 0xF "
	  "is wanted" },
	{ gate_selector, "the IDT's entry for the vector has a selector that is no code segment's" },
	{ not_mapped, "an address was used that is not mapped" HANDLER },
	{ undefined, "an instruction that does not exist: was data or garbage executed, or is the "
	  "code meant for another mode (16, 32, 64 bits)?" },
};

const char *mistake_find(const struct postmortem *pm)
{
	if (!pm->faults->count)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].holds(pm))
			return rules[i].text;
	return NULL;
}
