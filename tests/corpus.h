/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * corpus.h - what the fuzz programs do without libFuzzer: they go through the files of
 * the folders named on the command line, or of one in the sources.
 */
#ifndef VMM_TESTS_CORPUS_H
#define VMM_TESTS_CORPUS_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

#define CORPUS_INPUT_MAX 65536u
#define CORPUS_PATH_MAX 4096

typedef int corpus_fn(const uint8_t *data, size_t size);

static inline bool corpus_run_file(const char *folder, const char *name, unsigned int seconds,
				   corpus_fn *fn)
{
	uint8_t data[CORPUS_INPUT_MAX];
	char path[CORPUS_PATH_MAX];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rbe");
	if (!file)
		return false;
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	/* One that hangs ends the program. */
	alarm(seconds);
	fn(data, size);
	alarm(0);
	return true;
}

static inline void corpus_run_folder(struct unit *unit, const char *path, unsigned int seconds,
				     corpus_fn *fn, const char *what)
{
	DIR *folder = opendir(path);
	unsigned int count = 0;
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			count += corpus_run_file(path, entry->d_name, seconds, fn);
	if (folder)
		closedir(folder);
	unit_check(unit, count, what);
	printf("  %u inputs from %s\n", count, path);
}

/*
 * name: of the folder in the sources. seconds: more than any input takes. what: for
 * the line of the check. Returns the exit status.
 */
static inline int corpus_main(int argc, char **argv, const char *name, unsigned int seconds,
			      corpus_fn *fn, const char *what)
{
	const char *sources = getenv("srcdir");
	struct unit unit = { 0 };
	char path[CORPUS_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", sources ? sources : ".", name);
	if (argc < 2)
		corpus_run_folder(&unit, path, seconds, fn, what);
	for (int i = 1; i < argc; i++)
		corpus_run_folder(&unit, argv[i], seconds, fn, what);
	return unit_status(&unit);
}

#endif
