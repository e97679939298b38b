/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simvirtio.c - SIMVIRTIO, see simvirtio.h and vmm-simvirtio(7).
 *
 * The guest is never trusted: indices and addresses are checked before they are
 * used, and the device keeps its own index of each queue by itself. What a driver
 * must not do leads to the state ERROR, which it leaves by a reset.
 */
#include "dev/simvirtio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "dev/simvirtio_poll.h"

#define LENGTH		SIMVIRTIO_QUEUE_LENGTH
#define MAGIC		0x74726976u	/* "virt" */
#define TABLE_MAX	10u
#define TAKEN_AT_ONCE	4096u		/* bytes, from the thread that polls */

/* Register offsets. */
#define REG_MAGIC		0x00u	/* 32 bits */
#define REG_LENGTH		0x04u	/* 16 bits */
#define REG_DEVICE_STATUS	0x06u
#define REG_DRIVER_STATUS	0x07u
#define REG_SELECTOR		0x08u
#define REG_CONTROL		0x09u	/* of Q0; that of Q1 follows */
#define REG_HEAD		0x10u	/* 32 bits; of the selected queue, as the next two */
#define REG_TAIL		0x14u	/* 32 bits */
#define REG_BUFFER		0x18u	/* 64 bits */
#define REG_TABLE_COUNT		0x20u	/* 16 bits */
#define REG_TABLE_ADDRESS	0x28u	/* 64 bits each */

#define DEVICE_RESET	0x00u
#define DEVICE_CONFIG	0x02u
#define DEVICE_READY	0x04u
#define DEVICE_ERROR	0x80u

#define DRIVER_ACK	0x00u
#define DRIVER		0x02u
#define DRIVER_OK	0x04u
#define DRIVER_RESET	0x80u

#define CONTROL_ENABLE	0x01u
#define CONTROL_POLL	0x02u	/* read-only: the control words are in memory */

enum { TX, RX };

/* The device's own: DEVICE_RESET and DRIVER_ACK are both 0, and tell too little. */
enum state {
	STATE_ERROR,	/* where no transition leads elsewhere */
	STATE_START,	/* nobody has asked for a reset yet */
	STATE_RESET,	/* 'R' was sent */
	STATE_ACKED,	/* and acknowledged by the driver */
	STATE_CONFIG,	/* 'C' was sent: the device is in the table */
	STATE_READY,	/* what is sent is data */
	STATES,
};

enum event {
	EVENT_R,	/* bytes on TX */
	EVENT_C,
	EVENT_BYTE,	/* any other */
	EVENT_ACK,	/* the driver status, written */
	EVENT_DRIVER,
	EVENT_OK,
	EVENT_RESET,
	EVENT_UNKNOWN,	/* a status that there is not */
	EVENT_MISUSE,	/* an index that is none, a buffer that is not in memory */
	EVENTS,
};

struct queue {
	bool enabled;
	uint64_t buffer;	/* guest-physical, as written */
	uint64_t used;		/* the same when the queue was enabled: all of it is memory */
	uint32_t head, tail;	/* the device's own index, and in mode exit the driver's too */
};

struct simvirtio {
	struct simvirtio_config config;
	struct simvirtio_poll *poll;	/* NULL: mode exit */
	struct work news;
	void (*on_room)(void *self);	/* NULL: nobody waits for it */
	void *on_room_self;
	enum state state;
	uint8_t driver_status;
	uint8_t selector;
	uint16_t table_count;
	struct queue queue[SIMVIRTIO_QUEUES];
};

/* --- states --- */

static const enum state transitions[STATES][EVENTS] = {
	[STATE_ERROR] = {
		[EVENT_RESET] = STATE_START,
	},
	[STATE_START] = {
		[EVENT_R] = STATE_RESET, [EVENT_ACK] = STATE_START, [EVENT_RESET] = STATE_START,
	},
	[STATE_RESET] = {
		[EVENT_R] = STATE_RESET, [EVENT_ACK] = STATE_ACKED, [EVENT_RESET] = STATE_START,
	},
	[STATE_ACKED] = {
		[EVENT_R] = STATE_RESET, [EVENT_C] = STATE_CONFIG, [EVENT_ACK] = STATE_ACKED,
		[EVENT_DRIVER] = STATE_ACKED, [EVENT_RESET] = STATE_START,
	},
	[STATE_CONFIG] = {
		[EVENT_R] = STATE_RESET, [EVENT_DRIVER] = STATE_CONFIG, [EVENT_OK] = STATE_READY,
		[EVENT_RESET] = STATE_START,
	},
	[STATE_READY] = {
		[EVENT_OK] = STATE_READY, [EVENT_RESET] = STATE_START,
	},
};

static const uint8_t device_status[STATES] = {
	[STATE_ERROR] = DEVICE_ERROR,
	[STATE_START] = DEVICE_RESET,
	[STATE_RESET] = DEVICE_RESET,
	[STATE_ACKED] = DEVICE_RESET,
	[STATE_CONFIG] = DEVICE_CONFIG,
	[STATE_READY] = DEVICE_READY,
};

/* All as at power-on. */
static void reset_registers(struct simvirtio *s)
{
	s->state = STATE_START;
	s->driver_status = 0;
	s->selector = TX;
	s->table_count = 0;
	for (size_t i = 0; i < SIMVIRTIO_QUEUES; i++)
		s->queue[i] = (struct queue){ 0 };
	if (!s->poll)
		return;
	simvirtio_poll_reset(s->poll);
	for (size_t i = 0; i < SIMVIRTIO_QUEUES; i++) {
		atomic_store_explicit(&s->config.words->queue[i].head, 0, memory_order_relaxed);
		atomic_store_explicit(&s->config.words->queue[i].tail, 0, memory_order_relaxed);
	}
}

static void tell_room(struct simvirtio *s)
{
	if (s->on_room && s->state == STATE_READY && s->queue[RX].enabled)
		s->on_room(s->on_room_self);
}

static void stop_queues(struct simvirtio *s)
{
	for (size_t i = 0; i < SIMVIRTIO_QUEUES; i++)
		s->queue[i].enabled = false;
	if (s->poll)
		simvirtio_poll_reset(s->poll);
}

static void happen(struct simvirtio *s, enum event event)
{
	enum state before = s->state;

	s->state = transitions[s->state][event];
	switch (s->state) {
	case STATE_ERROR:
		stop_queues(s);
		break;
	case STATE_START:
		if (event == EVENT_RESET)
			reset_registers(s);
		break;
	case STATE_RESET:
		s->driver_status = 0;
		s->table_count = 0;
		break;
	case STATE_CONFIG:
		s->table_count = 1;
		break;
	case STATE_READY:
		if (before != STATE_READY)
			tell_room(s);
		break;
	default:
		break;
	}
}

/* --- queues --- */

/* What has been sent, while it means something. */
static void take_bytes(struct simvirtio *s, const uint8_t *bytes, size_t len)
{
	for (; len && s->state != STATE_READY && s->state != STATE_ERROR; bytes++, len--)
		happen(s, *bytes == 'R' ? EVENT_R : *bytes == 'C' ? EVENT_C : EVENT_BYTE);
	if (len && s->state == STATE_READY)
		output_write(s->config.output, bytes, len);
}

/* Mode exit: up to the driver's index. */
static void take_queue(struct simvirtio *s)
{
	struct queue *q = &s->queue[TX];

	while (q->enabled && q->tail != q->head) {
		uint32_t end = q->head < q->tail ? LENGTH : q->head, len = end - q->tail;
		const uint8_t *bytes = mem_ptr(s->config.mem, q->used + q->tail, len, MEM_READ);

		q->tail = end % LENGTH;
		take_bytes(s, bytes, bytes ? len : 0);
	}
}

static void take_polled(struct simvirtio *s)
{
	uint8_t bytes[TAKEN_AT_ONCE];
	bool broken;
	size_t len;

	do {
		len = simvirtio_poll_take(s->poll, bytes, sizeof(bytes), &broken);
		take_bytes(s, bytes, len);
	} while (len);
	if (broken)
		happen(s, EVENT_MISUSE);
}

void simvirtio_sync(struct simvirtio *s)
{
	if (s->poll)
		take_polled(s);
	else
		take_queue(s);
}

static uint32_t read_word(const struct simvirtio *s, unsigned int queue, bool tail)
{
	const struct queue *q = &s->queue[queue];

	if (!s->poll)
		return tail ? q->tail : q->head;
	return atomic_load_explicit(tail ? &s->config.words->queue[queue].tail :
				    &s->config.words->queue[queue].head, memory_order_acquire);
}

static uint32_t rx_room(struct simvirtio *s)
{
	const struct queue *q = &s->queue[RX];
	uint32_t tail;

	if (s->state != STATE_READY || !q->enabled)
		return 0;
	tail = read_word(s, RX, true);
	if (tail < LENGTH)
		return (tail + LENGTH - q->head - 1) % LENGTH;
	happen(s, EVENT_MISUSE);
	return 0;
}

size_t simvirtio_receive(struct simvirtio *s, const uint8_t *data, size_t len)
{
	struct queue *q = &s->queue[RX];
	uint32_t room = rx_room(s);
	size_t done = 0;

	while (done < len && done < room) {
		size_t part = LENGTH - q->head;
		uint8_t *to;

		part = part < len - done ? part : len - done;
		part = part < room - done ? part : room - done;
		to = mem_ptr(s->config.mem, q->used + q->head, part, MEM_WRITE);
		if (!to)
			break;
		memcpy(to, data + done, part);
		q->head = (uint32_t)((q->head + part) % LENGTH);
		done += part;
	}
	if (s->poll && s->state == STATE_READY && q->enabled) {
		atomic_store_explicit(&s->config.words->queue[RX].head, q->head,
				      memory_order_release);
		simvirtio_poll_watch(s->poll, done < len, q->head);
	}
	return done;
}

void simvirtio_on_room(struct simvirtio *s, void (*fn)(void *self), void *self)
{
	s->on_room = fn;
	s->on_room_self = self;
}

/* The thread that polls has something. */
static void on_news(void *self)
{
	struct simvirtio *s = self;

	simvirtio_poll_watch(s->poll, false, 0);
	take_polled(s);
	tell_room(s);
}

static void disable(struct simvirtio *s, unsigned int queue)
{
	s->queue[queue].enabled = false;
	if (!s->poll)
		return;
	if (queue == TX)
		simvirtio_poll_disable(s->poll);
	else
		simvirtio_poll_watch(s->poll, false, 0);
}

/* Buffer and indices are checked once, here. */
static void enable(struct simvirtio *s, unsigned int queue)
{
	struct queue *q = &s->queue[queue];
	unsigned int rights = queue == TX ? MEM_READ : MEM_RW;
	uint32_t head = read_word(s, queue, false), tail = read_word(s, queue, true);
	const uint8_t *buffer = mem_ptr(s->config.mem, q->buffer, LENGTH, rights);

	if (s->state == STATE_ERROR)
		return;
	if (head >= LENGTH || tail >= LENGTH || !buffer) {
		happen(s, EVENT_MISUSE);
		return;
	}
	q->enabled = true;
	q->used = q->buffer;
	q->head = head;
	q->tail = tail;
	if (queue == RX)
		tell_room(s);
	else if (s->poll)
		simvirtio_poll_enable(s->poll, buffer, tail);
}

/* --- registers --- */

static uint64_t read_status(const struct simvirtio *s)
{
	return device_status[s->state];
}

static uint64_t read_control(const struct simvirtio *s, unsigned int queue)
{
	return (s->queue[queue].enabled ? CONTROL_ENABLE : 0) | (s->poll ? CONTROL_POLL : 0);
}

static void write_driver_status(struct simvirtio *s, unsigned int index, uint64_t value)
{
	static const struct {
		uint8_t status;
		enum event event;
	} statuses[] = {
		{ DRIVER_ACK, EVENT_ACK }, { DRIVER, EVENT_DRIVER }, { DRIVER_OK, EVENT_OK },
		{ DRIVER_RESET, EVENT_RESET },
	};
	enum event event = EVENT_UNKNOWN;

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == value)
			event = statuses[i].event;
	s->driver_status = (uint8_t)value;
	happen(s, event);
}

static void write_selector(struct simvirtio *s, unsigned int index, uint64_t value)
{
	s->selector = (uint8_t)value;
}

static void write_control(struct simvirtio *s, unsigned int queue, uint64_t value)
{
	bool on = value & CONTROL_ENABLE;

	if (on == s->queue[queue].enabled)
		return;
	if (on)
		enable(s, queue);
	else
		disable(s, queue);
}

/* The device's own index is not written while the queue is enabled. */
static void write_word(struct simvirtio *s, unsigned int queue, bool tail, uint32_t value)
{
	struct queue *q = &s->queue[queue];
	bool own = tail == (queue == TX);

	if (q->enabled && own)
		return;
	if (q->enabled && value >= LENGTH) {
		happen(s, EVENT_MISUSE);
		return;
	}
	if (s->poll)
		atomic_store_explicit(tail ? &s->config.words->queue[queue].tail :
				      &s->config.words->queue[queue].head, value,
				      memory_order_release);
	else
		*(tail ? &q->tail : &q->head) = value;
	if (queue == RX)
		tell_room(s);
}

static uint64_t read_selected(const struct simvirtio *s, uint64_t offset)
{
	if (s->selector >= SIMVIRTIO_QUEUES)
		return 0;
	if (offset == REG_BUFFER)
		return s->queue[s->selector].buffer;
	return read_word(s, s->selector, offset == REG_TAIL);
}

static void write_selected(struct simvirtio *s, unsigned int offset, uint64_t value)
{
	if (s->selector >= SIMVIRTIO_QUEUES)
		return;
	if (offset == REG_BUFFER)
		s->queue[s->selector].buffer = value;
	else
		write_word(s, s->selector, offset == REG_TAIL, (uint32_t)value);
}

static uint64_t read_register(const struct simvirtio *s, uint64_t offset)
{
	switch (offset) {
	case REG_MAGIC:
		return MAGIC;
	case REG_LENGTH:
		return LENGTH;
	case REG_DEVICE_STATUS:
		return read_status(s);
	case REG_DRIVER_STATUS:
		return s->driver_status;
	case REG_SELECTOR:
		return s->selector;
	case REG_CONTROL:
	case REG_CONTROL + 1:
		return read_control(s, (unsigned int)(offset - REG_CONTROL));
	case REG_HEAD:
	case REG_TAIL:
	case REG_BUFFER:
		return read_selected(s, offset);
	case REG_TABLE_COUNT:
		return s->table_count;
	case REG_TABLE_ADDRESS:
		return s->table_count ? s->config.address : 0;
	default:
		return 0;
	}
}

/* The registers, by address. What lies between them reads as 0. */
static const struct {
	uint8_t offset;
	uint8_t size;
	void (*write)(struct simvirtio *s, unsigned int argument, uint64_t value);	/* NULL: dropped */
	uint8_t argument;
} registers[] = {
	{ REG_MAGIC, 4, NULL, 0 },
	{ REG_LENGTH, 2, NULL, 0 },
	{ REG_DEVICE_STATUS, 1, NULL, 0 },
	{ REG_DRIVER_STATUS, 1, write_driver_status, 0 },
	{ REG_SELECTOR, 1, write_selector, 0 },
	{ REG_CONTROL, 1, write_control, TX },
	{ REG_CONTROL + 1, 1, write_control, RX },
	{ REG_HEAD, 4, write_selected, REG_HEAD },
	{ REG_TAIL, 4, write_selected, REG_TAIL },
	{ REG_BUFFER, 8, write_selected, REG_BUFFER },
	{ REG_TABLE_COUNT, 2, NULL, 0 },
	{ REG_TABLE_ADDRESS, 8, NULL, 0 },
};

static uint64_t mask_of(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
}

/* The register that holds the byte; its index, or -1. */
static int find_register(uint64_t offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (offset >= registers[i].offset && offset - registers[i].offset < registers[i].size)
			return (int)i;
	return -1;
}

/* How many bytes from offset on, size at most, belong to the same register, or to none. */
static unsigned int piece(uint64_t offset, unsigned int size, int *index)
{
	unsigned int len = 1;

	*index = find_register(offset);
	while (len < size && find_register(offset + len) == *index)
		len++;
	return len;
}

static uint64_t simvirtio_read(void *self, uint64_t offset, unsigned int size)
{
	struct simvirtio *s = self;
	uint64_t value = 0;
	unsigned int len;
	int index;

	simvirtio_sync(s);
	for (unsigned int at = 0; at < size; at += len) {
		len = piece(offset + at, size - at, &index);
		if (index >= 0) {
			uint64_t start = registers[index].offset;
			uint64_t all = read_register(s, start);

			value |= (all >> 8 * (offset + at - start) & mask_of(len)) << 8 * at;
		}
	}
	return value;
}

/* Part of a register: the rest of it is as it was. */
static void write_piece(struct simvirtio *s, int index, uint64_t offset, unsigned int len,
			uint64_t value)
{
	unsigned int shift = 8 * (unsigned int)(offset - registers[index].offset);
	uint64_t mask = mask_of(len) << shift, old = 0;

	if (!registers[index].write)
		return;
	if (len < registers[index].size)
		old = read_register(s, registers[index].offset);
	registers[index].write(s, registers[index].argument,
			       (old & ~mask) | (value << shift & mask));
}

static void simvirtio_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct simvirtio *s = self;
	unsigned int len;
	int index;

	/* What has been sent before comes before. */
	simvirtio_sync(s);
	for (unsigned int at = 0; at < size; at += len) {
		len = piece(offset + at, size - at, &index);
		if (index >= 0)
			write_piece(s, index, offset + at, len, value >> 8 * at);
	}
	simvirtio_sync(s);
}

const struct bus_ops simvirtio_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4 | BUS_SIZE_8,
	.read = simvirtio_read,
	.write = simvirtio_write,
};

/* --- life --- */

static void simvirtio_reset(void *self)
{
	reset_registers(self);
}

static void simvirtio_fini(void *self)
{
	struct simvirtio *s = self;

	simvirtio_poll_destroy(s->poll);
	if (s->poll)
		work_cancel(s->config.works, &s->news);
	free(s);
}

int simvirtio_start(struct simvirtio *s)
{
	return s->poll ? simvirtio_poll_start(s->poll) : 0;
}

int simvirtio_create(struct simvirtio **out, const struct simvirtio_config *config)
{
	struct simvirtio *s = calloc(1, sizeof(*s));
	int error = 0;

	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->news = (struct work){ .fn = on_news, .self = s };
	if (config->words)
		error = simvirtio_poll_create(&s->poll, config->words, config->works, &s->news);
	if (error) {
		free(s);
		return error;
	}
	reset_registers(s);
	*out = s;
	return 0;
}

const struct device_ops simvirtio_device = {
	.name = "simvirtio",
	.reset = simvirtio_reset,
	.fini = simvirtio_fini,
};
