/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simvirtio-fixture.h - a SIMVIRTIO device on a bus of its own, with memory and with
 * what it prints captured, for the unit program and the fuzz program.
 */
#ifndef VMM_TESTS_SIMVIRTIO_FIXTURE_H
#define VMM_TESTS_SIMVIRTIO_FIXTURE_H

#include <stdlib.h>

#include "core/bus.h"
#include "core/mem.h"
#include "core/run.h"
#include "core/work.h"
#include "dev/simvirtio.h"
#include "dev/simvirtio_poll.h"
#include "host/output.h"

#define RAM_SIZE 0x20000u

struct simvirtio_fixture {
	struct log log;
	struct capture *capture;
	struct outputs *outputs;
	struct output *output;
	struct run *run;
	struct works *works;
	struct bus *bus;
	struct mem *mem;
	uint8_t *ram;
	struct simvirtio_words *words;	/* NULL: mode exit */
	struct simvirtio *device;
};

static inline bool simvirtio_set_up(struct simvirtio_fixture *f, bool polls)
{
	struct outputs_config outputs = { .log = &f->log };
	struct simvirtio_config config = { .address = SIMVIRTIO_ADDRESS };
	struct mem_region region = {
		.size = RAM_SIZE, .flags = MEM_RW, .name = "RAM",
	};
	struct bus_range range = {
		.base = SIMVIRTIO_ADDRESS, .length = SIMVIRTIO_SIZE, .ops = &simvirtio_ops,
		.name = "SIMVIRTIO",
	};

	f->log = (struct log){ .stream = stderr };
	if (capture_create(&f->capture))
		return false;
	outputs.capture = f->capture;
	if (outputs_create(&f->outputs, &outputs) ||
	    output_open_fn(&f->output, NULL, NULL, "output", f->outputs) ||
	    run_create(&f->run) || works_create(&f->works, f->run) || bus_create(&f->bus) ||
	    mem_create(&f->mem))
		return false;
	f->ram = region.host = mem_backing(f->mem, RAM_SIZE, false);
	f->words = polls ? mem_backing(f->mem, MEM_PAGE_SIZE, false) : NULL;
	config.mem = f->mem;
	config.output = f->output;
	config.works = f->works;
	config.words = f->words;
	if (!f->ram || (polls && !f->words) || mem_add(f->mem, &region, false) ||
	    simvirtio_create(&f->device, &config))
		return false;
	range.self = f->device;
	return bus_claim(f->bus, BUS_MMIO, &range) == 0 && simvirtio_start(f->device) == 0;
}

static inline void simvirtio_tear_down(struct simvirtio_fixture *f)
{
	simvirtio_device.fini(f->device);
	mem_destroy(f->mem);
	bus_destroy(f->bus);
	works_destroy(f->works);
	run_destroy(f->run);
	output_close(f->output);
	outputs_destroy(f->outputs);
	capture_destroy(f->capture);
}

static inline void simvirtio_out(struct simvirtio_fixture *f, unsigned int at, unsigned int size,
				 uint64_t value)
{
	bus_write(f->bus, BUS_MMIO, SIMVIRTIO_ADDRESS + at, size, value);
}

static inline uint64_t simvirtio_in(struct simvirtio_fixture *f, unsigned int at,
				    unsigned int size)
{
	return bus_read(f->bus, BUS_MMIO, SIMVIRTIO_ADDRESS + at, size);
}

#endif
