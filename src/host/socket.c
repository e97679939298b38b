/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket.c - a Unix socket that clients connect to, one at a time, see unix(7).
 * Others wait in the socket's queue until the one before them has gone.
 */
#include "host/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/unixsocket.h"

struct endpoint {
	struct endpoint_config config;
	struct unixsocket listener;
	int client;		/* -1: nobody; the loop's thread's own */
};

static void socket_close(struct endpoint *endpoint)
{
	unixsocket_close(&endpoint->listener);
	if (endpoint->client >= 0)
		close(endpoint->client);
	free(endpoint);
}

static int socket_open(struct endpoint **out, const struct endpoint_config *config)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	int error;

	if (!endpoint)
		return endpoint_failed(config, config->path);
	endpoint->config = *config;
	endpoint->client = -1;
	error = unixsocket_listen(&endpoint->listener, config->path);
	if (error) {
		errno = -error;
		endpoint_failed(config, config->path);
		socket_close(endpoint);
		return error;
	}
	*out = endpoint;
	return 0;
}

/* Returns whether somebody is there. */
static bool take_client(struct endpoint *endpoint)
{
	endpoint->client = accept4(endpoint->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (endpoint->client < 0)
		return false;
	endpoint->config.changed(endpoint->config.self, endpoint->client, true);
	return true;
}

static void on_client(void *self, int fd)
{
	struct endpoint *endpoint = self;

	if (take_client(endpoint))
		loop_remove_fd(endpoint->config.loop, fd);
}

static int socket_listen(struct endpoint *endpoint)
{
	int error = loop_add_fd(endpoint->config.loop, endpoint->listener.fd, on_client, endpoint);

	if (!error)
		return 0;
	errno = -error;
	return endpoint_failed(&endpoint->config, endpoint->config.path);
}

static int socket_start(struct endpoint *endpoint, bool wait)
{
	if (wait)
		log_notice(endpoint->config.log, "%s waits for a client at %s",
			   endpoint->config.name, endpoint->config.path);
	while (wait && !take_client(endpoint))
		if (errno != EINTR && errno != ECONNABORTED)
			return endpoint_failed(&endpoint->config, endpoint->config.path);
	return wait ? 0 : socket_listen(endpoint);
}

static void socket_lost(struct endpoint *endpoint)
{
	int client = endpoint->client;

	endpoint->client = -1;
	endpoint->config.changed(endpoint->config.self, -1, false);
	close(client);
	socket_listen(endpoint);
}

const struct endpoint_ops endpoint_socket = {
	.open = socket_open,
	.start = socket_start,
	.lost = socket_lost,
	.close = socket_close,
};
