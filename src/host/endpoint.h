/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * endpoint.h - where somebody may be at the other end of a serial line, and
 * may come and go: a pseudo terminal, a Unix socket. For characters.c.
 */
#ifndef VMM_HOST_ENDPOINT_H
#define VMM_HOST_ENDPOINT_H

#include <stdbool.h>

#include "core/log.h"
#include "core/loop.h"

struct endpoint;

struct endpoint_config {
	const char *path;	/* of the socket; NULL for a pseudo terminal */
	const char *name;	/* of the port, for messages */
	/*
	 * What can be read and written has changed. fd: where, not blocking,
	 * -1: nowhere; attached: whether anybody reads what is written. By the
	 * loop's thread, or by start().
	 */
	void (*changed)(void *self, int fd, bool attached);
	void *self;
	struct loop *loop;	/* ended before close() */
	const struct log *log;
};

/* Functions that return an int return 0, or -errno with a message in the log. */
struct endpoint_ops {
	/* config is copied. */
	int (*open)(struct endpoint **endpoint, const struct endpoint_config *config);
	/* wait: until somebody is there. Before the loop is started. */
	int (*start)(struct endpoint *endpoint, bool wait);
	/* The end of what can be read from fd. By the loop's thread. */
	void (*lost)(struct endpoint *endpoint);
	void (*close)(struct endpoint *endpoint);
};

extern const struct endpoint_ops endpoint_pty;
extern const struct endpoint_ops endpoint_socket;

/* Reports the errno and returns it negative. */
int endpoint_failed(const struct endpoint_config *config, const char *what);

#endif
