/* SPDX-License-Identifier: 0BSD */
/*
 * string.h - the functions on memory that a compiler takes for granted even
 * in freestanding code (C17, 7.24), and strlen().
 */
#ifndef VMM_STRING_H
#define VMM_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *left, const void *right, size_t count);
size_t strlen(const char *string);

#endif
