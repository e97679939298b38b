/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hypercall.h - the registry of hypercalls behind port 0xABBA. The ABI is
 * described in vmm-hypercall(7) and guest/include/vmm/hypercall.h.
 *
 * A new hypercall is one more hypercall_register(): the transport never
 * changes.
 */
#ifndef VMM_PV_HYPERCALL_H
#define VMM_PV_HYPERCALL_H

#include <stddef.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/device.h"
#include "core/log.h"
#include "core/mem.h"

#define HYPERCALL_PORT 0xABBA
#define HYPERCALL_ARGS 6u
#define HYPERCALL_VERSION 1u
/* What an IN from the port gives: 'V' 'M' 'M' and the version, from the top. */
#define HYPERCALL_MAGIC (0x564D4D00u | HYPERCALL_VERSION)

/* Numbers are never given out twice; see vmm-hypercall(7). */
enum hypercall_number {
	HYPERCALL_QUERY = 0,		/* (number) -> 1 where it exists, else 0 */
	HYPERCALL_EXIT = 1,		/* (status) */
	HYPERCALL_PRINT = 2,		/* (gpa, length) */
	HYPERCALL_INSTRUCTION = 3,	/* () -> 1 where VMCALL does it too, else 0 */
	HYPERCALL_SCREEN_INFO = 16,	/* () -> columns | rows << 16 */
	HYPERCALL_SCREEN_PUT = 17,	/* (column, row, character | attribute << 8) */
	HYPERCALL_SCREEN_WRITE = 18,	/* (column, row, gpa of cells, count) */
	HYPERCALL_DISK_INFO = 32,	/* () -> sectors */
	HYPERCALL_DISK_READ = 33,	/* (lba, count, gpa) */
	HYPERCALL_DISK_WRITE = 34,	/* (lba, count, gpa) */
	HYPERCALL_DISK_FLUSH = 35,	/* () */
	HYPERCALL_MEMORY_MAP = 48,	/* (gpa of a page, or 0) -> gpa of the map */
	HYPERCALL_MEMORY_LIST = 49,	/* (gpa, areas there is room for) -> areas */
	HYPERCALL_IPC_FIND = 64,	/* (gpa of a name, length) -> endpoint */
	HYPERCALL_IPC_NAME = 65,	/* (endpoint, gpa, size) -> length */
	HYPERCALL_IPC_SEND = 66,	/* (endpoint, value, page, rights, flags) */
	HYPERCALL_IPC_RECEIVE = 67,	/* (endpoint, gpa of a message, page, flags) */
	HYPERCALL_IPC_CALL = 68,	/* (endpoint, value, page, rights, gpa of a message) */
};

/*
 * The request in guest memory, at any address; little endian, 64 bytes. The
 * guest fills in all but result; vmm writes only result.
 */
struct hypercall_request {
	uint32_t number;
	uint32_t reserved;		/* 0 */
	int64_t result;			/* 0 or more; an error: minus a Linux errno */
	uint64_t argument[HYPERCALL_ARGS];
};

struct hypercalls;

/*
 * A hypercall: its result, or a negative errno. self: as registered; mem: the
 * guest's memory, for arguments that are addresses. Unused arguments are
 * ignored. Runs in the vCPU's thread.
 */
typedef int64_t hypercall_fn(void *self, struct mem *mem,
			     const uint64_t argument[HYPERCALL_ARGS]);

/* Returns 0 or -ENOMEM. Knows HYPERCALL_QUERY from the start. */
int hypercalls_create(struct hypercalls **hypercalls, struct mem *mem, const struct log *log);

/* Returns 0; -EEXIST where the number is taken; -ENOMEM. */
int hypercall_register(struct hypercalls *hypercalls, uint32_t number,
		       hypercall_fn *fn, void *self);

/* One of a group of hypercalls. */
struct hypercall {
	uint32_t number;
	hypercall_fn *fn;
};

/* Registers count of them with one self. Returns as hypercall_register(). */
int hypercall_register_all(struct hypercalls *hypercalls, const struct hypercall *calls,
			   size_t count, void *self);

/*
 * Who is told of each hypercall when it has been made: one. name: "disk-write", or "-" of
 * a number that there is not.
 */
typedef void hypercall_made_fn(void *self, uint32_t number, const char *name, int64_t result);
void hypercalls_on_made(struct hypercalls *hypercalls, hypercall_made_fn *fn, void *self);

/* For the board, 1 port: an OUT of 32 bits is a request, an IN of 32 bits gives the magic. */
extern const struct bus_ops hypercall_port_ops;
extern const struct device_ops hypercalls_device;

#endif
