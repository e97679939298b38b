/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mbimage.c - the images of multiboot kernels, see mbimage.h. */
#include "boot/mbimage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "boot/bda.h"
#include "boot/foreign.h"
#include "boot/memmap.h"
#include "boot/start.h"

#define KIB		1024u
#define UPPER_MEMORY	0x100000u	/* where it begins */

/*
 * How far the image is moved from where it is linked, modulo 2^64. Returns 0, or
 * -ENOSPC with a message in the log.
 */
static int choose_slide(const struct boot_request *request, const struct boot_image *image,
			const struct mb_image *header, const struct layout *layout,
			const struct elf_extent *linked, uint64_t *slide)
{
	struct layout_wish wish = {
		.size = linked->high - linked->low, .align = header->align ? header->align : 1,
		.low = header->min_addr, .limit = (uint64_t)header->max_addr + 1,
	};
	uint64_t gpa = 0;

	*slide = 0;
	if (!header->relocatable)
		return 0;
	if (wish.align & (wish.align - 1))
		return boot_refuse(request, image, "align 0x%x in the multiboot header's "
				   "relocatable tag is no power of two", header->align);
	if (header->preference == MB_PREFER_NOTHING && linked->low >= wish.low &&
	    linked->high <= wish.limit && !(linked->low & (wish.align - 1)) &&
	    layout_is_loadable(layout, linked->low, wish.size))
		return 0;
	gpa = header->preference == MB_PREFER_HIGH ? layout_find_high(layout, &wish) :
						     layout_find_low(layout, &wish);
	if (!gpa) {
		log_error(request->log, "%s: the multiboot header's relocatable tag: no RAM for 0x%"
			  PRIx64 " bytes from min_addr 0x%x to max_addr 0x%x (guest memory is %"
			  PRIu64 "K, see -m)", image->path, wish.size, header->min_addr,
			  header->max_addr, request->ram / 1024);
		return -ENOSPC;
	}
	*slide = gpa - linked->low;
	return 0;
}

/* --- addresses in the multiboot header --- */

/* What of the file goes where. */
struct piece {
	uint64_t offset;	/* in the file */
	uint64_t size;		/* of that in the file */
	struct elf_extent memory;
};

/* Sets the piece's start: where the header is shows how file and memory correspond. */
static int find_start(const struct boot_request *request, const struct boot_image *image,
		      const struct mb_image *header, struct piece *piece)
{
	uint32_t before = header->header_addr - header->load_addr;

	if (header->from_start)
		before = (uint32_t)header->at;
	else if (header->header_addr < header->load_addr)
		return boot_refuse(request, image, "load_addr 0x%x in the multiboot header is "
				   "above header_addr 0x%x", header->load_addr,
				   header->header_addr);
	if (before > header->at || before > header->header_addr)
		return boot_refuse(request, image, "header_addr 0x%x and load_addr 0x%x in the "
				   "multiboot header: it lies at 0x%zx in the file, so that the "
				   "image would begin before it", header->header_addr,
				   header->load_addr, header->at);
	piece->offset = header->at - before;
	piece->memory.low = header->header_addr - before;
	return 0;
}

static int find_end(const struct boot_request *request, const struct boot_image *image,
		    const struct mb_image *header, struct piece *piece)
{
	uint64_t low = piece->memory.low, rest = image->size - piece->offset;
	uint64_t end = header->load_end_addr ? header->load_end_addr : low + rest;

	if (end < low)
		return boot_refuse(request, image, "load_end_addr 0x%x in the multiboot header is "
				   "below the load address 0x%" PRIx64, header->load_end_addr, low);
	piece->size = end - low;
	if (piece->size > rest)
		return boot_refuse(request, image, "load_end_addr 0x%x in the multiboot header "
				   "asks for 0x%" PRIx64 " bytes where the file has 0x%" PRIx64
				   " (is it cut off?)", header->load_end_addr, piece->size, rest);
	piece->memory.high = header->bss_end_addr ? header->bss_end_addr : end;
	if (piece->memory.high < end)
		return boot_refuse(request, image, "bss_end_addr 0x%x in the multiboot header is "
				   "below the data's end 0x%" PRIx64, header->bss_end_addr, end);
	if (header->entry_addr < low || header->entry_addr >= piece->memory.high)
		return boot_refuse(request, image, "entry_addr 0x%x in the multiboot header lies "
				   "outside of what is loaded", header->entry_addr);
	return 0;
}

/* Such a file may be an ELF file all the same, with symbols. */
static struct symbols *find_symbols(const struct boot_request *request,
				    const struct boot_image *image, uint64_t slide)
{
	const struct log silent = { .level = LOG_SILENT };
	struct boot_request quiet = *request;
	struct elf elf;

	quiet.log = &silent;
	if (!elf_is(image) || elf_open(&quiet, image, &elf))
		return NULL;
	return elf_symbols(&quiet, &elf, slide);
}

static int load_by_addresses(const struct boot_request *request, const struct boot_image *image,
			     const struct mb_image *header, struct layout *layout,
			     struct mb_kernel *kernel)
{
	uint64_t gpa, slide = 0, memory_size;
	struct piece piece = { 0 };
	int error = find_start(request, image, header, &piece);

	if (!error)
		error = find_end(request, image, header, &piece);
	if (!error)
		error = choose_slide(request, image, header, layout, &piece.memory, &slide);
	if (error)
		return error;
	gpa = piece.memory.low + slide;
	memory_size = piece.memory.high - piece.memory.low;
	error = handover_take(request, image, "what the multiboot header says", gpa, memory_size,
			      layout);
	if (error)
		return error;
	log_verbose(request->log, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 ", 0x%" PRIx64
		    " of them from the file, by the multiboot header", image->path, memory_size,
		    gpa, piece.size);
	error = mem_load(request->mem, gpa, image->data + piece.offset, piece.size);
	if (!error)
		error = mem_zero(request->mem, gpa + piece.size, memory_size - piece.size);
	kernel->base = (uint32_t)gpa;
	kernel->entry = (uint32_t)(header->entry_addr + slide);
	kernel->symbols = find_symbols(request, image, slide);
	return error;
}

/* --- ELF --- */

/* The multiboot header's entry wins over the ELF header's. */
static int find_entry(const struct boot_request *request, const struct mb_image *header,
		      const struct elf *elf, const struct elf_extent *extent, uint64_t *entry)
{
	if (!header->has_entry)
		return elf_entry(request, elf, entry);
	*entry = header->entry_addr;
	if (*entry >= extent->low && *entry < extent->high)
		return 0;
	return boot_refuse(request, elf->image, "entry_addr 0x%x in the multiboot header lies "
			   "outside of what is loaded", header->entry_addr);
}

static int load_elf(const struct boot_request *request, const struct boot_image *image,
		    const struct mb_image *header, struct layout *layout,
		    struct mb_kernel *kernel)
{
	struct elf_extent extent;
	uint64_t slide = 0, entry = 0;
	struct elf elf;
	int error = elf_open(request, image, &elf);

	if (!error)
		error = elf_measure(request, &elf, &extent);
	if (!error)
		error = choose_slide(request, image, header, layout, &extent, &slide);
	if (!error)
		error = find_entry(request, header, &elf, &extent, &entry);
	if (error)
		return error;
	if (extent.high + slide > HANDOVER_LIMIT)
		return boot_refuse(request, image, "p_paddr of a program header: the image ends at "
				   "0x%" PRIx64 ", above the 4 GiB of a multiboot kernel",
				   extent.high + slide);
	error = elf_load(request, &elf, slide, layout);
	if (!error)
		error = elf_load_sections(request, &elf, slide, layout, &kernel->sections);
	if (error)
		return error;
	kernel->base = (uint32_t)(extent.low + slide);
	kernel->entry = (uint32_t)(entry + slide);
	kernel->symbols = elf_symbols(request, &elf, slide);
	return 0;
}

/* kernel->sections.headers and kernel->symbols are the caller's, unless it fails. */
static int load_kernel(const struct boot_request *request, const struct boot_image *image,
		       const struct mb_image *header, struct layout *layout,
		       struct mb_kernel *kernel)
{
	const struct foreign *foreign = foreign_find(image);
	int error;

	*kernel = (struct mb_kernel){ 0 };
	if (!header->has_addresses && !elf_is(image))
		return boot_refuse(request, image, "%s, and the multiboot header has no addresses "
				   "(flags bit 16, or an address tag)",
				   foreign ? foreign->is : "not an ELF file");
	error = header->has_addresses ? load_by_addresses(request, image, header, layout, kernel) :
					load_elf(request, image, header, layout, kernel);
	if (error) {
		free(kernel->sections.headers);
		symbols_destroy(kernel->symbols);
	} else {
		log_verbose(request->log, "%s: entered at 0x%x%s", image->path, kernel->entry,
			    header->has_entry && !header->has_addresses ?
			    ", by the multiboot header" : "");
	}
	return error;
}

/* --- the start --- */

static int hand_over(struct mb_handover *handover, handover_make_fn *make, uint32_t magic,
		     struct layout *layout, struct vcpu_state *state)
{
	const struct boot_request *request = handover->request;
	uint64_t info;
	int error = handover_modules_load(request, layout, &handover->modules);

	if (!error)
		error = handover_place(request, handover->image, make, handover, layout, &info);
	handover_modules_free(&handover->modules);
	if (error)
		return error;
	error = start_protected(state, request->mem, handover->kernel.entry,
				(uint32_t)handover_stack(layout));
	state->gpr[GPR_RAX] = magic;
	state->gpr[GPR_RBX] = info;
	return handover_started(request, handover->image, error);
}

int mb_boot(const struct boot_request *request, const struct boot_image *image,
	    const struct mb_image *header, handover_make_fn *make, uint32_t magic,
	    struct boot_result *result)
{
	struct mem *mem = request->mem;
	struct mb_handover handover = {
		.request = request, .image = image, .relocatable = header->relocatable,
		.mem_lower = (uint32_t)(memmap_ram_end(mem, 0) / KIB),
		.mem_upper = (uint32_t)((memmap_ram_end(mem, UPPER_MEMORY) - UPPER_MEMORY) / KIB),
	};
	struct layout layout;
	int error;

	layout_init(&layout, mem);
	error = load_kernel(request, image, header, &layout, &handover.kernel);
	if (!error) {
		result->symbols = handover.kernel.symbols;
		bda_write(mem, &layout);
		error = hand_over(&handover, make, magic, &layout, &result->state);
		free(handover.kernel.sections.headers);
	}
	layout_fini(&layout);
	return error;
}
