/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samples.c - finds the installed guests, see samples.h. */
#include "samples.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/program.h"

#define SUFFIX ".bin"
#define FOLDERS_MAX 3u

static bool readable(const char *folder, const char *name, char *path, size_t size)
{
	return (size_t)snprintf(path, size, "%s/%s" SUFFIX, folder, name) < size &&
	       access(path, R_OK) == 0;
}

/* The names in a folder, sorted, with commas; "" where there are none. */
static void list_samples(const char *folder, char *list, size_t size)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	size_t used = 0;

	list[0] = '\0';
	for (int i = 0; i < count; i++) {
		char *name = entries[i]->d_name, *suffix = strstr(name, SUFFIX);

		if (suffix && !strcmp(suffix, SUFFIX) && used < size)
			used += (size_t)snprintf(list + used, size - used, "%s%.*s",
						 used ? ", " : "", (int)(suffix - name), name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

char *sample_path(const char *name, const struct log *log)
{
	char built[PATH_MAX], path[PATH_MAX], list[1024];
	const char *folders[FOLDERS_MAX], *data = getenv("VMM_DATA_DIR");
	size_t count = 0;

	if (data)
		folders[count++] = data;
	/* As in the build tree. */
	if (program_sibling("guest", built, sizeof(built)))
		folders[count++] = built;
	folders[count++] = VMM_PKGDATADIR "/samples";
	for (size_t i = 0; i < count; i++)
		if (readable(folders[i], name, path, sizeof(path)))
			return strdup(path);
	for (size_t i = 0; i < count; i++) {
		list_samples(folders[i], list, sizeof(list));
		if (!*list)
			continue;
		log_error(log, "--demo=%s: no such sample (there are: %s)", name, list);
		return NULL;
	}
	log_error(log, "--demo=%s: no samples are installed in %s", name,
		  VMM_PKGDATADIR "/samples");
	return NULL;
}
