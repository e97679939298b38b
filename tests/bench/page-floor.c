// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * page-floor - the least that a page to another process takes by a socket: one writes it as
 * it is, the other one reads it.
 */
#define _GNU_SOURCE	/* SOCK_CLOEXEC */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_SIZE 4096
#define FAILED 1	/* exit statuses */
#define USAGE 2

static char page[PAGE_SIZE];

static void write_pages(int fd, long count)
{
	for (long i = 0; i < count; i++)
		if (send(fd, page, sizeof(page), MSG_NOSIGNAL) != sizeof(page))
			err(FAILED, "send");
}

static void read_pages(int fd, long count)
{
	for (long i = 0; i < count; i++)
		if (recv(fd, page, sizeof(page), MSG_WAITALL) != sizeof(page))
			err(FAILED, "recv");
}

int main(int argc, char **argv)
{
	long count = argc == 2 ? atol(argv[1]) : 0;
	int ends[2], status;
	pid_t child;

	if (count < 1)
		errx(USAGE, "usage: page-floor PAGES");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		err(FAILED, "socketpair");
	child = fork();
	if (child < 0)
		err(FAILED, "fork");
	if (!child) {
		read_pages(ends[1], count);
		return 0;
	}
	close(ends[1]);
	write_pages(ends[0], count);
	return waitpid(child, &status, 0) != child || status;
}
