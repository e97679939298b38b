/* SPDX-License-Identifier: 0BSD */
/*
 * trap.c - tables for exceptions and interrupts, and what is done with one,
 * see trap.h.
 */
#include "cpu/trap.h"

#include <vmm/console.h>
#include <vmm/machine.h>

#define GDT_ENTRIES	(SPARE / 8 + SPARES)
#define IDT_WORDS	(VMM_GUEST_BITS / 32)	/* of 8 bytes, for each gate */
#define VECTORS		256

/* Of the entry code: a piece for each vector, 16 bytes apart. */
extern const uint8_t trap_stubs[];
#define STUB_SIZE	16

bool trap_dispatch(struct trap_frame *frame);

volatile struct trap trap;
trap_fn *volatile trap_handler[VECTORS];
uint8_t trap_kernel_stack[TRAP_STACK_SIZE] __attribute__((aligned(16)));
uint8_t trap_user_stack[TRAP_STACK_SIZE] __attribute__((aligned(16)));
volatile uintptr_t trap_user_flags = FLAG_FIXED;
uint64_t trap_gdt[GDT_ENTRIES];
uint64_t trap_idt[VECTORS * IDT_WORDS];

_Static_assert(offsetof(struct trap, resume) == 0 * sizeof(uintptr_t), "TRAP_BEGIN");
_Static_assert(offsetof(struct trap, resume_sp) == 1 * sizeof(uintptr_t), "TRAP_BEGIN");
_Static_assert(offsetof(struct trap, resume_bp) == 2 * sizeof(uintptr_t), "TRAP_BEGIN");
_Static_assert(offsetof(struct trap, start) == 3 * sizeof(uintptr_t), "TRAP_BEGIN");
_Static_assert(offsetof(struct trap, vector) == 4 * sizeof(uintptr_t), "TRAP_BEGIN");

#if VMM_GUEST_BITS == 64
struct tss64 trap_tss = { .io_map = sizeof(trap_tss) };
#define CODE_SIZE SIZE_LONG

static void set_stack(uintptr_t top)
{
	trap_tss.sp[0] = top;
}

/* crt0's tables map the first 4 GiB with pages of 2 MiB. */
static void open_pages(void)
{
	uint64_t *pml4 = (uint64_t *)read_cr3();
	uint64_t *pdpt = (uint64_t *)(pml4[0] & ~0xFFFull);

	pml4[0] |= 4;
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t *directory = (uint64_t *)(pdpt[i] & ~0xFFFull);

		pdpt[i] |= 4;
		for (unsigned int j = 0; j < 512; j++)
			directory[j] |= 4;
	}
	write_cr3(read_cr3());
}

bool trap_from_outer(const struct trap_frame *frame)
{
	return (frame->cs & 3) != 0;
}

uintptr_t trap_sp(const struct trap_frame *frame)
{
	return frame->sp;
}

static uintptr_t trap_ss(const struct trap_frame *frame)
{
	return frame->ss;
}
#else
struct tss32 trap_tss = { .ring[0].ss = KERNEL_DS, .io_map = sizeof(trap_tss) };
#define CODE_SIZE SIZE_32

static void set_stack(uintptr_t top)
{
	trap_tss.ring[0].sp = top;
}

static void open_pages(void)
{
}

bool trap_from_outer(const struct trap_frame *frame)
{
	return (frame->cs & 3) || (frame->flags & FLAG_VM);
}

/* Without a change of level, the stack goes on behind the flags. */
uintptr_t trap_sp(const struct trap_frame *frame)
{
	return trap_from_outer(frame) ? frame->sp : (uintptr_t)&frame->sp;
}

static uintptr_t trap_ss(const struct trap_frame *frame)
{
	return trap_from_outer(frame) ? frame->ss : KERNEL_DS;
}
#endif

uintptr_t trap_entry_of(unsigned int vector)
{
	return (uintptr_t)trap_stubs + vector * STUB_SIZE;
}

void trap_gate(unsigned int vector, unsigned int access, unsigned int ist)
{
	trap_idt[vector * IDT_WORDS] =
		gate(KERNEL_CS, (uint32_t)trap_entry_of(vector), access, ist);
}

static void fill_gdt(void)
{
	const unsigned int user = ACCESS_DPL(3);
	uint64_t data = segment(0, LIMIT_FLAT, DATA_SEGMENT, SIZE_32 | SIZE_PAGES);
	uint64_t user_data = segment(0, LIMIT_FLAT, DATA_SEGMENT | user, SIZE_32 | SIZE_PAGES);

	*gdt_entry(KERNEL_CS) = segment(0, LIMIT_FLAT, CODE_SEGMENT, CODE_SIZE | SIZE_PAGES);
	*gdt_entry(KERNEL_DS) = data;
	*gdt_entry(USER_CS32) = segment(0, LIMIT_FLAT, CODE_SEGMENT | user, SIZE_32 | SIZE_PAGES);
	*gdt_entry(USER_DS) = user_data;
	*gdt_entry(USER_CS64) = segment(0, LIMIT_FLAT, CODE_SEGMENT | user, CODE_SIZE | SIZE_PAGES);
	*gdt_entry(USER_DS64) = user_data;
	*gdt_entry(TASK_SELECTOR) = segment((uint32_t)(uintptr_t)&trap_tss, sizeof(trap_tss) - 1,
					    ACCESS_PRESENT | TYPE_TSS, SIZE_16);
}

void trap_tables_init(void)
{
	struct table_register gdt = { sizeof(trap_gdt) - 1, (uintptr_t)trap_gdt };
	struct table_register idt = { sizeof(trap_idt) - 1, (uintptr_t)trap_idt };

	fill_gdt();
	for (unsigned int vector = 0; vector < VECTORS; vector++)
		trap_gate(vector, ACCESS_PRESENT | TYPE_INTERRUPT_GATE, 0);
	trap_gate(USER_DONE, ACCESS_PRESENT | TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
	set_stack((uintptr_t)trap_kernel_stack + sizeof(trap_kernel_stack));
	__asm__ volatile("lgdt %0\n\tlidt %1\n\tltr %w2"
			 : : "m"(gdt), "m"(idt), "r"(TASK_SELECTOR) : "memory");
}

void trap_init(void)
{
	open_pages();
	trap_tables_init();
}

static void record(const struct trap_frame *frame)
{
	trap.vector = frame->vector;
	trap.error = frame->error;
	trap.ip = frame->ip;
	trap.cs = frame->cs & 0xFFFF;
	trap.flags = frame->flags;
	trap.sp = trap_sp(frame);
	trap.ss = trap_ss(frame) & 0xFFFF;
	trap.cr2 = read_cr2();
	trap.frame = (uintptr_t)frame;
}

/*
 * What the entry code calls. Returns true to go back, false to end the TRY;
 * where there is none, the run ends here.
 */
bool trap_dispatch(struct trap_frame *frame)
{
	trap_fn *handler = trap_handler[frame->vector];

	if (handler && handler(frame))
		return true;
	if (!trap.resume) {
		console_printf("FAIL: unexpected vector %u, error %x, at %x:%p, CR2 %p\n",
			       (unsigned int)frame->vector, (unsigned int)frame->error,
			       (unsigned int)frame->cs, (void *)frame->ip, (void *)read_cr2());
		machine_exit(1);
	}
	record(frame);
	return false;
}
