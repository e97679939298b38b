/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unixsocket.h - Unix sockets (unix(7), SOCK_STREAM) that have a path: to listen at one,
 * to connect to one, and to do whichever of the two is due.
 */
#ifndef VMM_HOST_UNIXSOCKET_H
#define VMM_HOST_UNIXSOCKET_H

#include <sys/types.h>

/* A socket that listens, and the process that removes it in the end. */
struct unixsocket {
	int fd;			/* -1: none */
	pid_t keeper;		/* -1: there is none */
	int keeper_pipe;	/* whose other end it has */
};

/* What is not open, to begin with. */
#define UNIXSOCKET_CLOSED ((struct unixsocket){ .fd = -1, .keeper = -1 })

/*
 * Listens at path, in place of a socket that nobody serves any more. Returns 0 or
 * -errno: -EADDRINUSE where somebody listens there, -EEXIST where something else is
 * there, -ENAMETOOLONG. path must outlive the socket's process: the arguments' own.
 */
int unixsocket_listen(struct unixsocket *socket, const char *path);

/*
 * Connects to who listens at path, and listens there where nobody does. Several processes
 * may do so at a time: one of them listens. Returns 0 with the connection in *fd,
 * which does not block, or -1 there and the socket listening; or -errno as above.
 */
int unixsocket_meet(struct unixsocket *socket, const char *path, int *fd);

/* Closes the socket and has its path removed. What is not open can be closed. */
void unixsocket_close(struct unixsocket *socket);

#endif
