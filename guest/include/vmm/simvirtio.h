/* SPDX-License-Identifier: 0BSD */
/*
 * simvirtio.h - a driver for SIMVIRTIO (vmm-simvirtio(7)), for guests of 32 and
 * 64 bits. It finds out itself whether the device is told by exits or polls.
 */
#ifndef VMM_SIMVIRTIO_H
#define VMM_SIMVIRTIO_H

#include <stddef.h>
#include <stdint.h>

#define SIMVIRTIO_ADDRESS	0x100000ul	/* unless vmm has --simvirtio-at */
#define SIMVIRTIO_MAGIC		0x74726976u
#define SIMVIRTIO_LENGTH	32768u		/* of a queue, elements of a byte each */

enum simvirtio_register {
	SIMVIRTIO_REG_MAGIC = 0x00,		/* 32 bits */
	SIMVIRTIO_REG_LENGTH = 0x04,		/* 16 bits */
	SIMVIRTIO_REG_DEVICE_STATUS = 0x06,	/* 8 bits, as the next four */
	SIMVIRTIO_REG_DRIVER_STATUS = 0x07,
	SIMVIRTIO_REG_SELECTOR = 0x08,
	SIMVIRTIO_REG_TX_CONTROL = 0x09,
	SIMVIRTIO_REG_RX_CONTROL = 0x0A,
	SIMVIRTIO_REG_HEAD = 0x10,		/* 32 bits; of the selected queue */
	SIMVIRTIO_REG_TAIL = 0x14,		/* 32 bits */
	SIMVIRTIO_REG_BUFFER = 0x18,		/* 64 bits */
	SIMVIRTIO_REG_TABLE = 0x20,		/* struct simvirtio_table */
};

/* The control words in memory, with SIMVIRTIO_CONTROL_POLL: those of TX, of RX. */
#define SIMVIRTIO_WORDS		0x1000u		/* from the registers on */
#define SIMVIRTIO_WORDS_SIZE	64u		/* from one queue to the next */

enum simvirtio_device_status {
	SIMVIRTIO_DEVICE_RESET = 0x00,
	SIMVIRTIO_DEVICE_CONFIG = 0x02,
	SIMVIRTIO_DEVICE_READY = 0x04,
	SIMVIRTIO_DEVICE_ERROR = 0x80,
};

enum simvirtio_driver_status {
	SIMVIRTIO_DRIVER_ACK = 0x00,
	SIMVIRTIO_DRIVER = 0x02,
	SIMVIRTIO_DRIVER_OK = 0x04,
	SIMVIRTIO_DRIVER_RESET = 0x80,
};

enum simvirtio_control {
	SIMVIRTIO_CONTROL_ENABLE = 0x01,
	SIMVIRTIO_CONTROL_POLL = 0x02,		/* read-only */
};

struct simvirtio_table {
	uint16_t count;
	uint64_t addresses[10];
};

/* One side of the device as the driver has it. */
struct simvirtio_queue {
	volatile uint32_t *head, *tail;
	uint8_t *buffer;		/* SIMVIRTIO_LENGTH bytes */
	uint32_t own;			/* the driver's own index */
	uint32_t seen;			/* the device's, when it was last looked at */
};

struct simvirtio {
	volatile uint8_t *registers;
	unsigned int selected;		/* which queue's control words are to be had */
	struct simvirtio_queue tx, rx;
};

/*
 * Takes the device into service: reset, acknowledgement, configuration. The buffers have
 * SIMVIRTIO_LENGTH bytes each and are the device's from now on. Returns 0, -VMM_ENODEV
 * where there is no such device, -VMM_EIO where it does not do as it should.
 */
int simvirtio_open(struct simvirtio *device, uintptr_t address, void *tx, void *rx);

/* Sends len bytes, a part at a time where there is no room for all; waits for room. */
void simvirtio_write(struct simvirtio *device, const void *data, size_t len);

/* What has come in, len bytes at most; returns how many. Does not wait. */
size_t simvirtio_read(struct simvirtio *device, void *data, size_t len);

#endif
