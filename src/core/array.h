/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * array.h - arrays: how long one is, and how one grows item by item.
 */
#ifndef VMM_CORE_ARRAY_H
#define VMM_CORE_ARRAY_H

#include <stddef.h>

/* How many items an array has; not for pointers. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Makes room for one more item of size bytes at the end of an array that is the
 * caller's, to be freed by free(). array: the address of the pointer to its first
 * item (NULL where there is none yet), which may move. Returns the new item, not
 * initialized, and counts it; or NULL where memory is missing, and nothing changes.
 */
void *array_append(void *array, size_t *count, size_t size);

/* The same before the item index, which is at most *count. */
void *array_insert(void *array, size_t *count, size_t size, size_t index);

#endif
