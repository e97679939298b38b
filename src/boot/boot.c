/* SPDX-License-Identifier: GPL-3.0-or-later */
/* boot.c - reads an image, recognizes it, has it loaded; see boot.h. */
#include "boot/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/elfimage.h"
#include "boot/foreign.h"
#include "boot/start.h"
#include "core/array.h"

/* Of a file that is too large to be read whole: enough to see what it is. */
#define HEAD_SIZE (UINT64_C(64) << 10)

/* With all that a compiler puts in for debuggers. */
#define ELF_SIZE_MAX (UINT64_C(1) << 30)

const char *const boot_format_names[] = {
	[BOOT_AUTO] = "auto",
	[BOOT_FLAT] = "flat",
	[BOOT_ELF] = "elf",
	[BOOT_MULTIBOOT] = "multiboot",
	[BOOT_MULTIBOOT2] = "multiboot2",
	[BOOT_LINUX] = "linux",
	[BOOT_FORMATS] = NULL,
};

int boot_refuse(const struct boot_request *request, const struct boot_image *image,
		const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error(request->log, "%s: %s", image->path, text);
	return -ENOEXEC;
}

/* Reads until there are size bytes or the file ends. */
static int read_up_to(int fd, size_t size, struct boot_image *image)
{
	uint8_t *data = realloc(image->data, size);

	if (!data)
		return -ENOMEM;
	image->data = data;
	while (image->size < size) {
		ssize_t got = read(fd, data + image->size, size - image->size);

		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			image->size += (size_t)got;
	}
	return 0;
}

/* Images are read whole: regular files only. Returns the descriptor or -errno. */
static int open_file(const struct boot_request *request, const char *path, uint64_t *size)
{
	const struct log *log = request->log;
	/* Not blocking: a FIFO that nobody writes to must not stop vmm. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		error = -errno;
		log_error(log, "%s: %s", path, error == -EACCES ?
			  "permission denied (chmod +r lets vmm read it)" : strerror(-error));
	} else if (S_ISDIR(status.st_mode)) {
		error = -EISDIR;
		log_error(log, "%s: is a directory (name the image in it)", path);
	} else if (!S_ISREG(status.st_mode)) {
		error = -EINVAL;
		log_error(log, "%s: is not a regular file (copy it first)", path);
	} else {
		*size = (uint64_t)status.st_size;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return error;
}

static int too_large(const struct boot_request *request, const char *path, uint64_t size)
{
	log_error(request->log, "%s: its %" PRIu64 " bytes do not fit into %" PRIu64
		  "K of guest memory (see -m)", path, size, request->ram / 1024);
	return -ENOSPC;
}

/* The error of reading an image, told; there are no empty ones. */
static int read_result(const struct boot_request *request, struct boot_image *image, int error)
{
	if (error) {
		log_error(request->log, "%s: %s", image->path, strerror(-error));
	} else if (!image->size) {
		log_error(request->log, "%s: the file is empty (was it built?)", image->path);
		error = -ENOEXEC;
	}
	if (error)
		free(image->data);
	return error;
}

int boot_read(const struct boot_request *request, const char *path, struct boot_image *image)
{
	uint64_t size;
	int fd = open_file(request, path, &size), error;

	*image = (struct boot_image){ .path = path };
	if (fd < 0)
		return fd;
	if (size > request->ram) {
		close(fd);
		return too_large(request, path, size);
	}
	/* A byte more, so that an empty file has a buffer too. */
	error = read_up_to(fd, size + 1, image);
	close(fd);
	return read_result(request, image, error);
}

static int refuse_foreign(const struct boot_request *request, const struct boot_image *image)
{
	const struct foreign *foreign = request->placed ? NULL : foreign_find(image);

	return foreign ? boot_refuse(request, image, "%s, not a kernel (%s; or force it as a flat "
				     "image with --format=flat)", foreign->is, foreign->remedy) : 0;
}

/*
 * The guest itself may be larger than memory, if it has parts that are not
 * loaded; what is no kernel at all is recognized by its beginning.
 */
static int read_guest(const struct boot_request *request, struct boot_image *image)
{
	uint64_t size;
	int fd = open_file(request, request->path, &size), error;

	*image = (struct boot_image){ .path = request->path };
	if (fd < 0)
		return fd;
	error = read_up_to(fd, size < HEAD_SIZE ? size + 1 : HEAD_SIZE, image);
	if (error || size < HEAD_SIZE)
		goto out;
	if (size > request->ram && (!elf_is(image) || size > ELF_SIZE_MAX)) {
		if (request->format == BOOT_AUTO && !elf_is(image))
			error = refuse_foreign(request, image);
		error = error ? error : too_large(request, request->path, size);
		free(image->data);
		close(fd);
		return error;
	}
	error = read_up_to(fd, size + 1, image);
out:
	close(fd);
	return read_result(request, image, error);
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

/* What the start needs must not be loaded over. */
static int check_tables(const struct boot_request *request, const char *path, uint64_t gpa,
			uint64_t size, uint64_t table_end)
{
	if (gpa >= table_end || gpa + size <= START_TABLES_GPA)
		return 0;
	log_error(request->log, "%s: lies over vmm's start tables at 0x%x (choose "
		  "another address, above 1M for instance)", path, START_TABLES_GPA);
	return -EINVAL;
}

int boot_place(const struct boot_request *request, const char *path, uint64_t gpa,
	       const void *data, uint64_t size)
{
	int error = request->mode == BOOT_REAL ? 0 :
		    check_tables(request, path, gpa, size, START_TABLES_GPA + START_TABLES_SIZE);

	if (error)
		return error;
	if (!mem_load(request->mem, gpa, data, size))
		return 0;
	log_error(request->log, "%s: %" PRIu64 " bytes at 0x%" PRIx64
		  " do not fit: no memory at 0x%" PRIx64 " (guest memory is %" PRIu64
		  "K, see -m)", path, size, gpa, missing_from(request->mem, gpa),
		  request->ram / 1024);
	return -ENOSPC;
}

static int load_more(const struct boot_request *request, const struct boot_result *result)
{
	/* Kernels have boot information behind the tables. */
	uint64_t table_end = result->format == BOOT_FLAT ? 0 : START_INFO_GPA + START_INFO_SIZE;

	for (size_t i = 0; i < request->loads.count; i++) {
		const struct boot_load *load = &request->loads.load[i];
		struct boot_image image;
		int error = boot_read(request, load->path, &image);

		if (error)
			return error;
		error = check_tables(request, load->path, load->gpa, image.size, table_end);
		if (!error)
			error = boot_place(request, load->path, load->gpa, image.data, image.size);
		free(image.data);
		if (error)
			return error;
	}
	return 0;
}

/* In the order in which they are asked; the last one takes anything. */
static const struct boot_loader *const loaders[] = {
	&boot_multiboot2,
	&boot_multiboot,
	&boot_linux,
	&boot_elf,
	&boot_flat,
};

/* The loader of the format that was asked for, or of what the image shows itself to be. */
static const struct boot_loader *find_loader(const struct boot_request *request,
					     const struct boot_image *image)
{
	bool any = request->format == BOOT_AUTO;

	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++)
		if (any ? loaders[i]->recognizes(image) : loaders[i]->format == request->format)
			return loaders[i];
	/* Each format has a loader, and the last one takes any image. */
	return &boot_flat;
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
		{ request->modules.count, BOOT_TAKES_MODULES, "--module" },
	};
	bool started = request->placed || request->mode != BOOT_REAL;

	if (started && !(loader->takes & BOOT_TAKES_START)) {
		log_error(request->log, "%s: %s takes no --mode, --base and --entry: it says "
			  "itself where it starts (or force it as a flat image with "
			  "--format=flat)", image->path, loader->is);
		return -EINVAL;
	}

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!options[i].given || loader->takes & options[i].flag)
			continue;
		log_error(request->log, "%s: %s takes no %s (--load puts bytes into memory)",
			  image->path, loader->is, options[i].option);
		return -EINVAL;
	}
	return 0;
}

int boot_load(const struct boot_request *request, const struct boot_image *image,
	      struct boot_result *result)
{
	const struct boot_loader *loader = find_loader(request, image);
	int error = 0;

	if (request->format == BOOT_AUTO && loader->format == BOOT_FLAT)
		error = refuse_foreign(request, image);
	if (error)
		return error;
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
	int error = read_guest(request, &image);

	result->symbols = NULL;
	if (error)
		return error;
	error = boot_load(request, &image, result);
	free(image.data);
	if (!error)
		error = load_more(request, result);
	if (error) {
		symbols_destroy(result->symbols);
		result->symbols = NULL;
	}
	return error;
}
