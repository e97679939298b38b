/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-simvirtio.c - SIMVIRTIO driven through its registers and its memory, as a
 * guest does it, by vmm-simvirtio(7).
 */
#include <string.h>
#include <time.h>

#include "simvirtio-fixture.h"
#include "unit.h"

/* Registers, in the tests' own words. */
enum {
	MAGIC = 0x00, MAX_LENGTH = 0x04, DEVICE = 0x06, DRIVER = 0x07, SELECTOR = 0x08, TX_CONTROL = 0x09,
	RX_CONTROL = 0x0A, HEAD = 0x10, TAIL = 0x14, BUFFER = 0x18, COUNT = 0x20, ADDRESS = 0x28,
};

#define LENGTH 32768u
#define TX_BUFFER 0x2000u
#define RX_BUFFER 0x10000u
#define FETCHED (LENGTH / 4 * 3)
#define STREAM 1000000u
#define RANDOM_STEPS 300000u

struct fixture {
	struct unit unit;
	struct simvirtio_fixture it;
	uint32_t head;		/* TX: the driver's */
};

static void out(struct fixture *f, unsigned int at, unsigned int size, uint64_t value)
{
	simvirtio_out(&f->it, at, size, value);
}

static uint64_t in(struct fixture *f, unsigned int at, unsigned int size)
{
	return simvirtio_in(&f->it, at, size);
}

static void is(struct fixture *f, unsigned int at, unsigned int size, uint64_t wanted,
	       const char *what)
{
	unit_equal(&f->unit, in(f, at, size), wanted, what);
}

static void enable(struct fixture *f, unsigned int queue, uint64_t buffer)
{
	out(f, SELECTOR, 1, queue);
	out(f, BUFFER, 8, buffer);
	out(f, TX_CONTROL + queue, 1, 1);
	out(f, SELECTOR, 1, 0);
}

/* What fits is sent; returns how much. */
static size_t push(struct fixture *f, const void *bytes, size_t len)
{
	struct simvirtio_words *words = f->it.words;
	uint32_t tail = words ? atomic_load_explicit(&words->queue[0].tail, memory_order_acquire) :
			(uint32_t)in(f, TAIL, 4);
	size_t done = 0;

	for (; done < len && (f->head + 1) % LENGTH != tail; done++) {
		f->it.ram[TX_BUFFER + f->head] = ((const uint8_t *)bytes)[done];
		f->head = (f->head + 1) % LENGTH;
	}
	if (words)
		atomic_store_explicit(&words->queue[0].head, f->head, memory_order_release);
	else
		out(f, HEAD, 4, f->head);
	return done;
}

static void make_ready(struct fixture *f)
{
	out(f, DRIVER, 1, 0x80);
	f->head = 0;
	enable(f, 0, TX_BUFFER);
	push(f, "R", 1);
	out(f, DRIVER, 1, 0);
	push(f, "C", 1);
	out(f, DRIVER, 1, 4);
}

static void printed(struct fixture *f, const char *wanted, const char *what)
{
	size_t len;
	const char *bytes = capture_bytes(f->it.capture, &len);

	unit_check(&f->unit, len == strlen(wanted) && !memcmp(bytes, wanted, len), what);
}

static void test_power_on(struct fixture *f)
{
	is(f, MAGIC, 4, 0x74726976, "power-on: magic value");
	is(f, MAX_LENGTH, 2, LENGTH, "power-on: queue length");
	is(f, DEVICE, 2, 0, "power-on: both statuses are 0");
	is(f, TX_CONTROL, 2, f->it.words ? 0x0202 : 0, "power-on: queues disabled, and the mode");
	is(f, HEAD, 8, 0, "power-on: head and tail");
	is(f, COUNT, 2, 0, "power-on: no device in the table");
	is(f, ADDRESS, 8, 0, "power-on: no address in the table");
	is(f, 0x78, 8, 0, "power-on: nothing behind the registers");
}

static void test_accesses(struct fixture *f)
{
	is(f, MAGIC + 1, 1, 0x69, "accesses: a byte of the magic value");
	is(f, MAGIC, 8, 0x0000800074726976, "accesses: several registers at once");
	out(f, BUFFER, 4, 0x11223344);
	out(f, BUFFER + 4, 4, 0x55667788);
	is(f, BUFFER, 8, 0x5566778811223344, "accesses: an address in two halves");
	out(f, BUFFER + 3, 1, 0xAA);
	is(f, BUFFER, 8, 0x55667788AA223344, "accesses: a byte of an address");
	out(f, SELECTOR, 1, 1);
	is(f, BUFFER, 8, 0, "accesses: the other queue has an address of its own");
	out(f, SELECTOR, 1, 2);
	out(f, BUFFER, 8, 5);
	is(f, BUFFER, 8, 0, "accesses: there is no third queue");
	out(f, MAGIC, 4, 0);
	is(f, MAGIC, 4, 0x74726976, "accesses: what is read-only stays");
}

static void test_handshake(struct fixture *f)
{
	enable(f, 0, TX_BUFFER);
	is(f, TX_CONTROL, 1, f->it.words ? 3 : 1, "handshake: TX is enabled");
	push(f, "R", 1);
	is(f, DEVICE, 1, 0, "handshake: 'R', DEVICE_RESET");
	out(f, DRIVER, 1, 0);
	push(f, "C", 1);
	is(f, DEVICE, 1, 2, "handshake: 'C', DEVICE_CONFIG");
	is(f, COUNT, 2, 1, "handshake: a device in the table");
	is(f, ADDRESS, 8, SIMVIRTIO_ADDRESS, "handshake: its address");
	out(f, DRIVER, 1, 4);
	is(f, DEVICE, 1, 4, "handshake: DRIVER_OK, DEVICE_READY");
	is(f, DRIVER, 1, 4, "handshake: the driver status can be read");
	push(f, "RC Ana are mere", 15);
	is(f, TAIL, 4, 17, "handshake: all is consumed");
	printed(f, "RC Ana are mere", "handshake: what is sent is printed, commands no longer are");
}

/* A row of steps, each of which is right until the last one, which is not. */
static void test_errors(struct fixture *f)
{
	static const struct {
		const char *steps;	/* bytes on TX; a, d, o, ?: driver statuses */
		const char *what;
	} wrongs[] = {
		{ "C", "'C' before a reset" }, { "X", "another byte before a reset" },
		{ "o", "DRIVER_OK before a reset" }, { "d", "DRIVER before a reset" },
		{ "RC", "'C' before DRIVER_ACK" }, { "Ro", "DRIVER_OK before DRIVER_ACK" },
		{ "RX", "another byte before DRIVER_ACK" }, { "Rao", "DRIVER_OK before 'C'" },
		{ "RaX", "another byte in place of 'C'" }, { "RaCC", "'C' twice" },
		{ "RaCa", "DRIVER_ACK in place of DRIVER_OK" }, { "RaCoa", "DRIVER_ACK when ready" },
		{ "?", "a driver status that there is not" },
	};
	char what[96];

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		out(f, DRIVER, 1, 0x80);
		f->head = 0;
		enable(f, 0, TX_BUFFER);
		for (const char *step = wrongs[i].steps; *step; step++) {
			if (strchr("ado?", *step))
				out(f, DRIVER, 1, *step == 'a' ? 0 : *step == 'd' ? 2 :
				    *step == 'o' ? 4 : 0x33);
			else
				push(f, step, 1);
			snprintf(what, sizeof(what), "errors: %s: step %zu", wrongs[i].what,
				 (size_t)(step - wrongs[i].steps));
			unit_equal(&f->unit, in(f, DEVICE, 1) == 0x80, !step[1], what);
		}
		push(f, "R", 1);
		is(f, DEVICE, 1, 0x80, "errors: the queue is no way out");
		make_ready(f);
		is(f, DEVICE, 1, 4, "errors: DRIVER_RESET is, and all begins anew");
	}
}

static void test_misuse(struct fixture *f)
{
	static const uint64_t buffers[] = {
		RAM_SIZE - LENGTH + 1, RAM_SIZE, UINT64_MAX, UINT64_MAX - LENGTH + 1, 0x8000000000000000,
	};

	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		out(f, DRIVER, 1, 0x80);
		enable(f, i & 1, buffers[i]);
		is(f, DEVICE, 1, 0x80, "misuse: a buffer that is not in memory");
		is(f, TX_CONTROL + (i & 1), 1, f->it.words ? 2 : 0, "misuse: it is not enabled");
	}
	out(f, DRIVER, 1, 0x80);
	enable(f, 0, RAM_SIZE - LENGTH);
	is(f, DEVICE, 1, 0, "misuse: the last of memory will do");

	make_ready(f);
	f->head = LENGTH;
	if (f->it.words)
		atomic_store(&f->it.words->queue[0].head, LENGTH);
	else
		out(f, HEAD, 4, LENGTH);
	is(f, DEVICE, 1, 0x80, "misuse: an index that is none");

	make_ready(f);
	out(f, TAIL, 4, 100);
	is(f, TAIL, 4, 2, "misuse: the device's own index is not written");
	push(f, "+", 1);
	simvirtio_sync(f->it.device);
	printed(f, "+", "misuse: and does not matter");
}

/* More than the ring holds, over its end. */
static void test_stream(struct fixture *f)
{
	uint8_t *bytes = malloc(STREAM);
	const char *got;
	size_t len;

	for (size_t i = 0; i < STREAM; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	make_ready(f);
	for (size_t done = 0; done < STREAM;) {
		done += push(f, bytes + done, STREAM - done);
		works_run(f->it.works);
	}
	simvirtio_sync(f->it.device);
	got = capture_bytes(f->it.capture, &len);
	unit_check(&f->unit, len == STREAM && !memcmp(got, bytes, STREAM),
		   "stream: a million bytes arrive in order");
	free(bytes);
}

static uint32_t rx_word(struct fixture *f, bool tail)
{
	uint32_t word;

	out(f, SELECTOR, 1, 1);
	word = (uint32_t)in(f, tail ? TAIL : HEAD, 4);
	out(f, SELECTOR, 1, 0);
	return word;
}

static void set_rx_tail(struct fixture *f, uint32_t tail)
{
	if (f->it.words) {
		atomic_store_explicit(&f->it.words->queue[1].tail, tail, memory_order_release);
		return;
	}
	out(f, SELECTOR, 1, 1);
	out(f, TAIL, 4, tail);
	out(f, SELECTOR, 1, 0);
}

static void count_calls(void *self)
{
	++*(unsigned int *)self;
}

static void test_receive(struct fixture *f)
{
	static const uint8_t bytes[LENGTH] = "abc";
	unsigned int rooms = 0;

	simvirtio_on_room(f->it.device, count_calls, &rooms);
	unit_equal(&f->unit, simvirtio_receive(f->it.device, bytes, 3), 0,
		   "receive: nothing before the device is ready");
	make_ready(f);
	unit_equal(&f->unit, simvirtio_receive(f->it.device, bytes, 3), 0,
		   "receive: nothing before the queue is enabled");
	enable(f, 1, RX_BUFFER);
	unit_check(&f->unit, rooms, "receive: then there is room");
	unit_equal(&f->unit, simvirtio_receive(f->it.device, bytes, 3), 3, "receive: three bytes");
	unit_check(&f->unit, !memcmp(f->it.ram + RX_BUFFER, "abc", 3), "receive: in the buffer");
	unit_equal(&f->unit, rx_word(f, false), 3, "receive: head says so");
	unit_equal(&f->unit, simvirtio_receive(f->it.device, bytes, LENGTH), LENGTH - 4,
		   "receive: full is one less than the length");
	rooms = 0;
	set_rx_tail(f, FETCHED);
	for (unsigned int i = 0; i < 5000 && !rooms; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		works_run(f->it.works);
	}
	unit_check(&f->unit, rooms, "receive: room is noticed");
	unit_equal(&f->unit, simvirtio_receive(f->it.device, bytes, LENGTH), FETCHED,
		   "receive: as much as was fetched");
	set_rx_tail(f, LENGTH + 7);
	simvirtio_receive(f->it.device, bytes, 1);
	is(f, DEVICE, 1, 0x80, "receive: an index that is none");
}

/* The thread that polls has itself heard when nobody looks at the device. */
static void test_thread(struct fixture *f)
{
	size_t len = 0;

	if (!f->it.words)
		return;
	make_ready(f);
	push(f, "by itself", 9);
	for (unsigned int i = 0; i < 5000 && len < 9; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		works_run(f->it.works);
		capture_bytes(f->it.capture, &len);
	}
	printed(f, "by itself", "thread: what is sent is printed without an access");
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* What a driver can do wrong, many times over. */
static void test_random(struct fixture *f)
{
	static const uint8_t bytes[100] = "RC";
	uint64_t state = 88172645463325252u;

	for (unsigned int i = 0; i < RANDOM_STEPS; i++) {
		uint64_t r = random_next(&state);
		unsigned int at = (unsigned int)(r >> 8) % (r & 4 ? 0x28 : 0x1000);
		unsigned int size = 1u << ((r >> 24) & 3);
		uint64_t value = r & 8 ? r >> 32 : (r >> 32) & 0x87;

		if (r & 1)
			out(f, at, size, value);
		else
			in(f, at, size);
		if (!(r >> 40 & 0x3F))
			simvirtio_receive(f->it.device, bytes, sizeof(bytes));
		if (f->it.words && !(r >> 46 & 0x3F))
			atomic_store(&f->it.words->queue[r >> 52 & 1].head, (uint32_t)value);
		works_run(f->it.works);
	}
	make_ready(f);
	is(f, DEVICE, 1, 4, "random: after anything a driver finds the device whole");
}

int main(void)
{
	static void (*const tests[])(struct fixture *f) = {
		test_power_on, test_accesses, test_handshake, test_errors, test_misuse, test_stream,
		test_receive, test_thread, test_random,
	};
	struct unit all = { 0 };

	for (unsigned int polls = 0; polls < 2; polls++) {
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
			struct fixture f = { 0 };

			if (!simvirtio_set_up(&f.it, polls))
				return 1;
			tests[i](&f);
			simvirtio_tear_down(&f.it);
			all.failed += f.unit.failed;
		}
	}
	return unit_status(&all);
}
