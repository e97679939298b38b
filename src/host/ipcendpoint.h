/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipcendpoint.h - the kinds of endpoints, for ipc.c. */
#ifndef VMM_HOST_IPCENDPOINT_H
#define VMM_HOST_IPCENDPOINT_H

#include "host/ipc.h"

struct ipc_opening {
	const char *name;	/* of the endpoint, for messages */
	const char *value;	/* what stands behind the kind's name; NULL: nothing */
	struct disk *disk;	/* as in ipc_config */
	const struct log *log;
};

/*
 * What an endpoint does: as the functions of ipc.h that are named alike. send and receive may
 * return -ENOTCONN too: the guest has been told that nobody is there any more, nor will be.
 */
struct ipc_endpoint_ops {
	int (*open)(void **self, const struct ipc_opening *opening);
	int (*send)(void *self, const struct ipc_message *message, const uint8_t *page);
	int (*receive)(void *self, struct ipc_message *message, uint8_t *page);
	/* Returns whether there is anything to wait for. */
	bool (*waits_for)(const void *self, bool send, struct pollfd *fd);
	void (*reset)(void *self);		/* NULL: nothing is forgotten */
	void (*finish)(void *self);
	void (*close)(void *self);
	int (*host_error)(const void *self);	/* NULL: none that matters */
};

extern const struct ipc_endpoint_ops ipc_unix;	/* value: a path. ipcstream.c */
extern const struct ipc_endpoint_ops ipc_exec;	/* value: a command. ipcstream.c */
extern const struct ipc_endpoint_ops ipc_disk;	/* value: a file or NULL. ipcdisk.c */

#endif
