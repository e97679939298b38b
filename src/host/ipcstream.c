/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ipcstream.c - endpoints with a program at the other end of a stream: who has connected
 * to a socket or listens at it, or a program that vmm has started.
 *
 * Where vmm listens, another client may follow one that has gone, once the guest has been told
 * so; the next ones wait in the socket's queue meanwhile.
 */
#include "host/ipcendpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/service.h"
#include "host/unixsocket.h"

struct stream {
	int fd;				/* -1: nobody is there yet */
	struct unixsocket listener;
	struct service service;
	struct ipcframe_reader *reader;
	bool deaf;			/* takes nothing any more */
	bool ended;			/* nothing comes in any more */
	/* The rest of a message that went out in part. */
	size_t rest_begin, rest_end;
	uint8_t rest[IPCFRAME_SIZE_MAX];
};

static bool is_wait(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

/* Makes room for the next client, where there can be one. */
static void drop(struct stream *stream)
{
	close(stream->fd);
	stream->fd = -1;
	stream->deaf = stream->ended = false;
	stream->rest_begin = stream->rest_end = 0;
	ipcframe_reader_reset(stream->reader);
}

/* Returns 0 where somebody is there; -EAGAIN: not yet; -ENOTCONN: nobody will be. */
static int find_peer(struct stream *stream)
{
	if (stream->fd >= 0)
		return 0;
	if (stream->listener.fd < 0)
		return -ENOTCONN;
	stream->fd = accept4(stream->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return stream->fd < 0 ? -EAGAIN : 0;
}

/* --- out --- */

/* Sends what it can of two pieces. Returns how many bytes, or -errno. */
static ssize_t send_pieces(struct stream *stream, struct iovec *pieces, size_t count)
{
	const struct msghdr header = { .msg_iov = pieces, .msg_iovlen = count };
	ssize_t sent = sendmsg(stream->fd, &header, MSG_NOSIGNAL);

	if (sent >= 0)
		return sent;
	if (is_wait(errno))
		return -EAGAIN;
	stream->deaf = true;
	stream->rest_begin = stream->rest_end = 0;
	return -EPIPE;
}

/* The rest of the message before goes first. Returns 0 when it has gone, or -errno. */
static int send_rest(struct stream *stream)
{
	struct iovec piece = {
		stream->rest + stream->rest_begin, stream->rest_end - stream->rest_begin,
	};
	ssize_t sent;

	if (!piece.iov_len)
		return 0;
	sent = send_pieces(stream, &piece, 1);
	if (sent < 0)
		return (int)sent;
	stream->rest_begin += (size_t)sent;
	return stream->rest_begin < stream->rest_end ? -EAGAIN : 0;
}

/* What the host has not taken of a message is kept: to the guest it is sent. */
static void keep_rest(struct stream *stream, const struct iovec pieces[2], size_t sent)
{
	memcpy(stream->rest, pieces[0].iov_base, pieces[0].iov_len);
	if (pieces[1].iov_len)
		memcpy(stream->rest + pieces[0].iov_len, pieces[1].iov_base, pieces[1].iov_len);
	stream->rest_begin = sent;
	stream->rest_end = pieces[0].iov_len + pieces[1].iov_len;
}

/* Fetches what has come in. Returns 0; -EAGAIN: nothing; -EPIPE: nothing will any more. */
static int fetch(struct stream *stream)
{
	size_t size;
	uint8_t *room;
	ssize_t got;

	if (stream->ended)
		return -EPIPE;
	room = ipcframe_room(stream->reader, &size);
	got = recv(stream->fd, room, size, 0);
	if (got > 0) {
		ipcframe_came_in(stream->reader, (size_t)got);
		return 0;
	}
	if (got < 0 && is_wait(errno))
		return -EAGAIN;
	stream->ended = true;
	return -EPIPE;
}

/* One who takes nothing and has said all that was to be said makes way for the next one. */
static void drop_deaf(struct stream *stream)
{
	if (stream->fd >= 0 && stream->deaf && !ipcframe_is_partial(stream->reader) &&
	    fetch(stream) == -EPIPE)
		drop(stream);
}

static int stream_send(void *self, const struct ipc_message *message, const uint8_t *page)
{
	struct stream *stream = self;
	uint8_t header[IPCFRAME_HEADER_SIZE];
	struct iovec pieces[2] = {
		{ header, sizeof(header) },
		{ (void *)page, message->rights ? IPC_PAGE_SIZE : 0 },
	};
	ssize_t sent;
	int error;

	drop_deaf(stream);
	error = find_peer(stream);
	if (!error)
		error = stream->deaf ? -EPIPE : send_rest(stream);
	if (error)
		return error;
	ipcframe_put_header(header, message);
	sent = send_pieces(stream, pieces, 2);
	if (sent < 0)
		return (int)sent;
	if ((size_t)sent < ipcframe_size(message))
		keep_rest(stream, pieces, (size_t)sent);
	return 0;
}

/* --- in --- */

static int stream_receive(void *self, struct ipc_message *message, uint8_t *page)
{
	struct stream *stream = self;
	int error = find_peer(stream);

	if (error)
		return error;
	/* Who gets no whole message does not answer. */
	if (!stream->deaf)
		send_rest(stream);
	do
		error = ipcframe_take(stream->reader, message, page);
	while (error == -EAGAIN && !(error = fetch(stream)));
	if (error == -EPIPE && ipcframe_is_partial(stream->reader))
		error = -EPROTO;
	/* Whatever it may still say. */
	if (error != -EAGAIN && error)
		drop(stream);
	return error;
}

static bool stream_waits_for(const void *self, bool send, struct pollfd *fd)
{
	const struct stream *stream = self;
	bool rest = stream->rest_begin < stream->rest_end;

	*fd = (struct pollfd){ .fd = stream->fd, .events = send ? POLLOUT : POLLIN };
	if (stream->fd < 0)
		*fd = (struct pollfd){ .fd = stream->listener.fd, .events = POLLIN };
	else if (rest)
		fd->events |= POLLOUT;
	return fd->fd >= 0;
}

/* --- its life --- */

static void stream_finish(void *self)
{
	struct stream *stream = self;

	if (stream->fd >= 0 && !stream->deaf)
		send_rest(stream);
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
	service_stop(&stream->service);
}

static void stream_close(void *self)
{
	struct stream *stream = self;

	stream_finish(stream);
	unixsocket_close(&stream->listener);
	ipcframe_reader_destroy(stream->reader);
	free(stream);
}

/* Returns NULL with a message. */
static struct stream *create(const struct ipc_opening *opening)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream && !ipcframe_reader_create(&stream->reader)) {
		stream->fd = -1;
		stream->listener = UNIXSOCKET_CLOSED;
		stream->service = (struct service){ .pid = -1, .pidfd = -1 };
		return stream;
	}
	free(stream);
	log_error(opening->log, "--ipc=%s: out of memory", opening->name);
	return NULL;
}

/* Tells of an error, if there is one; then there is no stream. */
static int opened(void **self, struct stream *stream, int error,
		  const struct ipc_opening *opening, const char *remedy)
{
	*self = stream;
	if (!error)
		return 0;
	log_error(opening->log, "--ipc=%s: %s: %s%s", opening->name, opening->value,
		  strerror(-error), remedy);
	stream_close(stream);
	*self = NULL;
	return error;
}

static int open_unix(void **self, const struct ipc_opening *opening)
{
	struct stream *stream = create(opening);
	int error;

	if (!stream)
		return -ENOMEM;
	error = unixsocket_meet(&stream->listener, opening->value, &stream->fd);
	if (!error)
		log_verbose(opening->log, "--ipc=%s: %s %s", opening->name, stream->fd < 0 ?
			    "listens at" : "is connected to", opening->value);
	return opened(self, stream, error, opening, error == -EAGAIN ?
		      " (too many wait for who listens there)" : "");
}

static int open_exec(void **self, const struct ipc_opening *opening)
{
	struct stream *stream = create(opening);

	if (!stream)
		return -ENOMEM;
	return opened(self, stream, service_start(&stream->service, opening->value, &stream->fd),
		      opening, "");
}

#define STREAM_OPS(open_)							\
	{									\
		.open = (open_), .send = stream_send, .receive = stream_receive,	\
		.waits_for = stream_waits_for, .finish = stream_finish,		\
		.close = stream_close,						\
	}

const struct ipc_endpoint_ops ipc_unix = STREAM_OPS(open_unix);
const struct ipc_endpoint_ops ipc_exec = STREAM_OPS(open_exec);
