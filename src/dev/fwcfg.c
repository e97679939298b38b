/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fwcfg.c - QEMU's firmware configuration device, see fwcfg.h. */
#include "dev/fwcfg.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

#define INTERFACE_PORTS	(1u << 0)
#define INTERFACE_DMA	(1u << 1)

/* The control field of a DMA request. */
#define DMA_ERROR	(1u << 0)
#define DMA_READ	(1u << 1)
#define DMA_SKIP	(1u << 2)
#define DMA_SELECT	(1u << 3)	/* the key is in the upper 16 bits */
#define DMA_WRITE	(1u << 4)

#define DMA_SIGNATURE	UINT64_C(0x51454D5520434647)	/* "QEMU CFG" */

#define ZEROS		4096u		/* written at a time, behind the end of an item */

struct item {
	uint16_t key;
	char name[FWCFG_NAME_MAX + 1];	/* of a file; else empty */
	uint8_t *data;
	uint32_t size;
};

struct fwcfg {
	struct mem *mem;
	struct item *items;
	size_t count;
	uint16_t next_file;
	uint16_t selected;
	uint32_t offset;		/* into the selected item */
	uint64_t dma_address;
};

/* All big-endian: entries of the directory, and a request in guest memory. */
struct directory_entry {
	uint32_t size;
	uint16_t key;
	uint16_t reserved;
	char name[FWCFG_NAME_MAX + 1];
};

struct dma_request {
	uint32_t control;
	uint32_t length;
	uint64_t address;
};

/* --- items --- */

static struct item *find(const struct fwcfg *fwcfg, uint16_t key)
{
	for (size_t i = 0; i < fwcfg->count; i++)
		if (fwcfg->items[i].key == key)
			return &fwcfg->items[i];
	return NULL;
}

static int copy_data(struct item *item, const void *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	free(item->data);
	item->data = copy;
	item->size = (uint32_t)size;
	return 0;
}

/* Items are in order of name, so that the files are. */
static int insert(struct fwcfg *fwcfg, uint16_t key, const char *name, const void *data,
		  size_t size)
{
	struct item item = { .key = key }, *added;
	size_t at = fwcfg->count;

	if (copy_data(&item, data, size))
		return -ENOMEM;
	strncpy(item.name, name, FWCFG_NAME_MAX);
	while (at && strcmp(fwcfg->items[at - 1].name, name) > 0)
		at--;
	added = array_insert(&fwcfg->items, &fwcfg->count, sizeof(*added), at);
	if (!added) {
		free(item.data);
		return -ENOMEM;
	}
	*added = item;
	return 0;
}

int fwcfg_add_item(struct fwcfg *fwcfg, uint16_t key, const void *data, size_t size)
{
	if (find(fwcfg, key))
		return -EEXIST;
	return insert(fwcfg, key, "", data, size);
}

/* The directory, which is an item too. */
static int list_files(struct fwcfg *fwcfg)
{
	struct directory {
		uint32_t count;
		struct directory_entry entries[];
	} *directory = calloc(1, sizeof(*directory) + fwcfg->count * sizeof(directory->entries[0]));
	uint32_t files = 0;
	int error;

	if (!directory)
		return -ENOMEM;
	for (size_t i = 0; i < fwcfg->count; i++) {
		const struct item *item = &fwcfg->items[i];
		struct directory_entry *entry = &directory->entries[files];

		if (!item->name[0])
			continue;
		entry->size = htobe32(item->size);
		entry->key = htobe16(item->key);
		memcpy(entry->name, item->name, sizeof(entry->name));
		files++;
	}
	directory->count = htobe32(files);
	error = copy_data(find(fwcfg, FWCFG_FILES), directory,
			  sizeof(*directory) + files * sizeof(directory->entries[0]));
	free(directory);
	return error;
}

int fwcfg_add_file(struct fwcfg *fwcfg, const char *name, const void *data, size_t size)
{
	int error;

	if (!*name || strlen(name) > FWCFG_NAME_MAX)
		return -EINVAL;
	for (size_t i = 0; i < fwcfg->count; i++)
		if (!strcmp(fwcfg->items[i].name, name))
			return -EEXIST;
	error = insert(fwcfg, fwcfg->next_file++, name, data, size);
	return error ? error : list_files(fwcfg);
}

/* --- reading --- */

static void select_item(struct fwcfg *fwcfg, uint16_t key)
{
	fwcfg->selected = key;
	fwcfg->offset = 0;
}

/* What is left of the selected item: its bytes, and how many. */
static const uint8_t *rest(const struct fwcfg *fwcfg, uint32_t *left)
{
	const struct item *item = find(fwcfg, fwcfg->selected);

	*left = item && fwcfg->offset < item->size ? item->size - fwcfg->offset : 0;
	return *left ? item->data + fwcfg->offset : NULL;
}

/* Past the end of an item there are zeros. */
static uint8_t next_byte(struct fwcfg *fwcfg)
{
	uint32_t left;
	const uint8_t *bytes = rest(fwcfg, &left);

	if (!left)
		return 0;
	fwcfg->offset++;
	return *bytes;
}

static void skip(struct fwcfg *fwcfg, uint32_t length)
{
	uint32_t left;

	rest(fwcfg, &left);
	fwcfg->offset += length < left ? length : left;
}

/* --- DMA --- */

static int write_zeros(struct mem *mem, uint64_t address, uint64_t length)
{
	static const uint8_t zeros[ZEROS];
	int error = 0;

	for (uint64_t done = 0; done < length && !error; done += ZEROS)
		error = mem_write(mem, address + done, zeros,
				  length - done < ZEROS ? length - done : ZEROS);
	return error;
}

static int dma_read(struct fwcfg *fwcfg, uint64_t address, uint32_t length)
{
	uint32_t left, taken;
	const uint8_t *bytes = rest(fwcfg, &left);
	int error;

	/* Nothing is written where not all can be, however much is asked for. */
	if (!mem_valid(fwcfg->mem, address, length, MEM_WRITE))
		return -EFAULT;
	taken = length < left ? length : left;
	error = taken ? mem_write(fwcfg->mem, address, bytes, taken) : 0;
	skip(fwcfg, length);
	return error ? error : write_zeros(fwcfg->mem, address + taken, length - taken);
}

static void run_dma(struct fwcfg *fwcfg)
{
	uint64_t gpa = fwcfg->dma_address;
	struct dma_request request;
	uint32_t control, done = 0;

	fwcfg->dma_address = 0;
	if (mem_read(fwcfg->mem, gpa, &request, sizeof(request)))
		return;
	control = be32toh(request.control);
	if (control & DMA_SELECT)
		select_item(fwcfg, (uint16_t)(control >> 16));
	if (control & DMA_READ) {
		if (dma_read(fwcfg, be64toh(request.address), be32toh(request.length)))
			done = DMA_ERROR;
	} else if (control & DMA_WRITE) {
		done = DMA_ERROR;
	} else if (control & DMA_SKIP) {
		skip(fwcfg, be32toh(request.length));
	}
	request.control = htobe32(done);
	mem_write(fwcfg->mem, gpa, &request.control, sizeof(request.control));
}

/* The address is big-endian, its lower half the one that starts the transfer. */
static void dma_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct fwcfg *fwcfg = self;
	uint32_t half = htobe32((uint32_t)value);

	if (offset == 0 && size == 4) {
		fwcfg->dma_address = (uint64_t)half << 32;
	} else if (offset == 4 && size == 4) {
		fwcfg->dma_address |= half;
		run_dma(fwcfg);
	}
}

static uint64_t dma_read_signature(void *self, uint64_t offset, unsigned int size)
{
	return htobe64(DMA_SIGNATURE) >> 8 * offset;
}

const struct bus_ops fwcfg_dma_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.read = dma_read_signature,
	.write = dma_write,
};

/* --- ports: the selector takes 16 bits, the data are read from either port --- */

static uint64_t port_read(void *self, uint64_t offset, unsigned int size)
{
	return next_byte(self);
}

static size_t port_read_block(void *self, uint64_t offset, unsigned int size, void *data,
			      size_t count)
{
	uint8_t *bytes = data;

	if (size != 1)
		return 0;
	for (size_t i = 0; i < count; i++)
		bytes[i] = next_byte(self);
	return count;
}

static void port_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	if (offset == 0 && size == 2)
		select_item(self, (uint16_t)value);
}

const struct bus_ops fwcfg_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2,
	.read = port_read,
	.write = port_write,
	.read_block = port_read_block,
};

/* --- life --- */

static void fwcfg_reset(void *self)
{
	struct fwcfg *fwcfg = self;

	select_item(fwcfg, FWCFG_SIGNATURE);
	fwcfg->dma_address = 0;
}

static void fwcfg_destroy(void *self)
{
	struct fwcfg *fwcfg = self;

	for (size_t i = 0; i < fwcfg->count; i++)
		free(fwcfg->items[i].data);
	free(fwcfg->items);
	free(fwcfg);
}

static int add_own_items(struct fwcfg *fwcfg)
{
	const uint32_t interface = htole32(INTERFACE_PORTS | INTERFACE_DMA), no_files = 0;
	int error = fwcfg_add_item(fwcfg, FWCFG_SIGNATURE, "QEMU", 4);

	if (!error)
		error = fwcfg_add_item(fwcfg, FWCFG_INTERFACE, &interface, sizeof(interface));
	return error ? error : fwcfg_add_item(fwcfg, FWCFG_FILES, &no_files, sizeof(no_files));
}

int fwcfg_create(struct fwcfg **out, struct mem *mem)
{
	struct fwcfg *fwcfg = calloc(1, sizeof(*fwcfg));
	int error;

	if (!fwcfg)
		return -ENOMEM;
	fwcfg->mem = mem;
	fwcfg->next_file = FWCFG_FIRST_FILE;
	fwcfg_reset(fwcfg);
	error = add_own_items(fwcfg);
	if (error) {
		fwcfg_destroy(fwcfg);
		return error;
	}
	*out = fwcfg;
	return 0;
}

const struct device_ops fwcfg_device = {
	.name = "fw_cfg",
	.reset = fwcfg_reset,
	.fini = fwcfg_destroy,
};
