/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mouse.c - movements on their way to the guest, see mouse.h. */
#include "host/mouse.h"

#include <errno.h>
#include <stdlib.h>

#include "host/inbox.h"

struct mouse {
	struct inbox inbox;		/* its lock guards what follows */
	struct mouse_motion events[MOUSE_EVENTS];
	unsigned int first;
	unsigned int count;
	uint8_t buttons;		/* behind the last event */
	bool wanted;
};

int mouse_create(struct mouse **out, struct works *works)
{
	struct mouse *mouse = calloc(1, sizeof(*mouse));

	if (!mouse)
		return -ENOMEM;
	inbox_init(&mouse->inbox, works);
	*out = mouse;
	return 0;
}

void mouse_destroy(struct mouse *mouse)
{
	if (!mouse)
		return;
	inbox_fini(&mouse->inbox);
	free(mouse);
}

static int clamp(int value, int limit)
{
	return value < -limit ? -limit : value > limit ? limit : value;
}

/* With the lock held: the event that is to have what comes now. */
static struct mouse_motion *last_event(struct mouse *mouse)
{
	unsigned int end = mouse->first + mouse->count;
	struct mouse_motion *last = &mouse->events[(end + MOUSE_EVENTS - 1) % MOUSE_EVENTS];

	if (mouse->count && (last->buttons == mouse->buttons || mouse->count == MOUSE_EVENTS)) {
		last->buttons = mouse->buttons;
		return last;
	}
	last = &mouse->events[end % MOUSE_EVENTS];
	*last = (struct mouse_motion){ .buttons = mouse->buttons };
	mouse->count++;
	return last;
}

void mouse_move(struct mouse *mouse, int dx, int dy, int wheel)
{
	struct mouse_motion *event;

	pthread_mutex_lock(&mouse->inbox.lock);
	event = last_event(mouse);
	event->dx = clamp(event->dx + clamp(dx, MOUSE_FAR), MOUSE_FAR);
	event->dy = clamp(event->dy + clamp(dy, MOUSE_FAR), MOUSE_FAR);
	event->wheel = clamp(event->wheel + clamp(wheel, MOUSE_FAR), MOUSE_FAR);
	pthread_mutex_unlock(&mouse->inbox.lock);
	inbox_post(&mouse->inbox);
}

void mouse_press(struct mouse *mouse, enum mouse_button button, bool down)
{
	uint8_t buttons;

	pthread_mutex_lock(&mouse->inbox.lock);
	buttons = (uint8_t)(down ? mouse->buttons | button : mouse->buttons & ~button);
	if (buttons != mouse->buttons) {
		mouse->buttons = buttons;
		last_event(mouse);
	}
	pthread_mutex_unlock(&mouse->inbox.lock);
	inbox_post(&mouse->inbox);
}

void mouse_on_drained(struct mouse *mouse, void (*fn)(void *self), void *self)
{
	inbox_on_drained(&mouse->inbox, fn, self);
}

void mouse_connect(struct mouse *mouse, void (*fn)(void *self), void *self)
{
	inbox_connect(&mouse->inbox, fn, self);
}

bool mouse_is_wanted(struct mouse *mouse)
{
	bool wanted;

	pthread_mutex_lock(&mouse->inbox.lock);
	wanted = mouse->wanted;
	pthread_mutex_unlock(&mouse->inbox.lock);
	return wanted;
}

void mouse_want(struct mouse *mouse, bool wanted)
{
	pthread_mutex_lock(&mouse->inbox.lock);
	mouse->wanted = wanted;
	pthread_mutex_unlock(&mouse->inbox.lock);
}

/* Takes at most limit, either way, out of *value. */
static int take_part(int *value, int limit)
{
	int part = clamp(*value, limit);

	*value -= part;
	return part;
}

/* With the lock held. */
static bool take(void *self, void *part)
{
	struct mouse *mouse = self;
	struct mouse_motion *motion = part, *event = &mouse->events[mouse->first];

	if (!mouse->count)
		return false;
	*motion = (struct mouse_motion){
		.dx = take_part(&event->dx, MOUSE_STEP),
		.dy = take_part(&event->dy, MOUSE_STEP),
		.wheel = take_part(&event->wheel, MOUSE_WHEEL_STEP),
		.buttons = event->buttons,
	};
	if (!event->dx && !event->dy && !event->wheel) {
		mouse->first = (mouse->first + 1) % MOUSE_EVENTS;
		mouse->count--;
	}
	return true;
}

bool mouse_next(struct mouse *mouse, struct mouse_motion *motion)
{
	return inbox_next(&mouse->inbox, take, mouse, motion);
}
