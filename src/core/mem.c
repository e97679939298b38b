/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem.c - guest-physical memory: a sorted table of regions, see mem.h. */
#include "core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEM_FLAGS_ALL (MEM_READ | MEM_WRITE | MEM_TRAP | MEM_POSTED | MEM_RESERVED | \
		       MEM_CHIP | MEM_NO_CODE | MEM_FILE | MEM_SHARED)

/* What memory lies in that can be mapped a second time. */
struct mem_file {
	struct mem_file *next;
	int fd;
	uint64_t size;
	bool named;		/* the user's own; else a memfd */
	bool full;		/* mapped as it is: no memory is put in */
};

/* Host memory that the map owns. */
struct backing {
	struct backing *next;
	uint8_t *host;
	uint64_t size;
	bool shared;		/* can be mapped a second time */
	const struct mem_file *file;	/* NULL: in none */
	uint64_t offset;	/* in the file */
};

struct mem {
	struct mem_region *regions;	/* sorted by gpa, disjoint */
	size_t count;
	size_t capacity;
	struct backing *backings;
	int pagemap;			/* this process's, proc(5); -1: not open */
	struct mem_file *files;		/* memory is put in the first one that is not full */
	mem_writer_fn *writer;		/* NULL: nobody wants to know */
	void *writer_self;
};

int mem_create(struct mem **mem)
{
	*mem = calloc(1, sizeof(**mem));
	if (!*mem)
		return -ENOMEM;
	(*mem)->pagemap = -1;
	return 0;
}

void mem_destroy(struct mem *mem)
{
	struct backing *backing, *next;

	if (!mem)
		return;
	for (backing = mem->backings; backing; backing = next) {
		next = backing->next;
		munmap(backing->host, backing->size);
		free(backing);
	}
	while (mem->files) {
		struct mem_file *file = mem->files;

		mem->files = file->next;
		close(file->fd);
		free(file);
	}
	if (mem->pagemap >= 0)
		close(mem->pagemap);
	free(mem->regions);
	free(mem);
}

/*
 * The user's own file, empty. Nobody else may use it so meanwhile: memory that is cut
 * off is the end of who touches it. Returns the descriptor, or -errno.
 */
static int open_named(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600), error = 0;
	struct stat status;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && !S_ISREG(status.st_mode))
		error = -EINVAL;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0 || ftruncate(fd, 0) < 0)
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int mem_share(struct mem *mem, const char *path)
{
	struct mem_file *file = malloc(sizeof(*file));
	int fd = -ENOMEM;

	if (file)
		fd = path ? open_named(path) : memfd_create("vmm-memory", MFD_CLOEXEC);
	if (fd < 0) {
		free(file);
		return fd == -1 ? -errno : fd;
	}
	*file = (struct mem_file){ .next = mem->files, .fd = fd, .named = path };
	mem->files = file;
	return 0;
}

int mem_next_file(const struct mem *mem, int fd)
{
	const struct mem_file *file = mem->files;

	while (fd >= 0 && file && file->fd != fd)
		file = file->next;
	if (fd >= 0 && file)
		file = file->next;
	return file ? file->fd : -1;
}

static const struct backing *find_backing(const struct mem *mem, const uint8_t *host)
{
	const struct backing *backing = mem->backings;

	while (backing && (host < backing->host || host >= backing->host + backing->size))
		backing = backing->next;
	return backing;
}

/* What lies in no file has a second mapping by mremap(2)'s way with an old size of 0. */
static int map_again(const uint8_t *host, uint64_t size, int protection, void *address)
{
	if (mremap((void *)(uintptr_t)host, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, address) ==
	    MAP_FAILED || mprotect(address, size, protection) < 0)
		return -errno;
	return 0;
}

int mem_map(const struct mem *mem, const uint8_t *host, uint64_t size, int protection,
	    void *address)
{
	const struct backing *backing = find_backing(mem, host);

	if (!backing || !backing->shared)
		return -EINVAL;
	if (!backing->file)
		return map_again(host, size, protection, address);
	if (mmap(address, size, protection, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
		 backing->file->fd, (off_t)(backing->offset + (uint64_t)(host - backing->host))) ==
	    MAP_FAILED)
		return -errno;
	return 0;
}

/* Which memory is put in; NULL: none. */
static struct mem_file *open_for_memory(const struct mem *mem)
{
	struct mem_file *file = mem->files;

	while (file && file->full)
		file = file->next;
	return file;
}

/*
 * Room at the end of the file. The user's own gets its blocks at once: a full file system
 * would be the end of whoever writes to the memory. Returns 0 or -errno.
 */
static int grow(const struct mem_file *file, uint64_t size)
{
	if (ftruncate(file->fd, (off_t)(file->size + size)) < 0)
		return -errno;
	if (file->named && fallocate(file->fd, 0, (off_t)file->size, (off_t)size) < 0 &&
	    errno != EOPNOTSUPP)
		return -errno;
	return 0;
}

/*
 * In the file, or in none where a limit on the size of files is in the way, which is no
 * limit on memory. Fills in where it lies; returns MAP_FAILED with errno.
 */
static void *map_shared(struct mem_file *file, struct backing *backing)
{
	int error = grow(file, backing->size);
	void *host;

	if (error && (error != -EFBIG || file->named)) {
		errno = -error;
		return MAP_FAILED;
	}
	backing->shared = true;
	backing->file = error ? NULL : file;
	backing->offset = file->size;
	host = mmap(NULL, backing->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE |
		    (error ? MAP_ANONYMOUS : 0), error ? -1 : file->fd,
		    error ? 0 : (off_t)file->size);
	if (host != MAP_FAILED && !error)
		file->size += (backing->size + MEM_PAGE_SIZE - 1) / MEM_PAGE_SIZE * MEM_PAGE_SIZE;
	return host;
}

void *mem_backing(struct mem *mem, uint64_t size, bool mergeable)
{
	struct backing *backing = malloc(sizeof(*backing));
	struct mem_file *file = open_for_memory(mem);
	void *host;

	if (!backing)
		return NULL;
	*backing = (struct backing){ .next = mem->backings, .size = size };
	host = file ? map_shared(file, backing) :
	       mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (host == MAP_FAILED) {
		free(backing);
		return NULL;
	}
	/* A kernel without KSM refuses; the guest runs all the same. */
	if (mergeable)
		madvise(host, size, MADV_MERGEABLE);
	/* A process beside vmm has no use for it, and must not make the pages shared ones. */
	madvise(host, size, MADV_DONTFORK);
	backing->host = host;
	mem->backings = backing;
	return host;
}

/* --- what has been used --- */

void mem_note_use(struct mem *mem)
{
	if (mem->pagemap < 0)
		mem->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

/* In a file: what has not been touched is a hole, whoever has mapped it where. */
static uint64_t run_in_file(const struct backing *backing, uint64_t offset, uint64_t size,
			    bool *used)
{
	off_t start = (off_t)(backing->offset + offset), end;

	end = lseek(backing->file->fd, start, SEEK_DATA);
	*used = end == start;
	if (end < 0)
		*used = errno != ENXIO;	/* no data from there on */
	else if (*used)
		end = lseek(backing->file->fd, start, SEEK_HOLE);
	return end < 0 || (uint64_t)(end - start) > size ? size : (uint64_t)(end - start);
}

/* Of this process alone: proc(5), /proc/pid/pagemap. */
static uint64_t run_in_pagemap(int pagemap, const uint8_t *host, uint64_t size, bool *used)
{
	static const uint64_t present_or_swapped = UINT64_C(3) << 62;
	uint64_t entries[512], pages = (size + MEM_PAGE_SIZE - 1) / MEM_PAGE_SIZE;
	ssize_t length;
	size_t count, alike = 0;

	if (pages > sizeof(entries) / sizeof(entries[0]))
		pages = sizeof(entries) / sizeof(entries[0]);
	length = pread(pagemap, entries, pages * sizeof(entries[0]),
		       (off_t)((uintptr_t)host / MEM_PAGE_SIZE * sizeof(entries[0])));
	count = length < 0 ? 0 : (size_t)length / sizeof(entries[0]);
	*used = !count || entries[0] & present_or_swapped;
	while (alike < count && *used == !!(entries[alike] & present_or_swapped))
		alike++;
	return !count || alike * MEM_PAGE_SIZE > size ? size : alike * MEM_PAGE_SIZE;
}

uint64_t mem_run(const struct mem *mem, const uint8_t *host, uint64_t size, bool *used)
{
	const struct backing *backing = find_backing(mem, host);

	if (backing && backing->file)
		return run_in_file(backing, (uint64_t)(host - backing->host), size, used);
	if (backing && !backing->shared && mem->pagemap >= 0)
		return run_in_pagemap(mem->pagemap, host, size, used);
	*used = true;
	return size;
}

void *mem_file_backing(struct mem *mem, int fd, uint64_t size, bool writable)
{
	struct backing *backing = malloc(sizeof(*backing));
	struct mem_file *file = malloc(sizeof(*file));
	void *host = MAP_FAILED;

	if (backing && file)
		host = mmap(NULL, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (host == MAP_FAILED) {
		free(backing);
		free(file);
		return NULL;
	}
	madvise(host, size, MADV_DONTFORK);
	*file = (struct mem_file){
		.next = mem->files, .fd = fd, .size = size, .named = true, .full = true,
	};
	*backing = (struct backing){
		.next = mem->backings, .host = host, .size = size, .shared = true, .file = file,
	};
	mem->files = file;
	mem->backings = backing;
	return host;
}

/* Index of the first region that ends after gpa; count where there is none. */
static size_t first_after(const struct mem *mem, uint64_t gpa)
{
	size_t low = 0, high = mem->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mem_region *region = &mem->regions[middle];

		if (region->gpa + (region->size - 1) < gpa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool region_valid(const struct mem_region *region)
{
	uintptr_t host = (uintptr_t)region->host;

	return region->size && region->host && region->name &&
	       !((region->gpa | region->size | host) % MEM_PAGE_SIZE) &&
	       region->gpa + (region->size - 1) >= region->gpa &&
	       !(region->flags & ~MEM_FLAGS_ALL) &&
	       (region->flags & MEM_TRAP || !(region->flags & MEM_POSTED));
}

static int insert(struct mem *mem, size_t index, const struct mem_region *region)
{
	if (mem->count == mem->capacity) {
		size_t capacity = mem->capacity ? mem->capacity * 2 : 8;
		struct mem_region *grown =
			reallocarray(mem->regions, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		mem->regions = grown;
		mem->capacity = capacity;
	}
	memmove(&mem->regions[index + 1], &mem->regions[index],
		(mem->count - index) * sizeof(*region));
	mem->regions[index] = *region;
	mem->count++;
	return 0;
}

static void remove_at(struct mem *mem, size_t index)
{
	mem->count--;
	memmove(&mem->regions[index], &mem->regions[index + 1],
		(mem->count - index) * sizeof(mem->regions[0]));
}

/* Cuts the range first..last (inclusive) out of the regions. */
static int carve(struct mem *mem, uint64_t first, uint64_t last)
{
	size_t i = first_after(mem, first);

	while (i < mem->count && mem->regions[i].gpa <= last) {
		struct mem_region head = mem->regions[i], tail = head;
		uint64_t head_last = head.gpa + (head.size - 1);
		bool keeps_head = head.gpa < first, keeps_tail = head_last > last;

		if (keeps_head && keeps_tail) {
			int error = insert(mem, i + 1, &tail);

			if (error)
				return error;
		} else if (!keeps_head && !keeps_tail) {
			remove_at(mem, i);
			continue;
		}
		if (keeps_head)
			mem->regions[i++].size = first - head.gpa;
		if (keeps_tail) {
			tail.host += last + 1 - tail.gpa;
			tail.size = head_last - last;
			tail.gpa = last + 1;
			mem->regions[i++] = tail;
		}
	}
	return 0;
}

int mem_add(struct mem *mem, const struct mem_region *region, bool overwrite)
{
	uint64_t last;
	size_t index;
	int error;

	if (!region_valid(region))
		return -EINVAL;
	last = region->gpa + (region->size - 1);
	index = first_after(mem, region->gpa);
	if (index < mem->count && mem->regions[index].gpa <= last) {
		if (!overwrite)
			return -EEXIST;
		error = carve(mem, region->gpa, last);
		if (error)
			return error;
		index = first_after(mem, region->gpa);
	}
	return insert(mem, index, region);
}

size_t mem_regions(const struct mem *mem, const struct mem_region **regions)
{
	*regions = mem->regions;
	return mem->count;
}

const struct mem_region *mem_find(const struct mem *mem, uint64_t gpa)
{
	size_t index = first_after(mem, gpa);

	if (index == mem->count || mem->regions[index].gpa > gpa)
		return NULL;
	return &mem->regions[index];
}

void mem_set_writer(struct mem *mem, mem_writer_fn *fn, void *self)
{
	mem->writer = fn;
	mem->writer_self = self;
}

static void tell_writer(const struct mem *mem, uint64_t gpa, uint64_t len)
{
	if (mem->writer)
		mem->writer(mem->writer_self, gpa, len);
}

void mem_tell_writer(const struct mem *mem, const void *host, uint64_t len)
{
	uintptr_t first = (uintptr_t)host;

	for (size_t i = 0; mem->writer && i < mem->count; i++) {
		const struct mem_region *region = &mem->regions[i];
		uint64_t offset = first - (uintptr_t)region->host;

		/* Below the region the difference wraps around. */
		if (offset < region->size && len <= region->size - offset)
			tell_writer(mem, region->gpa + offset, len);
	}
}

/* Without any rights: what a loader may do, which fills ROM too. */
static bool allows(const struct mem_region *region, unsigned int rights)
{
	if (!rights)
		return region->flags & MEM_WRITE || !(region->flags & MEM_SHARED);
	return (region->flags & rights) == rights;
}

/* mem_span() without telling the writer. */
static void *span_of(const struct mem *mem, uint64_t gpa, uint64_t *len, unsigned int rights)
{
	const struct mem_region *region = mem_find(mem, gpa);
	uint64_t offset, rest;

	if (!region || !allows(region, rights) || !*len)
		return NULL;
	offset = gpa - region->gpa;
	rest = region->size - offset;
	if (*len > rest)
		*len = rest;
	return region->host + offset;
}

void *mem_span(const struct mem *mem, uint64_t gpa, uint64_t *len, unsigned int rights)
{
	void *host = span_of(mem, gpa, len, rights);

	if (host && rights & MEM_WRITE)
		tell_writer(mem, gpa, *len);
	return host;
}

void *mem_ptr(const struct mem *mem, uint64_t gpa, uint64_t len, unsigned int rights)
{
	uint64_t span = len;
	void *host = mem_span(mem, gpa, &span, rights);

	return span == len ? host : NULL;
}

const void *mem_code(const struct mem *mem, uint64_t gpa, uint64_t len)
{
	const struct mem_region *region = mem_find(mem, gpa);

	return region && region->flags & MEM_NO_CODE ? NULL : mem_ptr(mem, gpa, len, MEM_READ);
}

bool mem_valid(const struct mem *mem, uint64_t gpa, uint64_t len, unsigned int rights)
{
	if (len && gpa + (len - 1) < gpa)
		return false;
	while (len) {
		uint64_t span = len;

		if (!span_of(mem, gpa, &span, rights))
			return false;
		gpa += span;
		len -= span;
	}
	return true;
}

int mem_read(const struct mem *mem, uint64_t gpa, void *buffer, uint64_t len)
{
	uint8_t *to = buffer;

	if (!mem_valid(mem, gpa, len, MEM_READ))
		return -EFAULT;
	while (len) {
		uint64_t span = len;
		const void *from = span_of(mem, gpa, &span, MEM_READ);

		memcpy(to, from, span);
		to += span;
		gpa += span;
		len -= span;
	}
	return 0;
}

static int store(const struct mem *mem, uint64_t gpa, const void *buffer, uint64_t len,
		 unsigned int rights)
{
	const uint8_t *from = buffer;

	if (!mem_valid(mem, gpa, len, rights))
		return -EFAULT;
	while (len) {
		uint64_t span = len;
		void *to = span_of(mem, gpa, &span, rights);

		tell_writer(mem, gpa, span);
		memcpy(to, from, span);
		from += span;
		gpa += span;
		len -= span;
	}
	return 0;
}

int mem_write(struct mem *mem, uint64_t gpa, const void *buffer, uint64_t len)
{
	return store(mem, gpa, buffer, len, MEM_WRITE);
}

int mem_load(struct mem *mem, uint64_t gpa, const void *buffer, uint64_t len)
{
	return store(mem, gpa, buffer, len, 0);
}

static void zero_span(const struct mem *mem, uint8_t *host, uint64_t len)
{
	const struct backing *backing = find_backing(mem, host);
	uint64_t head = -(uintptr_t)host % MEM_PAGE_SIZE;
	uint64_t pages = head < len ? (len - head) & ~(uint64_t)(MEM_PAGE_SIZE - 1) : 0;

	if (!pages || !backing || len > backing->size - (uint64_t)(host - backing->host) ||
	    madvise(host + head, pages, backing->shared ? MADV_REMOVE : MADV_DONTNEED)) {
		memset(host, 0, len);
		return;
	}
	memset(host, 0, head);
	memset(host + head + pages, 0, len - head - pages);
}

int mem_zero(struct mem *mem, uint64_t gpa, uint64_t len)
{
	if (!mem_valid(mem, gpa, len, 0))
		return -EFAULT;
	while (len) {
		uint64_t span = len;
		void *host = span_of(mem, gpa, &span, 0);

		tell_writer(mem, gpa, span);
		zero_span(mem, host, span);
		gpa += span;
		len -= span;
	}
	return 0;
}
