/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mapping.c - files of the host as guest memory, see mapping.h. */
#include "mapping.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/start.h"
#include "core/array.h"
#include "values.h"

/* --- what the option says --- */

/* A number of bytes, with K, M or G; returns false where it is none. */
static bool parse_size(const char *text, const char *end, uint64_t *size)
{
	static const char units[] = "KMG";
	const char *unit, *at;

	if (!value_digits(text, &at, size))
		return false;
	unit = at < end ? strchr(units, toupper((unsigned char)*at)) : NULL;
	if (unit) {
		unsigned int shift = 10 * ((unsigned int)(unit - units) + 1);

		if (*size > UINT64_MAX >> shift)
			return false;
		*size <<= shift;
		at++;
	}
	return at == end;
}

static const char *parse_word(struct mapping *mapping, const char *word, size_t length)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "ro", &mapping->read_only },
		{ "shared", &mapping->shared },
		{ "overwrite", &mapping->overwrite },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (length == strlen(flags[i].name) && !memcmp(word, flags[i].name, length)) {
			*flags[i].flag = true;
			return NULL;
		}
	if (length < 5 || memcmp(word, "size=", 5))
		return "behind the address: ,ro ,shared ,overwrite and ,size=N only";
	if (!parse_size(word + 5, word + length, &mapping->size.value))
		return "the size is not a number of bytes (8192, 0x2000, 64K, 1M)";
	if (!mapping->size.value || mapping->size.value % MEM_PAGE_SIZE)
		return "the size is not a number of whole pages (a multiple of 4096, not 0)";
	mapping->size.set = true;
	return NULL;
}

/* What is behind the file's name. */
static const char *parse_place(struct mapping *mapping, const char *text)
{
	const char *wrong = NULL;

	if (!value_digits(text, &text, &mapping->gpa) || (*text && *text != ','))
		return "the address behind @ is not a number (0x8000000, say)";
	if (mapping->gpa % MEM_PAGE_SIZE)
		return "the address is not page aligned (a multiple of 0x1000)";
	while (*text && !wrong) {
		size_t length = strcspn(++text, ",");

		wrong = parse_word(mapping, text, length);
		text += length;
	}
	return wrong;
}

const char *mappings_parse(struct mappings *mappings, const char *text)
{
	const char *at = strrchr(text, '@'), *wrong;
	struct mapping mapping = { 0 }, *added;

	if (!at || at == text)
		return "must be FILE@ADDR[,ro][,shared][,overwrite][,size=N]";
	wrong = parse_place(&mapping, at + 1);
	if (wrong)
		return wrong;
	if (mappings->count == MAPPINGS_MAX)
		return "there are 8 mappings already, the most there can be";
	mapping.path = strndup(text, (size_t)(at - text));
	added = mapping.path ? array_append(&mappings->mapping, &mappings->count, sizeof(*added)) :
		NULL;
	if (!added) {
		free(mapping.path);
		return "out of memory";
	}
	*added = mapping;
	return NULL;
}

void mappings_free(struct mappings *mappings)
{
	for (size_t i = 0; i < mappings->count; i++)
		free(mappings->mapping[i].path);
	free(mappings->mapping);
}

/* --- the file as memory --- */

/* Says what is wrong with a mapping, and what would help; returns the error. */
static int refuse(const struct mapping *mapping, const struct log *log, int error,
		  const char *wrong)
{
	log_error(log, "%s: cannot be mapped at 0x%" PRIx64 ": %s", mapping->path, mapping->gpa,
		  wrong);
	return error;
}

static int fail(const struct mapping *mapping, const struct log *log, int error)
{
	return refuse(mapping, log, error, strerror(-error));
}

/* A regular file, and its size. Returns the descriptor, or -errno with a message. */
static int open_file(const struct mapping *mapping, uint64_t *size, const struct log *log)
{
	bool writes = mapping->shared && !mapping->read_only;
	int fd = open(mapping->path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK |
		      O_NOCTTY);
	struct stat status;
	int error = fd < 0 || fstat(fd, &status) < 0 ? -errno : 0;

	if (error)
		fail(mapping, log, error);
	else if (!S_ISREG(status.st_mode))
		error = refuse(mapping, log, -EINVAL, "not a regular file (copy it first)");
	else if (!status.st_size && (mapping->shared || !mapping->size.set))
		error = refuse(mapping, log, -EINVAL, "the file is empty (truncate -s makes it "
			       "larger)");
	else if (mapping->shared && flock(fd, LOCK_SH | LOCK_NB) < 0)
		error = errno == EWOULDBLOCK ?
			refuse(mapping, log, -EBUSY, "it is the memory of another vmm") :
			fail(mapping, log, -errno);
	if (!error) {
		*size = (uint64_t)status.st_size;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return error;
}

/* Up to size bytes from the file's beginning. Returns 0 or -errno. */
static int read_file(int fd, uint8_t *to, uint64_t size)
{
	uint64_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, to + done, size - done, (off_t)done);

		if (!got)
			break;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			done += (uint64_t)got;
	}
	return 0;
}

/* A copy: nobody who cuts the file off meanwhile can end vmm. Closes the file. */
static int open_private(struct mem *mem, int fd, uint64_t file_size, struct mem_region *region)
{
	int error = 0;

	region->host = mem_backing(mem, region->size, false);
	if (!region->host)
		error = -errno;
	else
		error = read_file(fd, region->host,
				  region->size < file_size ? region->size : file_size);
	close(fd);
	return error;
}

/*
 * The file itself. It gets its blocks now: a full file system would be the end of whoever
 * writes to the memory.
 */
static int open_shared(struct mem *mem, int fd, struct mem_region *region)
{
	bool writes = region->flags & MEM_WRITE;
	int error = 0;

	if (writes && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)region->size) < 0 &&
	    errno != EOPNOTSUPP)
		error = -errno;
	if (!error) {
		region->host = mem_file_backing(mem, fd, region->size, writes);
		if (region->host)
			return 0;
		error = -errno;
	}
	close(fd);
	return error;
}

static int open_mapping(const struct mapping *mapping, struct mem *mem, struct mem_region *region,
			const struct log *log)
{
	uint64_t file_size = 0;
	int fd = open_file(mapping, &file_size, log), error;
	uint64_t pages = (file_size + MEM_PAGE_SIZE - 1) & ~(uint64_t)(MEM_PAGE_SIZE - 1);

	if (fd < 0)
		return fd;
	*region = (struct mem_region){
		.gpa = mapping->gpa, .size = mapping->size.set ? mapping->size.value : pages,
		.flags = MEM_READ | MEM_RESERVED | MEM_FILE |
			 (mapping->read_only ? 0 : MEM_WRITE) | (mapping->shared ? MEM_SHARED : 0),
		.name = mapping->path,
	};
	if (mapping->shared && region->size > pages) {
		close(fd);
		return refuse(mapping, log, -EINVAL, "the size is larger than the file, which is "
			      "shared (truncate -s makes it larger)");
	}
	error = mapping->shared ? open_shared(mem, fd, region) :
		open_private(mem, fd, file_size, region);
	return error ? fail(mapping, log, error) : 0;
}

int mappings_open(const struct mappings *mappings, struct mem *mem, struct mem_region **regions,
		  const struct log *log)
{
	int error = 0;

	*regions = calloc(mappings->count ? mappings->count : 1, sizeof(**regions));
	if (!*regions) {
		log_error(log, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < mappings->count && !error; i++)
		error = open_mapping(&mappings->mapping[i], mem, &(*regions)[i], log);
	return error;
}

/* --- its place --- */

/* Where nothing can be mapped, overwritten or not. */
static const struct {
	uint64_t first, last;
	const char *is;
} barred[] = {
	{ 0xA0000, 0xBFFFF, "the screen's memory is there, from 0xa0000 to 0xbffff" },
	{ START_TABLES_GPA, 0xF7FFF, "vmm's own tables are there, from 0xd0000 to 0xf7fff" },
	{ 0xFEC00000, 0xFFFFFFFF, "the chips of the machine are there, from 0xfec00000 to 4 GiB" },
};

static const char *find_barred(const struct mem_region *region, uint64_t last, uint64_t limit)
{
	if (last < region->gpa || last >= limit)
		return "its end is past what the processor can address (1 TiB)";
	for (size_t i = 0; i < ARRAY_SIZE(barred); i++)
		if (region->gpa <= barred[i].last && last >= barred[i].first)
			return barred[i].is;
	return NULL;
}

static int tell_overlap(const struct mapping *mapping, const struct mem_region *region,
			const struct mem *mem, const struct log *log)
{
	const struct mem_region *regions, *found = NULL;
	size_t count = mem_regions(mem, &regions);

	for (size_t i = 0; i < count && !found; i++)
		if (regions[i].gpa + (regions[i].size - 1) >= region->gpa)
			found = &regions[i];
	log_error(log, "%s: cannot be mapped at 0x%" PRIx64 ": %s is there, from 0x%" PRIx64
		  " to 0x%" PRIx64 " (,overwrite puts the file in its place)", mapping->path,
		  mapping->gpa, found ? found->name : "memory", found ? found->gpa : 0,
		  found ? found->gpa + (found->size - 1) : 0);
	return -EEXIST;
}

int mappings_place(const struct mappings *mappings, struct mem *mem,
		   const struct mem_region *regions, uint64_t limit, const struct log *log)
{
	int error = 0;

	for (size_t i = 0; i < mappings->count && !error; i++) {
		const struct mapping *mapping = &mappings->mapping[i];
		const struct mem_region *region = &regions[i];
		const char *wrong = find_barred(region, region->gpa + (region->size - 1), limit);

		if (wrong)
			return refuse(mapping, log, -EINVAL, wrong);
		error = mem_add(mem, region, mapping->overwrite);
		if (error == -EEXIST)
			return tell_overlap(mapping, region, mem, log);
		if (error)
			fail(mapping, log, error);
		else
			log_verbose(log, "%s: 0x%" PRIx64 " bytes mapped at 0x%" PRIx64,
				    mapping->path, region->size, region->gpa);
	}
	return error;
}
