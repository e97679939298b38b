/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.c - where the guest's characters go, see output.h. */
#include "host/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/array.h"
#include "core/clock.h"

#define CAPTURE_FIRST 4096u
#define CAPTURE_MAX (16u << 20)
#define POLL_MILLISECONDS 100
#define GATHERED_MAX 4096u
#define GATHERED_NS (5 * (NS_PER_SECOND / 1000))

struct capture {
	char *bytes;
	size_t len;
	size_t room;
	bool full;		/* something did not fit */
};

struct outputs {
	struct outputs_config config;
	struct output *last;		/* whose bytes are gathered; NULL: nobody's */
	struct timer timer;		/* what has been gathered is due */
	struct work work;		/* the vCPU's thread writes it */
	bool timing;			/* until work is called */
	size_t gathered;
	uint8_t bytes[GATHERED_MAX];
};

struct output {
	struct outputs *outputs;
	int fd;			/* -1: closed, or none */
	output_fn *fn;		/* in its place, where it is set */
	void *self;
	void (*written)(void *self, const uint8_t *data, size_t len);	/* NULL: nobody listens */
	void *written_self;
	const char *name;	/* for messages */
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
		{ ENXIO, " (nobody reads from this FIFO, or serves this device: start that first)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
		if (remedies[i].error == error)
			return remedies[i].text;
	return "";
}

static bool is_stdout(const char *path)
{
	return !path || !strcmp(path, "-") || !strcmp(path, "/dev/stdout");
}

/* Does not wait for somebody to read from a FIFO: no limit of the run is kept yet. */
static int open_file(const char *path, const struct log *log)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC;
	int fd, error;

	do {
		fd = open(path, flags | O_NONBLOCK, 0666);
	} while (fd < 0 && errno == EINTR);
	if (fd >= 0 && fcntl(fd, F_SETFL, flags & O_APPEND) == 0)
		return fd;
	error = errno;
	log_error(log, "%s: cannot write to it: %s%s", path, strerror(error), open_remedy(error));
	return -error;
}

/* The gathered bytes have waited long enough. In the loop's thread. */
static void on_time(void *self)
{
	struct outputs *outputs = self;

	work_post(outputs->config.works, &outputs->work);
}

static void on_work(void *self)
{
	struct outputs *outputs = self;

	outputs->timing = false;
	outputs_flush(outputs, true);
}

int outputs_create(struct outputs **outputs, const struct outputs_config *config)
{
	struct outputs *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->config = *config;
	made->timer = (struct timer){ .fn = on_time, .self = made };
	made->work = (struct work){ .fn = on_work, .self = made };
	*outputs = made;
	return 0;
}

void outputs_destroy(struct outputs *outputs)
{
	free(outputs);
}

int output_open_fn(struct output **output, output_fn *fn, void *self, const char *name,
		   struct outputs *outputs)
{
	struct output *opened = calloc(1, sizeof(*opened));

	if (!opened) {
		log_error(outputs->config.log, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	*opened = (struct output){
		.outputs = outputs, .fd = -1, .fn = fn, .self = self, .name = name,
	};
	*output = opened;
	return 0;
}

int output_open(struct output **output, const char *path, struct outputs *outputs)
{
	int fd = is_stdout(path) ? STDOUT_FILENO : open_file(path, outputs->config.log);
	const char *name = is_stdout(path) ? "standard output" : path;
	struct stat status;
	int error;

	if (fd < 0)
		return fd;
	error = output_open_fn(output, NULL, NULL, name, outputs);
	if (error) {
		if (fd != STDOUT_FILENO)
			close(fd);
		return error;
	}
	(*output)->fd = fd;
	(*output)->blocks = fstat(fd, &status) < 0 || !S_ISREG(status.st_mode);
	return 0;
}

void output_on_write(struct output *output,
		     void (*fn)(void *self, const uint8_t *data, size_t len), void *self)
{
	output->written = fn;
	output->written_self = self;
}

int output_start(struct output *output)
{
	struct stat status;

	if (output->fd <= STDOUT_FILENO || fstat(output->fd, &status) ||
	    !S_ISREG(status.st_mode) || !ftruncate(output->fd, 0))
		return 0;
	log_error(output->outputs->config.log, "%s: %s", output->name, strerror(errno));
	return -errno;
}

static void fail(struct output *output, int error)
{
	if (output->error)
		return;
	output->error = -error;
	log_error(output->outputs->config.log,
		  "%s: cannot write what the guest prints: %s (the rest is dropped)",
		  output->name, strerror(error));
}

void output_finish(struct output *output)
{
	if (output->outputs->last == output)
		outputs_flush(output->outputs, true);
	/* The last chance of a network file system to report a failed write. */
	if (output->fd > STDOUT_FILENO && close(output->fd) < 0 && errno != EINTR)
		fail(output, errno);
	output->fd = -1;
	output->fn = NULL;
}

void output_close(struct output *output)
{
	if (!output)
		return;
	output_finish(output);
	free(output);
}

/*
 * Sleeps until a write of PIPE_BUF bytes does not, or the run is to end without
 * waiting for a reader. Returns whether to go on.
 */
static bool wait_writable(const struct output *output)
{
	const struct run *run = output->outputs->config.run;
	struct pollfd wanted = { .fd = output->fd, .events = POLLOUT };

	if (poll(&wanted, 1, 0) > 0)
		return true;
	do {
		if (run && run_in_haste(run))
			return false;
	} while (poll(&wanted, 1, POLL_MILLISECONDS) <= 0);
	return true;
}

/* Returns 0, or an errno. */
static int write_file(const struct output *output, const uint8_t *data, size_t len)
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

static void write_out(struct output *output, const uint8_t *data, size_t len)
{
	int error = 0;

	if (output->error)
		return;
	if (output->fn)
		error = output->fn(output->self, data, len);
	else if (output->fd >= 0)
		error = write_file(output, data, len);
	if (error)
		fail(output, error);
}

/* Whether a write of PIPE_BUF bytes does not wait. */
static bool is_writable(const struct output *output)
{
	struct pollfd wanted = { .fd = output->fd, .events = POLLOUT };

	return !output->fn && (!output->blocks || poll(&wanted, 1, 0) > 0);
}

bool outputs_flush(struct outputs *outputs, bool wait)
{
	struct output *output = outputs->last;

	if (!output)
		return true;
	if (!wait && !is_writable(output))
		return false;
	outputs->last = NULL;
	write_out(output, outputs->bytes, outputs->gathered);
	outputs->gathered = 0;
	return true;
}

/* Without a clock nothing can wait. */
static void start_timing(struct outputs *outputs)
{
	if (outputs->timing)
		return;
	outputs->timing = !timer_set(outputs->config.loop, &outputs->timer,
				     loop_now(outputs->config.loop) + GATHERED_NS);
	if (!outputs->timing)
		outputs_flush(outputs, true);
}

static void gather(struct output *output, const uint8_t *data, size_t len)
{
	struct outputs *outputs = output->outputs;

	memcpy(outputs->bytes + outputs->gathered, data, len);
	outputs->gathered += len;
	outputs->last = output;
	if (memrchr(data, '\n', len))
		outputs_flush(outputs, true);
	else
		start_timing(outputs);
}

void output_write(struct output *output, const void *data, size_t len)
{
	struct outputs *outputs = output->outputs;

	if (outputs->config.capture)
		capture_add(outputs->config.capture, data, len, outputs->config.log);
	if (output->written)
		output->written(output->written_self, data, len);
	if (outputs->last != output || len > GATHERED_MAX - outputs->gathered)
		outputs_flush(outputs, true);
	if (!outputs->config.loop || len > GATHERED_MAX)
		write_out(output, data, len);
	else
		gather(output, data, len);
}

int output_error(const struct output *output)
{
	return output->error;
}
