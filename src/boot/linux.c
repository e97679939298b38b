/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * linux.c - the loader of Linux: bzImage and zImage by the boot protocol, 2.00
 * to 2.15 (Linux, Documentation/arch/x86/boot.rst), entered in 32-bit or 64-bit
 * mode; the 16-bit code in front of the kernel is not run. Linux as an ELF file
 * is left to vmlinux.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/elfimage.h"
#include "boot/memmap.h"
#include "boot/start.h"
#include "boot/vmlinux.h"
#include "boot/zeropage.h"

#define SECTOR			512u
#define BOOT_FLAG		0xAA55u
#define MAGIC			0x53726448u	/* "HdrS" */
#define HEADER_OFFSET		offsetof(struct boot_params, hdr)
#define JUMP_OFFSET		(HEADER_OFFSET + offsetof(struct setup_header, jump))
#define OLDEST_HEADER		(HEADER_OFFSET + offsetof(struct setup_header, heap_end_ptr))
#define SETUP_SECTS_DEFAULT	4u		/* what 0 means */
#define ENTRY64			0x200u		/* from the kernel's start */

#define LOW_START		0x1000u		/* where the 16-bit code moves a zImage to */
#define HIGH_START		0x100000u	/* where a bzImage lies */

/* The versions of the protocol that brought a field. */
#define WITH_INITRD_MAX		0x0203u
#define WITH_WIDE_SYSSIZE	0x0204u
#define WITH_RELOCATION		0x0205u
#define WITH_CMDLINE_SIZE	0x0206u
#define WITH_PREF_ADDRESS	0x020Au
#define WITH_XLOADFLAGS		0x020Cu

/* What the fields have where they are not there. */
#define INITRD_MAX_DEFAULT	0x37FFFFFFu
#define CMDLINE_SIZE_DEFAULT	255u

/* A kernel, and where it goes. */
struct kernel {
	const struct boot_request *request;
	const struct boot_image *image;
	struct boot_params params;
	const uint8_t *code;	/* what follows the 16-bit code */
	uint64_t code_size;
	uint64_t load;		/* where it is put */
	uint64_t entry32;
	uint64_t end;		/* of what it uses before it looks at the memory map */
};

static int malformed(const struct kernel *kernel, const char *field, uint64_t value,
		     const char *what)
{
	log_error(kernel->request->log, "%s: damaged Linux kernel: %s is 0x%" PRIx64 ", %s",
		  kernel->image->path, field, value, what);
	return -ENOEXEC;
}

/* Fields that the kernel's protocol does not have yet say what older boot loaders assumed. */
static void fill_in_older(struct setup_header *header, uint64_t code_size)
{
	if (header->version < WITH_INITRD_MAX)
		header->initrd_addr_max = INITRD_MAX_DEFAULT;
	if (header->version < WITH_WIDE_SYSSIZE)
		header->syssize = 0;
	if (header->version < WITH_RELOCATION)
		header->relocatable_kernel = 0;
	if (!header->relocatable_kernel)
		header->kernel_alignment = 1;
	if (header->version < WITH_CMDLINE_SIZE || !header->cmdline_size)
		header->cmdline_size = CMDLINE_SIZE_DEFAULT;
	if (header->version < WITH_PREF_ADDRESS)
		header->pref_address = 0;
	if (header->version < WITH_PREF_ADDRESS || !header->init_size)
		header->init_size = (uint32_t)code_size;
	if (header->version < WITH_XLOADFLAGS)
		header->xloadflags = 0;
}

/* The header ends where the jump over it leads; what comes after is code. */
static int read_header(struct kernel *kernel)
{
	const struct boot_image *image = kernel->image;
	struct setup_header *header = &kernel->params.hdr;
	size_t end;

	if (image->size < OLDEST_HEADER)
		return malformed(kernel, "its size", image->size, "which ends in the setup header");
	end = JUMP_OFFSET + sizeof(header->jump) + image->data[JUMP_OFFSET + 1];
	if (end < OLDEST_HEADER || end > image->size)
		return malformed(kernel, "jump", image->data[JUMP_OFFSET + 1],
				 "which is not the length of a setup header");
	if (end > HEADER_OFFSET + sizeof(*header))
		end = HEADER_OFFSET + sizeof(*header);
	memcpy(header, image->data + HEADER_OFFSET, end - HEADER_OFFSET);
	if (header->header != MAGIC)
		return malformed(kernel, "header", header->header,
				 "not \"HdrS\" (a kernel before Linux 1.3.73?)");
	if (header->boot_flag != BOOT_FLAG)
		return malformed(kernel, "boot_flag", header->boot_flag, "not 0xaa55");
	if (header->version < 0x0200)
		return malformed(kernel, "version", header->version, "older than 2.00");
	return 0;
}

/* The kernel proper, behind the boot sector and the 16-bit code. */
static int find_code(struct kernel *kernel)
{
	struct setup_header *header = &kernel->params.hdr;
	uint64_t sectors = header->setup_sects ? header->setup_sects : SETUP_SECTS_DEFAULT;
	uint64_t start = (sectors + 1) * SECTOR, size = kernel->image->size;

	if (start >= size)
		return malformed(kernel, "setup_sects", header->setup_sects,
				 "which leaves nothing of the file for the kernel");
	kernel->code = kernel->image->data + start;
	kernel->code_size = size - start;
	fill_in_older(header, kernel->code_size);
	/* syssize counts paragraphs, rounded up. */
	if ((uint64_t)header->syssize * 16 >= kernel->code_size + 16)
		return malformed(kernel, "syssize", header->syssize,
				 "in units of 16 bytes: more than the file has (is it complete?)");
	return 0;
}

/* Whether the string that kernel_version points at begins with name. */
static bool is_named(const struct kernel *kernel, const char *name)
{
	const struct boot_image *image = kernel->image;
	size_t at = kernel->params.hdr.kernel_version + SECTOR, size = strlen(name);

	return at > SECTOR && at + size <= image->size && !memcmp(image->data + at, name, size);
}

/* Firmware and boot loaders in Linux's format, which their 16-bit code starts and nobody else. */
static int check_entry(const struct kernel *kernel)
{
	const struct setup_header *header = &kernel->params.hdr;
	bool nowhere = header->loadflags & LOADED_HIGH && !header->relocatable_kernel &&
		       !header->code32_start;

	/* It names an entry, but the code there needs what the 16-bit code has put on the stack. */
	if (!nowhere && !is_named(kernel, "MEMDISK"))
		return 0;
	log_error(kernel->request->log, "%s: no Linux kernel, though it has its format: %s, and its "
		  "16-bit code needs a PC's firmware, which is not there (pass the kernel that it "
		  "would start)", kernel->image->path,
		  nowhere ? "code32_start is 0" : "it is MEMDISK");
	return -ENOEXEC;
}

/* Where it is put, and where the 16-bit code would have entered it. */
static int choose_address(struct kernel *kernel)
{
	struct setup_header *header = &kernel->params.hdr;
	uint64_t align = header->kernel_alignment, start = header->code32_start;

	if (!align || align & (align - 1))
		return malformed(kernel, "kernel_alignment", align, "not a power of two");
	if (header->pref_address > UINT32_MAX)
		return malformed(kernel, "pref_address", header->pref_address, "4 GiB or more");
	kernel->load = HIGH_START;
	if (!(header->loadflags & LOADED_HIGH))
		kernel->load = start && start < HIGH_START ? start : LOW_START;
	else if (header->relocatable_kernel && header->pref_address)
		kernel->load = header->pref_address;
	if (header->relocatable_kernel) {
		kernel->load = (kernel->load + align - 1) & ~(align - 1);
		start = 0;
	}
	if (kernel->load < ZEROPAGE_GPA && kernel->load + kernel->code_size > ZEROPAGE_GPA)
		return malformed(kernel, "its size", kernel->code_size,
				 "too much for the low memory that loadflags ask for");
	kernel->entry32 = start ? start : kernel->load;
	if (kernel->entry32 - kernel->load >= kernel->code_size)
		return malformed(kernel, "code32_start", start, "outside the kernel");
	if (header->xloadflags & XLF_KERNEL_64 && kernel->code_size <= ENTRY64)
		return malformed(kernel, "xloadflags", header->xloadflags,
				 "but the kernel ends before its 64-bit entry");
	header->code32_start = (uint32_t)kernel->load;
	return 0;
}

/* It will move itself to pref_address, and unpack there. */
static int check_memory(struct kernel *kernel)
{
	const struct setup_header *header = &kernel->params.hdr;
	bool moves = header->pref_address && !header->relocatable_kernel;
	uint64_t run = moves ? header->pref_address : kernel->load;
	uint64_t there = memmap_ram_end(kernel->request->mem, run) - run;

	if (run + kernel->code_size > UINT32_MAX || run + header->init_size > UINT32_MAX)
		return malformed(kernel, "init_size", header->init_size,
				 "which from pref_address on ends above 4 GiB");
	kernel->end = run + header->init_size;
	if (kernel->end < kernel->load + kernel->code_size)
		kernel->end = kernel->load + kernel->code_size;
	if (there >= header->init_size)
		return 0;
	log_error(kernel->request->log, "%s: the kernel needs %" PRIu64 "K of memory from 0x%"
		  PRIx64 " on (init_size), there are %" PRIu64 "K (try -m %" PRIu64 "M)",
		  kernel->image->path, (uint64_t)header->init_size / 1024, run, there / 1024,
		  ((kernel->end >> 20) + 64) & ~UINT64_C(31));
	return -ENOSPC;
}

static int enter(const struct kernel *kernel, struct vcpu_state *state)
{
	bool long_mode = kernel->params.hdr.xloadflags & XLF_KERNEL_64;
	struct mem *mem = kernel->request->mem;
	int error;

	if (long_mode)
		error = start_long(state, mem, kernel->load + ENTRY64, 0);
	else
		error = start_protected(state, mem, (uint32_t)kernel->entry32, 0);
	error = error ?: start_linux_segments(state, mem);
	state->gpr[GPR_RSI] = ZEROPAGE_GPA;
	return error;
}

static int load_bzimage(struct kernel *kernel, struct vcpu_state *state)
{
	const struct setup_header *header = &kernel->params.hdr;
	const struct boot_request *request = kernel->request;
	struct linux_limits limits;
	int error = read_header(kernel);

	error = error ?: find_code(kernel);
	error = error ?: check_entry(kernel);
	error = error ?: choose_address(kernel);
	error = error ?: check_memory(kernel);
	if (error)
		return error;
	log_verbose(request->log, "%s: Linux boot protocol %u.%02u, at 0x%" PRIx64 ", %s entry",
		    kernel->image->path, header->version >> 8, header->version & 0xFFu,
		    kernel->load, header->xloadflags & XLF_KERNEL_64 ? "64-bit" : "32-bit");
	limits = (struct linux_limits){
		.kernel_end = kernel->end, .initrd_max = header->initrd_addr_max,
		.cmdline_size = header->cmdline_size,
	};
	error = boot_place(request, kernel->image->path, kernel->load, kernel->code,
			   kernel->code_size);
	error = error ?: linux_place_zeropage(request, &limits, &kernel->params);
	return error ?: enter(kernel, state);
}

static bool recognizes(const struct boot_image *image)
{
	const size_t magic = HEADER_OFFSET + offsetof(struct setup_header, header);

	return vmlinux_recognizes(image) ||
	       (image->size >= magic + 4 && !memcmp(image->data + magic, "HdrS", 4));
}

static int load(const struct boot_request *request, const struct boot_image *image,
		struct boot_result *result)
{
	struct kernel kernel = { .request = request, .image = image };

	if (elf_is(image))
		return vmlinux_load(request, image, result);
	return load_bzimage(&kernel, &result->state);
}

const struct boot_loader boot_linux = {
	.format = BOOT_LINUX,
	.is = "a Linux kernel",
	.takes = BOOT_TAKES_APPEND | BOOT_TAKES_INITRD,
	.recognizes = recognizes,
	.load = load,
};
