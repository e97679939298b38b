/* SPDX-License-Identifier: GPL-3.0-or-later */
/* characters.c - the other end of a serial line, see characters.h. */
#include "host/characters.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/array.h"
#include "host/endpoint.h"
#include "host/terminal.h"

#define AHEAD_MAX 4096u		/* bytes read ahead of the guest */
#define CHUNK_MAX 64u		/* handed to the receiver at once */
#define POLL_MILLISECONDS 100
#define ESCAPE ('A' & 0x1F)	/* Ctrl-A */

#define SOCKET_PREFIX "unix:"
#define WAIT_SUFFIX ",wait"

enum kind {
	KIND_NONE,	/* nobody is there */
	KIND_OUTPUT,	/* standard output or a file */
	KIND_INPUT,	/* standard input and output */
	KIND_PTY,
	KIND_SOCKET,
};

struct characters {
	struct characters_config config;
	enum kind kind;
	struct output *output;
	struct characters_receiver receiver;
	void (*on_room)(void *self);	/* NULL: nobody types */
	void *on_room_self;
	const struct endpoint_ops *endpoint_ops;	/* NULL: standard input, or none */
	struct endpoint *endpoint;
	char *path;			/* of the socket */
	bool wait;
	bool terminal;			/* standard input is one, and handed to the guest */
	bool escaped;			/* Ctrl-A was typed; the loop's thread's own */
	bool unpolled;			/* standard input cannot be waited for: a file */
	struct work work;		/* has the vCPU's thread take what came in */
	struct work line_break;		/* has it take a break */

	pthread_mutex_t lock;		/* guards what follows */
	int fd;				/* to read and, with an endpoint, to write; -1: nowhere */
	bool attached;			/* somebody reads what is written */
	bool watched;			/* the loop waits for fd */
	bool gone;			/* the client does not take any more */
	uint8_t ahead[AHEAD_MAX];	/* a ring */
	size_t first;
	size_t count;
};

/* --- what a where means --- */

static bool ends_in_wait(const char *where)
{
	size_t len = strlen(where), suffix = strlen(WAIT_SUFFIX);

	return len > suffix && !strcmp(where + len - suffix, WAIT_SUFFIX);
}

static enum kind kind_of(const char *where)
{
	static const struct {
		const char *where;
		enum kind kind;
	} words[] = {
		{ "none", KIND_NONE }, { "stdio", KIND_INPUT }, { "pty", KIND_PTY },
		{ "pty" WAIT_SUFFIX, KIND_PTY },
	};

	if (!where)
		return KIND_OUTPUT;
	if (!strcmp(where, "-"))
		return terminal_is_ours(STDIN_FILENO) ? KIND_INPUT : KIND_OUTPUT;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].where, where))
			return words[i].kind;
	return strncmp(where, SOCKET_PREFIX, strlen(SOCKET_PREFIX)) ? KIND_OUTPUT : KIND_SOCKET;
}

const char *characters_check(const char *where)
{
	const char *path = where + strlen(SOCKET_PREFIX);

	if (!*where)
		return "a file name is missing";
	if (kind_of(where) == KIND_SOCKET && (!*path || !strcmp(path, WAIT_SUFFIX)))
		return "the socket's path is missing";
	if (kind_of(where) == KIND_OUTPUT && !strncmp(where, "pty,", strlen("pty,")))
		return "only ,wait may stand behind pty";
	return NULL;
}

bool characters_read_input(const char *where)
{
	return kind_of(where) == KIND_INPUT;
}

/* --- what comes in: the loop's thread --- */

static void on_readable(void *self, int fd);

/* With the lock held. Returns 0 or -errno. */
static int watch(struct characters *characters)
{
	int error = 0;

	if (!characters->watched && characters->fd >= 0)
		error = loop_add_fd(characters->config.loop, characters->fd, on_readable,
				    characters);
	characters->watched = !error && characters->fd >= 0;
	return error;
}

/* With the lock held. */
static void unwatch(struct characters *characters)
{
	if (characters->watched)
		loop_remove_fd(characters->config.loop, characters->fd);
	characters->watched = false;
}

/* With the lock held: there is room. */
static void keep(struct characters *characters, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		characters->ahead[(characters->first + characters->count++) % AHEAD_MAX] = bytes[i];
}

static void on_break(void *self)
{
	const struct characters *characters = self;

	if (characters->receiver.line_break)
		characters->receiver.line_break(characters->receiver.self);
}

/* The key behind Ctrl-A. Returns whether the guest gets it. */
static bool take_command(struct characters *characters, uint8_t key)
{
	switch (key) {
	case ESCAPE:
		return true;
	case 'x':
		run_end(characters->config.run, ENDING_CLOSED, 0, "ended by the user");
		return false;
	case 'b':
		work_post(characters->config.works, &characters->line_break);
		return false;
	default:
		log_notice(characters->config.log, "Ctrl-A x ends the run, Ctrl-A b sends a "
			   "break, Ctrl-A Ctrl-A is Ctrl-A");
		return false;
	}
}

/* Takes vmm's own keys out of what was typed; returns how many bytes are left. */
static size_t take_commands(struct characters *characters, uint8_t *bytes, size_t len)
{
	size_t left = 0;

	for (size_t i = 0; i < len; i++) {
		bool escaped = characters->escaped;

		characters->escaped = !escaped && bytes[i] == ESCAPE;
		if (escaped ? take_command(characters, bytes[i]) : bytes[i] != ESCAPE)
			bytes[left++] = bytes[i];
	}
	return left;
}

/* The terminal is somebody else's until SIGCONT. Always true. */
static bool rest_in_background(struct characters *characters)
{
	pthread_mutex_lock(&characters->lock);
	unwatch(characters);
	pthread_mutex_unlock(&characters->lock);
	return true;
}

/*
 * Reads as much as may be kept. Returns false at the end of what can be read. By
 * one thread.
 */
static bool read_ahead(struct characters *characters, int fd)
{
	uint8_t bytes[AHEAD_MAX];
	ssize_t len;

	pthread_mutex_lock(&characters->lock);
	len = (ssize_t)(AHEAD_MAX - characters->count);
	pthread_mutex_unlock(&characters->lock);
	if (!len)
		return !characters->gone;
	len = read(fd, bytes, (size_t)len);
	if (len < 0 && errno == EIO && characters->terminal)
		return rest_in_background(characters);
	if (len <= 0)
		return len < 0 && (errno == EAGAIN || errno == EINTR);
	if (characters->terminal)
		len = (ssize_t)take_commands(characters, bytes, (size_t)len);
	pthread_mutex_lock(&characters->lock);
	if (characters->receiver.receive)
		keep(characters, bytes, (size_t)len);
	if (characters->count == AHEAD_MAX && !characters->gone)
		unwatch(characters);
	pthread_mutex_unlock(&characters->lock);
	return true;
}

static void on_readable(void *self, int fd)
{
	struct characters *characters = self;

	if (read_ahead(characters, fd)) {
		work_post(characters->config.works, &characters->work);
	} else if (characters->endpoint) {
		characters->endpoint_ops->lost(characters->endpoint);
	} else {
		pthread_mutex_lock(&characters->lock);
		unwatch(characters);
		characters->fd = -1;
		pthread_mutex_unlock(&characters->lock);
	}
}

/* The endpoint's news. */
static void on_changed(void *self, int fd, bool attached)
{
	struct characters *characters = self;

	pthread_mutex_lock(&characters->lock);
	if (fd != characters->fd) {
		unwatch(characters);
		characters->fd = fd;
		characters->gone = false;
		if (characters->count < AHEAD_MAX)
			watch(characters);
	}
	characters->attached = attached;
	pthread_mutex_unlock(&characters->lock);
}

/* --- what comes in: the vCPU's thread --- */

/* The next bytes, without taking them; returns how many. */
static size_t peek(struct characters *characters, uint8_t bytes[CHUNK_MAX])
{
	size_t len;

	pthread_mutex_lock(&characters->lock);
	len = characters->count < CHUNK_MAX ? characters->count : CHUNK_MAX;
	for (size_t i = 0; i < len; i++)
		bytes[i] = characters->ahead[(characters->first + i) % AHEAD_MAX];
	pthread_mutex_unlock(&characters->lock);
	return len;
}

static void drop(struct characters *characters, size_t len)
{
	pthread_mutex_lock(&characters->lock);
	characters->first = (characters->first + len) % AHEAD_MAX;
	characters->count -= len;
	if (len && !characters->unpolled)
		watch(characters);
	pthread_mutex_unlock(&characters->lock);
}

/* Bytes of a file are there whenever they are wanted. */
static void read_unpolled(struct characters *characters)
{
	if (!characters->unpolled || characters->count || characters->fd < 0)
		return;
	if (!read_ahead(characters, characters->fd))
		characters->fd = -1;
}

void characters_feed(struct characters *characters)
{
	const struct characters_receiver *receiver = &characters->receiver;
	uint8_t bytes[CHUNK_MAX];
	size_t len, taken;

	if (!receiver->receive)
		return;
	if (characters->on_room)
		characters->on_room(characters->on_room_self);
	do {
		read_unpolled(characters);
		len = peek(characters, bytes);
		taken = len ? receiver->receive(receiver->self, bytes, len) : 0;
		drop(characters, taken);
	} while (taken);
}

size_t characters_send(struct characters *characters, const uint8_t *data, size_t len)
{
	const struct characters_receiver *receiver = &characters->receiver;

	return receiver->receive ? receiver->receive(receiver->self, data, len) : 0;
}

void characters_on_room(struct characters *characters, void (*fn)(void *self), void *self)
{
	characters->on_room = fn;
	characters->on_room_self = self;
}

static void on_work(void *self)
{
	characters_feed(self);
}

/* --- what the guest sends, to an endpoint --- */

/*
 * How many bytes were written, or -errno; all where nobody is there to read them.
 * *fd: where.
 */
static ssize_t write_some(struct characters *characters, const uint8_t *data, size_t len,
			  int *fd)
{
	ssize_t done = (ssize_t)len;

	pthread_mutex_lock(&characters->lock);
	*fd = characters->fd;
	if (characters->attached && *fd >= 0)
		done = write(*fd, data, len);
	if (done < 0)
		done = -errno;
	pthread_mutex_unlock(&characters->lock);
	return done;
}

/* The client has gone, which the loop's thread will find at the end of what it has sent. */
static void lose_client(struct characters *characters)
{
	pthread_mutex_lock(&characters->lock);
	characters->attached = false;
	characters->gone = true;
	watch(characters);
	pthread_mutex_unlock(&characters->lock);
}

/* output_fn: waits for a slow reader, drops what nobody is there to read. */
static int write_endpoint(void *self, const uint8_t *data, size_t len)
{
	struct characters *characters = self;
	struct pollfd wanted = { .events = POLLOUT };

	while (len) {
		ssize_t done = write_some(characters, data, len, &wanted.fd);

		if (done >= 0) {
			data += done;
			len -= (size_t)done;
		} else if (done == -EAGAIN) {
			if (run_in_haste(characters->config.run))
				return 0;
			/* Another file by now, perhaps: then it is looked at once more. */
			poll(&wanted, 1, POLL_MILLISECONDS);
		} else if (done != -EINTR) {
			lose_client(characters);
			return 0;
		}
	}
	return 0;
}

/* --- life --- */

int endpoint_failed(const struct endpoint_config *config, const char *what)
{
	static const struct {
		int error;
		const char *text;
	} remedies[] = {
		{ EADDRINUSE, " (another program serves this socket: choose another path)" },
		{ EEXIST, " (it is no socket: choose another path)" },
		{ ENAMETOOLONG, " (at most 107 bytes: choose a shorter path)" },
		{ ENOENT, " (its folder does not exist)" },
		{ EACCES, " (choose a folder that you may write)" },
	};
	int error = errno;
	const char *remedy = "";

	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
		if (remedies[i].error == error)
			remedy = remedies[i].text;
	log_error(config->log, "%s: %s: %s%s", config->name, what, strerror(error), remedy);
	return -error;
}

/* In the loop's thread: SIGTSTP and SIGCONT. */
static void on_stop(void *self, int number)
{
	terminal_restore();
	raise(SIGSTOP);
}

static void on_continue(void *self, int number)
{
	struct characters *characters = self;

	if (!terminal_is_ours(STDIN_FILENO))
		return;
	terminal_hand_over(STDIN_FILENO);
	pthread_mutex_lock(&characters->lock);
	if (characters->count < AHEAD_MAX)
		watch(characters);
	pthread_mutex_unlock(&characters->lock);
}

static int open_input(struct characters *characters)
{
	int error = 0;

	characters->fd = STDIN_FILENO;
	characters->terminal = terminal_is_ours(STDIN_FILENO);
	if (characters->terminal)
		error = loop_add_signal(characters->config.loop, SIGTSTP, on_stop, NULL);
	if (characters->terminal && !error)
		error = loop_add_signal(characters->config.loop, SIGCONT, on_continue,
					characters);
	if (error)
		log_error(characters->config.log, "%s: %s", characters->config.name,
			  strerror(-error));
	return error ? error : output_open(&characters->output, NULL, characters->config.outputs);
}

static int open_endpoint(struct characters *characters, const struct endpoint_ops *ops)
{
	struct endpoint_config config = {
		.path = characters->path, .name = characters->config.name, .changed = on_changed,
		.self = characters, .loop = characters->config.loop, .log = characters->config.log,
	};
	int error = ops->open(&characters->endpoint, &config);

	characters->endpoint_ops = ops;
	return error ? error : output_open_fn(&characters->output, write_endpoint, characters,
					      characters->config.where, characters->config.outputs);
}

static int open_socket(struct characters *characters, const char *where)
{
	size_t len = strlen(where) - (characters->wait ? strlen(WAIT_SUFFIX) : 0);

	where += strlen(SOCKET_PREFIX);
	characters->path = strndup(where, len - strlen(SOCKET_PREFIX));
	return open_endpoint(characters, &endpoint_socket);
}

static int open_kind(struct characters *characters)
{
	const struct characters_config *config = &characters->config;

	switch (characters->kind) {
	case KIND_NONE:
		return output_open_fn(&characters->output, NULL, NULL, config->name,
				      config->outputs);
	case KIND_INPUT:
		return open_input(characters);
	case KIND_PTY:
		return open_endpoint(characters, &endpoint_pty);
	case KIND_SOCKET:
		return open_socket(characters, config->where);
	case KIND_OUTPUT:
		break;
	}
	return output_open(&characters->output, config->where, config->outputs);
}

int characters_open(struct characters **out, const struct characters_config *config)
{
	struct characters *characters = calloc(1, sizeof(*characters));
	int error;

	if (!characters) {
		log_error(config->log, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	characters->config = *config;
	characters->kind = kind_of(config->where);
	characters->wait = config->where && ends_in_wait(config->where);
	characters->fd = -1;
	characters->work = (struct work){ .fn = on_work, .self = characters };
	characters->line_break = (struct work){ .fn = on_break, .self = characters };
	pthread_mutex_init(&characters->lock, NULL);
	error = open_kind(characters);
	if (error) {
		characters_close(characters);
		return error;
	}
	*out = characters;
	return 0;
}

void characters_close(struct characters *characters)
{
	if (!characters)
		return;
	terminal_restore();
	output_close(characters->output);
	if (characters->endpoint)
		characters->endpoint_ops->close(characters->endpoint);
	pthread_mutex_destroy(&characters->lock);
	free(characters->path);
	free(characters);
}

struct output *characters_output(struct characters *characters)
{
	return characters->output;
}

void characters_connect(struct characters *characters,
			const struct characters_receiver *receiver)
{
	characters->receiver = *receiver;
}

/* Standard input: a terminal, a pipe, or a file, which epoll(7) refuses. */
static int start_input(struct characters *characters)
{
	int error = characters->terminal ? terminal_hand_over(STDIN_FILENO) : 0;

	if (!error)
		error = watch(characters);
	characters->unpolled = error == -EPERM;
	if (characters->unpolled)
		work_post(characters->config.works, &characters->work);
	if (characters->terminal)
		log_notice(characters->config.log, "%s is on this terminal: Ctrl-A x ends the run",
			   characters->config.name);
	if (!error || characters->unpolled)
		return 0;
	log_error(characters->config.log, "standard input: %s", strerror(-error));
	return error;
}

int characters_start(struct characters *characters)
{
	int error = output_start(characters->output);

	if (!error && characters->endpoint)
		error = characters->endpoint_ops->start(characters->endpoint, characters->wait);
	else if (!error && characters->kind == KIND_INPUT)
		error = start_input(characters);
	return error;
}

void characters_finish(struct characters *characters)
{
	output_finish(characters->output);
	terminal_restore();
}
