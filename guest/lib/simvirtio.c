/* SPDX-License-Identifier: 0BSD */
/*
 * simvirtio.c - a driver for SIMVIRTIO, see simvirtio.h.
 *
 * Elements are written before the index that says so, and read after it: the
 * processor keeps that order by itself, the compiler is told to.
 */
#include <vmm/error.h>
#include <vmm/io.h>
#include <vmm/simvirtio.h>
#include <vmm/string.h>

/* How often the driver looks whether the device's thread has come by. */
#define PATIENCE 2000u

enum { TX, RX };

static void barrier(void)
{
	__asm__ volatile("" : : : "memory");
}

static void write8(struct simvirtio *device, enum simvirtio_register at, uint8_t value)
{
	device->registers[at] = value;
}

static uint8_t read8(const struct simvirtio *device, enum simvirtio_register at)
{
	return device->registers[at];
}

static volatile uint32_t *word_at(const struct simvirtio *device, uint32_t offset)
{
	return (volatile uint32_t *)(device->registers + offset);
}

static int enable(struct simvirtio *device, unsigned int queue, void *buffer)
{
	struct simvirtio_queue *q = queue == TX ? &device->tx : &device->rx;
	enum simvirtio_register control = SIMVIRTIO_REG_TX_CONTROL + queue;

	*q = (struct simvirtio_queue){ .buffer = buffer };
	write8(device, SIMVIRTIO_REG_SELECTOR, (uint8_t)queue);
	device->selected = queue;
	*word_at(device, SIMVIRTIO_REG_BUFFER) = (uint32_t)(uintptr_t)buffer;
	*word_at(device, SIMVIRTIO_REG_BUFFER + 4) = (uint32_t)((uint64_t)(uintptr_t)buffer >> 32);
	write8(device, control, SIMVIRTIO_CONTROL_ENABLE);
	if (!(read8(device, control) & SIMVIRTIO_CONTROL_ENABLE))
		return -VMM_EIO;
	if (read8(device, control) & SIMVIRTIO_CONTROL_POLL) {
		q->head = word_at(device, SIMVIRTIO_WORDS + queue * SIMVIRTIO_WORDS_SIZE);
	} else {
		q->head = word_at(device, SIMVIRTIO_REG_HEAD);
	}
	q->tail = q->head + 1;
	return 0;
}

/* In mode exit there is one pair of control words, of the queue that is selected. */
static void select(struct simvirtio *device, unsigned int queue)
{
	if (device->tx.head != device->rx.head || device->selected == queue)
		return;
	write8(device, SIMVIRTIO_REG_SELECTOR, (uint8_t)queue);
	device->selected = queue;
}

/* Waits until the device has the status; it cannot leave SIMVIRTIO_DEVICE_ERROR. */
static int expect_status(const struct simvirtio *device, uint8_t wanted)
{
	uint8_t status;

	while ((status = read8(device, SIMVIRTIO_REG_DEVICE_STATUS)) != wanted) {
		if (status == SIMVIRTIO_DEVICE_ERROR)
			return -VMM_EIO;
		cpu_relax();
	}
	return 0;
}

/*
 * What is sent is to be taken. In mode poll that is a matter of microseconds, unless the
 * host's processors are all busy: then the driver asks, at the price of an exit, since
 * all has been taken where a register has been read.
 */
static void wait_for_device(const struct simvirtio *device, unsigned int *waits)
{
	cpu_relax();
	if (++*waits % PATIENCE == 0)
		read8(device, SIMVIRTIO_REG_DEVICE_STATUS);
}

/* A command, and the wait until it has been taken. */
static void send_command(struct simvirtio *device, uint8_t command)
{
	unsigned int waits = 0;

	simvirtio_write(device, &command, sizeof(command));
	while (*device->tx.tail != device->tx.own)
		wait_for_device(device, &waits);
}

int simvirtio_open(struct simvirtio *device, uintptr_t address, void *tx, void *rx)
{
	int error;

	device->registers = (volatile uint8_t *)address;
	if (*word_at(device, SIMVIRTIO_REG_MAGIC) != SIMVIRTIO_MAGIC)
		return -VMM_ENODEV;
	write8(device, SIMVIRTIO_REG_DRIVER_STATUS, SIMVIRTIO_DRIVER_RESET);
	error = enable(device, RX, rx);
	if (!error)
		error = enable(device, TX, tx);
	if (error)
		return error;
	send_command(device, 'R');
	error = expect_status(device, SIMVIRTIO_DEVICE_RESET);
	if (error)
		return error;
	write8(device, SIMVIRTIO_REG_DRIVER_STATUS, SIMVIRTIO_DRIVER_ACK);
	send_command(device, 'C');
	error = expect_status(device, SIMVIRTIO_DEVICE_CONFIG);
	if (error)
		return error;
	write8(device, SIMVIRTIO_REG_DRIVER_STATUS, SIMVIRTIO_DRIVER_OK);
	return expect_status(device, SIMVIRTIO_DEVICE_READY);
}

static uint32_t smallest(uint32_t a, uint32_t b, size_t c)
{
	uint32_t least = a < b ? a : b;

	return least < c ? least : (uint32_t)c;
}

/* The index behind len more elements. */
static uint32_t after(uint32_t index, uint32_t len)
{
	return (index + len) % SIMVIRTIO_LENGTH;
}

/* How many elements can be written, at least wanted if need be by asking the device. */
static uint32_t room_for(struct simvirtio_queue *q, size_t wanted)
{
	uint32_t room = after(q->seen - q->own, SIMVIRTIO_LENGTH - 1);

	if (room >= wanted)
		return room;
	q->seen = *q->tail;
	barrier();
	return after(q->seen - q->own, SIMVIRTIO_LENGTH - 1);
}

void simvirtio_write(struct simvirtio *device, const void *data, size_t len)
{
	struct simvirtio_queue *q = &device->tx;
	const uint8_t *from = data;
	unsigned int waits = 0;

	select(device, TX);
	while (len) {
		uint32_t room = room_for(q, len), part;

		if (!room) {
			wait_for_device(device, &waits);
			continue;
		}
		for (; room && len; room -= part, len -= part, from += part) {
			part = smallest(room, SIMVIRTIO_LENGTH - q->own, len);
			memcpy(q->buffer + q->own, from, part);
			q->own = after(q->own, part);
		}
		barrier();
		*q->head = q->own;
	}
}

size_t simvirtio_read(struct simvirtio *device, void *data, size_t len)
{
	struct simvirtio_queue *q = &device->rx;
	uint8_t *to = data;
	uint32_t there, part;

	select(device, RX);
	if (q->own == q->seen)
		q->seen = *q->head;
	barrier();
	for (there = after(q->seen - q->own, 0); there && len; there -= part, len -= part) {
		part = smallest(there, SIMVIRTIO_LENGTH - q->own, len);
		memcpy(to, q->buffer + q->own, part);
		to += part;
		q->own = after(q->own, part);
	}
	barrier();
	if (to != data)
		*q->tail = q->own;
	return (size_t)(to - (uint8_t *)data);
}
