/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service.c - a program that vmm starts, see service.h. */
#include "host/service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE 1000	/* milliseconds */

/* In the new process. */
static void become(const char *command, int fd, const sigset_t *mask)
{
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* vmm ignores them. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	pthread_sigmask(SIG_SETMASK, mask, NULL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int start(struct service *service, const char *command, int fd)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	service->pid = fork();
	if (!service->pid)
		become(command, fd, &old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (service->pid < 0)
		return -errno;
	service->pidfd = (int)syscall(SYS_pidfd_open, service->pid, 0);
	return 0;
}

int service_start(struct service *service, const char *command, int *fd)
{
	int ends[2];
	int error;

	*service = (struct service){ .pid = -1, .pidfd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	error = fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno :
		start(service, command, ends[1]);
	close(ends[1]);
	if (error)
		close(ends[0]);
	else
		*fd = ends[0];
	return error;
}

void service_stop(struct service *service)
{
	struct pollfd ended = { .fd = service->pidfd, .events = POLLIN };

	if (service->pid < 0)
		return;
	if (service->pidfd >= 0) {
		while (poll(&ended, 1, GRACE) < 0 && errno == EINTR)
			;
		close(service->pidfd);
	}
	waitpid(service->pid, NULL, WNOHANG);
	service->pid = -1;
}
