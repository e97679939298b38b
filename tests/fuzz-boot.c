/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz-boot.c - the loaders with arbitrary files.
 *
 * An input chooses a format and what comes with the kernel; the rest of it is
 * the file. A loader must neither crash nor hang, nor read past the file, nor
 * touch anything but guest memory, which lies between guard pages; where it
 * refuses a file it must say why; and loading it once more must end in the same way.
 *
 * With libFuzzer (clang -fsanitize=fuzzer,address,undefined -DFUZZER) it looks for
 * such inputs, with -DFORMAT=BOOT_ELF for one loader alone; without, it is a
 * program that goes through the files of the folders named, or of the sources'
 * boot-corpus.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/boot.h"
#include "core/mem.h"
#include "core/symbols.h"
#include "corpus.h"

#ifndef FORMAT
#define FORMAT		((enum boot_format)(data[0] % BOOT_FORMATS))
#endif

#define HANG_SECONDS	20
#define MODULE_BYTES	5000

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Bits of the second byte: what the kernel is given, and how much memory. */
#define GIVE_APPEND	(1u << 0)
#define GIVE_INITRD	(1u << 1)
#define GIVE_MODULES	(1u << 2)
#define MEMORY_SHIFT	6

static const uint64_t memory_sizes[] = { 256 << 10, 2 << 20, 8 << 20, 24 << 20 };

/* The pieces of RAM, as board.c has them. */
static const struct {
	uint64_t start, end;
	unsigned int flags;
} ram_pieces[] = {
	{ 0, 0xA0000, MEM_RW },
	{ 0xC0000, 0x100000, MEM_RW | MEM_RESERVED },
	{ 0x100000, UINT64_MAX, MEM_RW },
};

struct machine {
	struct mem *mem[ARRAY_SIZE(memory_sizes)];
	struct log log;
	unsigned int said;		/* bytes of messages */
	char module[64];		/* a file's path */
};

/* libFuzzer calls without a pointer of ours. */
static struct machine machine;

/* --- the machine --- */

static ssize_t count_bytes(void *self, const char *text, size_t size)
{
	struct machine *m = self;

	m->said += (unsigned int)size;
	return (ssize_t)size;
}

/* Between pages that cannot be accessed. */
static uint8_t *guarded(size_t size)
{
	uint8_t *all = mmap(NULL, size + 2 * MEM_PAGE_SIZE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (all == MAP_FAILED ||
	    mprotect(all + MEM_PAGE_SIZE, size, PROT_READ | PROT_WRITE))
		return NULL;
	return all + MEM_PAGE_SIZE;
}

static int add_ram(struct mem *mem, uint64_t ram)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ram_pieces) && !error; i++) {
		uint64_t end = ram < ram_pieces[i].end ? ram : ram_pieces[i].end;
		struct mem_region region = {
			.gpa = ram_pieces[i].start, .size = end - ram_pieces[i].start,
			.flags = ram_pieces[i].flags, .name = "RAM",
		};

		if (end <= region.gpa)
			break;
		region.host = guarded(region.size);
		error = region.host ? mem_add(mem, &region, false) : -ENOMEM;
	}
	return error;
}

static int machine_create(struct machine *m)
{
	const cookie_io_functions_t functions = { .write = count_bytes };
	int fd = memfd_create("module", 0), error = 0;

	m->log = (struct log){ .stream = fopencookie(m, "w", functions), .level = LOG_VERBOSE };
	snprintf(m->module, sizeof(m->module), "/proc/self/fd/%d", fd);
	if (fd < 0 || ftruncate(fd, MODULE_BYTES) || !m->log.stream)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(memory_sizes) && !error; i++) {
		error = mem_create(&m->mem[i]);
		error = error ? error : add_ram(m->mem[i], memory_sizes[i]);
	}
	return error;
}

/* --- a run --- */

/* What must hold once an image has been loaded, or refused. */
static void check(const struct machine *m, const struct boot_request *request,
		  struct boot_result *result, int error)
{
	char place[SYMBOLS_PLACE_SIZE];
	uint64_t rip = vcpu_linear_rip(&result->state);

	if (error && !m->said)
		abort();
	if (error)
		return;
	if (!mem_valid(request->mem, rip, 1, MEM_READ))
		abort();
	symbols_place(result->symbols, rip, SYMBOLS_AT, place);
	symbols_place(result->symbols, 0, SYMBOLS_BEHIND, place);
}

static int load(struct machine *m, const struct boot_request *request,
		const struct boot_image *image)
{
	struct boot_result result = { 0 };
	int error;

	m->said = 0;
	error = boot_load(request, image, &result);
	fflush(m->log.stream);
	check(m, request, &result, error);
	symbols_destroy(result.symbols);
	return error;
}

static void execute(struct machine *m, const uint8_t *data, size_t size)
{
	char line[96];
	struct boot_module modules[] = {
		{ .line = line, .path = m->module, .arguments = "first module" },
		{ .line = m->module, .path = m->module, .arguments = "" },
	};
	size_t memory = data[1] >> MEMORY_SHIFT;
	const struct boot_request request = {
		.path = "input", .format = FORMAT,
		.mem = m->mem[memory], .ram = memory_sizes[memory], .log = &m->log,
		.append = data[1] & GIVE_APPEND ? "root=/dev/ram0 mem=8M" : NULL,
		.initrd = data[1] & GIVE_INITRD ? m->module : NULL,
		.modules = {
			.module = modules,
			.count = data[1] & GIVE_MODULES ? ARRAY_SIZE(modules) : 0,
		},
	};
	/* A copy, exactly as large as it is: what is read past its end is seen. */
	struct boot_image image = { .path = "input", .data = malloc(size - 2), .size = size - 2 };
	int error;

	if (!image.data)
		abort();
	memcpy(image.data, data + 2, image.size);
	snprintf(line, sizeof(line), "%s first module", m->module);
	error = load(m, &request, &image);
	if (load(m, &request, &image) != error)
		abort();
	free(image.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!machine.log.stream && machine_create(&machine))
		abort();
	/* Files are not empty. */
	if (size > 2)
		execute(&machine, data, size);
	return 0;
}

#ifndef FUZZER

int main(int argc, char **argv)
{
	int status = corpus_main(argc, argv, "boot-corpus", HANG_SECONDS, LLVMFuzzerTestOneInput,
				 "arbitrary files are loaded or refused");

	for (size_t i = 0; i < ARRAY_SIZE(memory_sizes); i++)
		mem_destroy(machine.mem[i]);
	if (machine.log.stream)
		fclose(machine.log.stream);
	return status;
}

#endif
