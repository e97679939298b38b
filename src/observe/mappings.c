/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mappings.c - guest memory as the process has it mapped, see mappings.h and proc(5). */
#include "observe/mappings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_SIZE 65536u

/* A line of /proc/self/maps. */
struct mapping {
	uint64_t start, end;
	char rights[5];		/* rwxp, - for what it has not */
	uint64_t offset;	/* in the file: */
	unsigned int major, minor;
	uint64_t inode;		/* 0: none */
};

/* A region of guest memory, and where it lies in a file. */
struct piece {
	const struct mem_region *region;
	struct mapping linear;	/* vmm's own mapping of its start; no inode: it has none */
};

struct pieces {
	struct piece *piece;
	size_t count;
};

/* All of the file, with a NUL behind it; the caller frees it. NULL with errno: it failed. */
static char *read_all(int fd)
{
	size_t size = FIRST_SIZE, length = 0;
	char *text = malloc(size), *grown;
	ssize_t got;

	if (!text || lseek(fd, 0, SEEK_SET) < 0)
		goto failed;
	while ((got = read(fd, text + length, size - length - 1)) > 0) {
		length += (size_t)got;
		if (size - length > 1)
			continue;
		grown = reallocarray(text, size, 2);
		if (!grown)
			goto failed;
		text = grown;
		size *= 2;
	}
	if (got < 0)
		goto failed;
	text[length] = '\0';
	return text;
failed:
	free(text);
	return NULL;
}

/* Takes the line at *text, and moves it to the next one. Returns false at the end. */
static bool next_mapping(const char **text, struct mapping *mapping)
{
	const char *at = *text;

	while (*at && *at != '\n')
		at++;
	if (*at)
		at++;
	if (sscanf(*text, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &mapping->start,
		   &mapping->end, mapping->rights, &mapping->offset, &mapping->major,
		   &mapping->minor, &mapping->inode) != 7)
		return false;
	*text = at;
	return true;
}

static bool same_file(const struct mapping *a, const struct mapping *b)
{
	return a->inode && a->inode == b->inode && a->major == b->major && a->minor == b->minor;
}

/* Of which pieces it has the start. */
static void note_linear(struct pieces *pieces, const struct mapping *mapping)
{
	for (size_t i = 0; i < pieces->count; i++) {
		uint64_t host = (uintptr_t)pieces->piece[i].region->host;

		if (host >= mapping->start && host < mapping->end)
			pieces->piece[i].linear = *mapping;
	}
}

/* Whether it is one by which vmm itself has guest memory. */
static bool is_own(const struct pieces *pieces, const struct mapping *mapping)
{
	for (size_t i = 0; i < pieces->count; i++) {
		const struct mem_region *region = pieces->piece[i].region;
		uint64_t host = (uintptr_t)region->host;

		if (host < mapping->end && mapping->start < host + region->size)
			return true;
	}
	return false;
}

/*
 * What guest memory lies at an offset of the mapping's file: *gpa and at most *size bytes
 * there. Returns false where none does.
 */
static bool find(const struct pieces *pieces, const struct mapping *mapping, uint64_t offset,
		 uint64_t *gpa, uint64_t *size)
{
	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->piece[i];
		const struct mapping *linear = &piece->linear;
		uint64_t first = linear->offset + ((uintptr_t)piece->region->host - linear->start);

		if (!same_file(linear, mapping) || offset - first >= piece->region->size)
			continue;
		*gpa = piece->region->gpa + (offset - first);
		if (*size > piece->region->size - (offset - first))
			*size = piece->region->size - (offset - first);
		return true;
	}
	return false;
}

/* A line for each region that the mapping has a part of. */
static void print_mapping(FILE *out, const struct pieces *pieces, const struct mapping *mapping)
{
	uint64_t at = mapping->start;

	while (at < mapping->end) {
		uint64_t gpa, size = mapping->end - at;

		if (!find(pieces, mapping, mapping->offset + (at - mapping->start), &gpa, &size))
			return;
		fprintf(out, "0x%016" PRIx64 "-0x%016" PRIx64 " to 0x%016" PRIx64 "  %.3s\n",
			at, at + (size - 1), gpa, mapping->rights);
		at += size;
	}
}

static int print_all(FILE *out, const char *text, struct pieces *pieces)
{
	struct mapping mapping;
	const char *at = text;

	/* First where vmm has them: the guest's may lie below. */
	while (next_mapping(&at, &mapping))
		note_linear(pieces, &mapping);
	errno = 0;
	at = text;
	while (next_mapping(&at, &mapping))
		if (!is_own(pieces, &mapping))
			print_mapping(out, pieces, &mapping);
	return ferror(out) ? (errno ? -errno : -EIO) : 0;
}

int mappings_print(FILE *out, int maps, const struct mem *mem)
{
	const struct mem_region *regions;
	struct pieces pieces = { .count = mem_regions(mem, &regions) };
	char *text = read_all(maps);
	int error;

	pieces.piece = text ? calloc(pieces.count, sizeof(*pieces.piece)) : NULL;
	if (!pieces.piece) {
		error = -errno;
		free(text);
		return error;
	}
	for (size_t i = 0; i < pieces.count; i++)
		pieces.piece[i].region = &regions[i];
	error = print_all(out, text, &pieces);
	free(pieces.piece);
	free(text);
	return error;
}
