/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * module.h - parts of vmm that are opened only when they are wanted, because
 * the libraries they need would cost every start: a window (SDL), PNG (libpng),
 * JSON (json-c).
 *
 * A module is a shared object that exports one symbol, a const struct whose
 * first member is an unsigned int: the version of that struct.
 */
#ifndef VMM_CORE_MODULE_H
#define VMM_CORE_MODULE_H

#include <stddef.h>

struct module {
	void *library;
	const void *symbol;	/* the module's struct */
};

/*
 * Opens a module by its file's name ("sdl.so"): below VMM_MODULE_DIR where that
 * is set, in the build tree where vmm is run from it, else where it was
 * installed. package: to be installed where it is missing. Returns 0, or -errno
 * with the reason in error.
 */
int module_open(struct module *module, const char *file, const char *symbol,
		unsigned int version, const char *package, char *error, size_t error_size);

/* What was not opened (all zero) can be closed. */
void module_close(struct module *module);

#endif
