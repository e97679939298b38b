/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ipcframe.h - messages between guests and services as bytes of a stream, see
 * vmm-services(7), IPC: a header of 24 bytes, and a page behind it where there is one.
 */
#ifndef VMM_HOST_IPCFRAME_H
#define VMM_HOST_IPCFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPC_PAGE_SIZE 4096u
#define IPCFRAME_HEADER_SIZE 24u
#define IPCFRAME_SIZE_MAX (IPCFRAME_HEADER_SIZE + IPC_PAGE_SIZE)

/* What the receiver of a page may do with it; 0: there is no page. */
enum ipc_rights {
	IPC_READ = 1 << 0,
	IPC_WRITE = 1 << 1,	/* never alone */
};

/* A message but for its page. */
struct ipc_message {
	uint64_t value;
	uint32_t rights;	/* enum ipc_rights */
};

/* Whether rights are some that a message can have. */
bool ipc_rights_valid(uint64_t rights);

/* How long a message is on the wire, in bytes. */
size_t ipcframe_size(const struct ipc_message *message);

/* Fills in the header of a message. */
void ipcframe_put_header(uint8_t header[IPCFRAME_HEADER_SIZE], const struct ipc_message *message);

/*
 * Reads a header. Returns 0; -EPROTO where it is none: another magic number, a length that
 * is not the one that goes with the rights, rights that do not exist.
 */
int ipcframe_get_header(const uint8_t header[IPCFRAME_HEADER_SIZE], struct ipc_message *message);

/* Cuts what comes in into messages. */
struct ipcframe_reader;

/* Returns 0 or -ENOMEM. The caller owns *reader. */
int ipcframe_reader_create(struct ipcframe_reader **reader);
void ipcframe_reader_destroy(struct ipcframe_reader *reader);

/* Forgets what has come in. */
void ipcframe_reader_reset(struct ipcframe_reader *reader);

/*
 * Where what comes in goes next: *size bytes of room, never 0 after
 * ipcframe_take() has returned -EAGAIN.
 */
uint8_t *ipcframe_room(struct ipcframe_reader *reader, size_t *size);

/* So many bytes have come in there. */
void ipcframe_came_in(struct ipcframe_reader *reader, size_t size);

/*
 * Takes the next message, its page copied to page unless that is NULL. Returns 0; -EAGAIN
 * where it is not there as a whole; -EPROTO where none can come any more, now and
 * ever after.
 */
int ipcframe_take(struct ipcframe_reader *reader, struct ipc_message *message, uint8_t *page);

/* Whether a message has come in in part. */
bool ipcframe_is_partial(const struct ipcframe_reader *reader);

#endif
