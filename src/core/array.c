/* SPDX-License-Identifier: GPL-3.0-or-later */
/* array.c - arrays that grow item by item, see array.h. */
#include "core/array.h"

#include <stdlib.h>
#include <string.h>

void *array_insert(void *array, size_t *count, size_t size, size_t index)
{
	char *items, *item;

	/* Copied: the pointer is one to the caller's type. */
	memcpy(&items, array, sizeof(items));
	items = reallocarray(items, *count + 1, size);
	if (!items)
		return NULL;
	memcpy(array, &items, sizeof(items));
	item = items + index * size;
	memmove(item + size, item, (*count - index) * size);
	++*count;
	return item;
}

void *array_append(void *array, size_t *count, size_t size)
{
	return array_insert(array, count, size, *count);
}
