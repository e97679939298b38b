/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.h - where the running program lies, so that one that runs from its
 * build tree finds what was built with it.
 */
#ifndef VMM_CORE_PROGRAM_H
#define VMM_CORE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The path of what lies beside the program: its folder, a slash, and name.
 * Returns false where that cannot be found out or does not fit into size bytes.
 */
bool program_sibling(const char *name, char *path, size_t size);

#endif
