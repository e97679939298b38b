/* SPDX-License-Identifier: 0BSD */
/*
 * ipc-check.c - the hypercalls of IPC as they should be made and as they should not:
 * endpoints "disk", the block service on at least 64 sectors, and "echo", who sends back
 * what it gets.
 */
#include <vmm/error.h>
#include <vmm/hypercall.h>
#include <vmm/ipc.h>
#include <vmm/string.h>

#include "shared/check.h"

#define NOWHERE		0xFFFFF000ull	/* no memory, where firmware is on a PC */
#define MESSAGES	40u
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static uint8_t page[VMM_IPC_PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t other[VMM_IPC_PAGE_SIZE] __attribute__((aligned(4096)));
static struct vmm_ipc_message message;

static void fill(uint8_t *bytes, unsigned int seed)
{
	for (unsigned int i = 0; i < VMM_IPC_PAGE_SIZE; i++)
		bytes[i] = (uint8_t)(i * 13 + (i >> 8) + seed);
}

static void check_registry(struct checks *checks, int disk, int echo)
{
	char name[32];

	check(checks, disk >= 0 && echo >= 0 && disk != echo, "endpoints %d and %d", disk, echo);
	check(checks, ipc_find("dis") == -VMM_ENOENT && ipc_find("diskk") == -VMM_ENOENT &&
	      ipc_find("") == -VMM_ENOENT, "names that are not there are found");
	check(checks, !ipc_name((uint32_t)disk, name, sizeof(name)) && !memcmp(name, "disk", 5),
	      "the disk's name");
	check(checks, ipc_name((uint32_t)disk, name, 4) == -VMM_ERANGE, "a name without room");
	check(checks, ipc_name(2, name, sizeof(name)) == -VMM_ENOENT, "a third name");
	check(checks, vmm_hypercall(VMM_IPC_FIND, NOWHERE, 4) == -VMM_EFAULT, "a name nowhere");
	check(checks, vmm_hypercall(VMM_IPC_FIND, vmm_address(name), UINT64_MAX) == -VMM_ENOENT,
	      "an endless name");
	check(checks, vmm_hypercall(VMM_IPC_NAME, disk, NOWHERE, 31) == -VMM_EFAULT,
	      "a name to nowhere");
}

struct bad_call {
	const char *what;
	int64_t expected;
	uint32_t number;
	uint64_t argument[VMM_HYPERCALL_ARGUMENTS];
};

static void check_bad_calls(struct checks *checks, uint64_t echo)
{
	const uint64_t at = vmm_address(page), in = vmm_address(&message);
	const struct bad_call calls[] = {
		{ "send to nobody", -VMM_ENOENT, VMM_IPC_SEND, { 2, 0, VMM_IPC_NO_PAGE } },
		{ "send to any", -VMM_ENOENT, VMM_IPC_SEND, { VMM_IPC_ANY, 0, VMM_IPC_NO_PAGE } },
		{ "send far off", -VMM_ENOENT, VMM_IPC_SEND, { UINT64_MAX, 0, VMM_IPC_NO_PAGE } },
		{ "rights of no page", -VMM_EINVAL, VMM_IPC_SEND, { echo, 0, VMM_IPC_NO_PAGE, 1 } },
		{ "rights to write only", -VMM_EINVAL, VMM_IPC_SEND, { echo, 0, at, 2 } },
		{ "rights to more", -VMM_EINVAL, VMM_IPC_SEND, { echo, 0, at, 4 } },
		{ "rights past 32 bits", -VMM_EINVAL, VMM_IPC_SEND, { echo, 0, at, 1ull << 32 } },
		{ "a page at an odd address", -VMM_EINVAL, VMM_IPC_SEND, { echo, 0, at + 1, 1 } },
		{ "a page nowhere", -VMM_EFAULT, VMM_IPC_SEND, { echo, 0, NOWHERE, 1 } },
		{ "unknown flags to send", -VMM_EINVAL, VMM_IPC_SEND, { echo, 0, at, 0, 4 } },
		{ "receive from nobody", -VMM_ENOENT, VMM_IPC_RECEIVE, { 2, in, at, VMM_IPC_TRY } },
		{ "receive to nowhere", -VMM_EFAULT, VMM_IPC_RECEIVE, { echo, NOWHERE, at, 1 } },
		{ "a message that wraps", -VMM_EFAULT, VMM_IPC_RECEIVE,
		  { echo, UINT64_MAX, at, 1 } },
		{ "receive a page nowhere", -VMM_EFAULT, VMM_IPC_RECEIVE,
		  { echo, in, NOWHERE, 1 } },
		{ "receive a page, odd", -VMM_EINVAL, VMM_IPC_RECEIVE, { echo, in, at + 8, 1 } },
		{ "unknown flags to receive", -VMM_EINVAL, VMM_IPC_RECEIVE, { echo, in, at, 8 } },
		{ "nothing there", -VMM_EAGAIN, VMM_IPC_RECEIVE, { echo, in, at, VMM_IPC_TRY } },
		{ "nothing anywhere", -VMM_EAGAIN, VMM_IPC_RECEIVE,
		  { VMM_IPC_ANY, in, at, VMM_IPC_TRY } },
		{ "call nobody", -VMM_ENOENT, VMM_IPC_CALL, { 7, 0, at, 0, in } },
		{ "call, an answer to nowhere", -VMM_EFAULT, VMM_IPC_CALL,
		  { echo, 0, at, 0, NOWHERE } },
		{ "call with a page nowhere", -VMM_EFAULT, VMM_IPC_CALL,
		  { echo, 0, NOWHERE, 0, in } },
	};

	for (size_t i = 0; i < COUNT(calls); i++) {
		struct vmm_request request = { .number = calls[i].number };
		int64_t result;

		memcpy(request.argument, calls[i].argument, sizeof(request.argument));
		result = vmm_call(&request);
		check(checks, result == calls[i].expected, "%s: %lld, not %lld", calls[i].what,
		      (long long)result, (long long)calls[i].expected);
	}
}

/* What goes out comes back: once, in order, page for page. */
static void check_echo(struct checks *checks, uint32_t echo)
{
	for (uint32_t i = 0; i < MESSAGES; i++) {
		fill(page, i);
		check(checks, !ipc_send(echo, i * 0x100000001ull, page,
					i % 4 ? VMM_IPC_READ | (i & 2) : 0), "message %u", i);
	}
	for (uint32_t i = 0; i < MESSAGES; i++) {
		uint32_t rights = i % 4 ? VMM_IPC_READ | (i & 2) : 0;

		fill(page, i);
		memset(other, 0x5A, sizeof(other));
		if (!rights)
			memset(page, 0x5A, sizeof(page));
		check(checks, !ipc_receive(i & 1 ? echo : VMM_IPC_ANY, &message, other) &&
		      message.value == i * 0x100000001ull && message.from == echo &&
		      message.rights == rights, "message %u comes back as another one", i);
		check(checks, !memcmp(page, other, sizeof(page)), "the page of message %u", i);
	}
}

static void check_call(struct checks *checks, uint32_t echo)
{
	fill(page, 77);
	fill(other, 77);
	check(checks, !ipc_call(echo, 99, page, VMM_IPC_READ, &message) && message.value == 99 &&
	      message.rights == VMM_IPC_READ && !memcmp(page, other, sizeof(page)), "a call");
	check(checks, !ipc_send(echo, 5, page, VMM_IPC_READ) &&
	      !ipc_receive(echo, &message, NULL) && message.rights == VMM_IPC_READ,
	      "a page that nobody wants");
	check(checks, ipc_try_receive(echo, &message, page) == -VMM_EAGAIN, "a message too many");
	check(checks, !ipc_try_send(echo, 6, NULL, 0) && !ipc_receive(echo, &message, page) &&
	      message.value == 6 && !message.rights, "a message without a page");
}

/* Any number of sectors; what is not on the disk; requests that are none. */
static void check_disk(struct checks *checks, uint32_t disk)
{
	static uint8_t sectors[20 * IPC_SECTOR_SIZE], back[20 * IPC_SECTOR_SIZE];
	int64_t size = ipc_disk_sectors(disk);

	for (unsigned int i = 0; i < sizeof(sectors); i++)
		sectors[i] = (uint8_t)(i * 11 + (i >> 9));
	check(checks, size >= 64, "a disk of %d sectors", (int)size);
	check(checks, !ipc_disk_write(disk, 3, 20, sectors, page), "20 sectors are not written");
	check(checks, !ipc_disk_read(disk, 3, 20, back, page) &&
	      !memcmp(sectors, back, sizeof(back)), "20 sectors are not read back");
	check(checks, !ipc_disk_read(disk, 22, 1, back, page) &&
	      !memcmp(sectors + 19 * IPC_SECTOR_SIZE, back, IPC_SECTOR_SIZE), "the last of them");
	check(checks, !ipc_disk_flush(disk), "flush");
	check(checks, ipc_disk_read(disk, (uint64_t)size, 1, back, page) == -VMM_ERANGE &&
	      ipc_disk_write(disk, (uint64_t)size - 1, 2, sectors, page) == -VMM_ERANGE,
	      "sectors past the end");
}

static void check_disk_requests(struct checks *checks, uint32_t disk)
{
	static const struct {
		uint64_t value;
		uint32_t rights;
	} bad[] = {
		{ 1ull << 56, 0 },			/* no sectors */
		{ 1ull << 56 | 9ull << 48, 0 },		/* more than a page has */
		{ 1ull << 56 | 255ull << 48, 0 },
		{ 2ull << 56 | 1ull << 48, 0 },		/* no page */
		{ 2ull << 56, 1 },
		{ 4ull << 56, 0 },			/* no such operations */
		{ UINT64_MAX, 1 },
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		check(checks, !ipc_call(disk, bad[i].value, page, bad[i].rights, &message) &&
		      (int64_t)message.value == -VMM_EINVAL && !message.rights,
		      "request %u: %d", (unsigned int)i, (int)message.value);
	check(checks, !ipc_send(disk, 0, NULL, 0) && ipc_send(disk, 0, NULL, 0) == -VMM_EBUSY,
	      "a second request before the answer");
	check(checks, !ipc_receive(disk, &message, NULL), "the answer");
	check(checks, ipc_receive(disk, &message, NULL) == -VMM_EDEADLK, "an answer to nothing");
}

int main(void)
{
	struct checks checks = { 0 };
	int disk = ipc_find("disk"), echo = ipc_find("echo");

	check_registry(&checks, disk, echo);
	if (checks.failed)
		return checks_result(&checks);
	check_bad_calls(&checks, (uint64_t)echo);
	check_echo(&checks, (uint32_t)echo);
	check_call(&checks, (uint32_t)echo);
	check_disk(&checks, (uint32_t)disk);
	check_disk_requests(&checks, (uint32_t)disk);
	return checks_result(&checks);
}
