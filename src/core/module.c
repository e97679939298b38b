/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module.c - finds and opens modules, see module.h. */
#include "core/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/program.h"

static bool module_at(char path[PATH_MAX], const char *folder, const char *file)
{
	int length = snprintf(path, PATH_MAX, "%s/%s", folder, file);

	return length > 0 && length < PATH_MAX && !access(path, R_OK);
}

static bool find(char path[PATH_MAX], const char *file)
{
	const char *chosen = getenv("VMM_MODULE_DIR");
	char folder[PATH_MAX];

	if (chosen && *chosen)
		return module_at(path, chosen, file);
	/* Where libtool leaves modules in a build tree that runs uninstalled. */
	if (program_sibling(".libs", folder, sizeof(folder)) && module_at(path, folder, file))
		return true;
	return module_at(path, VMM_PKGLIBDIR, file);
}

int module_open(struct module *module, const char *file, const char *symbol,
		unsigned int version, const char *package, char *error, size_t error_size)
{
	char path[PATH_MAX];
	unsigned int has;

	*module = (struct module){ 0 };
	if (!find(path, file)) {
		snprintf(error, error_size, "the module %s is not there (install the package %s)",
			 file, package);
		return -ENOENT;
	}
	/* Libraries leave handlers behind that point into them: they stay. */
	module->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!module->library) {
		snprintf(error, error_size, "%s", dlerror());
		return -ELIBACC;
	}
	module->symbol = dlsym(module->library, symbol);
	if (module->symbol) {
		memcpy(&has, module->symbol, sizeof(has));
		if (has == version)
			return 0;
	}
	snprintf(error, error_size, "%s belongs to another version of vmm", path);
	module_close(module);
	return -ELIBBAD;
}

void module_close(struct module *module)
{
	if (module->library)
		dlclose(module->library);
	*module = (struct module){ 0 };
}
