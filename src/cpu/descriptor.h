/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * descriptor.h - segment and gate descriptors (SDM vol. 3, 3.4.5, 3.5, 5.8.3),
 * how they are read, checked and taken over into segment registers. For the files
 * that do so: segment.c, far.c, task.c, exception.c, interrupt.c.
 */
#ifndef VMM_CPU_DESCRIPTOR_H
#define VMM_CPU_DESCRIPTOR_H

#include "cpu/internal.h"

/* Selectors. */
#define SELECTOR_RPL	3u
#define SELECTOR_LDT	4u
#define SELECTOR_INDEX	0xFFF8u

/* Type bits of code and data segments. */
#define TYPE_ACCESSED	1u
#define TYPE_WRITABLE	2u	/* data */
#define TYPE_READABLE	2u	/* code */
#define TYPE_EXPAND_DOWN 4u	/* data */
#define TYPE_CONFORMING	4u	/* code */
#define TYPE_CODE	8u

/* Types of system segments and gates; in long mode those of 32 bits are 64-bit ones. */
enum system_type {
	SYSTEM_TSS16 = 0x1, SYSTEM_LDT = 0x2, SYSTEM_TSS16_BUSY = 0x3,
	SYSTEM_CALL_GATE16 = 0x4, SYSTEM_TASK_GATE = 0x5,
	SYSTEM_INTERRUPT_GATE16 = 0x6, SYSTEM_TRAP_GATE16 = 0x7,
	SYSTEM_TSS32 = 0x9, SYSTEM_TSS32_BUSY = 0xB, SYSTEM_CALL_GATE32 = 0xC,
	SYSTEM_INTERRUPT_GATE32 = 0xE, SYSTEM_TRAP_GATE32 = 0xF,
};

#define TSS_BUSY 2u		/* a bit of the types of task states */

/*
 * A descriptor, with where it lies. raw_high: the second half of those that are
 * 16 bytes in long mode.
 */
struct descriptor {
	uint64_t address;
	uint64_t raw, raw_high;
	struct vcpu_segment segment;	/* what a register takes from it */
};

/* A gate's fields. */
static inline uint16_t gate_selector(const struct descriptor *gate)
{
	return (uint16_t)(gate->raw >> 16);
}

static inline uint64_t gate_offset(const struct descriptor *gate)
{
	return (gate->raw & 0xFFFF) | (gate->raw >> 32 & 0xFFFF0000) | gate->raw_high << 32;
}

static inline bool selector_null(uint16_t selector)
{
	return !(selector & ~SELECTOR_RPL);
}

/* The error code that names a selector; raise_error() adds EXT. */
static inline uint32_t selector_error(uint16_t selector)
{
	return selector & ~SELECTOR_RPL;
}

static inline bool is_code(const struct vcpu_segment *segment)
{
	return segment->s && segment->type & TYPE_CODE;
}

static inline bool is_conforming(const struct vcpu_segment *segment)
{
	return (segment->type & (TYPE_CODE | TYPE_CONFORMING)) == (TYPE_CODE | TYPE_CONFORMING);
}

static inline bool is_writable_data(const struct vcpu_segment *segment)
{
	return segment->s && (segment->type & (TYPE_CODE | TYPE_WRITABLE)) == TYPE_WRITABLE;
}

static inline bool is_readable(const struct vcpu_segment *segment)
{
	return segment->s && (segment->type & (TYPE_CODE | TYPE_READABLE)) != TYPE_CODE;
}

static inline bool canonical(uint64_t la)
{
	return (uint64_t)((int64_t)(la << 16) >> 16) == la;
}

/* Whether the instruction set is that of 64-bit mode. */
static inline bool code_is_64(const struct cpu *cpu)
{
	return cpu->code_bits == 64;
}

/* Takes the 8 bytes apart, into descriptor->segment too. */
void descriptor_parse(struct descriptor *descriptor, uint16_t selector);

/*
 * The descriptor that selector names. Returns false where it lies outside its
 * table. full: a system descriptor is 16 bytes in long mode, all of which are
 * wanted (call gates, LDT and TSS).
 */
bool descriptor_read(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor,
		     bool full);

/* The same; outside its table: the exception, with the selector as its error code. */
void descriptor_require(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor,
			bool full, enum vector vector);

/* Changes the type, in memory and in descriptor; a byte is written. */
void descriptor_set_type(struct cpu *cpu, struct descriptor *descriptor, unsigned int type);
/* Sets the accessed bit of a code or data segment where it is not set yet. */
void descriptor_accessed(struct cpu *cpu, struct descriptor *descriptor);

/*
 * Checks of what a segment register is to be loaded with, which raise what the
 * SDM says. vector: #GP, or #TS for what a task state holds.
 */

/* SS, for a privilege. A null selector is never right here. */
void stack_segment_check(struct cpu *cpu, uint16_t selector, unsigned int cpl,
			 enum vector vector, struct descriptor *descriptor);
/* DS, ES, FS, GS; the selector is not null. */
void data_segment_check(struct cpu *cpu, uint16_t selector, enum vector vector,
			struct descriptor *descriptor);
/* CS, by a far JMP or CALL straight to it. */
void jump_segment_check(struct cpu *cpu, const struct vcpu_segment *segment);
/* CS, for the privilege that its RPL asks for: returns and task switches. */
void return_segment_check(struct cpu *cpu, uint16_t selector, enum vector vector,
			  struct descriptor *descriptor);
/* CS, through a call, interrupt or trap gate. */
void gate_segment_check(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor);

/* #GP(0) where code of that segment cannot be at offset. */
void check_target(struct cpu *cpu, const struct vcpu_segment *cs, uint64_t offset);

/* A new value for a segment register, its checks being done; RIP and CPL are not touched. */
void segment_set(struct cpu *cpu, enum vcpu_segment_name name,
		 const struct vcpu_segment *segment);

/* As real mode and virtual-8086 mode load: base from the selector. */
void segment_set_real(struct cpu *cpu, enum vcpu_segment_name name, uint16_t selector);

/* A null selector: no segment. SS keeps the privilege. */
void segment_set_null(struct cpu *cpu, enum vcpu_segment_name name, uint16_t selector);

/*
 * CS, its checks being done, at the privilege cpl; what depends on it is worked
 * out anew.
 */
void code_segment_set(struct cpu *cpu, struct descriptor *descriptor, unsigned int cpl);

/* Segments that an outer privilege may not use become null: returns to it. */
void segments_drop(struct cpu *cpu);

/*
 * A stack that is written to, or read from, before it becomes the current one,
 * so that nothing is changed where that fails.
 */
struct stack {
	struct vcpu_segment segment;
	uint64_t rsp;
	uint64_t mask;
	uint8_t cpl;
	uint32_t error;		/* of its #SS */
};

/* The current one. */
void stack_current(const struct cpu *cpu, struct stack *stack);
/* Another, by its segment: 16 or 32 bits. Its #SS names the selector. */
void stack_other(struct stack *stack, const struct vcpu_segment *segment, uint64_t rsp,
		 unsigned int cpl);
/* Another of 64 bits: without a segment. */
void stack_long(struct stack *stack, uint64_t rsp, unsigned int cpl);
void stack_push(struct cpu *cpu, struct stack *stack, unsigned int size, uint64_t value);
uint64_t stack_pop(struct cpu *cpu, struct stack *stack, unsigned int size);

/* --- far.c --- */

/*
 * Goes back to target in the code segment of the selector, both of which have
 * been popped from the stack. RSP and SS come next there where the privilege
 * changes, or with_stack is set. release: as far_return().
 */
void leave(struct cpu *cpu, struct stack *stack, uint16_t selector, uint64_t target,
	   unsigned int operand_size, bool with_stack, uint16_t release);

/* --- task.c --- */

/* SS and RSP of an inner privilege, from the current task state; #TS where it is too short. */
void tss_stack(struct cpu *cpu, unsigned int cpl, uint16_t *selector, uint64_t *rsp);
/* A 64-bit stack pointer of the task state: RSP0 to RSP2 (0 to 2), IST1 to IST7 (4 to 10). */
uint64_t tss_rsp(struct cpu *cpu, unsigned int index);

enum task_switch { TASK_JUMP, TASK_CALL, TASK_RETURN };

/*
 * Goes to the task whose state the descriptor describes; next: where the old one
 * goes on. All checks from the limit of the state on are made here.
 */
void task_switch(struct cpu *cpu, const struct descriptor *descriptor, enum task_switch why,
		 uint64_t next);

/* JMP, CALL or an interrupt through a task gate. */
void task_gate(struct cpu *cpu, const struct descriptor *gate, enum task_switch why,
	       uint64_t next);

/* IRET with NT set. */
void task_return(struct cpu *cpu, uint64_t next);

#endif
