/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket.c - a Unix socket that clients connect to, one at a time, see unix(7).
 * Others wait in the socket's queue until the one before them has gone.
 */
#include "host/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAITING_CLIENTS 4

struct endpoint {
	struct endpoint_config config;
	struct sockaddr_un address;
	pid_t keeper;		/* -1: there is none, nor a socket */
	int keeper_pipe;	/* whose other end it has */
	int listener;
	int client;		/* -1: nobody; the loop's thread's own */
};

/*
 * The keeper's life: it waits until nobody has the other end of the pipe, and holds on to
 * nothing else meanwhile.
 */
static void keep(const char *path, int pipe)
{
	char byte;

	dup2(pipe, STDIN_FILENO);
	close_range(STDIN_FILENO + 1, ~0u, 0);
	while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
		;
	unlink(path);
	_exit(0);
}

/*
 * Whoever confines itself (host/confine.h) can remove no file at its end: another process
 * removes the socket, however vmm ends. Returns false with errno.
 */
static bool start_keeper(struct endpoint *endpoint)
{
	sigset_t all, old;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	endpoint->keeper = fork();
	if (!endpoint->keeper)
		keep(endpoint->address.sun_path, ends[0]);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(ends[0]);
	if (endpoint->keeper < 0)
		close(ends[1]);
	else
		endpoint->keeper_pipe = ends[1];
	return endpoint->keeper > 0;
}

static void socket_close(struct endpoint *endpoint)
{
	if (endpoint->keeper > 0) {
		close(endpoint->keeper_pipe);
		while (waitpid(endpoint->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (endpoint->client >= 0)
		close(endpoint->client);
	if (endpoint->listener >= 0)
		close(endpoint->listener);
	free(endpoint);
}

/*
 * Makes way for the socket: removes one that nobody serves any more. Returns
 * false with errno where something else is there.
 */
static bool remove_stale(const struct sockaddr_un *address)
{
	struct stat status;
	bool stale;
	int fd;

	if (lstat(address->sun_path, &status))
		return errno == ENOENT;
	errno = EEXIST;
	if (!S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
		errno == ECONNREFUSED;
	close(fd);
	errno = EADDRINUSE;
	return stale && !unlink(address->sun_path);
}

static bool listen_at(struct endpoint *endpoint)
{
	struct sockaddr_un *address = &endpoint->address;

	address->sun_family = AF_UNIX;
	errno = ENAMETOOLONG;
	if (strlen(endpoint->config.path) >= sizeof(address->sun_path))
		return false;
	strcpy(address->sun_path, endpoint->config.path);
	if (!remove_stale(address))
		return false;
	endpoint->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (endpoint->listener < 0 ||
	    bind(endpoint->listener, (struct sockaddr *)address, sizeof(*address)))
		return false;
	if (!start_keeper(endpoint)) {
		unlink(address->sun_path);
		return false;
	}
	return !listen(endpoint->listener, WAITING_CLIENTS);
}

static int socket_open(struct endpoint **out, const struct endpoint_config *config)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (!endpoint)
		return endpoint_failed(config, config->path);
	endpoint->config = *config;
	endpoint->listener = endpoint->client = -1;
	endpoint->keeper = -1;
	if (!listen_at(endpoint)) {
		int error = endpoint_failed(config, config->path);

		socket_close(endpoint);
		return error;
	}
	*out = endpoint;
	return 0;
}

/* Returns whether somebody is there. */
static bool take_client(struct endpoint *endpoint)
{
	endpoint->client = accept4(endpoint->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
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
	int error = loop_add_fd(endpoint->config.loop, endpoint->listener, on_client, endpoint);

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
