/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dispatch.c - the machine's answer to each kind of exit, see dispatch.h. */
#include "engine/dispatch.h"

#include <string.h>

static enum dispatch_answer on_pio(const struct dispatch *dispatch, struct vmexit *exit)
{
	struct bus *bus = dispatch->bus;
	uint64_t value = 0;

	if (exit->pio.count > 1) {
		if (exit->pio.write)
			bus_write_string(bus, exit->pio.port, exit->pio.size,
					 exit->pio.data, exit->pio.count);
		else
			bus_read_string(bus, exit->pio.port, exit->pio.size,
					exit->pio.data, exit->pio.count);
	} else if (exit->pio.write) {
		memcpy(&value, exit->pio.data, exit->pio.size);
		bus_write(bus, BUS_PIO, exit->pio.port, exit->pio.size, value);
	} else {
		value = bus_read(bus, BUS_PIO, exit->pio.port, exit->pio.size);
		memcpy(exit->pio.data, &value, exit->pio.size);
	}
	return DISPATCH_CONTINUE;
}

/* The largest access of 1, 2, 4 or 8 bytes that is not longer than size. */
static unsigned int whole_access(unsigned int size)
{
	unsigned int access = 8;

	while (access > size)
		access /= 2;
	return access;
}

static enum dispatch_answer on_mmio(const struct dispatch *dispatch, struct vmexit *exit)
{
	unsigned int size;

	/* A piece of an access that crosses a page can be of any size. */
	for (unsigned int done = 0; done < exit->mmio.size; done += size) {
		uint64_t gpa = exit->mmio.gpa + done, value = 0;

		size = whole_access(exit->mmio.size - done);
		if (exit->mmio.write) {
			memcpy(&value, exit->mmio.data + done, size);
			bus_write(dispatch->bus, BUS_MMIO, gpa, size, value);
		} else {
			value = bus_read(dispatch->bus, BUS_MMIO, gpa, size);
			memcpy(exit->mmio.data + done, &value, size);
		}
	}
	return DISPATCH_CONTINUE;
}

static enum dispatch_answer on_msr(const struct dispatch *dispatch, struct vmexit *exit)
{
	uint64_t value = 0;
	bool done;

	if (exit->msr.write) {
		memcpy(&value, exit->msr.data, sizeof(value));
		done = msrs_write(dispatch->msrs, exit->msr.number, value);
	} else {
		done = msrs_read(dispatch->msrs, exit->msr.number, &value);
		memcpy(exit->msr.data, &value, sizeof(value));
	}
	*exit->msr.fault = !done;
	return DISPATCH_CONTINUE;
}

static enum dispatch_answer on_hlt(const struct dispatch *dispatch, struct vmexit *exit)
{
	if (exit->hlt.interrupts_enabled)
		return DISPATCH_WAIT;
	run_end(dispatch->run, ENDING_HALT, dispatch->halt_status,
		"guest halted, interrupts off");
	return DISPATCH_STOP;
}

static enum dispatch_answer on_nothing(const struct dispatch *dispatch, struct vmexit *exit)
{
	return DISPATCH_CONTINUE;
}

/* On a PC the chipset resets the processor then. */
static enum dispatch_answer on_shutdown(const struct dispatch *dispatch, struct vmexit *exit)
{
	if (run_reboots(dispatch->run)) {
		run_reset(dispatch->run, "triple fault");
		return DISPATCH_CONTINUE;
	}
	run_end(dispatch->run, ENDING_CRASH, 0, "guest crashed: triple fault");
	return DISPATCH_STOP;
}

static enum dispatch_answer on_failure(const struct dispatch *dispatch, struct vmexit *exit)
{
	run_end(dispatch->run, exit->failure.host ? ENDING_HOST_ERROR : ENDING_CRASH, 0,
		"%s%s", exit->failure.host ? "" : "guest crashed: ", exit->failure.text);
	return DISPATCH_STOP;
}

static enum dispatch_answer on_insn_limit(const struct dispatch *dispatch, struct vmexit *exit)
{
	run_end(dispatch->run, ENDING_LIMIT, 0, "instruction limit reached");
	return DISPATCH_STOP;
}

static enum dispatch_answer (*const answers[VMEXIT_REASONS])(const struct dispatch *dispatch,
							     struct vmexit *exit) = {
	[VMEXIT_PIO] = on_pio,
	[VMEXIT_MMIO] = on_mmio,
	[VMEXIT_MSR] = on_msr,
	[VMEXIT_HLT] = on_hlt,
	[VMEXIT_KICK] = on_nothing,
	[VMEXIT_EMULATED] = on_nothing,
	[VMEXIT_SHUTDOWN] = on_shutdown,
	[VMEXIT_FAILURE] = on_failure,
	[VMEXIT_INSN_LIMIT] = on_insn_limit,
	[VMEXIT_STEPPED] = on_nothing,
};

enum dispatch_answer dispatch_exit(const struct dispatch *dispatch, struct vmexit *exit)
{
	enum dispatch_answer answer = answers[exit->reason](dispatch, exit);

	/* What was held back arrives even when the run has ended since. */
	if (exit->reason == VMEXIT_MMIO && exit->mmio.posted)
		return answer;
	return run_ended(dispatch->run) ? DISPATCH_STOP : answer;
}
