/* SPDX-License-Identifier: GPL-3.0-or-later */
/* result.c - see result.h. */
#include "core/result.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int result_open(struct result_file *file, const char *path, const struct log *log)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0666);
	bool made = fd >= 0;
	int error;

	if (!made)
		fd = open(path, O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, 0666);
	*file = (struct result_file){ .path = path, .made = made };
	if (fd >= 0)
		file->stream = fdopen(fd, "w");
	if (file->stream)
		return 0;
	error = errno;
	if (fd >= 0)
		close(fd);
	log_error(log, "%s: cannot be written: %s", path, strerror(error));
	return -error;
}

/* What is below /dev may be a pipe or a terminal. */
static bool is_regular(const struct result_file *file, struct stat *status)
{
	return !fstat(fileno(file->stream), status) && S_ISREG(status->st_mode);
}

int result_begin(struct result_file *file)
{
	struct stat status;

	file->made = false;
	return is_regular(file, &status) && ftruncate(fileno(file->stream), 0) < 0 ? -errno : 0;
}

int result_end(struct result_file *file)
{
	struct stat status;
	int error = 0;

	errno = 0;
	if (fflush(file->stream) || ferror(file->stream))
		error = errno ? -errno : -EIO;
	else if (is_regular(file, &status) && !status.st_nlink)
		error = -ENOENT;
	if (fclose(file->stream) && !error)
		error = -errno;
	file->stream = NULL;
	return error;
}

void result_discard(struct result_file *file)
{
	if (!file->stream)
		return;
	fclose(file->stream);
	file->stream = NULL;
	if (file->made)
		unlink(file->path);
}
