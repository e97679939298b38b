/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ipcdisk.c - the built-in block service, see ipcdisk.h: the machine's disk, or an image of
 * its own. It has its answer ready when a request has been sent, and takes no other one
 * until that has been taken.
 */
#include "host/ipcdisk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "host/ipcendpoint.h"

struct server {
	struct disk *disk;
	struct disk *own;		/* to be closed; NULL: the disk is the machine's */
	bool answered;			/* an answer waits */
	struct ipc_message answer;
	uint8_t page[IPC_PAGE_SIZE];	/* the answer's */
};

struct request {
	unsigned int operation;
	uint64_t lba;
	uint32_t count;
	const uint8_t *page;		/* NULL: it has none */
};

static struct request read_request(const struct ipc_message *message, const uint8_t *page)
{
	return (struct request){
		.operation = (unsigned int)(message->value >> IPCDISK_OPERATION_SHIFT),
		.lba = message->value & IPCDISK_LBA_MASK,
		.count = message->value >> IPCDISK_COUNT_SHIFT & 0xFF,
		.page = message->rights ? page : NULL,
	};
}

/* Of the host's errors the protocol knows as many as the hypercalls of the disk do. */
static int64_t outcome(int error)
{
	static const int known[] = { 0, -ERANGE, -EROFS, -ENOSPC };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (error == known[i])
			return error;
	return error == -EFBIG || error == -EDQUOT ? -ENOSPC : -EIO;
}

static int64_t do_info(struct server *server, const struct request *request)
{
	return (int64_t)disk_sectors(server->disk);
}

static int64_t do_read(struct server *server, const struct request *request)
{
	size_t used = request->count * DISK_SECTOR_SIZE;
	int error;

	if (request->count < 1 || request->count > IPCDISK_SECTORS_MAX)
		return -EINVAL;
	error = disk_read(server->disk, request->lba, request->count, server->page);
	if (error)
		return outcome(error);
	memset(server->page + used, 0, sizeof(server->page) - used);
	server->answer.rights = IPC_READ | IPC_WRITE;
	return 0;
}

static int64_t do_write(struct server *server, const struct request *request)
{
	if (!request->page || request->count < 1 || request->count > IPCDISK_SECTORS_MAX)
		return -EINVAL;
	return outcome(disk_write(server->disk, request->lba, request->count, request->page));
}

static int64_t do_flush(struct server *server, const struct request *request)
{
	return outcome(disk_flush(server->disk));
}

static int disk_send(void *self, const struct ipc_message *message, const uint8_t *page)
{
	static int64_t (*const operations[])(struct server *server,
					     const struct request *request) = {
		[IPCDISK_INFO] = do_info,
		[IPCDISK_READ] = do_read,
		[IPCDISK_WRITE] = do_write,
		[IPCDISK_FLUSH] = do_flush,
	};
	const struct request request = read_request(message, page);
	struct server *server = self;
	int64_t result = -EINVAL;

	if (server->answered)
		return -EBUSY;
	server->answered = true;
	server->answer = (struct ipc_message){ 0 };
	if (request.operation < ARRAY_SIZE(operations))
		result = operations[request.operation](server, &request);
	server->answer.value = (uint64_t)result;
	return 0;
}

static int disk_receive(void *self, struct ipc_message *message, uint8_t *page)
{
	struct server *server = self;

	if (!server->answered)
		return -EAGAIN;
	server->answered = false;
	*message = server->answer;
	if (page && message->rights)
		memcpy(page, server->page, sizeof(server->page));
	return 0;
}

/* Without a request there will be no answer. */
static bool disk_waits_for(const void *self, bool send, struct pollfd *fd)
{
	return false;
}

static void disk_reset(void *self)
{
	struct server *server = self;

	server->answered = false;
}

static void disk_finish(void *self)
{
	struct server *server = self;

	disk_flush(server->disk);
}

static void server_close(void *self)
{
	struct server *server = self;

	disk_close(server->own);
	free(server);
}

static int server_host_error(const void *self)
{
	const struct server *server = self;

	return server->own ? disk_error(server->own) : 0;
}

static int server_open(void **self, const struct ipc_opening *opening)
{
	struct server *server = calloc(1, sizeof(*server));
	int error = 0;

	if (!server) {
		log_error(opening->log, "--ipc=%s: out of memory", opening->name);
		return -ENOMEM;
	}
	if (opening->value)
		error = disk_open(&server->own, opening->value, DISK_RW, opening->log);
	server->disk = opening->value ? server->own : opening->disk;
	if (error)
		server_close(server);
	else
		*self = server;
	return error;
}

const struct ipc_endpoint_ops ipc_disk = {
	.open = server_open,
	.send = disk_send,
	.receive = disk_receive,
	.waits_for = disk_waits_for,
	.reset = disk_reset,
	.finish = disk_finish,
	.close = server_close,
	.host_error = server_host_error,
};
