/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.c - where the guest's characters go, see output.h. */
#include "host/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPTURE_FIRST 4096u
#define CAPTURE_MAX (16u << 20)
#define POLL_MILLISECONDS 100

struct capture {
	char *bytes;
	size_t len;
	size_t room;
	bool full;		/* something did not fit */
};

struct output {
	int fd;
	const char *name;	/* for messages */
	struct capture *capture;
	const struct run *run;
	const struct log *log;
	bool blocks;		/* a write may wait for a reader */
	int error;
};

int capture_create(struct capture **capture)
{
	*capture = calloc(1, sizeof(**capture));
	return *capture ? 0 : -ENOMEM;
}

void capture_destroy(struct capture *capture)
{
	if (!capture)
		return;
	free(capture->bytes);
	free(capture);
}

const char *capture_bytes(const struct capture *capture, size_t *len)
{
	*len = capture->len;
	return capture->bytes ? capture->bytes : "";
}

/* Makes room for len more bytes, or for as many as there may be; returns how many. */
static size_t capture_reserve(struct capture *capture, size_t len)
{
	size_t room = capture->room ? capture->room : CAPTURE_FIRST;
	char *grown;

	if (len > CAPTURE_MAX - capture->len)
		len = CAPTURE_MAX - capture->len;
	while (room < capture->len + len)
		room *= 2;
	if (room > capture->room) {
		grown = realloc(capture->bytes, room);
		if (!grown)
			return capture->room - capture->len;
		capture->bytes = grown;
		capture->room = room;
	}
	return len;
}

static void capture_add(struct capture *capture, const void *data, size_t len,
			const struct log *log)
{
	size_t fits;

	if (capture->full)
		return;
	fits = capture_reserve(capture, len);
	if (fits)
		memcpy(capture->bytes + capture->len, data, fits);
	capture->len += fits;
	if (fits < len) {
		capture->full = true;
		log_notice(log, "the guest prints much: only its first %zu bytes are compared",
			   capture->len);
	}
}

/* What the user can do about a file that does not open. */
static const char *open_remedy(int error)
{
	static const struct {
		int error;
		const char *text;
	} remedies[] = {
		{ ENOENT, " (its folder does not exist)" },
		{ EISDIR, " (give the name of a file, or - for standard output)" },
		{ EACCES, " (choose a file that you may write)" },
		{ EPERM, " (choose a file that you may write)" },
		{ EROFS, " (choose a file on another file system)" },
		{ ENXIO, " (nothing serves this device or socket)" },
	};

	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (remedies[i].error == error)
			return remedies[i].text;
	return "";
}

static bool is_stdout(const char *path)
{
	return !path || !strcmp(path, "-") || !strcmp(path, "/dev/stdout");
}

static int open_file(const char *path, const struct log *log)
{
	int fd, error;

	do {
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EINTR);
	if (fd >= 0)
		return fd;
	error = errno;
	log_error(log, "%s: cannot write to it: %s%s", path, strerror(error), open_remedy(error));
	return -error;
}

int output_open(struct output **output, const char *path, struct capture *capture,
		const struct run *run, const struct log *log)
{
	struct output *opened = calloc(1, sizeof(*opened));
	struct stat status;
	int fd;

	if (!opened) {
		log_error(log, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	fd = is_stdout(path) ? STDOUT_FILENO : open_file(path, log);
	if (fd < 0) {
		free(opened);
		return fd;
	}
	opened->fd = fd;
	opened->name = is_stdout(path) ? "standard output" : path;
	opened->capture = capture;
	opened->run = run;
	opened->log = log;
	opened->blocks = fstat(fd, &status) < 0 || !S_ISREG(status.st_mode);
	*output = opened;
	return 0;
}

int output_start(struct output *output)
{
	struct stat status;

	if (output->fd == STDOUT_FILENO || fstat(output->fd, &status) ||
	    !S_ISREG(status.st_mode) || !ftruncate(output->fd, 0))
		return 0;
	log_error(output->log, "%s: %s", output->name, strerror(errno));
	return -errno;
}

static void fail(struct output *output, int error)
{
	if (output->error)
		return;
	output->error = -error;
	log_error(output->log, "%s: cannot write what the guest prints: %s (the rest is dropped)",
		  output->name, strerror(error));
}

void output_finish(struct output *output)
{
	/* The last chance of a network file system to report a failed write. */
	if (output->fd > STDOUT_FILENO && close(output->fd) < 0 && errno != EINTR)
		fail(output, errno);
	output->fd = -1;
}

void output_close(struct output *output)
{
	if (!output)
		return;
	output_finish(output);
	free(output);
}

/*
 * Sleeps until a write of PIPE_BUF bytes does not, or the run has ended, which
 * must not wait for a reader. Returns whether to go on.
 */
static bool wait_writable(const struct output *output)
{
	struct pollfd wanted = { .fd = output->fd, .events = POLLOUT };

	do {
		if (output->run && run_ended(output->run))
			return false;
	} while (poll(&wanted, 1, POLL_MILLISECONDS) <= 0);
	return true;
}

/* Returns 0, or an errno. */
static int write_all(const struct output *output, const uint8_t *data, size_t len)
{
	while (len) {
		size_t part = output->blocks && len > PIPE_BUF ? PIPE_BUF : len;
		ssize_t done;

		if (output->blocks && !wait_writable(output))
			return 0;
		done = write(output->fd, data, part);
		if (!done)
			return EIO;
		if (done > 0) {
			data += done;
			len -= (size_t)done;
		} else if (errno != EINTR && errno != EAGAIN) {
			return errno;
		}
	}
	return 0;
}

void output_write(struct output *output, const void *data, size_t len)
{
	int error;

	if (output->capture)
		capture_add(output->capture, data, len, output->log);
	if (output->error)
		return;
	error = write_all(output, data, len);
	if (error)
		fail(output, error);
}

int output_error(const struct output *output)
{
	return output->error;
}
