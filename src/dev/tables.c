/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tables.c - the tables for kernels in guest memory, see tables.h. */
#include "dev/tables.h"

#include "dev/platform.h"

_Static_assert(TABLES_ROOM <= TABLES_SIZE, "the tables' memory has room for them");

void *tables_take(struct tables *tables, uint32_t size, uint32_t align)
{
	uint32_t at = (tables->size + align - 1) & ~(align - 1);

	tables->size = at + size;
	return tables->bytes + at;
}

uint32_t tables_address(const struct tables *tables, const void *at)
{
	return TABLES_ADDRESS + (uint32_t)((const uint8_t *)at - tables->bytes);
}

uint8_t tables_checksum(const void *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)bytes)[i];
	return (uint8_t)-sum;
}

void tables_write(struct mem *mem)
{
	struct tables tables = { .size = 0 };

	acpi_make(&tables);
	mptable_make(&tables);
	(void)mem_load(mem, TABLES_ADDRESS, tables.bytes, tables.size);
}
