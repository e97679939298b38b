/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ps2.c - the bytes between a PS/2 device and its controller, see ps2.h. */
#include "dev/ps2.h"

static bool put(struct ps2_queue *queue, const uint8_t *bytes, unsigned int count)
{
	if (count > PS2_QUEUE - queue->count)
		return false;
	for (unsigned int i = 0; i < count; i++)
		queue->bytes[(queue->first + queue->count++) % PS2_QUEUE] = bytes[i];
	return true;
}

static uint8_t get(struct ps2_queue *queue)
{
	uint8_t byte = queue->bytes[queue->first];

	queue->first = (queue->first + 1) % PS2_QUEUE;
	queue->count--;
	return byte;
}

void ps2_clear(struct ps2 *ps2)
{
	ps2->replies.count = 0;
	ps2->data.count = 0;
}

bool ps2_reply(struct ps2 *ps2, const uint8_t *bytes, unsigned int count)
{
	return put(&ps2->replies, bytes, count);
}

bool ps2_send(struct ps2 *ps2, const uint8_t *bytes, unsigned int count)
{
	return put(&ps2->data, bytes, count);
}

void ps2_resend(struct ps2 *ps2)
{
	ps2_reply(ps2, &ps2->last, 1);
}

void ps2_ready(struct ps2 *ps2)
{
	if (ps2->ready)
		ps2->ready(ps2->ready_self);
}

void ps2_connect(struct ps2 *ps2, void (*fn)(void *self), void *self)
{
	ps2->ready = fn;
	ps2->ready_self = self;
}

void ps2_receive(struct ps2 *ps2, uint8_t byte)
{
	ps2->ops->receive(ps2, byte);
}

bool ps2_take(struct ps2 *ps2, uint8_t *byte)
{
	if (ps2->replies.count) {
		*byte = get(&ps2->replies);
	} else {
		if (!ps2->data.count && ps2->ops->refill)
			ps2->ops->refill(ps2);
		if (!ps2->data.count)
			return false;
		*byte = get(&ps2->data);
	}
	ps2->last = *byte;
	return true;
}
