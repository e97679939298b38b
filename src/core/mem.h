/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mem.h - guest-physical memory.
 *
 * A map of regions, sorted by address, each backed by host memory. Everything
 * of vmm that follows an address which the guest chose goes through mem_ptr(),
 * mem_span(), mem_read() or mem_write(); nothing else turns a guest address
 * into a host pointer.
 *
 * The map is built before the run and does not change while a vCPU runs, so
 * that it needs no lock. What the regions hold is the guest's, and may change
 * under vmm's feet at any time.
 */
#ifndef VMM_CORE_MEM_H
#define VMM_CORE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEM_PAGE_SIZE 4096u

struct mem;

enum mem_flags {
	MEM_READ = 1 << 0,
	MEM_WRITE = 1 << 1,	/* without it: ROM, a guest's writes are dropped */
	/*
	 * Engines do not map the region: each access of the guest is an exit
	 * that goes to the bus. vmm's own accesses (loaders, hypercalls, DMA)
	 * still act on the memory.
	 */
	MEM_TRAP = 1 << 2,
	/* With MEM_TRAP: writes may be delivered late, in order (coalesced MMIO). */
	MEM_POSTED = 1 << 3,
	/* Marked reserved in the memory maps handed to kernels. */
	MEM_RESERVED = 1 << 4,
	/* A chip's memory: those maps do not show it, as a PC's E820 shows no screen. */
	MEM_CHIP = 1 << 5,
	/*
	 * Other threads of vmm write there too: nothing of it is kept as code. Emulated,
	 * a fetch gets what it gets where no memory is.
	 */
	MEM_NO_CODE = 1 << 6,
	/* What it holds at first is from a file of the host's, which is its name. */
	MEM_FILE = 1 << 7,
	/*
	 * It is that file: a reset leaves what is in it, and without MEM_WRITE vmm does not
	 * write there either.
	 */
	MEM_SHARED = 1 << 8,
};

#define MEM_RW (MEM_READ | MEM_WRITE)

struct mem_region {
	uint64_t gpa;		/* guest-physical, page aligned */
	uint64_t size;		/* bytes, a multiple of the page size, not 0 */
	uint8_t *host;		/* page aligned, size bytes */
	unsigned int flags;	/* enum mem_flags */
	const char *name;	/* for reports; must outlive the map */
};

/* Returns 0 or -ENOMEM. The caller owns *mem. */
int mem_create(struct mem **mem);

/* Frees the map and all memory that mem_backing() gave out. NULL is fine. */
void mem_destroy(struct mem *mem);

/*
 * Zeroed host memory that lives as long as the map: size bytes, page aligned,
 * committed only when touched. mergeable: offer it to KSM (madvise(2),
 * MADV_MERGEABLE). Returns NULL and sets errno where the host refuses.
 */
void *mem_backing(struct mem *mem, uint64_t size, bool mergeable);

/*
 * Memory given out from now on can be mapped a second time: it lies in a file,
 * path, one piece behind the other, as shared as the file is. It is made or emptied, and
 * locked, flock(2); NULL: a file without a name. A later call names another one. Returns
 * 0 or -errno: -EBUSY where it is locked, -EINVAL where it is no regular file.
 */
int mem_share(struct mem *mem, const char *path);

/*
 * The first size bytes of a file as memory, in place of mem_backing(): what is written there
 * is in the file, and the other way round. fd: the map's from now on, open for writing if
 * writable, else nobody may write there. The file must not become shorter. Returns NULL and sets
 * errno where the host refuses; then fd is the caller's.
 */
void *mem_file_backing(struct mem *mem, int fd, uint64_t size, bool writable);

/* The descriptors of all these files: the first for -1, then the next one; -1: no more. */
int mem_next_file(const struct mem *mem, int fd);

/*
 * Maps size bytes of such memory, which begin at host, at another address too,
 * in place of what is there; protection: PROT_... Whole pages. Returns 0 or -errno.
 */
int mem_map(const struct mem *mem, const uint8_t *host, uint64_t size, int protection,
	    void *address);

/*
 * mem_run() is to be able to tell of all memory that is given out, in a process that may
 * open nothing by then. Where the host does not let it, all counts as used.
 */
void mem_note_use(struct mem *mem);

/*
 * How many bytes from host on, of the size that there are of this memory, are alike:
 * *used, or zeros that nobody has touched yet, and for which the host would have to find
 * pages if they were read. host: page aligned. Not more than a few MiB at once.
 */
uint64_t mem_run(const struct mem *mem, const uint8_t *host, uint64_t size, bool *used);

/*
 * Adds a region. Returns 0; -EINVAL where address, size, host pointer or
 * flags are not as struct mem_region says or the region wraps around; -EEXIST
 * where it overlaps another one and overwrite is false (with overwrite it
 * replaces what it overlaps, the rest of the older regions stays); -ENOMEM.
 */
int mem_add(struct mem *mem, const struct mem_region *region, bool overwrite);

/* The regions in order of address; valid until the next mem_add(). */
size_t mem_regions(const struct mem *mem, const struct mem_region **regions);

/* The region that holds gpa, or NULL. */
const struct mem_region *mem_find(const struct mem *mem, uint64_t gpa);

/*
 * A host pointer to len bytes at gpa, or NULL where they do not lie within one
 * region that has all of rights (MEM_READ, MEM_WRITE). len 0 gives NULL.
 */
void *mem_ptr(const struct mem *mem, uint64_t gpa, uint64_t len, unsigned int rights);

/* mem_ptr() to read instructions that are kept as code: NULL with MEM_NO_CODE too. */
const void *mem_code(const struct mem *mem, uint64_t gpa, uint64_t len);

/*
 * Like mem_ptr(), for ranges that may cross regions: a pointer to the bytes at
 * gpa, and *len cut to how many of them lie in one piece. NULL where the first
 * byte is not there.
 */
void *mem_span(const struct mem *mem, uint64_t gpa, uint64_t *len, unsigned int rights);

/*
 * fn(self, gpa, len) is told of what vmm writes, before it does: by mem_write()
 * and mem_load(), and of what mem_ptr() and mem_span() give out with MEM_WRITE.
 * At most one: an engine that keeps decoded code. NULL: none.
 */
typedef void mem_writer_fn(void *self, uint64_t gpa, uint64_t len);
void mem_set_writer(struct mem *mem, mem_writer_fn *fn, void *self);

/*
 * Tells it of len bytes that are about to be written by a host pointer of the
 * caller's own, which is the backing of a region: the screen's, say.
 */
void mem_tell_writer(const struct mem *mem, const void *host, uint64_t len);

/* Whether every byte of the range exists and has the rights. */
bool mem_valid(const struct mem *mem, uint64_t gpa, uint64_t len, unsigned int rights);

/*
 * Copies between a buffer and guest memory, across regions. Returns 0, or
 * -EFAULT with nothing copied where a byte of the range does not exist or
 * lacks the right (a ROM can be filled with mem_load(), if no file is shared as such).
 */
int mem_read(const struct mem *mem, uint64_t gpa, void *buffer, uint64_t len);
int mem_write(struct mem *mem, uint64_t gpa, const void *buffer, uint64_t len);

/* mem_write() that may fill ROM too: for loaders, before the run. */
int mem_load(struct mem *mem, uint64_t gpa, const void *buffer, uint64_t len);

/*
 * mem_load() of zeros. Whole pages of mem_backing() are given back to the host,
 * so that zeroing what is zero costs nothing.
 */
int mem_zero(struct mem *mem, uint64_t gpa, uint64_t len);

#endif
