/* SPDX-License-Identifier: GPL-3.0-or-later */
/* faults.c - the way to a triple fault in words, see postmortem.h. */
#include <inttypes.h>

#include "cpu/pagewalk.h"
#include "observe/postmortem.h"

#define VECTOR_DF 8u
#define VECTOR_PF 14u

static void print_page_fault(FILE *out, const struct postmortem *pm,
			     const struct vcpu_fault *fault)
{
	struct pagewalk walk;
	char why[120];
	int error = pagewalk_translate(pm->mem, pm->state, fault->address, &walk);

	fprintf(out, ": %s 0x%" PRIx64 " in %s mode, ",
		fault->error & PAGE_ERROR_FETCH ? "fetching code at" :
		fault->error & PAGE_ERROR_WRITE ? "writing" : "reading",
		fault->address, fault->error & PAGE_ERROR_USER ? "user" : "supervisor");
	if (error) {
		pagewalk_explain(&walk, error, why, sizeof(why));
		fprintf(out, "%s\n", why);
	} else {
		fprintf(out, "mapped %s, %s%s: not allowed\n",
			walk.writable ? "writable" : "read-only", walk.user ? "user" : "supervisor",
			walk.executable ? "" : ", not executable");
	}
}

/* The entry that an error code names, below it. */
static void print_entry(FILE *out, const struct postmortem *pm, uint32_t error)
{
	struct table_entry entry;

	if (error & ERROR_IDT)
		postmortem_gate(pm, (uint8_t)(error >> 3), &entry);
	else
		postmortem_descriptor(pm, (uint16_t)error & ~(ERROR_EXT | ERROR_IDT), &entry);
	fputs("    ", out);
	entry_print(out, &entry);
}

static void print_link(FILE *out, const struct postmortem *pm, const struct vcpu_fault *fault)
{
	char name[40];

	if (fault->event == EVENT_EXCEPTION)
		fputs(vector_name(fault->vector, name, sizeof(name)), out);
	else
		fprintf(out, "interrupt 0x%02x", fault->vector);
	if (fault->event == EVENT_EXCEPTION && fault->has_error)
		fprintf(out, ", error code 0x%" PRIx32, fault->error);
	if (fault->event == EVENT_EXCEPTION && fault->vector == VECTOR_PF) {
		print_page_fault(out, pm, fault);
		return;
	}
	fputc('\n', out);
	/* In real mode none is pushed, and it says nothing of tables. */
	if (fault->error & ~ERROR_EXT && fault->vector != VECTOR_PF && pm->state->cr0 & CR0_PE)
		print_entry(out, pm, fault->error);
}

/* The table that the delivery has to go through. */
static void print_table(FILE *out, const struct postmortem *pm, uint8_t vector)
{
	struct table_entry gate;

	if (!(pm->state->cr0 & CR0_PE)) {
		fprintf(out, "    vector table at 0x%" PRIx64 ", limit 0x%x, entry at 0x%" PRIx64 "\n",
			pm->state->idtr.base, pm->state->idtr.limit,
			pm->state->idtr.base + vector * 4u);
		return;
	}
	postmortem_gate(pm, vector, &gate);
	fputs("    ", out);
	entry_print(out, &gate);
}

void faults_print(FILE *out, const struct postmortem *pm)
{
	static const char *const begins[] = {
		[EVENT_EXCEPTION] = "the instruction raised ",
		[EVENT_SOFTWARE] = "the instruction called ",
		[EVENT_INTERRUPT] = "a device or timer interrupted: ",
	};
	const struct vcpu_faults *faults = pm->faults;

	for (unsigned int i = 0; i < faults->count; i++) {
		const struct vcpu_fault *fault = &faults->fault[i];
		bool last = i + 1 == faults->count;

		fprintf(out, "%2u. %s", i + 1, i ? "its delivery raised " : begins[fault->event]);
		print_link(out, pm, fault);
		if (last)
			fputs("    that makes a triple fault: the processor shuts down\n", out);
		else if (fault->doubled)
			fputs("    that makes a double fault (#DF), delivered in their place\n", out);
		if (!last && !(faults->fault[i + 1].error & ERROR_IDT))
			print_table(out, pm, fault->doubled ? VECTOR_DF : fault->vector);
	}
}
