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

/* In the new process: the shell. */
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

/*
 * In the new process, which keeps the shell: it has a process group of its own, all of which
 * ends with vmm. vmm itself, which may be confined then, signals nobody. All signals are
 * blocked.
 */
static void keep(const char *command, int fd, const sigset_t *mask)
{
	const struct timespec grace = { .tv_sec = GRACE / 1000 };
	sigset_t ends, awaited;
	pid_t shell;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGCHLD, SIG_DFL);
	shell = fork();
	if (!shell)
		become(command, fd, mask);
	/* Whoever looks at the other end of these waits for the shell alone. */
	close_range(0, ~0u, 0);
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	awaited = ends;
	sigaddset(&awaited, SIGTERM);
	while (shell > 0 && waitpid(shell, NULL, WNOHANG) != shell) {
		if (sigwaitinfo(&awaited, NULL) != SIGTERM)
			continue;
		kill(0, SIGTERM);
		sigtimedwait(&ends, NULL, &grace);
		kill(0, SIGKILL);
	}
	_exit(0);
}

static int start(struct service *service, const char *command, int fd)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	service->pid = fork();
	if (!service->pid)
		keep(command, fd, &old);
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
