/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - waits until the guest has shown a text (host/condition.h).
 *
 * On the serial lines and the debug console each byte is looked at as the guest
 * writes it, before the guest goes on. So is each write to the screen that vmm
 * takes part in (--vga=trap, the paravirtual screen). Text memory that the
 * guest writes by itself is looked at 60 times a second of the guest's time,
 * and by watches_look().
 *
 * All by the vCPU's thread, or before the run.
 */
#ifndef VMM_HOST_WATCH_H
#define VMM_HOST_WATCH_H

#include <stdbool.h>

#include "core/clock.h"
#include "host/condition.h"
#include "host/output.h"
#include "host/screen.h"

/* Owned by its user, who must remove it before it goes away. */
struct watch {
	const struct condition *condition;
	/*
	 * The text is there: called once, the watch is then removed. line: what
	 * stands in its line so far, in UTF-8 or as the guest has sent it, no
	 * more than WATCH_LINE_MAX bytes.
	 */
	void (*fn)(void *self, const char *line);
	void *self;
	struct watch *next;	/* watch.c's own, as what follows */
	size_t *borders;
	size_t matched;
	bool added;
};

#define WATCH_LINE_MAX 80u

struct watches;

/* Both must outlive *watches, as must the outputs. Returns 0 or -ENOMEM. The caller owns it. */
int watches_create(struct watches **watches, struct clock *clock, struct screen *screen);
void watches_destroy(struct watches *watches);

/* What the guest sends to source goes to output. */
void watches_listen(struct watches *watches, enum condition_source source, struct output *output);

/*
 * From here on: a text that the screen shows already counts soon, what has been
 * sent before does not. Returns 0 or -ENOMEM.
 */
int watch_add(struct watches *watches, struct watch *watch);
void watch_remove(struct watches *watches, struct watch *watch);

/* The guest may have written to the screen, and rests or has ended. */
void watches_look(struct watches *watches);

#endif
