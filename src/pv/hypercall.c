/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hypercall.c - the registry of hypercalls and the port behind which it
 * stands, see hypercall.h and vmm-hypercall(7).
 */
#include "pv/hypercall.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "core/array.h"
#include "vmm/hypercall.h"

/* A guest may hand in bad requests as fast as it can; the user need not read them all. */
#define NOTICES_MAX 8u

_Static_assert(sizeof(struct hypercall_request) == 64, "the ABI's size");

/* The guest's header says the same. */
#define SAME(host, guest) _Static_assert((uint64_t)(host) == (uint64_t)(guest), #host)

SAME(HYPERCALL_PORT, VMM_HYPERCALL_PORT);
SAME(HYPERCALL_MAGIC & ~0xFFu, VMM_HYPERCALL_MAGIC);
SAME(HYPERCALL_ARGS, VMM_HYPERCALL_ARGUMENTS);
SAME(HYPERCALL_QUERY, VMM_QUERY);
SAME(HYPERCALL_EXIT, VMM_EXIT);
SAME(HYPERCALL_PRINT, VMM_PRINT);
SAME(HYPERCALL_INSTRUCTION, VMM_INSTRUCTION);
SAME(HYPERCALL_SCREEN_INFO, VMM_SCREEN_INFO);
SAME(HYPERCALL_SCREEN_PUT, VMM_SCREEN_PUT);
SAME(HYPERCALL_SCREEN_WRITE, VMM_SCREEN_WRITE);
SAME(HYPERCALL_DISK_INFO, VMM_DISK_INFO);
SAME(HYPERCALL_DISK_READ, VMM_DISK_READ);
SAME(HYPERCALL_DISK_WRITE, VMM_DISK_WRITE);
SAME(HYPERCALL_DISK_FLUSH, VMM_DISK_FLUSH);
SAME(HYPERCALL_MEMORY_MAP, VMM_MEMORY_MAP);
SAME(HYPERCALL_MEMORY_LIST, VMM_MEMORY_LIST);
SAME(HYPERCALL_IPC_FIND, VMM_IPC_FIND);
SAME(HYPERCALL_IPC_NAME, VMM_IPC_NAME);
SAME(HYPERCALL_IPC_SEND, VMM_IPC_SEND);
SAME(HYPERCALL_IPC_RECEIVE, VMM_IPC_RECEIVE);
SAME(HYPERCALL_IPC_CALL, VMM_IPC_CALL);
SAME(sizeof(struct hypercall_request), sizeof(struct vmm_request));
SAME(offsetof(struct hypercall_request, result), offsetof(struct vmm_request, result));
SAME(offsetof(struct hypercall_request, argument), offsetof(struct vmm_request, argument));

struct entry {
	uint32_t number;
	hypercall_fn *fn;
	void *self;
};

struct hypercalls {
	struct mem *mem;
	const struct log *log;
	struct entry *entries;	/* sorted by number */
	size_t count;
	unsigned int notices;	/* bad requests so far, NOTICES_MAX at most */
	hypercall_made_fn *on_made;	/* NULL: nobody */
	void *made_self;
};

/* Index of the first entry with at least this number. */
static size_t first_from(const struct hypercalls *calls, uint32_t number)
{
	size_t low = 0, high = calls->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (calls->entries[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct entry *find(const struct hypercalls *calls, uint32_t number)
{
	size_t index = first_from(calls, number);

	if (index == calls->count || calls->entries[index].number != number)
		return NULL;
	return &calls->entries[index];
}

static int64_t query(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	return argument[0] <= UINT32_MAX && find(self, (uint32_t)argument[0]);
}

int hypercalls_create(struct hypercalls **hypercalls, struct mem *mem, const struct log *log)
{
	struct hypercalls *calls = calloc(1, sizeof(*calls));
	int error;

	if (!calls)
		return -ENOMEM;
	calls->mem = mem;
	calls->log = log;
	error = hypercall_register(calls, HYPERCALL_QUERY, query, calls);
	if (error) {
		free(calls);
		return error;
	}
	*hypercalls = calls;
	return 0;
}

static void hypercalls_fini(void *self)
{
	struct hypercalls *calls = self;

	free(calls->entries);
	free(calls);
}

int hypercall_register(struct hypercalls *hypercalls, uint32_t number,
		       hypercall_fn *fn, void *self)
{
	size_t index = first_from(hypercalls, number);
	struct entry *added;

	if (find(hypercalls, number))
		return -EEXIST;
	added = array_insert(&hypercalls->entries, &hypercalls->count, sizeof(*added), index);
	if (!added)
		return -ENOMEM;
	*added = (struct entry){ .number = number, .fn = fn, .self = self };
	return 0;
}

int hypercall_register_all(struct hypercalls *hypercalls, const struct hypercall *calls,
			   size_t count, void *self)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = hypercall_register(hypercalls, calls[i].number, calls[i].fn, self);
	return error;
}

static int64_t call(const struct hypercalls *calls, const struct hypercall_request *request)
{
	const struct entry *entry;

	if (request->reserved)
		return -EINVAL;
	entry = find(calls, request->number);
	if (!entry)
		return -ENOSYS;
	return entry->fn(entry->self, calls->mem, request->argument);
}

static void tell_bad_request(struct hypercalls *calls, uint64_t gpa)
{
	if (calls->notices == NOTICES_MAX)
		return;
	calls->notices++;
	log_notice(calls->log, "hypercall ignored: its request at 0x%" PRIx64
		   " does not lie in writable memory%s", gpa,
		   calls->notices == NOTICES_MAX ? " (further ones are not shown)" : "");
}

static const char *name_of(uint32_t number)
{
	static const struct {
		uint32_t number;
		const char *name;
	} names[] = {
		{ HYPERCALL_QUERY, "query" }, { HYPERCALL_EXIT, "exit" },
		{ HYPERCALL_PRINT, "print" }, { HYPERCALL_SCREEN_INFO, "screen-info" },
		{ HYPERCALL_SCREEN_PUT, "screen-put" }, { HYPERCALL_SCREEN_WRITE, "screen-write" },
		{ HYPERCALL_DISK_INFO, "disk-info" }, { HYPERCALL_DISK_READ, "disk-read" },
		{ HYPERCALL_DISK_WRITE, "disk-write" }, { HYPERCALL_DISK_FLUSH, "disk-flush" },
		{ HYPERCALL_MEMORY_MAP, "memory-map" }, { HYPERCALL_MEMORY_LIST, "memory-list" },
		{ HYPERCALL_IPC_FIND, "ipc-find" }, { HYPERCALL_IPC_NAME, "ipc-name" },
		{ HYPERCALL_IPC_SEND, "ipc-send" }, { HYPERCALL_IPC_RECEIVE, "ipc-receive" },
		{ HYPERCALL_IPC_CALL, "ipc-call" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].number == number)
			return names[i].name;
	return "-";
}

static void port_write(void *self, uint64_t offset, unsigned int size, uint64_t gpa)
{
	struct hypercalls *calls = self;
	struct hypercall_request request;

	/* Nothing is done for a guest that could not be told of it. */
	if (!mem_valid(calls->mem, gpa, sizeof(request), MEM_RW)) {
		tell_bad_request(calls, gpa);
		return;
	}
	mem_read(calls->mem, gpa, &request, sizeof(request));
	request.result = call(calls, &request);
	mem_write(calls->mem, gpa + offsetof(struct hypercall_request, result),
		  &request.result, sizeof(request.result));
	if (calls->on_made)
		calls->on_made(calls->made_self, request.number, name_of(request.number),
			       request.result);
}

void hypercalls_on_made(struct hypercalls *hypercalls, hypercall_made_fn *fn, void *self)
{
	hypercalls->on_made = fn;
	hypercalls->made_self = self;
}

static uint64_t port_read(void *self, uint64_t offset, unsigned int size)
{
	return HYPERCALL_MAGIC;
}

const struct bus_ops hypercall_port_ops = {
	.sizes = BUS_SIZE_4,
	.read = port_read,
	.write = port_write,
};

const struct device_ops hypercalls_device = {
	.name = "hypercall",
	.fini = hypercalls_fini,
};
