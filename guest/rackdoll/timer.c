/* SPDX-License-Identifier: 0BSD */
/*
 * timer.c - tasks that the timer interrupts: what they find depends on their own work, and
 * not on when an interrupt came.
 */
#include "rackdoll/rackdoll.h"

#include <vmm/io.h>

#include "cpu/timer.h"

#define TASKS		3u

static struct {
	struct paging space;
	uint64_t data;		/* frame */
	struct trap_frame frame;
	uint8_t fpu[512] __attribute__((aligned(16)));
	bool ended;
} tasks[TASKS];

static struct {
	unsigned int running;
	uint64_t shared;	/* frame: how often tasks have changed */
} scheduler;

static volatile unsigned int ticks;

static bool on_tick(struct trap_frame *frame)
{
	(void)frame;
	ticks++;
	timer_acknowledge();
	return true;
}

/* HLT waits for the timer; a loop is interrupted by it. */
static unsigned int halts(void)
{
	unsigned int halted = 0;

	trap_handler[TIMER_VECTOR] = on_tick;
	timer_start(TIMER_200_HZ);
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int before = ticks;

		__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
		halted += ticks > before;
	}
	ticks = 0;
	__asm__ volatile("sti" : : : "memory");
	while (ticks < 3)
		cpu_relax();
	__asm__ volatile("cli" : : : "memory");
	return halted;
}

/* The FPU is not there until the kernel says so. */
static void task_timer(void)
{
	unsigned int halted = halts();
	const char *first;

	write_cr0(read_cr0() | CR0_TS);
	TRY("fld1", : : "memory");
	first = outcome();
	TRY("movups %%xmm0, %%xmm1", : : "memory");
	write_cr0(read_cr0() & ~(uintptr_t)CR0_TS);
	say("timer    %u of 3 halts ended, a loop too; x87 %s, SSE %s", halted, first, outcome());
}

static bool switch_task(struct trap_frame *frame)
{
	unsigned int next = scheduler.running;

	tasks[next].frame = *frame;
	__asm__ volatile("fxsave64 (%0)" : : "r"(tasks[next].fpu) : "memory");
	do {
		next = (next + 1) % TASKS;
	} while (tasks[next].ended && next != scheduler.running);
	if (tasks[next].ended)
		return false;
	*word_at(scheduler.shared) += 1;
	scheduler.running = next;
	write_cr3(tasks[next].space.root);
	__asm__ volatile("fxrstor64 (%0)" : : "r"(tasks[next].fpu) : "memory");
	*frame = tasks[next].frame;
	return true;
}

static bool on_task_tick(struct trap_frame *frame)
{
	timer_acknowledge();
	return !trap_from_outer(frame) || switch_task(frame);
}

static bool on_task_end(struct trap_frame *frame)
{
	tasks[scheduler.running].ended = true;
	return switch_task(frame);
}

static void task_new(unsigned int number)
{
	tasks[number].space = space_new();
	tasks[number].data = user_map(&tasks[number].space);
	paging_map(&tasks[number].space, USER_SHARED, scheduler.shared, PTE_P | PTE_US);
	*word_at(tasks[number].data + DATA_FIRST) = number * 1000 + 1;
	__asm__ volatile("fxsave64 (%0)" : : "r"(tasks[number].fpu) : "memory");
	tasks[number].frame = (struct trap_frame){
		.bx = USER_DATA, .ip = user_address(user_compute), .cs = USER_CS, .ss = USER_DS,
		.flags = FLAG_FIXED | FLAG_IF, .sp = USER_STACK,
	};
}

static void say_results(const char *what, unsigned int offset)
{
	say("tasks    %s %llx, %llx, %llx, hash %x", what,
	    (unsigned long long)*quad_at(tasks[0].data + offset),
	    (unsigned long long)*quad_at(tasks[1].data + offset),
	    (unsigned long long)*quad_at(tasks[2].data + offset),
	    *word_at(tasks[0].data + DATA_HASH) ^ *word_at(tasks[1].data + DATA_HASH) ^
	    *word_at(tasks[2].data + DATA_HASH));
}

/* Several at once, each in a space of its own, with x87 and SSE in use. */
static void task_scheduler(void)
{
	scheduler.shared = frame_allocate();
	for (unsigned int i = 0; i < TASKS; i++)
		task_new(i);
	trap_gate(END_VECTOR, ACCESS_PRESENT | TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
	trap_handler[TIMER_VECTOR] = on_task_tick;
	trap_handler[END_VECTOR] = on_task_end;
	write_cr3(tasks[0].space.root);
	trap_user_flags = FLAG_FIXED | FLAG_IF;
	user_run(user_compute, USER_DATA);
	timer_stop();
	write_cr3(kernel_space.root);
	say_results("x87", DATA_X87);
	say_results("SSE", DATA_SSE);
}

void timer_tasks(void)
{
	task_timer();
	task_scheduler();
}
