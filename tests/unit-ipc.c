/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit-ipc.c - messages of IPC: their frames, endpoints and who is at the other end. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/run.h"
#include "host/ipc.h"
#include "host/ipcdisk.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MANY 100u
#define SPEC "peer=unix:unit-ipc-socket"
#define PATH "unit-ipc-socket"

static const struct log log_none = { .level = LOG_QUIET };

/* Message number, and its page. */
static struct ipc_message numbered(uint32_t number, uint8_t page[IPC_PAGE_SIZE])
{
	memset(page, (int)(number % 251), IPC_PAGE_SIZE);
	page[0] = (uint8_t)(number >> 8);
	return (struct ipc_message){
		.value = number * UINT64_C(0x100000001), .rights = number % 3 ? IPC_READ : 0,
	};
}

static bool is_numbered(uint32_t number, const struct ipc_message *message, const uint8_t *page)
{
	uint8_t expected[IPC_PAGE_SIZE];
	struct ipc_message same = numbered(number, expected);

	return same.value == message->value && same.rights == message->rights &&
	       (!same.rights || !memcmp(page, expected, IPC_PAGE_SIZE));
}

/* As bytes; returns how many. */
static size_t frame(uint32_t number, uint8_t bytes[IPCFRAME_SIZE_MAX])
{
	struct ipc_message message = numbered(number, bytes + IPCFRAME_HEADER_SIZE);

	ipcframe_put_header(bytes, &message);
	return ipcframe_size(&message);
}

/* --- frames --- */

/* As vmm-services(7) has it, byte by byte. */
static void check_header(struct unit *unit)
{
	static const uint8_t expected[IPCFRAME_HEADER_SIZE] = {
		'V', 'I', 'P', 'C', 0x00, 0x10, 0, 0,
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
		3, 0, 0, 0, 0, 0, 0, 0,
	};
	struct ipc_message message = { UINT64_C(0x1122334455667788), IPC_READ | IPC_WRITE };
	uint8_t header[IPCFRAME_HEADER_SIZE];

	ipcframe_put_header(header, &message);
	unit_check(unit, !memcmp(header, expected, sizeof(header)), "the header on the wire");
	message = (struct ipc_message){ 0 };
	unit_check(unit, !ipcframe_get_header(expected, &message) && message.rights == 3 &&
		   message.value == UINT64_C(0x1122334455667788), "and read from there");
}

static void check_bad_headers(struct unit *unit)
{
	static const struct {
		unsigned int at;
		uint8_t byte;
	} wrong[] = {
		{ 0, 'v' }, { 3, 'X' },			/* magic */
		{ 4, 1 }, { 5, 0x20 }, { 5, 0 }, { 6, 1 }, { 7, 0x80 },	/* length */
		{ 16, 0 }, { 16, 2 }, { 16, 4 }, { 17, 1 }, { 19, 0x80 },	/* rights */
		{ 20, 1 }, { 23, 1 },			/* reserved */
	};
	uint8_t bytes[IPCFRAME_SIZE_MAX];
	struct ipc_message message;
	unsigned int refused = 0;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		frame(1, bytes);
		bytes[wrong[i].at] = wrong[i].byte;
		refused += ipcframe_get_header(bytes, &message) == -EPROTO;
	}
	unit_equal(unit, refused, COUNT(wrong), "headers with a wrong byte are refused");
}

static void put(struct ipcframe_reader *reader, const uint8_t *bytes, size_t size)
{
	size_t room;

	memcpy(ipcframe_room(reader, &room), bytes, size);
	ipcframe_came_in(reader, size);
}

static void check_reader(struct unit *unit)
{
	uint8_t bytes[IPCFRAME_SIZE_MAX], page[IPC_PAGE_SIZE];
	struct ipcframe_reader *reader;
	struct ipc_message message;
	unsigned int early = 0, right = 0;

	if (!unit_check(unit, !ipcframe_reader_create(&reader), "a reader"))
		return;
	for (uint32_t number = 0; number < 4; number++) {
		size_t size = frame(number, bytes);

		for (size_t i = 0; i < size; i++) {
			early += ipcframe_take(reader, &message, page) != -EAGAIN;
			put(reader, bytes + i, 1);
		}
		right += !ipcframe_take(reader, &message, page) &&
			 is_numbered(number, &message, page);
	}
	unit_check(unit, !early && right == 4, "messages byte by byte, whole or not at all");
	bytes[0] = 'x';
	put(reader, bytes, IPCFRAME_HEADER_SIZE);
	unit_check(unit, ipcframe_take(reader, &message, page) == -EPROTO &&
		   ipcframe_take(reader, &message, page) == -EPROTO, "no message ever after");
	ipcframe_reader_destroy(reader);
}

/* --- a peer: this program, which listens --- */

struct peer {
	struct ipc *ipc;
	int listener, fd;
};

static bool begin(struct peer *peer)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = PATH };
	char *spec = (char *)SPEC;
	struct ipc_specs specs = { &spec, 1 };
	const struct ipc_config config = { .specs = &specs, .log = &log_none };

	unlink(PATH);
	*peer = (struct peer){ .fd = -1 };
	peer->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (peer->listener < 0 ||
	    bind(peer->listener, (const struct sockaddr *)&address, sizeof(address)) ||
	    listen(peer->listener, 1) || ipc_open(&peer->ipc, &config))
		return false;
	peer->fd = accept(peer->listener, NULL, NULL);
	return peer->fd >= 0;
}

static void end(struct peer *peer)
{
	ipc_close(peer->ipc);
	if (peer->fd >= 0)
		close(peer->fd);
	close(peer->listener);
	unlink(PATH);
}

static int receive(struct peer *peer, struct ipc_message *message, uint8_t *page)
{
	uint32_t endpoint = IPC_ANY;

	return ipc_receive(peer->ipc, &endpoint, message, page);
}

static void check_incoming(struct unit *unit)
{
	uint8_t bytes[IPCFRAME_SIZE_MAX], page[IPC_PAGE_SIZE];
	struct ipc_message message;
	struct peer peer;
	unsigned int right = 0;

	if (!unit_check(unit, begin(&peer), "a peer"))
		return;
	unit_check(unit, receive(&peer, &message, page) == -EAGAIN, "nothing has come in");
	for (uint32_t number = 0; number < MANY; number++) {
		size_t size = frame(number, bytes);

		if (send(peer.fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
			break;
		if (number % 10 < 9)
			continue;
		for (uint32_t i = number - 9; i <= number; i++)
			right += !receive(&peer, &message, page) && is_numbered(i, &message, page);
	}
	unit_equal(unit, right, MANY, "messages come in once and in order");
	send(peer.fd, bytes, frame(7, bytes), MSG_NOSIGNAL);
	close(peer.fd);
	peer.fd = -1;
	unit_check(unit, !receive(&peer, &message, page) && is_numbered(7, &message, page),
		   "what was sent before the end comes in");
	unit_check(unit, receive(&peer, &message, page) == -EPIPE, "then the end is told");
	unit_check(unit, receive(&peer, &message, page) == -EAGAIN, "once, to who takes any");
	unit_check(unit, ipc_send(peer.ipc, 0, &message, page) == -EPIPE, "to others each time");
	end(&peer);
}

static void check_cut_off(struct unit *unit)
{
	uint8_t bytes[IPCFRAME_SIZE_MAX], page[IPC_PAGE_SIZE];
	struct ipc_message message;
	struct peer peer;

	if (!unit_check(unit, begin(&peer), "a peer that dies"))
		return;
	frame(1, bytes);
	send(peer.fd, bytes, 1000, MSG_NOSIGNAL);
	unit_check(unit, receive(&peer, &message, page) == -EAGAIN, "a part of a message");
	close(peer.fd);
	peer.fd = -1;
	unit_check(unit, receive(&peer, &message, page) == -EPROTO, "is no message");
	end(&peer);
}

/* vmm's end of the socket is made so small that messages go out in part. */
static bool make_small(const struct peer *peer)
{
	struct pollfd fds[IPC_ENDPOINTS_MAX];
	int size = 1;

	return ipc_waits_for(peer->ipc, 0, true, fds) == 1 &&
	       !setsockopt(fds[0].fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Reads what there is. Returns how many messages are right from number on. */
static uint32_t read_all(const struct peer *peer, struct ipcframe_reader *reader, uint32_t number)
{
	uint8_t page[IPC_PAGE_SIZE];
	struct ipc_message message;
	uint32_t right = 0;
	ssize_t got;
	size_t room;

	do {
		uint8_t *to = ipcframe_room(reader, &room);

		got = recv(peer->fd, to, room, MSG_DONTWAIT);
		if (got > 0)
			ipcframe_came_in(reader, (size_t)got);
		while (!ipcframe_take(reader, &message, page))
			right += is_numbered(number + right, &message, page);
	} while (got > 0);
	return right;
}

static void check_outgoing(struct unit *unit, bool small)
{
	struct ipcframe_reader *reader;
	uint8_t page[IPC_PAGE_SIZE];
	struct ipc_message message;
	uint32_t waits = 0, arrived = 0, number = 0;
	struct peer peer;

	if (!unit_check(unit, begin(&peer) && (!small || make_small(&peer)) &&
			!ipcframe_reader_create(&reader), small ? "a narrow way" : "a wide way"))
		return;
	while (number < MANY) {
		struct ipc_message out = numbered(number, page);
		int error = ipc_send(peer.ipc, 0, &out, page);

		if (error && error != -EAGAIN)
			break;
		number += !error;
		if (error || !small)
			arrived += read_all(&peer, reader, arrived);
		waits += error != 0;
	}
	/* The last one goes out in the end. */
	for (unsigned int i = 0; i < 4; i++) {
		receive(&peer, &message, page);
		arrived += read_all(&peer, reader, arrived);
	}
	unit_check(unit, !small || waits, "who is full has to wait");
	unit_equal(unit, arrived, MANY, "messages go out once and in order");
	ipcframe_reader_destroy(reader);
	end(&peer);
}

/* --- endpoints --- */

static void check_specs(struct unit *unit)
{
	static const char *const good[] = {
		"a=disk", "a=disk:x", "a=unix:/x", "a=exec:cat", "A-_.9=unix:=", "a=exec:a=b:c",
		"abcdefghijklmnopqrstuvwxyz01234=disk",
	};
	static const char *const bad[] = {
		"", "=", "a", "a=", "=disk", "a=disk:", "a=unix", "a=unix:", "a=exec", "a=exec:",
		"a=dis", "a=diskk", "a=Disk", "a b=disk", "b=disk", "a=:disk",
		"abcdefghijklmnopqrstuvwxyz012345=disk",
	};
	char *taken = (char *)"b=disk";
	struct ipc_specs specs = { &taken, 1 };
	unsigned int right = 0;

	for (size_t i = 0; i < COUNT(good); i++)
		right += !ipc_check(&specs, good[i]);
	unit_equal(unit, right, COUNT(good), "endpoints that can be");
	right = 0;
	for (size_t i = 0; i < COUNT(bad); i++)
		right += ipc_check(&specs, bad[i]) != NULL;
	unit_equal(unit, right, COUNT(bad), "endpoints that cannot be");
	unit_check(unit, ipc_wants_disk("a=disk") && !ipc_wants_disk("a=disk:x") &&
		   !ipc_wants_disk("a=exec:disk"), "who wants the machine's disk");
	unit_check(unit, !strcmp(ipc_file("a=disk:x:y"), "x:y") && !ipc_file("a=unix:x"),
		   "who has a file");
}

/* Two services of one kind, none of which answers for the other. */
static void check_in_turn(struct unit *unit)
{
	char *spec[] = { (char *)"one=disk:unit-ipc-1", (char *)"two=disk:unit-ipc-2" };
	struct ipc_specs specs = { spec, 2 };
	const struct ipc_config config = { .specs = &specs, .log = &log_none };
	struct ipc_message message = { 0 };
	struct ipc *ipc = NULL;
	uint32_t from[4];
	bool made = true;

	for (unsigned int i = 1; i <= 2; i++) {
		int fd = open(i == 1 ? "unit-ipc-1" : "unit-ipc-2", O_RDWR | O_CREAT, 0600);

		made = made && !ftruncate(fd, (off_t)i * DISK_SECTOR_SIZE);
		close(fd);
	}
	if (!unit_check(unit, made && !ipc_open(&ipc, &config), "two disks"))
		return;
	unit_check(unit, ipc_find(ipc, "two", 3) == 1 && ipc_find(ipc, "tw", 2) == -ENOENT &&
		   ipc_find(ipc, "two", 2) == -ENOENT && !strcmp(ipc_name(ipc, 0), "one") &&
		   !ipc_name(ipc, 2), "their names");
	for (unsigned int i = 0; i < 4; i++) {
		ipc_send(ipc, 0, &message, NULL);
		ipc_send(ipc, 1, &message, NULL);
		from[i] = IPC_ANY;
		ipc_receive(ipc, &from[i], &(struct ipc_message){ 0 }, NULL);
	}
	unit_check(unit, from[0] == 0 && from[1] == 1 && from[2] == 0 && from[3] == 1,
		   "each in turn");
	ipc_close(ipc);
}

/* --- the wait --- */

static void *kick(void *run)
{
	run_kick(run);
	return NULL;
}

static void check_wait(struct unit *unit)
{
	struct pollfd nothing = { .events = POLLIN };
	struct run *run = NULL;
	pthread_t thread;
	int ends[2];

	if (!unit_check(unit, !run_create(&run) && !pipe(ends), "a run"))
		return;
	nothing.fd = ends[0];
	run_kick(run);
	unit_check(unit, !run_poll(run, &nothing, 1), "a kick before the wait ends it");
	if (!pthread_create(&thread, NULL, kick, run)) {
		unit_check(unit, !run_poll(run, &nothing, 1), "a kick ends a wait");
		pthread_join(thread, NULL);
	}
	/* Whatever the order was, no kick is left for long. */
	run_kick(run);
	run_poll(run, &nothing, 1);
	unit_check(unit, write(ends[1], "", 1) == 1 && !run_poll(run, &nothing, 1),
		   "what can be read ends a wait");
	unit_check(unit, run_poll(run, &nothing, RUN_POLL_MAX + 1) == -EINVAL,
		   "too many to wait for");
	run_end(run, ENDING_LIMIT, 0, "time is up");
	unit_check(unit, !run_poll(run, &nothing, 1), "nobody waits when the run has ended");
	close(ends[0]);
	close(ends[1]);
	run_destroy(run);
}

int main(void)
{
	struct unit unit = { 0 };

	check_header(&unit);
	check_bad_headers(&unit);
	check_reader(&unit);
	check_incoming(&unit);
	check_cut_off(&unit);
	check_outgoing(&unit, false);
	check_outgoing(&unit, true);
	check_specs(&unit);
	check_in_turn(&unit);
	check_wait(&unit);
	return unit_status(&unit);
}
