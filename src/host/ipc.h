/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ipc.h - what a guest exchanges messages with (vmm-services(7), IPC): endpoints, by the
 * names that the command line gives them. Each is a program at the other end of a
 * socket, another vmm among them, or a service of vmm's own.
 *
 * Nothing here waits; all is called by one thread.
 */
#ifndef VMM_HOST_IPC_H
#define VMM_HOST_IPC_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "host/disk.h"
#include "host/ipcframe.h"

#define IPC_ENDPOINTS_MAX 16u
#define IPC_NAME_MAX 31u	/* bytes of a name */
#define IPC_ANY UINT32_MAX	/* whichever endpoint has a message */

struct ipc;

/* As the command line has them: NAME=unix:PATH, NAME=disk[:FILE], NAME=exec:COMMAND. */
struct ipc_specs {
	char **spec;
	size_t count;
};

/* What is wrong with another one; NULL: nothing. Opens nothing. */
const char *ipc_check(const struct ipc_specs *specs, const char *spec);

/* Whether a spec asks for the machine's disk, and the file that is a disk of its own or NULL. */
bool ipc_wants_disk(const char *spec);
const char *ipc_file(const char *spec);

struct ipc_config {
	const struct ipc_specs *specs;	/* checked */
	struct disk *disk;		/* the machine's; NULL: none */
	const struct log *log;
};

/*
 * Opens sockets and files and starts programs. Returns 0, or -errno with a message in
 * the log. The caller owns *ipc; what config names must outlive it.
 */
int ipc_open(struct ipc **ipc, const struct ipc_config *config);

/* The guest begins anew: no service has an answer for it. What others sent is still there. */
void ipc_reset(struct ipc *ipc);

/* No more messages: those on their way go out, disks are flushed, programs may end. */
void ipc_finish(struct ipc *ipc);
void ipc_close(struct ipc *ipc);

/* The first error of a disk that is an endpoint's own, as -errno; 0: none. */
int ipc_host_error(const struct ipc *ipc);

/* The number of the endpoint with a name of length bytes, or -ENOENT. */
int ipc_find(const struct ipc *ipc, const char *name, size_t length);

/* The name of the endpoint with a number; NULL: there is none. */
const char *ipc_name(const struct ipc *ipc, uint32_t endpoint);

/*
 * Sends a message; page: IPC_PAGE_SIZE bytes where it has one. Returns 0; -EAGAIN where that
 * has to wait; -EBUSY where a service's answer has to be taken first; -EPIPE where who
 * was there has gone; -ENOENT: no such endpoint. Nothing is sent but with 0.
 */
int ipc_send(struct ipc *ipc, uint32_t endpoint, const struct ipc_message *message,
	     const uint8_t *page);

/*
 * Takes a message, from *endpoint or, for IPC_ANY there, from whichever has one: *endpoint
 * says which. page: IPC_PAGE_SIZE bytes, written where the message has a page; NULL:
 * that is dropped. Returns 0; -EAGAIN where there is none; -EPIPE, behind the last message
 * of who has gone; -EPROTO where they break the protocol; -ENOENT: no such endpoint.
 */
int ipc_receive(struct ipc *ipc, uint32_t *endpoint, struct ipc_message *message, uint8_t *page);

/*
 * What to wait for, with poll(2), after -EAGAIN: fills in fds, returns how many. 0: nothing
 * will ever change by itself.
 */
size_t ipc_waits_for(const struct ipc *ipc, uint32_t endpoint, bool send,
		     struct pollfd fds[IPC_ENDPOINTS_MAX]);

#endif
