/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz-simvirtio.c - SIMVIRTIO with a driver that does anything.
 *
 * An input is a mode and a row of steps: accesses to the registers, writes to
 * memory and to the control words, bytes that come in, a reset of the machine. Nothing of
 * it may crash or hang the device or make it touch memory that it has not been given; and
 * at the end a driver that does as the manual says must find it whole.
 *
 * With libFuzzer (clang -fsanitize=fuzzer,address,undefined -DFUZZER) it looks for such
 * inputs; without, it is a program that goes through the files of the folders named, or
 * of the sources' simvirtio-corpus.
 */
#include <string.h>

#include "corpus.h"
#include "simvirtio-fixture.h"

#define HANG_SECONDS	20
#define STEP_SIZE	4u	/* kind, place, two bytes of value */
#define TX_BUFFER	0x2000u
#define LENGTH		SIMVIRTIO_QUEUE_LENGTH

/* Values that matter more often than chance has them. */
static const uint64_t values[] = {
	0, 1, 2, 4, 0x80, 0xFF, LENGTH - 1, LENGTH, 0xFFFFFFFF, 0x1000, TX_BUFFER, RAM_SIZE - LENGTH,
	RAM_SIZE - LENGTH + 1, UINT64_MAX, UINT64_MAX - LENGTH + 1, SIMVIRTIO_ADDRESS,
};

static uint64_t value_of(const uint8_t *step)
{
	/* Any index, or one of those. */
	return step[2] < 0x80 ? values[step[2] % (sizeof(values) / sizeof(values[0]))] :
	       (uint64_t)(step[2] & 0x7F) << 8 | step[3];
}

static void set_word(struct simvirtio_fixture *f, const uint8_t *step)
{
	unsigned int queue = step[1] & 1;

	if (f->words)
		atomic_store(step[1] & 2 ? &f->words->queue[queue].head : &f->words->queue[queue].tail,
			     (uint32_t)value_of(step));
}

static void execute_step(struct simvirtio_fixture *f, const uint8_t *step)
{
	static const uint8_t bytes[LENGTH + 1000] = "what comes in";
	unsigned int size = 1u << (step[3] & 3), at = step[1];

	switch (step[0] % 8) {
	case 0:
	case 1:
		simvirtio_out(f, at % 0x30, size, value_of(step));
		break;
	case 2:
		simvirtio_in(f, at, size);
		break;
	case 3:
		f->ram[TX_BUFFER + at] = step[2] & 1 ? 'R' : step[3];
		break;
	case 4:
		f->ram[TX_BUFFER + at] = 'C';
		break;
	case 5:
		set_word(f, step);
		works_run(f->works);
		break;
	case 6:
		simvirtio_receive(f->device, bytes, step[2] & 1 ? sizeof(bytes) : at);
		break;
	default:
		if (step[1] & 1)
			simvirtio_device.reset(f->device);
		simvirtio_sync(f->device);
	}
}

/* One command by a driver that begins anew with each. */
static void send(struct simvirtio_fixture *f, uint32_t index, uint8_t command)
{
	f->ram[TX_BUFFER + index] = command;
	if (f->words)
		atomic_store(&f->words->queue[0].head, index + 1);
	else
		simvirtio_out(f, 0x10, 4, index + 1);
	simvirtio_sync(f->device);
}

/* As the manual has it; the device is ready then, whatever happened before. */
static void check_whole(struct simvirtio_fixture *f)
{
	simvirtio_out(f, 0x07, 1, 0x80);
	simvirtio_out(f, 0x08, 1, 0);
	simvirtio_out(f, 0x18, 8, TX_BUFFER);
	simvirtio_out(f, 0x09, 1, 1);
	send(f, 0, 'R');
	simvirtio_out(f, 0x07, 1, 0);
	send(f, 1, 'C');
	simvirtio_out(f, 0x07, 1, 4);
	if (simvirtio_in(f, 0x06, 1) != 4 || simvirtio_in(f, 0x00, 4) != 0x74726976)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct simvirtio_fixture f = { 0 };

	if (!size)
		return 0;
	if (!simvirtio_set_up(&f, data[0] & 1))
		abort();
	for (size_t at = 1; at + STEP_SIZE <= size; at += STEP_SIZE)
		execute_step(&f, data + at);
	check_whole(&f);
	simvirtio_tear_down(&f);
	return 0;
}

#ifndef FUZZER

int main(int argc, char **argv)
{
	return corpus_main(argc, argv, "simvirtio-corpus", HANG_SECONDS, LLVMFuzzerTestOneInput,
			   "any driver leaves SIMVIRTIO whole");
}

#endif
