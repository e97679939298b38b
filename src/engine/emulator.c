/* SPDX-License-Identifier: GPL-3.0-or-later */
/* emulator.c - the emulator between its engine and the machine, see emulator.h. */
#include "engine/emulator.h"

#include <string.h>

static void hand_over(struct emulator *emulator, struct vmexit *exit)
{
	emulator->ops->access(emulator->self, exit);
}

/* Only what counts is set: the struct is large for what a failure has to say. */
static void access(struct emulator *emulator, enum bus_space space, uint64_t address,
		   unsigned int size, bool write, void *data, size_t count)
{
	struct vmexit exit;

	if (space == BUS_MMIO) {
		exit.reason = VMEXIT_MMIO;
		exit.mmio.gpa = address;
		exit.mmio.size = (uint8_t)size;
		exit.mmio.write = write;
		exit.mmio.posted = false;
		exit.mmio.data = data;
	} else {
		exit.reason = VMEXIT_PIO;
		exit.pio.port = (uint16_t)address;
		exit.pio.size = (uint8_t)size;
		exit.pio.write = write;
		exit.pio.count = (uint32_t)count;
		exit.pio.data = data;
	}
	hand_over(emulator, &exit);
}

static uint64_t emulator_read(void *self, enum bus_space space, uint64_t address,
			      unsigned int size)
{
	uint64_t value = 0;

	access(self, space, address, size, false, &value, 1);
	return value;
}

static void emulator_write(void *self, enum bus_space space, uint64_t address,
			   unsigned int size, uint64_t value)
{
	access(self, space, address, size, true, &value, 1);
}

static void emulator_read_string(void *self, uint16_t port, unsigned int size, void *data,
				 size_t count)
{
	access(self, BUS_PIO, port, size, false, data, count);
}

static void emulator_write_string(void *self, uint16_t port, unsigned int size,
				  const void *data, size_t count)
{
	access(self, BUS_PIO, port, size, true, (void *)(uintptr_t)data, count);
}

static bool access_msr(struct emulator *emulator, uint32_t number, bool write, uint64_t *value)
{
	uint8_t fault = 0;

	hand_over(emulator, &(struct vmexit){
		.reason = VMEXIT_MSR,
		.msr = { .number = number, .write = write, .data = value, .fault = &fault },
	});
	return !fault;
}

static bool emulator_read_msr(void *self, uint32_t number, uint64_t *value)
{
	return access_msr(self, number, false, value);
}

static bool emulator_write_msr(void *self, uint32_t number, uint64_t value)
{
	return access_msr(self, number, true, &value);
}

static void emulator_write_cr8(void *self, uint8_t cr8)
{
	struct emulator *emulator = self;

	emulator->ops->write_cr8(emulator->self, cr8);
}

static int emulator_acknowledge(void *self)
{
	struct emulator *emulator = self;

	return emulator->ops->acknowledge(emulator->self);
}

static uint64_t emulator_tsc(void *self)
{
	struct emulator *emulator = self;

	return emulator->ops->tsc(emulator->self);
}

/* xorshift64*: repeatable where the seed is, and good enough for a guest where it is not. */
static uint64_t emulator_random(void *self)
{
	struct emulator *emulator = self;

	emulator->random ^= emulator->random >> 12;
	emulator->random ^= emulator->random << 25;
	emulator->random ^= emulator->random >> 27;
	return emulator->random * UINT64_C(0x2545F4914F6CDD1D);
}

static void emulator_written(void *self, uint64_t gpa, uint64_t len)
{
	struct emulator *emulator = self;

	if (emulator->ops->written)
		emulator->ops->written(emulator->self, gpa, len);
}

static void emulator_keeps_code(void *self, uint64_t gpa)
{
	struct emulator *emulator = self;

	if (emulator->ops->keeps_code)
		emulator->ops->keeps_code(emulator->self, gpa);
}

static void emulator_event(void *self, const struct cpu_event *event)
{
	struct emulator *emulator = self;

	if (!emulator->silent && emulator->config->on_event)
		emulator->config->on_event(emulator->config->self, event);
}

static const struct cpu_ops cpu_ops = {
	.read = emulator_read,
	.write = emulator_write,
	.read_string = emulator_read_string,
	.write_string = emulator_write_string,
	.read_msr = emulator_read_msr,
	.write_msr = emulator_write_msr,
	.write_cr8 = emulator_write_cr8,
	.acknowledge = emulator_acknowledge,
	.tsc = emulator_tsc,
	.random = emulator_random,
	.written = emulator_written,
	.keeps_code = emulator_keeps_code,
	.event = emulator_event,
};

int emulator_open(struct emulator *emulator, const struct engine_config *config,
		  const char *name)
{
	char text[256];
	int error = module_open(&emulator->module, CPU_MODULE_FILE, CPU_MODULE_SYMBOL,
				CPU_MODULE_VERSION, "vmm-hypervisor", text, sizeof(text));

	if (error) {
		log_error(config->log, "engine %s: %s", name, text);
		return error;
	}
	emulator->api = emulator->module.symbol;
	emulator->config = config;
	error = emulator->api->create(&emulator->cpu, config->mem, &cpu_ops, emulator);
	if (error)
		log_error(config->log, "engine %s: %s", name, strerror(-error));
	else
		emulator->api->set_cpuid(emulator->cpu, &config->cpu);
	return error;
}

void emulator_close(struct emulator *emulator)
{
	if (emulator->cpu)
		emulator->api->destroy(emulator->cpu);
	module_close(&emulator->module);
}

static void on_memory_written(void *self, uint64_t gpa, uint64_t len)
{
	struct emulator *emulator = self;

	emulator->api->memory_written(emulator->cpu, gpa, len);
}

static uint64_t guest_tsc(void *self)
{
	struct emulator *emulator = self;

	return emulator->api->tsc(emulator->cpu);
}

/* By how far it has come: nobody says how fast the host's is. */
static uint64_t tsc_hz(void *self)
{
	struct emulator *emulator = self;
	uint64_t time = clock_now(emulator->clock) - emulator->tsc_start_time;
	uint64_t ticks = emulator->ops->tsc(emulator->self) - emulator->tsc_start;

	if (clock_is_virtual(emulator->clock) || !time)
		return NS_PER_SECOND;
	return (uint64_t)((unsigned __int128)ticks * NS_PER_SECOND / time) ?: 1;
}

void emulator_attach(struct emulator *emulator, const struct engine_config *config)
{
	emulator->clock = config->clock;
	emulator->tsc = (struct clock_tsc){ .now = guest_tsc, .hz = tsc_hz, .self = emulator };
	emulator->tsc_start = emulator->ops->tsc(emulator->self);
	emulator->tsc_start_time = clock_now(config->clock);
	mem_set_writer(config->mem, on_memory_written, emulator);
	clock_set_tsc(config->clock, &emulator->tsc);
}

void emulator_detach(const struct engine_config *config)
{
	mem_set_writer(config->mem, NULL, NULL);
	clock_set_tsc(config->clock, NULL);
}

void emulator_show_pins(struct emulator *emulator, struct intr *intr)
{
	emulator->api->set_interrupt(emulator->cpu, intr_level(intr));
	emulator->api->set_cr8(emulator->cpu, intr_cr8(intr));
	if (intr_take_nmi(intr))
		emulator->api->inject_nmi(emulator->cpu);
}

int emulator_take_interrupt(struct emulator *emulator, struct intr *intr)
{
	int vector = intr_level(intr) ? intr_acknowledge(intr) : -1;

	emulator->api->set_interrupt(emulator->cpu, intr_level(intr));
	return vector;
}

uint64_t emulator_place(const struct emulator *emulator, const struct vmexit *exit)
{
	bool write = exit && ((exit->reason == VMEXIT_PIO && exit->pio.write) ||
			      (exit->reason == VMEXIT_MMIO && exit->mmio.write));

	return emulator->api->place(emulator->cpu, write);
}

void emulator_set_general(struct emulator *emulator, const struct vcpu_state *general)
{
	struct vcpu_state state;

	emulator->api->get_state(emulator->cpu, &state);
	memcpy(state.gpr, general->gpr, sizeof(state.gpr));
	state.rip = general->rip;
	state.rflags = general->rflags;
	emulator->api->set_state(emulator->cpu, &state);
}

void emulator_stopped(struct emulator *emulator, enum cpu_stop stop, struct vmexit *exit)
{
	static const enum vmexit_reason reasons[] = {
		[CPU_LIMIT] = VMEXIT_KICK,
		[CPU_KICKED] = VMEXIT_KICK,
		[CPU_HALTED] = VMEXIT_HLT,
		[CPU_SHUTDOWN] = VMEXIT_SHUTDOWN,
	};

	exit->reason = reasons[stop];
	if (stop == CPU_HALTED)
		exit->hlt.interrupts_enabled = emulator->api->interrupts_enabled(emulator->cpu);
}
