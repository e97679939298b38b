/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz-memory.c - the guest's memory with a command line and a guest that say anything.
 *
 * An input is a kind and its bytes: the values of --map, a line each, whose regions are put
 * into a map of memory; or a row of steps, each a hypercall that tells of memory with any
 * arguments. What is accepted must be as mapping.h says, the map whole, and what a call
 * writes within the page or the room that was named.
 *
 * With libFuzzer (clang -fsanitize=fuzzer,address,undefined -DFUZZER) it looks for such
 * inputs; without, it is a program that goes through the files of the folders named, or
 * of the sources' memory-corpus.
 */
#include <stdlib.h>
#include <string.h>

#include "corpus.h"
#include "cpu/cpuid.h"
#include "mapping.h"
#include "memory_calls.h"
#include "memory_map.h"
#include "vmm/memory.h"

#define HANG_SECONDS	20
#define RAM_SIZE	0x110000u
#define LINE_MAX_LENGTH	256u
#define LIMIT		(UINT64_C(1) << CPUID_PHYSICAL_BITS)
#define REQUEST		0x1000u
#define STEP_SIZE	(1 + 2 * sizeof(uint64_t))	/* which call, and two arguments */
#define UNTOUCHED	0xA5

static const struct log silent = { .level = LOG_SILENT };

static void require(bool right)
{
	if (!right)
		abort();
}

static struct mem *make_memory(void)
{
	struct mem *mem;

	require(!mem_create(&mem) && !memory_map_add_ram(mem, RAM_SIZE, false, &silent));
	return mem;
}

/* --- the command line --- */

static void check_mapping(const struct mapping *mapping)
{
	require(mapping->path && *mapping->path && !(mapping->gpa % MEM_PAGE_SIZE));
	require(!mapping->size.set ||
		(mapping->size.value && !(mapping->size.value % MEM_PAGE_SIZE)));
}

/* In order, apart, and not where chips and vmm's own tables are. */
static void check_map(const struct mem *mem)
{
	const struct mem_region *regions;
	size_t count = mem_regions(mem, &regions);

	for (size_t i = 0; i < count; i++) {
		uint64_t first = regions[i].gpa, last = first + (regions[i].size - 1);

		require(last > first && last < LIMIT);
		require(!i || regions[i - 1].gpa + (regions[i - 1].size - 1) < first);
		if (!(regions[i].flags & MEM_FILE))
			continue;
		require(last < 0xA0000 || first > 0xBFFFF);
		require(last < 0xD0000 || first > 0xF7FFF);
		require(last < 0xFEC00000 || first > 0xFFFFFFFF);
	}
}

/* As mappings_open() has them, but of no file: nobody looks at what is in them. */
static void place(const struct mappings *mappings)
{
	struct mem_region regions[MAPPINGS_MAX];
	struct mem *mem = make_memory();
	uint8_t *page = mem_backing(mem, MEM_PAGE_SIZE, false);

	for (size_t i = 0; i < mappings->count; i++) {
		const struct mapping *mapping = &mappings->mapping[i];

		check_mapping(mapping);
		regions[i] = (struct mem_region){
			.gpa = mapping->gpa, .host = page, .name = mapping->path,
			.size = mapping->size.set ? mapping->size.value : MEM_PAGE_SIZE,
			.flags = MEM_READ | MEM_RESERVED | MEM_FILE,
		};
	}
	mappings_place(mappings, mem, regions, LIMIT, &silent);
	check_map(mem);
	mem_destroy(mem);
}

static void fuzz_options(const uint8_t *data, size_t size)
{
	struct mappings mappings = { 0 };

	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end ? (size_t)(end - (data + at)) : size - at;
		size_t count = mappings.count;
		char text[LINE_MAX_LENGTH];
		bool wrong;

		snprintf(text, sizeof(text), "%.*s", (int)length, (const char *)data + at);
		wrong = mappings_parse(&mappings, text);
		require(mappings.count == count + !wrong && mappings.count <= MAPPINGS_MAX);
		at += length + 1;
	}
	place(&mappings);
	mappings_free(&mappings);
}

/* --- the guest --- */

struct request {
	uint64_t argument[2];
	uint8_t call;
};

static struct request read_step(const uint8_t *step)
{
	struct request request = { .call = step[0] };

	memcpy(request.argument, step + 1, sizeof(request.argument));
	/* Most addresses are somewhere else. */
	if (step[0] & 2)
		request.argument[0] %= RAM_SIZE;
	if (step[0] & 4)
		request.argument[1] %= 64;
	return request;
}

/* Whether a byte may have changed. */
static bool may_write(const struct request *request, int64_t result, uint64_t gpa)
{
	uint64_t first, size;

	if (gpa - REQUEST < sizeof(struct hypercall_request))
		return true;
	if (result < 0)
		return false;
	first = request->call & 1 ? request->argument[0] : (uint64_t)result;
	size = request->call & 1 ? request->argument[1] * VMM_MEMORY_AREA_SIZE : MEM_PAGE_SIZE;
	return gpa - first < size;
}

static void fill(uint8_t *page)
{
	memset(page, UNTOUCHED, MEM_PAGE_SIZE);
}

/* What has changed may have been written; then it is as it was before. */
static void check_page(uint8_t *page, uint64_t gpa, const struct request *request, int64_t result)
{
	/* All bytes are the first one. */
	if (page[0] == UNTOUCHED && !memcmp(page, page + 1, MEM_PAGE_SIZE - 1))
		return;
	for (uint64_t at = 0; at < MEM_PAGE_SIZE; at++)
		require(page[at] == UNTOUCHED || may_write(request, result, gpa + at));
	fill(page);
}

/* For each page of memory; request NULL: fills it. */
static void each_page(const struct mem *mem, const struct request *request, int64_t result)
{
	const struct mem_region *regions;
	size_t count = mem_regions(mem, &regions);

	for (size_t i = 0; i < count; i++)
		for (uint64_t at = 0; at < regions[i].size; at += MEM_PAGE_SIZE)
			if (request)
				check_page(regions[i].host + at, regions[i].gpa + at, request, result);
			else
				fill(regions[i].host + at);
}

static void execute_step(struct hypercalls *calls, struct mem *mem, const uint8_t *step)
{
	struct request wanted = read_step(step);
	struct hypercall_request request = {
		.number = wanted.call & 1 ? HYPERCALL_MEMORY_LIST : HYPERCALL_MEMORY_MAP,
		.argument = { wanted.argument[0], wanted.argument[1] },
	};

	require(!mem_write(mem, REQUEST, &request, sizeof(request)));
	hypercall_port_ops.write(calls, 0, 4, REQUEST);
	require(!mem_read(mem, REQUEST, &request, sizeof(request)));
	each_page(mem, &wanted, request.result);
}

static void fuzz_calls(const uint8_t *data, size_t size)
{
	struct mem *mem = make_memory();
	struct hypercalls *calls;
	struct bus *bus;

	require(!bus_create(&bus) && !hypercalls_create(&calls, mem, &silent));
	require(!memory_calls_register(calls, bus));
	each_page(mem, NULL, 0);
	for (size_t at = 0; at + STEP_SIZE <= size; at += STEP_SIZE)
		execute_step(calls, mem, data + at);
	hypercalls_device.fini(calls);
	bus_destroy(bus);
	mem_destroy(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(const uint8_t *data, size_t size) = {
		fuzz_options, fuzz_calls,
	};

	if (size)
		kinds[data[0] % (sizeof(kinds) / sizeof(kinds[0]))](data + 1, size - 1);
	return 0;
}

#ifndef FUZZER

int main(int argc, char **argv)
{
	return corpus_main(argc, argv, "memory-corpus", HANG_SECONDS, LLVMFuzzerTestOneInput,
			   "any command line and any guest leave memory's map whole");
}

#endif
