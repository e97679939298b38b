/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unixsocket.c - Unix sockets that have a path, see unixsocket.h. */
#include "host/unixsocket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAITING_CLIENTS 4
/* Between bind(2) and listen(2) of another program there may be that much time. */
#define REFUSALS_MAX 20u
#define LOCK_TRIES 100
#define PAUSE 10000000	/* nanoseconds */

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
static bool start_keeper(struct unixsocket *sock, const char *path)
{
	sigset_t all, old;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	sock->keeper = fork();
	if (!sock->keeper)
		keep(path, ends[0]);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(ends[0]);
	if (sock->keeper < 0)
		close(ends[1]);
	else
		sock->keeper_pipe = ends[1];
	return sock->keeper > 0;
}

void unixsocket_close(struct unixsocket *sock)
{
	if (sock->keeper > 0) {
		close(sock->keeper_pipe);
		while (waitpid(sock->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (sock->fd >= 0)
		close(sock->fd);
	*sock = UNIXSOCKET_CLOSED;
}

/* Returns the connection, which does not block, or -1 with errno. */
static int connect_to(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0 || !connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
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
	fd = connect_to(address);
	stale = fd < 0 && errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	errno = EADDRINUSE;
	return stale && !unlink(address->sun_path);
}

static bool listen_at(struct unixsocket *sock, const struct sockaddr_un *address,
		      const char *path)
{
	if (!remove_stale(address))
		return false;
	sock->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock->fd < 0 ||
	    bind(sock->fd, (const struct sockaddr *)address, sizeof(*address)))
		return false;
	if (!start_keeper(sock, path)) {
		unlink(path);
		return false;
	}
	return !listen(sock->fd, WAITING_CLIENTS);
}

static bool set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	errno = ENAMETOOLONG;
	if (strlen(path) >= sizeof(address->sun_path))
		return false;
	strcpy(address->sun_path, path);
	return true;
}

static int listen_failed(struct unixsocket *sock)
{
	int error = -errno;

	unixsocket_close(sock);
	return error;
}

int unixsocket_listen(struct unixsocket *sock, const char *path)
{
	struct sockaddr_un address;

	*sock = UNIXSOCKET_CLOSED;
	if (!set_address(&address, path) || !listen_at(sock, &address, path))
		return listen_failed(sock);
	return 0;
}

static void pause_briefly(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE };

	nanosleep(&pause, NULL);
}

/*
 * Who looks for a listener and becomes one does so alone in the folder, so that two do
 * not miss each other: they hold a lock of it, if it can be had within LOCK_TRIES pauses:
 * in /tmp anybody can hold it. -1 where the folder cannot be opened.
 */
static int lock_folder(const struct sockaddr_un *address)
{
	char path[sizeof(address->sun_path)];
	int fd;

	memcpy(path, address->sun_path, sizeof(path));
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned int i = 0; i < LOCK_TRIES && fd >= 0 && flock(fd, LOCK_EX | LOCK_NB); i++)
		pause_briefly();
	return fd;
}

/* As connect_to(), with patience for who does not listen yet. */
static int connect_patiently(const struct sockaddr_un *address)
{
	int fd = connect_to(address);

	for (unsigned int i = 0; i < REFUSALS_MAX && fd < 0 && errno == ECONNREFUSED; i++) {
		pause_briefly();
		fd = connect_to(address);
	}
	return fd;
}

int unixsocket_meet(struct unixsocket *sock, const char *path, int *fd)
{
	struct sockaddr_un address;
	bool met = true;
	int folder, error = 0;

	*sock = UNIXSOCKET_CLOSED;
	*fd = -1;
	if (!set_address(&address, path))
		return -errno;
	folder = lock_folder(&address);
	*fd = connect_patiently(&address);
	if (*fd < 0 && errno != EACCES && errno != EAGAIN)
		met = listen_at(sock, &address, path) &&
		      !fcntl(sock->fd, F_SETFL, O_NONBLOCK);
	else if (*fd < 0)
		met = false;
	if (!met)
		error = listen_failed(sock);
	if (folder >= 0)
		close(folder);
	return error;
}
