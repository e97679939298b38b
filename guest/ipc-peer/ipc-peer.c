/* SPDX-License-Identifier: 0BSD */
/*
 * ipc-peer.c - does with an endpoint what its name says, until there is an error, which it
 * prints:
 *
 *   hear   prints the messages that come in
 *   flood  sends pages as fast as it can, and prints nothing of them
 *   talk   sends a message with a page and prints the answer, again and again
 *   ask    the same, once
 *   poll   as hear, but does not wait: it tries again and again
 */
#include <vmm/console.h>
#include <vmm/error.h>
#include <vmm/ipc.h>
#include <vmm/string.h>

#define ONCE	1	/* no error, and the end */

static uint8_t page[VMM_IPC_PAGE_SIZE] __attribute__((aligned(4096)));

static void print(const struct vmm_ipc_message *message)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < VMM_IPC_PAGE_SIZE; i++)
		sum += page[i];
	console_printf("value %llx, rights %u, page %u\n", (unsigned long long)message->value,
		       (unsigned int)message->rights, (unsigned int)sum);
	memset(page, 0, sizeof(page));
}

static int hear(uint32_t endpoint, __attribute__((unused)) uint32_t turn)
{
	struct vmm_ipc_message message;
	int error = ipc_receive(endpoint, &message, page);

	if (!error)
		print(&message);
	return error;
}

static int flood(uint32_t endpoint, uint32_t turn)
{
	return ipc_send(endpoint, turn, page, VMM_IPC_READ);
}

static int talk(uint32_t endpoint, uint32_t turn)
{
	struct vmm_ipc_message message;
	int error;

	memset(page, (int)turn + 1, sizeof(page));
	error = ipc_call(endpoint, turn, page, VMM_IPC_READ, &message);
	if (!error)
		print(&message);
	return error;
}

static int ask(uint32_t endpoint, uint32_t turn)
{
	int error = talk(endpoint, turn);

	return error ? error : ONCE;
}

static int poll(uint32_t endpoint, __attribute__((unused)) uint32_t turn)
{
	struct vmm_ipc_message message;
	int error = ipc_try_receive(endpoint, &message, page);

	if (!error)
		print(&message);
	return error == -VMM_EAGAIN ? 0 : error;
}

int main(void)
{
	static const struct {
		const char *name;
		int (*fn)(uint32_t endpoint, uint32_t turn);
	} ways[] = {
		{ "hear", hear }, { "flood", flood }, { "talk", talk }, { "ask", ask },
		{ "poll", poll },
	};

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int endpoint = ipc_find(ways[i].name), error = 0;

		for (uint32_t turn = 0; endpoint >= 0 && !error; turn++)
			error = ways[i].fn((uint32_t)endpoint, turn);
		if (endpoint >= 0 && error < 0)
			console_printf("%s: error %d\n", ways[i].name, error);
	}
	return 0;
}
