/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu.h - an x86 processor in software: one vCPU that executes guest code from
 * guest memory, instruction by instruction.
 *
 * It touches the machine only through struct mem and struct cpu_ops. It is
 * used by one thread at a time; only cpu_kick(), cpu_set_interrupt() and
 * cpu_inject_nmi() may come from others.
 */
#ifndef VMM_CPU_CPU_H
#define VMM_CPU_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpuid.h"
#include "cpu/native.h"

struct cpu;

/* What a guest does that is no access: for who observes it. */
enum cpu_event_kind {
	CPU_EVENT_EXCEPTION,	/* is about to be delivered */
	CPU_EVENT_INT,		/* INT n, INT3, INTO: likewise */
	CPU_EVENT_CR3,		/* has been loaded */
};

struct cpu_event {
	enum cpu_event_kind kind;
	uint8_t vector;
	bool has_error;
	uint32_t error;		/* code */
	uint64_t address;	/* of a page fault CR2; CR3 */
};

/* What the processor asks of the machine. */
struct cpu_ops {
	/* An access that is not to memory. size: 1, 2, 4 or (BUS_MMIO) 8. */
	uint64_t (*read)(void *self, enum bus_space space, uint64_t address, unsigned int size);
	void (*write)(void *self, enum bus_space space, uint64_t address, unsigned int size,
		      uint64_t value);
	/* INS and OUTS: count elements of size bytes (1, 2, 4) at one port. */
	void (*read_string)(void *self, uint16_t port, unsigned int size, void *data,
			    size_t count);
	void (*write_string)(void *self, uint16_t port, unsigned int size, const void *data,
			     size_t count);
	/*
	 * A model-specific register that a chip has (IA32_TSC_DEADLINE), and writes of
	 * IA32_APIC_BASE, which one has to know of. Return false: #GP. NULL: always.
	 */
	bool (*read_msr)(void *self, uint32_t number, uint64_t *value);
	bool (*write_msr)(void *self, uint32_t number, uint64_t value);
	/* CR8 has been written, 0 to 15. NULL: nobody wants to know. */
	void (*write_cr8)(void *self, uint8_t cr8);
	/* Takes the interrupt that is due: its vector, or -1 where it went away. */
	int (*acknowledge)(void *self);
	/* The time-stamp counter, before the guest's own offset. */
	uint64_t (*tsc)(void *self);
	/* For RDRAND and RDSEED. */
	uint64_t (*random)(void *self);
	/* What native.h's watches find; that code of a page is kept from now on. NULL: unasked. */
	void (*written)(void *self, uint64_t gpa, uint64_t len);
	void (*keeps_code)(void *self, uint64_t gpa);
	/* In the middle of an instruction. NULL: nobody wants to know. */
	void (*event)(void *self, const struct cpu_event *event);
};

enum cpu_stop {
	CPU_LIMIT,		/* as many instructions as were asked for are done */
	CPU_KICKED,
	CPU_HALTED,		/* HLT; RIP is behind it */
	CPU_SHUTDOWN,		/* triple fault; the registers are those before it */
};

/*
 * Returns 0 or -errno. All that it is given must outlive the cpu, which the
 * caller owns; the regions of mem stay as they are.
 */
int cpu_create(struct cpu **cpu, struct mem *mem, const struct cpu_ops *ops, void *self);
void cpu_destroy(struct cpu *cpu);

/* Which CPU the guest sees; the baseline until then. Between runs. */
void cpu_set_cpuid(struct cpu *cpu, const struct cpuid_config *config);

/* The registers, between runs. */
void cpu_get_state(const struct cpu *cpu, struct vcpu_state *state);
void cpu_set_state(struct cpu *cpu, const struct vcpu_state *state);

/* Of cpu_get_state() all but FPU, MSRs and debug registers, which stay as they are. */
void cpu_get_registers(const struct cpu *cpu, struct vcpu_state *state);

/*
 * Executes at most limit instructions (a repeated string instruction counts
 * once for each time it is entered). Halted processors wake only by an
 * interrupt.
 */
enum cpu_stop cpu_run(struct cpu *cpu, uint64_t limit);

/* After CPU_SHUTDOWN: how it came to that. */
void cpu_get_faults(const struct cpu *cpu, struct vcpu_faults *faults);

/*
 * VMCALL and VMMCALL of privilege 0 with this number in EAX are an OUT of EBX to this port:
 * vmm's hypercalls. EAX is 0 afterwards. With another number, and of other privileges, they
 * raise #UD, as on a processor without virtualization (SDM vol. 3, 31.3; APM vol. 3, VMMCALL).
 */
#define CPU_CALL_MAGIC	0x564D4D01u
#define CPU_CALL_PORT	0xABBAu

/* Instructions since the cpu was made; exact at each access to the machine. */
uint64_t cpu_instructions(const struct cpu *cpu);

/*
 * The linear address of the instruction that is under way, or (behind) of the one that
 * follows it, which of a repeated one is itself; between instructions of the next one.
 * For who is handed an access.
 */
uint64_t cpu_place(const struct cpu *cpu, bool behind);

/* Whether an interrupt would be taken: RFLAGS.IF. Between runs. */
bool cpu_interrupts_enabled(const struct cpu *cpu);

/* The level of the interrupt request pin (INTR). From any thread. */
void cpu_set_interrupt(struct cpu *cpu, bool level);

/*
 * CR8, where somebody else than the guest's MOV has set it. By the cpu's own thread,
 * also in the middle of an access to the machine.
 */
void cpu_set_cr8(struct cpu *cpu, uint8_t cr8);

/* The time-stamp counter, as the guest reads it. */
uint64_t cpu_tsc(struct cpu *cpu);

/*
 * A non-maskable interrupt: taken whatever RFLAGS.IF says, once the handler of the
 * one before has executed IRET; more than one that waits count as one. From any
 * thread.
 */
void cpu_inject_nmi(struct cpu *cpu);

/*
 * Address line 20: off, physical addresses have bit 20 clear, so that each odd MiB is
 * the even one below it. By the cpu's own thread, in the middle of an access to the
 * machine too. On at first.
 */
void cpu_set_a20(struct cpu *cpu, bool on);

/* From any thread: the run that is on, or the next one, ends soon. */
void cpu_kick(struct cpu *cpu);

/*
 * Guest memory has been, or is about to be, written by somebody else than this
 * cpu: what was decoded from there is forgotten. By the cpu's own thread.
 */
void cpu_memory_written(struct cpu *cpu, uint64_t gpa, uint64_t len);

/* What can be said of an instruction without executing it. */
struct cpu_insn {
	uint8_t length;			/* bytes */
	char text[96];			/* in Intel's syntax */
	uint32_t undefined_flags;	/* that the manuals leave to the processor, as in RFLAGS */
	bool from_outside;		/* its result is time, chance, or what CPUID says */
};

/*
 * Disassembles what bytes hold, at most 15 of them. bits: of the code, 16, 32
 * or 64; real: real or virtual-8086 mode; rip: where it is. Returns 0, or -EINVAL
 * where that is no instruction.
 */
int cpu_disassemble(struct cpu_insn *insn, const uint8_t *bytes, size_t len, unsigned int bits,
		    bool real, uint64_t rip);

/*
 * The same functions as a module (core/module.h), which is how vmm has the
 * processor: its tables and the library of its decoder would cost every start,
 * whatever the engine.
 */
#define CPU_MODULE_FILE "cpu.so"
#define CPU_MODULE_SYMBOL "vmm_cpu_module"
#define CPU_MODULE_VERSION 8u

struct cpu_module {
	unsigned int version;	/* CPU_MODULE_VERSION */
	int (*create)(struct cpu **cpu, struct mem *mem, const struct cpu_ops *ops, void *self);
	void (*destroy)(struct cpu *cpu);
	void (*set_cpuid)(struct cpu *cpu, const struct cpuid_config *config);
	void (*get_state)(const struct cpu *cpu, struct vcpu_state *state);
	void (*set_state)(struct cpu *cpu, const struct vcpu_state *state);
	enum cpu_stop (*run)(struct cpu *cpu, uint64_t limit);
	uint64_t (*instructions)(const struct cpu *cpu);
	uint64_t (*place)(const struct cpu *cpu, bool behind);
	bool (*interrupts_enabled)(const struct cpu *cpu);
	void (*set_interrupt)(struct cpu *cpu, bool level);
	void (*inject_nmi)(struct cpu *cpu);
	void (*set_a20)(struct cpu *cpu, bool on);
	void (*set_cr8)(struct cpu *cpu, uint8_t cr8);
	uint64_t (*tsc)(struct cpu *cpu);
	void (*kick)(struct cpu *cpu);
	void (*memory_written)(struct cpu *cpu, uint64_t gpa, uint64_t len);
	void (*get_registers)(const struct cpu *cpu, struct vcpu_state *state);
	void (*get_faults)(const struct cpu *cpu, struct vcpu_faults *faults);
	int (*disassemble)(struct cpu_insn *insn, const uint8_t *bytes, size_t len,
			   unsigned int bits, bool real, uint64_t rip);

	/* native.h */
	uint32_t (*native_bars)(const struct cpu *cpu);
	void (*native_get)(const struct cpu *cpu, struct cpu_native *native);
	void (*native_put)(struct cpu *cpu, const struct cpu_native *native);
	void (*native_space)(const struct cpu *cpu, struct cpu_space *space);
	bool (*native_translate)(struct cpu *cpu, uint64_t la, enum cpu_access access,
				 struct cpu_translation *translation);
	uint32_t (*native_scan)(struct cpu *cpu, uint64_t gpa, uint64_t la);
	uint32_t (*native_crossing)(struct cpu *cpu, uint64_t la);
	void (*native_forget)(struct cpu *cpu, uint64_t gpa);
	void (*native_renew)(struct cpu *cpu);
	bool (*watch)(struct cpu *cpu, uint64_t gpa, bool on);
	bool (*watched)(const struct cpu *cpu, uint64_t gpa);
	bool (*has_code)(const struct cpu *cpu, uint64_t gpa);
	void (*forget_code)(struct cpu *cpu, uint64_t gpa);
};

extern const struct cpu_module vmm_cpu_module;

#endif
