/* SPDX-License-Identifier: GPL-3.0-or-later */
/* program.c - where the running program lies, see program.h. */
#include "core/program.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool program_sibling(const char *name, char *path, size_t size)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	if (length < 0)
		return false;
	program[length] = '\0';
	slash = strrchr(program, '/');
	if (!slash)
		return false;
	return (size_t)snprintf(path, size, "%.*s/%s", (int)(slash - program), program, name) <
	       size;
}
