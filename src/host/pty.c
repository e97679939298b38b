/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pty.c - a pseudo terminal, see pty(7). vmm keeps the other side open as well,
 * so that it stays as it was set up, raw, while nobody uses it; who opens and
 * closes it is told by inotify(7).
 */
#include "host/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

#include "core/array.h"

#define NAME_MAX_BYTES 64
#define EVENTS_BYTES 1024

struct endpoint {
	struct endpoint_config config;
	int master;
	int slave;
	int inotify;
	unsigned int users;		/* how often others have it open */
	char device[NAME_MAX_BYTES];
};

static void pty_close(struct endpoint *pty)
{
	const int fds[] = { pty->master, pty->slave, pty->inotify };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(pty);
}

/* Returns false with errno. */
static bool open_all(struct endpoint *pty)
{
	struct termios raw;

	pty->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0 || grantpt(pty->master) || unlockpt(pty->master))
		return false;
	errno = ptsname_r(pty->master, pty->device, sizeof(pty->device));
	if (errno)
		return false;
	pty->slave = open(pty->device, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty->slave < 0 || tcgetattr(pty->slave, &raw))
		return false;
	cfmakeraw(&raw);
	if (tcsetattr(pty->slave, TCSANOW, &raw))
		return false;
	pty->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return pty->inotify >= 0 &&
	       inotify_add_watch(pty->inotify, pty->device, IN_OPEN | IN_CLOSE) >= 0;
}

static int pty_open(struct endpoint **endpoint, const struct endpoint_config *config)
{
	struct endpoint *pty = calloc(1, sizeof(*pty));

	if (!pty)
		return endpoint_failed(config, "a pseudo terminal");
	pty->config = *config;
	pty->master = pty->slave = pty->inotify = -1;
	if (!open_all(pty)) {
		int error = endpoint_failed(config, "a pseudo terminal");

		pty_close(pty);
		return error;
	}
	*endpoint = pty;
	return 0;
}

/* Counts openings and closings. */
static void count_users(struct endpoint *pty)
{
	char events[EVENTS_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len = read(pty->inotify, events, sizeof(events));

	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (const void *)(events + at);

		if (event->mask & IN_OPEN)
			pty->users++;
		else if (event->mask & IN_CLOSE && pty->users)
			pty->users--;
		at += (ssize_t)sizeof(*event) + event->len;
	}
}

static void on_event(void *self, int fd)
{
	struct endpoint *pty = self;

	count_users(pty);
	/* Nobody is to find what was meant for the one before. */
	if (!pty->users)
		tcflush(pty->slave, TCIFLUSH);
	pty->config.changed(pty->config.self, pty->master, pty->users);
}

static int pty_start(struct endpoint *pty, bool wait)
{
	struct pollfd event = { .fd = pty->inotify, .events = POLLIN };
	int error;

	/* Not a notice: without the name nobody can use it. */
	log_error(pty->config.log, "%s is %s", pty->config.name, pty->device);
	while (wait && !pty->users)
		if (poll(&event, 1, -1) > 0)
			count_users(pty);
	pty->config.changed(pty->config.self, pty->master, pty->users);
	error = loop_add_fd(pty->config.loop, pty->inotify, on_event, pty);
	if (!error)
		return 0;
	errno = -error;
	return endpoint_failed(&pty->config, "a pseudo terminal");
}

/* While vmm has the other side open itself there is no end. */
static void pty_lost(struct endpoint *pty)
{
}

const struct endpoint_ops endpoint_pty = {
	.open = pty_open,
	.start = pty_start,
	.lost = pty_lost,
	.close = pty_close,
};
