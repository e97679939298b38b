/* SPDX-License-Identifier: 0BSD */
/*
 * string.c - memory functions by string instructions: one instruction for the
 * bulk is the shortest way on a processor and by far on an emulated one.
 */
#include <stdint.h>

#include <vmm/string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
	void *start = to;
	size_t longs = count / 4;
	size_t rest = count % 4;

	__asm__ volatile("cld; rep movsl" : "+D"(to), "+S"(from), "+c"(longs) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
	return start;
}

static void copy_backwards(uint8_t *to, const uint8_t *from, size_t count)
{
	to += count - 1;
	from += count - 1;
	__asm__ volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

void *memmove(void *to, const void *from, size_t count)
{
	if ((uintptr_t)to - (uintptr_t)from >= count)
		return memcpy(to, from, count);
	copy_backwards(to, from, count);
	return to;
}

void *memset(void *to, int byte, size_t count)
{
	void *start = to;
	uint32_t pattern = (uint8_t)byte * 0x01010101u;
	size_t longs = count / 4;
	size_t rest = count % 4;

	__asm__ volatile("cld; rep stosl" : "+D"(to), "+c"(longs) : "a"(pattern) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
	return start;
}

int memcmp(const void *left, const void *right, size_t count)
{
	const uint8_t *l = left;
	const uint8_t *r = right;

	for (size_t i = 0; i < count; i++) {
		if (l[i] != r[i])
			return l[i] - r[i];
	}
	return 0;
}

size_t strlen(const char *string)
{
	size_t length = 0;

	/* volatile: else a compiler may see strlen() in the loop and call it */
	while (((const volatile char *)string)[length])
		length++;
	return length;
}
