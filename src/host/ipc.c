/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipc.c - endpoints by name, see ipc.h. */
#include "host/ipc.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "host/ipcendpoint.h"

struct endpoint {
	char name[IPC_NAME_MAX + 1];
	const struct ipc_endpoint_ops *ops;
	void *self;
};

struct ipc {
	size_t count;
	uint32_t first;			/* who is looked at first for IPC_ANY: each in turn */
	struct endpoint endpoints[IPC_ENDPOINTS_MAX];
};

/* How a kind is written: its name, and whether a colon and a value come behind it. */
enum value_use { VALUE_NEEDED, VALUE_OPTIONAL };

static const struct kind {
	const char *name;
	enum value_use use;
	const struct ipc_endpoint_ops *ops;
} kinds[] = {
	{ "unix", VALUE_NEEDED, &ipc_unix },
	{ "disk", VALUE_OPTIONAL, &ipc_disk },
	{ "exec", VALUE_NEEDED, &ipc_exec },
};

/* --- the command line --- */

/* A spec in its parts. */
struct parts {
	size_t name_length;
	const struct kind *kind;	/* NULL: another one */
	const char *value;		/* NULL: none */
};

static struct parts take_apart(const char *spec)
{
	struct parts parts = { .name_length = strcspn(spec, "=") };
	const char *kind = spec + parts.name_length, *colon;
	size_t length;

	if (!*kind)
		return parts;
	kind++;
	colon = strchr(kind, ':');
	length = colon ? (size_t)(colon - kind) : strlen(kind);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == length && !strncmp(kind, kinds[i].name, length))
			parts.kind = &kinds[i];
	parts.value = colon ? colon + 1 : NULL;
	return parts;
}

static bool is_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	return length >= 1 && length <= IPC_NAME_MAX;
}

static bool is_taken(const struct ipc_specs *specs, const char *name, size_t length)
{
	for (size_t i = 0; i < specs->count; i++)
		if (take_apart(specs->spec[i]).name_length == length &&
		    !strncmp(specs->spec[i], name, length))
			return true;
	return false;
}

const char *ipc_check(const struct ipc_specs *specs, const char *spec)
{
	struct parts parts = take_apart(spec);

	if (!is_name(spec, parts.name_length))
		return "must begin with a name of 1 to 31 letters, digits, -, _ and .";
	if (!parts.kind || (parts.value ? !*parts.value : parts.kind->use == VALUE_NEEDED))
		return "must be NAME=unix:PATH, NAME=disk, NAME=disk:FILE or NAME=exec:COMMAND";
	if (is_taken(specs, spec, parts.name_length))
		return "the name is taken already";
	return specs->count == IPC_ENDPOINTS_MAX ? "there are 16 endpoints at most" : NULL;
}

bool ipc_wants_disk(const char *spec)
{
	struct parts parts = take_apart(spec);

	return parts.kind && parts.kind->ops == &ipc_disk && !parts.value;
}

const char *ipc_file(const char *spec)
{
	struct parts parts = take_apart(spec);

	return parts.kind && parts.kind->ops == &ipc_disk ? parts.value : NULL;
}

/* --- their life --- */

static int open_endpoint(struct ipc *ipc, const char *spec, const struct ipc_config *config)
{
	struct endpoint *endpoint = &ipc->endpoints[ipc->count];
	struct parts parts = take_apart(spec);
	const struct ipc_opening opening = {
		.name = endpoint->name, .value = parts.value, .disk = config->disk,
		.log = config->log,
	};
	int error;

	memcpy(endpoint->name, spec, parts.name_length);
	endpoint->ops = parts.kind->ops;
	error = endpoint->ops->open(&endpoint->self, &opening);
	if (!error)
		ipc->count++;
	return error;
}

int ipc_open(struct ipc **out, const struct ipc_config *config)
{
	struct ipc *ipc = calloc(1, sizeof(*ipc));
	int error = 0;

	if (!ipc) {
		log_error(config->log, "--ipc: out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < config->specs->count && !error; i++)
		error = open_endpoint(ipc, config->specs->spec[i], config);
	if (error)
		ipc_close(ipc);
	else
		*out = ipc;
	return error;
}

void ipc_reset(struct ipc *ipc)
{
	for (size_t i = 0; i < ipc->count; i++)
		if (ipc->endpoints[i].ops->reset)
			ipc->endpoints[i].ops->reset(ipc->endpoints[i].self);
}

void ipc_finish(struct ipc *ipc)
{
	for (size_t i = 0; i < ipc->count; i++)
		ipc->endpoints[i].ops->finish(ipc->endpoints[i].self);
}

void ipc_close(struct ipc *ipc)
{
	if (!ipc)
		return;
	for (size_t i = 0; i < ipc->count; i++)
		ipc->endpoints[i].ops->close(ipc->endpoints[i].self);
	free(ipc);
}

int ipc_host_error(const struct ipc *ipc)
{
	int error = 0;

	for (size_t i = 0; i < ipc->count && !error; i++)
		if (ipc->endpoints[i].ops->host_error)
			error = ipc->endpoints[i].ops->host_error(ipc->endpoints[i].self);
	return error;
}

/* --- the registry --- */

int ipc_find(const struct ipc *ipc, const char *name, size_t length)
{
	for (size_t i = 0; i < ipc->count; i++)
		if (strlen(ipc->endpoints[i].name) == length &&
		    !memcmp(ipc->endpoints[i].name, name, length))
			return (int)i;
	return -ENOENT;
}

const char *ipc_name(const struct ipc *ipc, uint32_t endpoint)
{
	return endpoint < ipc->count ? ipc->endpoints[endpoint].name : NULL;
}

/* --- messages --- */

/* Who asks for one endpoint is told again and again that nobody is there any more. */
static int by_number(int error)
{
	return error == -ENOTCONN ? -EPIPE : error;
}

int ipc_send(struct ipc *ipc, uint32_t endpoint, const struct ipc_message *message,
	     const uint8_t *page)
{
	const struct endpoint *to;

	if (endpoint >= ipc->count)
		return -ENOENT;
	to = &ipc->endpoints[endpoint];
	return by_number(to->ops->send(to->self, message, page));
}

static int receive_any(struct ipc *ipc, uint32_t *endpoint, struct ipc_message *message,
		       uint8_t *page)
{
	for (size_t i = 0; i < ipc->count; i++) {
		uint32_t number = (uint32_t)((ipc->first + i) % ipc->count);
		const struct endpoint *from = &ipc->endpoints[number];
		int error = from->ops->receive(from->self, message, page);

		if (error == -EAGAIN || error == -ENOTCONN)
			continue;
		*endpoint = number;
		ipc->first = number + 1;
		return error;
	}
	return ipc->count ? -EAGAIN : -ENOENT;
}

int ipc_receive(struct ipc *ipc, uint32_t *endpoint, struct ipc_message *message, uint8_t *page)
{
	const struct endpoint *from;

	if (*endpoint == IPC_ANY)
		return receive_any(ipc, endpoint, message, page);
	if (*endpoint >= ipc->count)
		return -ENOENT;
	from = &ipc->endpoints[*endpoint];
	return by_number(from->ops->receive(from->self, message, page));
}

size_t ipc_waits_for(const struct ipc *ipc, uint32_t endpoint, bool send,
		     struct pollfd fds[IPC_ENDPOINTS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < ipc->count; i++) {
		const struct endpoint *at = &ipc->endpoints[i];

		if ((endpoint == IPC_ANY || endpoint == i) &&
		    at->ops->waits_for(at->self, send, &fds[count]))
			count++;
	}
	return count;
}
