/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expect.c - what must hold at the end, see expect.h. */
#include "expect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"
#include "core/array.h"
#include "host/picture.h"

#define NOT_ASKED 2	/* beside 0, 1 and -errno */
#define SHOWN_OUTPUT 200u	/* bytes of the guest's output, from its end */

/* What the checks look at. */
struct end {
	const struct expectations *expect;
	const struct expect_files *files;
	const struct board *board;
	const struct screen_frame *frame;
	const struct log *log;
};

static int check_screen(const struct end *end)
{
	const struct picture *screen = end->files->screen;

	return screen ? picture_differs(end->frame, screen, end->log) : NOT_ASKED;
}

static int check_disk(const struct end *end)
{
	const char *path = end->expect->disk;

	return path ? disk_compare(end->board->disk, end->files->disk, path, end->log) :
	       NOT_ASKED;
}

/* Bytes as text on one line: what is not printable as \xHH. */
static void print_text(FILE *stream, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '\n')
			fputs("\\n", stream);
		else if (byte < ' ' || byte > '~')
			fprintf(stream, "\\x%02x", byte);
		else
			putc(byte, stream);
	}
}

static int check_output(const struct end *end)
{
	const struct expectations *expect = end->expect;
	FILE *stream = log_stream(end->log);
	const char *bytes;
	size_t size;

	if (!expect->output.text)
		return NOT_ASKED;
	bytes = capture_bytes(end->board->capture, &size);
	if (!expect->output.size ||
	    (size && memmem(bytes, size, expect->output.text, expect->output.size)))
		return 0;
	fprintf(stream, "output lacks \"");
	print_text(stream, expect->output.text, expect->output.size);
	fprintf(stream, "\"; it is%s \"", size > SHOWN_OUTPUT ? " (its end)" : "");
	if (size > SHOWN_OUTPUT) {
		bytes += size - SHOWN_OUTPUT;
		size = SHOWN_OUTPUT;
	}
	print_text(stream, bytes, size);
	fprintf(stream, "\"\n");
	return 1;
}

static int check_rax(const struct end *end)
{
	const struct optional *expected = &end->expect->rax;
	uint64_t rax = machine_state(end->board->machine)->gpr[GPR_RAX];

	if (!expected->set)
		return NOT_ASKED;
	if (rax == expected->value)
		return 0;
	fprintf(log_stream(end->log), "RAX differs: expected 0x%" PRIx64 " (%" PRIu64
		"), got 0x%" PRIx64 " (%" PRIu64 ")\n", expected->value, expected->value,
		rax, rax);
	return 1;
}

static void print_hex(FILE *stream, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(stream, "%02x", bytes[i]);
}

static int check_bytes(const struct end *end, const struct expect_bytes *expected)
{
	FILE *stream = log_stream(end->log);
	uint8_t *got = malloc(expected->size);
	int result = got ? mem_read(machine_mem(end->board->machine), expected->gpa, got,
				    expected->size) : -ENOMEM;

	if (result == -EFAULT) {
		fprintf(stream, "memory differs at 0x%" PRIx64 ": there is none\n",
			expected->gpa);
		result = 1;
	} else if (!result && memcmp(got, expected->bytes, expected->size)) {
		fprintf(stream, "memory differs at 0x%" PRIx64 ": expected ", expected->gpa);
		print_hex(stream, expected->bytes, expected->size);
		fprintf(stream, ", got ");
		print_hex(stream, got, expected->size);
		fprintf(stream, "\n");
		result = 1;
	}
	free(got);
	return result;
}

static int check_mem(const struct end *end)
{
	int result = end->expect->mem.count ? 0 : NOT_ASKED;

	for (size_t i = 0; i < end->expect->mem.count && result >= 0; i++) {
		int one = check_bytes(end, &end->expect->mem.place[i]);

		if (one)
			result = one;
	}
	return result;
}

int expect_check(const struct expectations *expect, const struct expect_files *files,
		 const struct board *board, const struct screen_frame *frame,
		 struct expect_verdicts *verdicts, const struct log *log)
{
	static const struct {
		const char *option;
		int (*check)(const struct end *end);
	} checks[EXPECT_KINDS] = {
		{ "--expect-screen", check_screen }, { "--expect-disk", check_disk },
		{ "--expect-output", check_output }, { "--expect-rax", check_rax },
		{ "--expect-mem", check_mem },
	};
	struct end end = { expect, files, board, frame, log };
	int result = 0;

	verdicts->count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		int one = checks[i].check(&end);

		if (one == NOT_ASKED)
			continue;
		verdicts->verdict[verdicts->count++] = (struct expect_verdict){
			.option = checks[i].option, .met = !one,
		};
		if (one && result >= 0)
			result = one;
	}
	return result;
}

/* Whether a file of the kinds that end can be read. Returns 0 or an errno. */
static int readable(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
		return ENXIO;
	return access(path, R_OK) ? errno : 0;
}

int expect_files_open(struct expect_files *files, const struct expectations *expect,
		      const struct log *log)
{
	const char *const paths[] = { expect->disk, expect->screen };

	*files = (struct expect_files){ .disk = -1 };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int error = paths[i] ? readable(paths[i]) : 0;

		if (!error)
			continue;
		log_error(log, "%s: %s (to be compared with at the end)", paths[i],
			  strerror(error));
		return -error;
	}
	if (expect->disk)
		files->disk = disk_reference_open(expect->disk, log);
	if (expect->disk && files->disk < 0)
		return files->disk;
	return expect->screen ? picture_load(&files->screen, expect->screen, log) : 0;
}

void expect_files_close(struct expect_files *files)
{
	if (files->disk >= 0)
		close(files->disk);
	picture_free(files->screen);
}
