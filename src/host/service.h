/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service.h - a program that vmm starts, with a socket as its standard input and output. */
#ifndef VMM_HOST_SERVICE_H
#define VMM_HOST_SERVICE_H

#include <sys/types.h>

struct service {
	pid_t pid;	/* of who keeps it; -1: none */
	int pidfd;	/* readable when it has ended; -1: none */
};

/*
 * Starts a command of sh(1). Its standard error is vmm's; it and what it
 * has started get SIGTERM when vmm is no more, and SIGKILL a second later. Returns 0 with vmm's end of the socket in *fd, which does not block; or -errno.
 */
int service_start(struct service *service, const char *command, int *fd);

/* Waits for its end, for a second at most: the socket has been closed. */
void service_stop(struct service *service);

#endif
