/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disklock.c - locks on disk images, see disklock.h.
 *
 * F_OFD_GETLK does not say who holds an open file description lock (its l_pid
 * is -1), so that the holder is looked for in /proc: a descriptor whose fdinfo
 * lists a lock (proc(5)) and that leads to the same file.
 */
#include "host/disklock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int disklock_take(int fd, bool exclusive)
{
	struct flock lock = {
		.l_type = exclusive ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
	};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

/* Whether a descriptor holds a lock of the kinds that conflict with ours. */
static bool fdinfo_has_lock(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[256];
	bool found = false;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && fgets(line, sizeof(line), file))
		found = strncmp(line, "lock:", 5) == 0 &&
			(strstr(line, " OFDLCK ") || strstr(line, " POSIX "));
	fclose(file);
	return found;
}

/* Opens /proc/PID/NAME. Returns NULL where it is gone or another user's. */
static DIR *open_process_dir(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return opendir(path);
}

static bool process_has_lock(pid_t pid, const struct stat *image)
{
	DIR *fds = open_process_dir(pid, "fd");
	DIR *infos = open_process_dir(pid, "fdinfo");
	struct dirent *entry;
	struct stat file;
	bool found = false;

	if (!fds || !infos)
		goto out;
	/* fdinfo first: few descriptors have locks, and to follow one can take long. */
	while (!found && (entry = readdir(infos)))
		found = fdinfo_has_lock(dirfd(infos), entry->d_name) &&
			fstatat(dirfd(fds), entry->d_name, &file, 0) == 0 &&
			file.st_dev == image->st_dev && file.st_ino == image->st_ino;
out:
	if (infos)
		closedir(infos);
	if (fds)
		closedir(fds);
	return found;
}

static void read_command(struct disklock_holder *holder)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)holder->pid);
	file = fopen(path, "re");
	if (!file || !fgets(holder->command, sizeof(holder->command), file))
		strcpy(holder->command, "?");
	if (file)
		fclose(file);
	holder->command[strcspn(holder->command, "\n")] = '\0';
	/* A process chooses its name: nothing of it may reach a terminal raw. */
	for (char *c = holder->command; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
}

bool disklock_find_holder(int fd, struct disklock_holder *holder)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct stat image;
	bool found = false;

	if (!proc || fstat(fd, &image) < 0)
		goto out;
	while (!found && (entry = readdir(proc))) {
		holder->pid = (pid_t)strtol(entry->d_name, NULL, 10);
		found = holder->pid > 0 && holder->pid != getpid() &&
			process_has_lock(holder->pid, &image);
	}
	if (found)
		read_command(holder);
out:
	if (proc)
		closedir(proc);
	return found;
}
