/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-apic.c - the local APIC and the I/O APIC: the 8259s through LINT0, priorities,
 * interrupts to itself, NMI, the timer in its three modes, and the 8254's ticks
 * through the I/O APIC (Intel SDM vol. 3, chapter 11; Intel 82093AA). For 32 and for
 * 64 bits, where CR8 is the task priority too.
 */
#include <vmm/io.h>

#include "cpu/test.h"

#define LAPIC		0xFEE00000ul
#define IOAPIC		0xFEC00000ul

enum lapic_register {
	LAPIC_ID = 0x20, LAPIC_VERSION = 0x30, LAPIC_TPR = 0x80, LAPIC_PPR = 0xA0,
	LAPIC_EOI = 0xB0, LAPIC_LDR = 0xD0, LAPIC_DFR = 0xE0, LAPIC_SVR = 0xF0,
	LAPIC_ISR = 0x100, LAPIC_IRR = 0x200, LAPIC_ESR = 0x280, LAPIC_ICR = 0x300,
	LAPIC_ICR_HIGH = 0x310, LAPIC_LVT_TIMER = 0x320, LAPIC_LINT0 = 0x350,
	LAPIC_INITIAL_COUNT = 0x380, LAPIC_CURRENT_COUNT = 0x390, LAPIC_DIVIDE = 0x3E0,
};

#define SVR_ENABLE	0x100u
#define LVT_MASKED	0x10000u
#define LVT_PERIODIC	0x20000u
#define LVT_TSC_DEADLINE 0x40000u
#define DELIVER_NMI	0x400u
#define DELIVER_EXTINT	0x700u
#define ICR_LOGICAL	0x800u
#define ICR_SELF	0x40000u
#define ICR_ALL		0x80000u
#define ICR_OTHERS	0xC0000u
#define DIVIDE_BY_1	0xBu
#define DIVIDE_BY_16	0x3u
#define APIC_TIMER_HZ	1000000000u

#define MSR_APIC_BASE		0x1Bu
#define MSR_TSC_DEADLINE	0x6E0u
#define CPUID_1_EDX_APIC	(1u << 9)
#define CPUID_1_ECX_DEADLINE	(1u << 24)

#define IOAPIC_ENTRY(input)	(0x10u + 2 * (input))
#define PIT_INPUT		2

enum port {
	PIC1_COMMAND = 0x20, PIC1_DATA = 0x21, PIC2_DATA = 0xA1,
	PIT_CHANNEL0 = 0x40, PIT_CHANNEL2 = 0x42, PIT_COMMAND = 0x43, PORT_B = 0x61,
};

#define OCW2_EOI	0x20
#define PIT_HZ		1193182u
#define PIT_RATE	0x34		/* channel 0, mode 2 */
#define PIT_ONCE	0x30		/* channel 0, mode 0 */
#define PIT2_ONCE	0xB0		/* channel 2, mode 0 */
#define PORT_B_GATE2	0x01
#define PORT_B_OUT2	0x20

#define PIC_VECTOR	0x20
#define LOW_VECTOR	0x41
#define HIGH_VECTOR	0x62
#define TIMER_VECTOR	0x70
#define TICK_VECTOR	0x80

static uint32_t lapic_read(enum lapic_register reg)
{
	return *(volatile uint32_t *)(LAPIC + (uintptr_t)reg);
}

static void lapic_write(enum lapic_register reg, uint32_t value)
{
	*(volatile uint32_t *)(LAPIC + (uintptr_t)reg) = value;
}

static uint32_t ioapic_read(uint32_t reg)
{
	*(volatile uint32_t *)IOAPIC = reg;
	return *(volatile uint32_t *)(IOAPIC + 0x10);
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)IOAPIC = reg;
	*(volatile uint32_t *)(IOAPIC + 0x10) = value;
}

static bool in_service(unsigned int vector)
{
	return lapic_read(LAPIC_ISR + vector / 32 * 16) >> vector % 32 & 1;
}

static bool requested(unsigned int vector)
{
	return lapic_read(LAPIC_IRR + vector / 32 * 16) >> vector % 32 & 1;
}

/* --- what has come --- */

static volatile struct {
	uint32_t count[256];
	uint32_t last, previous;	/* vectors */
	bool no_eoi;
	bool was_in_service;
} seen;

static bool on_lapic(struct trap_frame *frame)
{
	seen.previous = seen.last;
	seen.last = (uint32_t)frame->vector;
	seen.count[frame->vector & 0xFF]++;
	seen.was_in_service = in_service((unsigned int)frame->vector);
	if (!seen.no_eoi)
		lapic_write(LAPIC_EOI, 0);
	return true;
}

static bool on_pic(struct trap_frame *frame)
{
	seen.count[frame->vector & 0xFF]++;
	outb(OCW2_EOI, PIC1_COMMAND);
	return true;
}

static bool on_nmi(struct trap_frame *frame)
{
	(void)frame;
	seen.count[VECTOR_NMI]++;
	return true;
}

/* A moment with interrupts enabled. */
static void let_in(void)
{
	TRY("sti\n\tnop\n\tnop\n\tcli", : : "memory");
}

/* --- the 8254 as the measure of time --- */

static void pit_start(uint8_t mode, unsigned int count)
{
	outb(mode, PIT_COMMAND);
	outb((uint8_t)count, PIT_CHANNEL0);
	outb((uint8_t)(count >> 8), PIT_CHANNEL0);
}

/* So long, by channel 2; with interrupts enabled. */
static void wait_pit(unsigned int count)
{
	outb(0, PORT_B);
	outb(PIT2_ONCE, PIT_COMMAND);
	outb((uint8_t)count, PIT_CHANNEL2);
	outb((uint8_t)(count >> 8), PIT_CHANNEL2);
	outb(PORT_B_GATE2, PORT_B);
	__asm__ volatile("sti" : : : "memory");
	while (!(inb(PORT_B) & PORT_B_OUT2))
		cpu_relax();
	__asm__ volatile("cli" : : : "memory");
}

/* --- the 8259s through LINT0 --- */

static void pic_init(void)
{
	outb(0x11, PIC1_COMMAND);
	outb(PIC_VECTOR, PIC1_DATA);
	outb(0x04, PIC1_DATA);
	outb(0x01, PIC1_DATA);
	outb(0xFF, PIC1_DATA);
	outb(0xFF, PIC2_DATA);
}

/* Whether ticks of the 8254 come: three, in a while that is long enough for a busy host. */
static bool ticks_come(unsigned int vector)
{
	seen.count[vector] = 0;
	pit_start(PIT_RATE, PIT_HZ / 1000);
	for (unsigned int i = 0; i < 200 && seen.count[vector] < 3; i++)
		wait_pit(PIT_HZ / 1000);
	return seen.count[vector] >= 3;
}

/* Whether none come any more. */
static bool ticks_stay_away(unsigned int vector)
{
	let_in();
	seen.count[vector] = 0;
	for (unsigned int i = 0; i < 5; i++)
		wait_pit(PIT_HZ / 1000);
	return seen.count[vector] == 0;
}

static void check_virtual_wire(struct checks *checks)
{
	bool untouched;

	outb(0xFE, PIC1_DATA);
	untouched = ticks_come(PIC_VECTOR);
	if (lapic_read(LAPIC_SVR) & SVR_ENABLE)
		expect(checks, untouched, "8259: ticks through an APIC never touched");
	else
		test_skip("an APIC never touched", "no firmware has enabled it");
	lapic_write(LAPIC_SVR, SVR_ENABLE | 0xFF);
	lapic_write(LAPIC_LINT0, DELIVER_EXTINT);
	expect(checks, ticks_come(PIC_VECTOR), "8259: ticks through LINT0");
	lapic_write(LAPIC_TPR, 0xF0);
	expect(checks, ticks_come(PIC_VECTOR), "8259: whatever the task priority");
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LINT0, LVT_MASKED | DELIVER_EXTINT);
	expect(checks, ticks_stay_away(PIC_VECTOR), "8259: LINT0 masked");
	outb(0xFF, PIC1_DATA);
}

static void check_registers(struct checks *checks)
{
	expect_equal(checks, cpuid(1, 0).edx & CPUID_1_EDX_APIC, CPUID_1_EDX_APIC, "CPUID: APIC");
	expect_equal(checks, cpuid(1, 0).ebx >> 24, lapic_read(LAPIC_ID) >> 24, "APIC ID");
	expect_equal(checks, read_msr(MSR_APIC_BASE), LAPIC | 0x900, "IA32_APIC_BASE");
	expect_equal(checks, lapic_read(LAPIC_VERSION) & 0xFF, 0x14, "version");
	expect_equal(checks, ioapic_read(1) >> 16 & 0xFF, 23, "I/O APIC: entries");
}

/* --- interrupts to itself --- */

static void check_self(struct checks *checks)
{
	lapic_write(LAPIC_ICR, ICR_SELF | LOW_VECTOR);
	expect(checks, requested(LOW_VECTOR), "IRR of an interrupt to itself");
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 1, "an interrupt to itself");
	expect(checks, seen.was_in_service, "ISR within its handler");
	expect(checks, !in_service(LOW_VECTOR) && !requested(LOW_VECTOR), "ISR after EOI");
	lapic_write(LAPIC_ICR_HIGH, lapic_read(LAPIC_ID));
	lapic_write(LAPIC_ICR, LOW_VECTOR);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 2, "to its own ID");
	lapic_write(LAPIC_ICR, ICR_ALL | LOW_VECTOR);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 3, "to all");
	lapic_write(LAPIC_ICR, ICR_OTHERS | LOW_VECTOR);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 3, "to all others");
	lapic_write(LAPIC_LDR, 0x02000000);
	lapic_write(LAPIC_ICR_HIGH, 0x03000000);
	lapic_write(LAPIC_ICR, ICR_LOGICAL | LOW_VECTOR);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 4, "to its logical ID");
	lapic_write(LAPIC_ICR_HIGH, 0x04000000);
	lapic_write(LAPIC_ICR, ICR_LOGICAL | LOW_VECTOR);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 4, "to another logical ID");
}

static void check_priorities(struct checks *checks)
{
	lapic_write(LAPIC_ICR, ICR_SELF | LOW_VECTOR);
	lapic_write(LAPIC_ICR, ICR_SELF | HIGH_VECTOR);
	seen.count[LOW_VECTOR] = seen.count[HIGH_VECTOR] = 0;
	seen.no_eoi = true;
	let_in();
	expect_equal(checks, seen.last, HIGH_VECTOR, "the higher vector first");
	expect_equal(checks, seen.count[LOW_VECTOR], 0, "the lower one waits for EOI");
	expect_equal(checks, lapic_read(LAPIC_PPR), HIGH_VECTOR & 0xF0, "PPR");
	seen.no_eoi = false;
	lapic_write(LAPIC_EOI, 0);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 1, "then the lower one");
	lapic_write(LAPIC_TPR, LOW_VECTOR & 0xF0);
	lapic_write(LAPIC_ICR, ICR_SELF | LOW_VECTOR);
	lapic_write(LAPIC_ICR, ICR_SELF | HIGH_VECTOR);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 1, "TPR holds back its class");
	expect_equal(checks, seen.count[HIGH_VECTOR], 2, "TPR lets a higher class through");
	lapic_write(LAPIC_TPR, 0);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 2, "TPR back at 0");
}

#if VMM_GUEST_BITS == 64
static void check_cr8(struct checks *checks)
{
	uint64_t value = 0;

	lapic_write(LAPIC_TPR, 0x70);
	__asm__ volatile("mov %%cr8, %0" : "=r"(value));
	expect_equal(checks, value, 7, "CR8 reads TPR");
	__asm__ volatile("mov %0, %%cr8" : : "r"(UINT64_C(4)) : "memory");
	expect_equal(checks, lapic_read(LAPIC_TPR), 0x40, "CR8 writes TPR");
	seen.count[LOW_VECTOR] = 0;
	lapic_write(LAPIC_ICR, ICR_SELF | LOW_VECTOR);
	let_in();
	expect_equal(checks, seen.count[LOW_VECTOR], 0, "CR8 holds back its class");
	TRY("sti\n\tmov %0, %%cr8\n\tnop\n\tnop\n\tcli", : "r"(UINT64_C(3)) : "memory");
	expect_equal(checks, seen.count[LOW_VECTOR], 1, "CR8 lets through");
	test_lenient("cr8");
	TRY("mov %0, %%cr8", : "r"(UINT64_C(16)) : "memory");
	expect_trap(checks, VECTOR_GP, 0, 0, "CR8: reserved bits");
	test_lenient(NULL);
	lapic_write(LAPIC_TPR, 0);
}
#else
static void check_cr8(struct checks *checks)
{
	(void)checks;
}
#endif

static void check_nmi(struct checks *checks)
{
	seen.count[VECTOR_NMI] = 0;
	lapic_write(LAPIC_ICR_HIGH, lapic_read(LAPIC_ID));
	lapic_write(LAPIC_ICR, DELIVER_NMI);
	for (unsigned int i = 0; i < 1000 && !seen.count[VECTOR_NMI]; i++)
		cpu_relax();
	expect_equal(checks, seen.count[VECTOR_NMI], 1, "NMI to itself, interrupts disabled");
	seen.count[VECTOR_NMI] = 0;
	/* No count: quiet, so that it is no older tick. */
	outb(PIT_ONCE, PIT_COMMAND);
	ioapic_write(IOAPIC_ENTRY(PIT_INPUT) + 1, lapic_read(LAPIC_ID));
	ioapic_write(IOAPIC_ENTRY(PIT_INPUT), DELIVER_NMI);
	pit_start(PIT_ONCE, PIT_HZ / 1000);
	for (unsigned int i = 0; i < 200 && !seen.count[VECTOR_NMI]; i++)
		wait_pit(PIT_HZ / 1000);
	wait_pit(PIT_HZ / 500);
	ioapic_write(IOAPIC_ENTRY(PIT_INPUT), LVT_MASKED);
	expect_equal(checks, seen.count[VECTOR_NMI], 1, "NMI by the I/O APIC");
}

static void check_errors(struct checks *checks)
{
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_ICR, ICR_SELF | 0x05);
	lapic_write(LAPIC_ESR, 0);
	/* Processors differ in which of the two errors they report. */
	expect(checks, !(lapic_read(LAPIC_ESR) & ~0x60u), "ESR: %x", (unsigned int)lapic_read(LAPIC_ESR));
	let_in();
	expect_equal(checks, seen.count[5], 0, "an illegal vector");
}

/* --- the timer --- */

static void check_one_shot(struct checks *checks)
{
	uint32_t first, second;

	seen.count[TIMER_VECTOR] = 0;
	lapic_write(LAPIC_DIVIDE, DIVIDE_BY_16);
	lapic_write(LAPIC_LVT_TIMER, TIMER_VECTOR);
	lapic_write(LAPIC_INITIAL_COUNT, 0xFFFFFFFF);
	first = lapic_read(LAPIC_CURRENT_COUNT);
	wait_pit(PIT_HZ / 100);
	second = lapic_read(LAPIC_CURRENT_COUNT);
	/* At least so long; a busy host may have made it longer. */
	expect(checks, first - second >= APIC_TIMER_HZ / 16 / 100 / 10 * 9,
	       "%u counts in 10 ms", (unsigned int)(first - second));
	lapic_write(LAPIC_INITIAL_COUNT, APIC_TIMER_HZ / 16 / 1000);
	TRY("sti\n\thlt\n\tcli", : : "memory");
	expect_equal(checks, seen.count[TIMER_VECTOR], 1, "one-shot");
	expect_equal(checks, lapic_read(LAPIC_CURRENT_COUNT), 0, "one-shot: its end");
	wait_pit(PIT_HZ / 200);
	expect_equal(checks, seen.count[TIMER_VECTOR], 1, "one-shot: once");
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | TIMER_VECTOR);
	lapic_write(LAPIC_INITIAL_COUNT, 1000);
	wait_pit(PIT_HZ / 500);
	expect_equal(checks, seen.count[TIMER_VECTOR], 1, "one-shot: masked");
}

static void check_periodic(struct checks *checks)
{
	seen.count[TIMER_VECTOR] = 0;
	lapic_write(LAPIC_DIVIDE, DIVIDE_BY_1);
	lapic_write(LAPIC_LVT_TIMER, LVT_PERIODIC | TIMER_VECTOR);
	lapic_write(LAPIC_INITIAL_COUNT, APIC_TIMER_HZ / 1000);
	for (unsigned int i = 1; i <= 10; i++) {
		TRY("sti\n\thlt\n\tcli", : : "memory");
		expect(checks, seen.count[TIMER_VECTOR] >= i, "periodic: tick %u", i);
	}
	lapic_write(LAPIC_INITIAL_COUNT, 0);
	let_in();
	seen.count[TIMER_VECTOR] = 0;
	wait_pit(PIT_HZ / 200);
	expect_equal(checks, seen.count[TIMER_VECTOR], 0, "periodic: stopped");
}

static uint64_t read_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (uint64_t)high << 32;
}

static void check_deadline(struct checks *checks)
{
	uint64_t deadline;
	bool late;

	if (!(cpuid(1, 0).ecx & CPUID_1_ECX_DEADLINE)) {
		test_skip("TSC deadline", "CPUID");
		return;
	}
	seen.count[TIMER_VECTOR] = 0;
	lapic_write(LAPIC_LVT_TIMER, LVT_TSC_DEADLINE | TIMER_VECTOR);
	for (unsigned int i = 1; i <= 5; i++) {
		deadline = read_tsc() + 2000000;
		write_msr(MSR_TSC_DEADLINE, deadline);
		TRY("sti\n\thlt\n\tcli", : : "memory");
		expect_equal(checks, seen.count[TIMER_VECTOR], i, "TSC deadline");
		expect(checks, read_tsc() >= deadline, "TSC deadline: too early");
		expect_equal(checks, read_msr(MSR_TSC_DEADLINE), 0, "TSC deadline: gone");
	}
	write_msr(MSR_TSC_DEADLINE, 1);
	for (unsigned int i = 0; i < 200 && seen.count[TIMER_VECTOR] < 6; i++)
		wait_pit(PIT_HZ / 1000);
	expect_equal(checks, seen.count[TIMER_VECTOR], 6, "TSC deadline in the past");
	deadline = read_tsc() << 1 | UINT64_C(1) << 50;
	write_msr(MSR_TSC_DEADLINE, deadline);
	expect_equal(checks, read_msr(MSR_TSC_DEADLINE), deadline, "TSC deadline: read");
	/* Again where the host holds us up, so that it is there before it is disarmed. */
	do {
		seen.count[TIMER_VECTOR] = 0;
		deadline = read_tsc() + 20000000;
		write_msr(MSR_TSC_DEADLINE, deadline);
		write_msr(MSR_TSC_DEADLINE, 0);
		late = read_tsc() >= deadline;
		while (read_tsc() < deadline)
			cpu_relax();
		wait_pit(PIT_HZ / 1000);
	} while (late);
	expect_equal(checks, seen.count[TIMER_VECTOR], 0, "TSC deadline: disarmed");
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | TIMER_VECTOR);
	write_msr(MSR_TSC_DEADLINE, read_tsc());
	expect_equal(checks, read_msr(MSR_TSC_DEADLINE), 0, "TSC deadline in another mode");
}

/* --- the I/O APIC --- */

/* Ticks that are missing, by the local APIC's timer; negative: they are too many. */
static int ticks_missing(void)
{
	uint32_t periods;

	seen.count[TICK_VECTOR] = 0;
	lapic_write(LAPIC_DIVIDE, DIVIDE_BY_16);
	lapic_write(LAPIC_INITIAL_COUNT, 0xFFFFFFFF);
	pit_start(PIT_RATE, PIT_HZ / 100);
	__asm__ volatile("sti" : : : "memory");
	while (seen.count[TICK_VECTOR] < 10)
		cpu_relax();
	__asm__ volatile("cli" : : : "memory");
	periods = (0xFFFFFFFF - lapic_read(LAPIC_CURRENT_COUNT)) / (APIC_TIMER_HZ / 16 / 100);
	/* Those that were late come all at once. */
	let_in();
	return (int)(periods - seen.count[TICK_VECTOR]);
}

static void check_ioapic(struct checks *checks)
{
	int missing = 10;

	ioapic_write(IOAPIC_ENTRY(PIT_INPUT) + 1, lapic_read(LAPIC_ID));
	ioapic_write(IOAPIC_ENTRY(PIT_INPUT), TICK_VECTOR);
	expect_equal(checks, ioapic_read(IOAPIC_ENTRY(PIT_INPUT)), TICK_VECTOR, "I/O APIC: entry");
	/* More than once: the host may hold us up between two looks at the time. */
	for (unsigned int i = 0; i < 20 && (missing < -1 || missing > 1); i++)
		missing = ticks_missing();
	expect(checks, missing >= -1, "I/O APIC: %d ticks too many", -missing);
	test_lenient("lost-ticks");
	expect(checks, missing <= 1, "I/O APIC: %d of the ticks are lost", missing);
	test_lenient(NULL);
	ioapic_write(IOAPIC_ENTRY(PIT_INPUT), LVT_MASKED | TICK_VECTOR);
	expect(checks, ticks_stay_away(TICK_VECTOR), "I/O APIC: masked");
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	trap_handler[PIC_VECTOR] = on_pic;
	trap_handler[VECTOR_NMI] = on_nmi;
	trap_handler[LOW_VECTOR] = trap_handler[HIGH_VECTOR] = on_lapic;
	trap_handler[TIMER_VECTOR] = trap_handler[TICK_VECTOR] = on_lapic;
	pic_init();
	check_virtual_wire(&checks);
	check_registers(&checks);
	check_self(&checks);
	check_priorities(&checks);
	check_cr8(&checks);
	check_nmi(&checks);
	check_errors(&checks);
	check_one_shot(&checks);
	check_periodic(&checks);
	check_deadline(&checks);
	check_ioapic(&checks);
	return test_result(&checks, VMM_GUEST_BITS == 64 ? "cpu-apic64" : "cpu-apic");
}
