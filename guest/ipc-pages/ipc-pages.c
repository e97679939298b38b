/* SPDX-License-Identifier: 0BSD */
/*
 * ipc-pages.c - pages to another guest. The one whose endpoint is named "send.N" sends N
 * pages, numbered, and then a sum of them all; the one whose endpoint is "receive" compares,
 * and answers with its own sum. "flow.N" and "drain" do the same without looking at what is in
 * the pages, to measure what they take on their way.
 */
#include <stdbool.h>

#include <vmm/console.h>
#include <vmm/ipc.h>
#include <vmm/string.h>

#define PAGE_WORDS	(VMM_IPC_PAGE_SIZE / 4)
#define NAME_SIZE	32

static uint32_t page[PAGE_WORDS] __attribute__((aligned(4096)));

/* A sum that changes with the order of the words and of the pages. */
static uint32_t add_page(uint32_t sum)
{
	uint32_t other = sum;

	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		sum += page[i];
		other += sum;
	}
	return sum ^ (other << 7 | other >> 25);
}

/* Another one for each number. */
static void fill_page(uint32_t number)
{
	uint32_t word = number * 2654435761u + 1;

	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		page[i] = word;
		word += 0x9E3779B9u + i;
	}
}

static int fail(const char *what, uint32_t number, int error)
{
	console_printf("FAIL: %s page %u: error %d\n", what, (unsigned int)number, error);
	return 1;
}

/* sums: the pages have contents, too. */
static int send_pages(uint32_t endpoint, uint32_t count, bool sums)
{
	struct vmm_ipc_message answer;
	uint32_t sum = 0;
	int error;

	for (uint32_t number = 0; number < count; number++) {
		if (sums) {
			fill_page(number);
			sum = add_page(sum);
		}
		error = ipc_send(endpoint, number, page, VMM_IPC_READ);
		if (error)
			return fail("send", number, error);
	}
	error = ipc_call(endpoint, (uint64_t)count << 32 | sum, NULL, 0, &answer);
	if (error || answer.value != sum)
		return fail("sum behind", count, error);
	console_printf("%u pages sent, sum %x\n", (unsigned int)count, (unsigned int)sum);
	return 0;
}

static int receive_pages(uint32_t endpoint, bool sums)
{
	struct vmm_ipc_message message;
	uint32_t sum = 0, number = 0;
	int error;

	for (;; number++) {
		error = ipc_receive(endpoint, &message, page);
		if (error)
			return fail("receive", number, error);
		if (!message.rights)
			break;
		if (message.value != number)
			return fail("another one than", number, 0);
		if (sums)
			sum = add_page(sum);
	}
	if (message.value != ((uint64_t)number << 32 | sum))
		return fail("another sum behind", number, 0);
	error = ipc_send(endpoint, sum, NULL, 0);
	console_printf("%u pages received, sum %x\n", (unsigned int)number, (unsigned int)sum);
	return error ? fail("answer behind", number, error) : 0;
}

static uint32_t read_number(const char *digits)
{
	uint32_t number = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		number = number * 10 + (uint32_t)(*digits - '0');
	return number;
}

/* What a name says is to be done. Returns the exit status, or -1: it says nothing. */
static int do_as(const char *name, uint32_t endpoint)
{
	static const struct {
		const char *prefix;
		bool sends, sums;
	} ways[] = {
		{ "send.", true, true }, { "receive", false, true },
		{ "flow.", true, false }, { "drain", false, false },
	};

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		size_t length = strlen(ways[i].prefix);

		if (memcmp(name, ways[i].prefix, length))
			continue;
		if (!ways[i].sends)
			return receive_pages(endpoint, ways[i].sums);
		return send_pages(endpoint, read_number(name + length), ways[i].sums);
	}
	return -1;
}

int main(void)
{
	char name[NAME_SIZE];

	for (uint32_t endpoint = 0; !ipc_name(endpoint, name, sizeof(name)); endpoint++) {
		int status = do_as(name, endpoint);

		if (status >= 0)
			return status;
	}
	console_printf("FAIL: no endpoint send.N, receive, flow.N or drain\n");
	return 1;
}
