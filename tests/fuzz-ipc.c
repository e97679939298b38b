/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz-ipc.c - IPC with a guest and a peer that do anything.
 *
 * An input is a kind and its bytes: a peer's stream, which comes in by pieces of any size; or
 * a row of steps, hypercalls with any arguments among bytes of a peer; or an endpoint of the
 * command line. Messages must be the same however the stream was cut; nothing may crash or
 * hang; and at the end the block service must still answer.
 *
 * With libFuzzer (clang -fsanitize=fuzzer,address,undefined -DFUZZER) it looks for such
 * inputs; without, it is a program that goes through the files of the folders named, or
 * of the sources' ipc-corpus.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/bus.h"
#include "core/intr.h"
#include "corpus.h"
#include "host/ipc.h"
#include "pv/pv.h"

#define HANG_SECONDS	20
#define RAM_SIZE	0x10000u
#define REQUEST		0x1000u
#define STEP_SIZE	8u	/* kind, number, and a byte an argument */
#define SLEEPS_MAX	8u
#define PATH		"fuzz-ipc-socket"
#define IMAGE		"fuzz-ipc-image"

/* --- a stream --- */

/* All messages of a stream that comes in by pieces of this size; returns a sum of them. */
static uint64_t read_stream(const uint8_t *data, size_t size, size_t piece)
{
	struct ipcframe_reader *reader;
	uint8_t page[IPC_PAGE_SIZE];
	struct ipc_message message;
	uint64_t sum = 0;
	int error = -EAGAIN;

	if (ipcframe_reader_create(&reader))
		abort();
	for (size_t at = 0; at < size && error == -EAGAIN;) {
		size_t room, now = size - at < piece ? size - at : piece;
		uint8_t *to = ipcframe_room(reader, &room);

		if (!room)
			abort();
		now = now < room ? now : room;
		memcpy(to, data + at, now);
		ipcframe_came_in(reader, now);
		at += now;
		while (!(error = ipcframe_take(reader, &message, page))) {
			sum = (sum + message.value) * 31 + message.rights;
			if (message.rights)
				sum = sum * 31 + page[0] + page[IPC_PAGE_SIZE - 1];
		}
	}
	ipcframe_reader_destroy(reader);
	return sum * 2 + (error == -EPROTO);
}

static void fuzz_stream(const uint8_t *data, size_t size)
{
	uint64_t sum = read_stream(data, size, SIZE_MAX);

	if (read_stream(data, size, 1) != sum || read_stream(data, size, 4097) != sum)
		abort();
}

/* --- the command line --- */

static void fuzz_spec(const uint8_t *data, size_t size)
{
	char *taken = (char *)"disk=disk", *spec = strndup((const char *)data, size);
	struct ipc_specs specs = { &taken, 1 };

	if (!spec)
		abort();
	/* Where it can be, it has a name and a kind. */
	if (!ipc_check(&specs, spec) && (!strchr(spec, '=') || spec[0] == '='))
		abort();
	ipc_wants_disk(spec);
	ipc_file(spec);
	free(spec);
}

/* --- hypercalls --- */

struct fixture {
	struct log log;
	struct ipc *ipc;
	struct mem *mem;
	struct bus *bus;
	struct run *run;
	struct intr *intr;
	struct hypercalls *calls;
	struct pv_ipc *pv;
	uint8_t *ram;
	int peer;
	unsigned int sleeps;
};

/* Nobody will come: after some time the run ends. */
static void on_sleep(void *self, struct pollfd *fds, size_t count)
{
	struct fixture *f = self;

	if (count > IPC_ENDPOINTS_MAX)
		abort();
	if (++f->sleeps >= SLEEPS_MAX)
		run_end(f->run, ENDING_LIMIT, 0, "time is up");
}

static void need(bool ok)
{
	if (!ok)
		abort();
}

/* The peer listens. */
static int listen_here(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = PATH };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(PATH);
	need(fd >= 0 && !bind(fd, (const struct sockaddr *)&address, sizeof(address)) &&
	     !listen(fd, 4));
	return fd;
}

static void make_image(void)
{
	int fd = open(IMAGE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	need(fd >= 0 && !ftruncate(fd, 16 * DISK_SECTOR_SIZE));
	close(fd);
}

static void open_ipc(struct fixture *f)
{
	char *spec[] = { (char *)"disk=disk:" IMAGE, (char *)"peer=unix:" PATH };
	struct ipc_specs specs = { spec, 2 };
	const struct ipc_config config = { .specs = &specs, .log = &f->log };
	int listener = listen_here();

	make_image();
	need(!ipc_open(&f->ipc, &config));
	f->peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	need(f->peer >= 0);
	close(listener);
	unlink(PATH);
}

static void set_up(struct fixture *f)
{
	struct mem_region region = { .size = RAM_SIZE, .flags = MEM_RW, .name = "RAM" };
	struct pv_ipc_config config = { .sleep = on_sleep, .sleeper = f };
	struct bus_range range = {
		.base = HYPERCALL_PORT, .length = 1, .ops = &hypercall_port_ops,
		.name = "hypercall",
	};

	f->log = (struct log){ .stream = stderr, .level = LOG_QUIET };
	need(!mem_create(&f->mem) && !bus_create(&f->bus) && !run_create(&f->run) &&
	     !intr_create(&f->intr));
	f->ram = region.host = mem_backing(f->mem, RAM_SIZE, false);
	need(f->ram && !mem_add(f->mem, &region, false));
	open_ipc(f);
	config.ipc = f->ipc;
	config.run = f->run;
	config.intr = f->intr;
	need(!hypercalls_create(&f->calls, f->mem, &f->log) && !pv_ipc_create(&f->pv, &config) &&
	     !pv_ipc_register(f->calls, f->pv));
	range.self = f->calls;
	need(!bus_claim(f->bus, BUS_PIO, &range));
}

static void tear_down(struct fixture *f)
{
	close(f->peer);
	ipc_close(f->ipc);
	pv_ipc_device.fini(f->pv);
	hypercalls_device.fini(f->calls);
	intr_destroy(f->intr);
	run_destroy(f->run);
	bus_destroy(f->bus);
	mem_destroy(f->mem);
	unlink(IMAGE);
}

static int64_t call(struct fixture *f, const struct hypercall_request *request)
{
	int64_t result;

	memcpy(f->ram + REQUEST, request, sizeof(*request));
	bus_write(f->bus, BUS_PIO, HYPERCALL_PORT, 4, REQUEST);
	memcpy(&result, f->ram + REQUEST + offsetof(struct hypercall_request, result),
	       sizeof(result));
	return result;
}

/* Values that matter more often than chance has them. */
static uint64_t argument_of(uint8_t byte)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 31, 32, 0x2000, 0x3000, 0x3001, 0xF000, RAM_SIZE, RAM_SIZE - 8,
		RAM_SIZE - 16, UINT32_MAX, UINT64_MAX, UINT64_MAX - 4095, UINT64_C(1) << 32,
		UINT64_C(1) << 56 | UINT64_C(1) << 48, UINT64_C(2) << 56 | UINT64_C(8) << 48,
		UINT64_C(1) << 56 | UINT64_C(8) << 48 | 9, UINT64_C(3) << 56, UINT64_C(255) << 48,
	};

	return byte < 0xC0 ? values[byte % (sizeof(values) / sizeof(values[0]))] : byte;
}

static void execute_step(struct fixture *f, const uint8_t step[STEP_SIZE])
{
	struct hypercall_request request = {
		.number = HYPERCALL_IPC_FIND + step[1] % 6u,
	};

	for (unsigned int i = 0; i < HYPERCALL_ARGS; i++)
		request.argument[i] = argument_of(step[2 + i]);
	f->sleeps = 0;
	call(f, &request);
}

/* A message of the peer's, or any bytes. */
static void peer_says(const struct fixture *f, const uint8_t step[STEP_SIZE])
{
	struct ipc_message message = { step[2], step[3] % 5u };
	uint8_t bytes[IPCFRAME_SIZE_MAX] = { 0 };
	size_t size = sizeof(bytes);

	if (ipc_rights_valid(message.rights)) {
		ipcframe_put_header(bytes, &message);
		size = ipcframe_size(&message);
	} else {
		memcpy(bytes, step, STEP_SIZE);
		size = step[4];
	}
	if (send(f->peer, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

/* Whatever was before: an answer that waits is taken, and then there are 16 sectors. */
static void check_whole(struct fixture *f)
{
	struct hypercall_request take = {
		.number = HYPERCALL_IPC_RECEIVE, .argument = { 0, 0x2000, UINT64_MAX, 1 },
	};
	struct hypercall_request info = {
		.number = HYPERCALL_IPC_CALL, .argument = { 0, 0, UINT64_MAX, 0, 0x2000 },
	};
	uint64_t sectors;

	call(f, &take);
	need(call(f, &info) == 0);
	memcpy(&sectors, f->ram + 0x2000, sizeof(sectors));
	need(sectors == 16);
}

static void fuzz_calls(const uint8_t *data, size_t size)
{
	struct fixture f = { 0 };

	set_up(&f);
	memcpy(f.ram + 0x3000, "disk", 4);
	for (; size >= STEP_SIZE; data += STEP_SIZE, size -= STEP_SIZE) {
		if (data[0] % 4 == 0)
			peer_says(&f, data);
		else if (data[0] % 16 == 1)
			shutdown(f.peer, data[1] % 3);
		else
			execute_step(&f, data);
	}
	check_whole(&f);
	tear_down(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(const uint8_t *data, size_t size) = {
		fuzz_stream, fuzz_spec, fuzz_calls,
	};

	if (size)
		kinds[data[0] % (sizeof(kinds) / sizeof(kinds[0]))](data + 1, size - 1);
	return 0;
}

#ifndef FUZZER

int main(int argc, char **argv)
{
	return corpus_main(argc, argv, "ipc-corpus", HANG_SECONDS, LLVMFuzzerTestOneInput,
			   "any guest and any peer leave IPC whole");
}

#endif
