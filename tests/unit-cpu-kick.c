/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-cpu-kick.c - kicks from another thread, each as soon as the last one has been
 * answered, when the processor has only just begun to run again: none may be lost.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpu.h"
#include "unit.h"

#define MEMORY_SIZE	0x10000u
#define CODE		0x1000u
#define NS_PER_SECOND	UINT64_C(1000000000)
#define TRYING_NS	NS_PER_SECOND
#define LOOKS		1000u
#define MOMENTS		64u
#define LOST_NS		(20 * NS_PER_SECOND)	/* on a busy machine too, an answer is sooner */

struct fixture {
	struct unit unit;
	struct mem *mem;
	struct cpu *cpu;
	pthread_t thread;
	atomic_ulong answers;	/* how often the processor came back for a kick */
	atomic_bool over;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

static void *run_guest(void *self)
{
	struct fixture *f = self;

	while (!atomic_load(&f->over))
		if (cpu_run(f->cpu, UINT64_MAX) == CPU_KICKED)
			atomic_fetch_add(&f->answers, 1);
	return NULL;
}

/* Whether the processor answers more than count kicks. It is looked at often, and closely. */
static bool answered(struct fixture *f, unsigned long count)
{
	uint64_t end = now() + LOST_NS;

	do {
		for (unsigned int i = 0; i < LOOKS; i++)
			if (atomic_load(&f->answers) > count)
				return true;
		sched_yield();
	} while (now() < end);
	return false;
}

/* At most some hundred cycles, as long as it takes the processor to look for a kick. */
static void wait_a_moment(unsigned long count)
{
	for (volatile unsigned long i = count % MOMENTS; i > 0; i--)
		continue;
}

static int no_interrupt(void *self)
{
	return -1;
}

static uint64_t no_number(void *self)
{
	return 0;
}

static const struct cpu_ops ops = {
	.acknowledge = no_interrupt, .tsc = no_number, .random = no_number,
};

static bool set_up(struct fixture *f)
{
	static const uint8_t loop[] = { 0xEB, 0xFE };	/* jmp to itself */
	struct mem_region region = { .size = MEMORY_SIZE, .flags = MEM_RW, .name = "RAM" };
	struct vcpu_state state;

	if (mem_create(&f->mem))
		return false;
	region.host = mem_backing(f->mem, MEMORY_SIZE, false);
	if (!region.host || mem_add(f->mem, &region, false) ||
	    mem_load(f->mem, CODE, loop, sizeof(loop)) ||
	    cpu_create(&f->cpu, f->mem, &ops, f))
		return false;
	vcpu_state_reset(&state);
	state.rip = CODE;
	cpu_set_state(f->cpu, &state);
	return pthread_create(&f->thread, NULL, run_guest, f) == 0;
}

static void tear_down(struct fixture *f)
{
	atomic_store(&f->over, true);
	cpu_kick(f->cpu);
	pthread_join(f->thread, NULL);
	cpu_destroy(f->cpu);
	mem_destroy(f->mem);
}

static void kicks(struct fixture *f)
{
	uint64_t end = now() + TRYING_NS;
	unsigned long count = 0;
	bool all = true;

	while (all && now() < end) {
		wait_a_moment(count);
		cpu_kick(f->cpu);
		all = answered(f, count++);
	}
	unit_check(&f->unit, all, "each kick is answered");
	if (!all)
		printf("  not the one behind %lu others\n", count - 1);
}

UNIT_MAIN(kicks)
