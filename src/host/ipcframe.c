/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipcframe.c - messages as bytes of a stream, see ipcframe.h. */
#include "host/ipcframe.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Many messages can be fetched by one system call. */
#define BUFFER_SIZE (16 * IPCFRAME_SIZE_MAX)

/* On the wire; little endian. */
struct header {
	uint8_t magic[4];
	uint32_t length;	/* of what is behind the header: 0 or a page */
	uint64_t value;
	uint32_t rights;
	uint32_t reserved;	/* 0 */
};

_Static_assert(sizeof(struct header) == IPCFRAME_HEADER_SIZE, "the protocol's size");

static const uint8_t magic[4] = { 'V', 'I', 'P', 'C' };

struct ipcframe_reader {
	size_t begin, end;	/* of what has come in and not been taken */
	uint8_t buffer[BUFFER_SIZE];
};

bool ipc_rights_valid(uint64_t rights)
{
	return rights == 0 || rights == IPC_READ || rights == (IPC_READ | IPC_WRITE);
}

static uint32_t page_length(const struct ipc_message *message)
{
	return message->rights ? IPC_PAGE_SIZE : 0;
}

size_t ipcframe_size(const struct ipc_message *message)
{
	return IPCFRAME_HEADER_SIZE + page_length(message);
}

void ipcframe_put_header(uint8_t header[IPCFRAME_HEADER_SIZE], const struct ipc_message *message)
{
	struct header h = {
		.length = htole32(page_length(message)), .value = htole64(message->value),
		.rights = htole32(message->rights),
	};

	memcpy(h.magic, magic, sizeof(magic));
	memcpy(header, &h, sizeof(h));
}

int ipcframe_get_header(const uint8_t header[IPCFRAME_HEADER_SIZE], struct ipc_message *message)
{
	struct header h;

	memcpy(&h, header, sizeof(h));
	message->value = le64toh(h.value);
	message->rights = le32toh(h.rights);
	if (memcmp(h.magic, magic, sizeof(magic)) || h.reserved ||
	    !ipc_rights_valid(message->rights) || le32toh(h.length) != page_length(message))
		return -EPROTO;
	return 0;
}

int ipcframe_reader_create(struct ipcframe_reader **reader)
{
	*reader = malloc(sizeof(**reader));
	if (!*reader)
		return -ENOMEM;
	ipcframe_reader_reset(*reader);
	return 0;
}

void ipcframe_reader_destroy(struct ipcframe_reader *reader)
{
	free(reader);
}

void ipcframe_reader_reset(struct ipcframe_reader *reader)
{
	reader->begin = reader->end = 0;
}

uint8_t *ipcframe_room(struct ipcframe_reader *reader, size_t *size)
{
	size_t rest = reader->end - reader->begin;

	/* A piece of one message, mostly nothing. */
	memmove(reader->buffer, reader->buffer + reader->begin, rest);
	reader->begin = 0;
	reader->end = rest;
	*size = BUFFER_SIZE - rest;
	return reader->buffer + rest;
}

void ipcframe_came_in(struct ipcframe_reader *reader, size_t size)
{
	reader->end += size;
}

int ipcframe_take(struct ipcframe_reader *reader, struct ipc_message *message, uint8_t *page)
{
	const uint8_t *at = reader->buffer + reader->begin;
	size_t rest = reader->end - reader->begin;
	int error;

	if (rest < IPCFRAME_HEADER_SIZE)
		return -EAGAIN;
	error = ipcframe_get_header(at, message);
	if (error)
		return error;
	if (rest < ipcframe_size(message))
		return -EAGAIN;
	if (page && message->rights)
		memcpy(page, at + IPCFRAME_HEADER_SIZE, IPC_PAGE_SIZE);
	reader->begin += ipcframe_size(message);
	return 0;
}

bool ipcframe_is_partial(const struct ipcframe_reader *reader)
{
	return reader->end > reader->begin;
}
