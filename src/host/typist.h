/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * typist.h - types a script (host/keyscript.h) for the user: each key when the
 * guest has read all of the one before, however slow the guest is.
 *
 * All by the vCPU's thread, or before the run.
 */
#ifndef VMM_HOST_TYPIST_H
#define VMM_HOST_TYPIST_H

#include "core/clock.h"
#include "core/log.h"
#include "host/characters.h"
#include "host/keyboard.h"
#include "host/keyscript.h"
#include "host/mouse.h"
#include "host/screen.h"
#include "host/watch.h"

struct typist;

#define TYPIST_LINES 2u		/* COM1, COM2 */

/* All must outlive the typist. */
struct typist_config {
	struct keyboard *keyboard;
	struct mouse *mouse;
	struct characters *lines[TYPIST_LINES];
	struct watches *watches;
	struct screen *screen;
	void (*press_power)(void *self);	/* the power button */
	void *power;				/* its self */
	struct clock *clock;
	const struct log *log;
};

/* Takes the script over. Returns 0 or -ENOMEM. The caller owns *typist. */
int typist_create(struct typist **typist, struct keyscript *script,
		  const struct typist_config *config);
void typist_destroy(struct typist *typist);	/* NULL is fine */

/* The run begins. Returns 0 or -ENOMEM. */
int typist_start(struct typist *typist);

/* The run has ended: tells the user what was not typed any more. NULL is fine. */
void typist_report(const struct typist *typist);

#endif
