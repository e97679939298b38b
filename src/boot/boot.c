/* SPDX-License-Identifier: GPL-3.0-or-later */
/* boot.c - reads an image, recognizes it, has it loaded; see boot.h. */
#include "boot/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/start.h"

const char *const boot_format_names[] = {
	[BOOT_AUTO] = "auto",
	[BOOT_FLAT] = "flat",
	[BOOT_ELF] = "elf",
	[BOOT_MULTIBOOT] = "multiboot",
	[BOOT_MULTIBOOT2] = "multiboot2",
	[BOOT_LINUX] = "linux",
	[BOOT_FORMATS] = NULL,
};

/* Bytes at a place by which a file shows what it is. */
struct signature {
	size_t offset;
	const char *bytes;
	size_t length;
	const char *is;
	const char *remedy;
};

/* Files that would run as garbage if they were taken for flat images. */
static const struct signature foreign[] = {
	{ 0, "\177ELF", 4, "an ELF file",
	  "make a flat image of it: objcopy -O binary" },
	{ 0x8001, "CD001", 5, "an ISO image", "pass a kernel, not a medium" },
	{ 0, "QFI\373", 4, "a qcow2 disk image",
	  "pass a kernel; disks are raw: qemu-img convert -O raw, then --disk" },
};

static bool matches(const struct boot_image *image, const struct signature *signature)
{
	return image->size >= signature->offset + signature->length &&
	       !memcmp(image->data + signature->offset, signature->bytes, signature->length);
}

static int refuse_foreign(const struct boot_request *request, const struct boot_image *image)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (!matches(image, &foreign[i]))
			continue;
		log_error(request->log, "%s: %s, not a flat image (%s; or force it with "
			  "--format=flat)", image->path, foreign[i].is, foreign[i].remedy);
		return -ENOEXEC;
	}
	return 0;
}

/* Reads until the end of the file. */
static int read_all(int fd, struct boot_image *image)
{
	size_t capacity = 0;

	for (;;) {
		ssize_t got;

		if (image->size == capacity) {
			uint8_t *grown;

			capacity = capacity ? capacity * 2 : 64 * 1024;
			grown = realloc(image->data, capacity);
			if (!grown)
				return -ENOMEM;
			image->data = grown;
		}
		got = read(fd, image->data + image->size, capacity - image->size);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			image->size += (size_t)got;
	}
}

/* Images are read whole: regular files only. */
static int check_file(int fd, const char *path, uint64_t ram, const struct log *log)
{
	struct stat status;

	if (fstat(fd, &status) < 0) {
		int error = -errno;

		log_error(log, "%s: %s", path, strerror(-error));
		return error;
	}
	if (S_ISREG(status.st_mode) && (uint64_t)status.st_size > ram) {
		log_error(log, "%s: its %" PRIu64 " bytes do not fit into %" PRIu64
			  "K of guest memory (see -m)", path, (uint64_t)status.st_size, ram / 1024);
		return -ENOSPC;
	}
	if (S_ISREG(status.st_mode))
		return 0;
	log_error(log, "%s: %s", path, S_ISDIR(status.st_mode) ?
		  "is a directory (name the image in it)" : "is not a regular file (copy it first)");
	return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
}

int boot_read(const struct boot_request *request, const char *path, struct boot_image *image)
{
	const struct log *log = request->log;
	/* Not blocking: a FIFO that nobody writes to must not stop vmm. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;

	*image = (struct boot_image){ .path = path };
	if (fd < 0) {
		error = -errno;
		log_error(log, "%s: %s", path, errno == EACCES ?
			  "permission denied (chmod +r lets vmm read it)" : strerror(errno));
		return error;
	}
	error = check_file(fd, path, request->ram, log);
	if (error) {
		close(fd);
		return error;
	}
	error = read_all(fd, image);
	close(fd);
	if (error) {
		log_error(log, "%s: %s", path, strerror(-error));
	} else if (!image->size) {
		log_error(log, "%s: the file is empty (was it built?)", path);
		error = -ENOEXEC;
	}
	if (error)
		free(image->data);
	return error;
}

/* The first address from gpa on where memory is missing. */
static uint64_t missing_from(const struct mem *mem, uint64_t gpa)
{
	uint64_t span;

	for (;;) {
		span = UINT64_MAX;
		if (!mem_span(mem, gpa, &span, 0) || gpa + span < gpa)
			return gpa;
		gpa += span;
	}
}

int boot_place(const struct boot_request *request, const char *path, uint64_t gpa,
	       const void *data, uint64_t size)
{
	if (request->mode != BOOT_REAL && gpa < START_TABLES_GPA + START_TABLES_SIZE &&
	    gpa + size > START_TABLES_GPA) {
		log_error(request->log, "%s: lies over vmm's start tables at 0x%x (choose "
			  "another address, above 1M for instance)", path, START_TABLES_GPA);
		return -EINVAL;
	}
	if (!mem_load(request->mem, gpa, data, size))
		return 0;
	log_error(request->log, "%s: %" PRIu64 " bytes at 0x%" PRIx64
		  " do not fit: no memory at 0x%" PRIx64 " (guest memory is %" PRIu64
		  "K, see -m)", path, size, gpa, missing_from(request->mem, gpa),
		  request->ram / 1024);
	return -ENOSPC;
}

static int load_more(const struct boot_request *request)
{
	for (size_t i = 0; i < request->load_count; i++) {
		const struct boot_load *load = &request->loads[i];
		struct boot_image image;
		int error = boot_read(request, load->path, &image);

		if (error)
			return error;
		error = boot_place(request, load->path, load->gpa, image.data, image.size);
		free(image.data);
		if (error)
			return error;
	}
	return 0;
}

/* In the order in which they are asked; the last one takes anything. */
static const struct boot_loader *const loaders[] = {
	&boot_linux,
	&boot_flat,
};

/* The loader of the format that was asked for, or of what the image shows itself to be. */
static const struct boot_loader *find_loader(const struct boot_request *request,
					     const struct boot_image *image)
{
	bool any = request->format == BOOT_AUTO;

	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (any ? loaders[i]->recognizes(image) : loaders[i]->format == request->format)
			return loaders[i];
	log_error(request->log, "--format=%s: not in this version of vmm",
		  boot_format_names[request->format]);
	return NULL;
}

/* Options that mean something to other loaders only. */
static int check_takes(const struct boot_request *request, const struct boot_image *image,
		       const struct boot_loader *loader)
{
	const struct {
		bool given;
		unsigned int flag;
		const char *option;
	} options[] = {
		{ request->append, BOOT_TAKES_APPEND, "--append" },
		{ request->initrd, BOOT_TAKES_INITRD, "--initrd" },
		{ request->module_count, BOOT_TAKES_MODULES, "--module" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!options[i].given || loader->takes & options[i].flag)
			continue;
		log_error(request->log, "%s: %s takes no %s (--load puts bytes into memory)",
			  image->path, loader->is, options[i].option);
		return -EINVAL;
	}
	return 0;
}

static int load_image(const struct boot_request *request, const struct boot_image *image,
		      struct boot_result *result)
{
	const struct boot_loader *loader;
	int error = request->format == BOOT_AUTO ? refuse_foreign(request, image) : 0;

	if (error)
		return error;
	loader = find_loader(request, image);
	if (!loader)
		return -ENOSYS;
	log_verbose(request->log, "%s: %s of %zu bytes", image->path, loader->is, image->size);
	error = check_takes(request, image, loader);
	if (error)
		return error;
	result->format = loader->format;
	return loader->load(request, image, result);
}

int boot_guest(const struct boot_request *request, struct boot_result *result)
{
	struct boot_image image;
	int error = boot_read(request, request->path, &image);

	if (error)
		return error;
	error = load_image(request, &image, result);
	free(image.data);
	return error ? error : load_more(request);
}
