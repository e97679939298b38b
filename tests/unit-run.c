/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit-run.c - whatever gets the vCPU out of the guest, and when. */
#include "core/run.h"

#include "unit.h"

static void count_kick(void *self)
{
	unsigned int *kicks = self;

	(*kicks)++;
}

static void check_kicks(struct unit *unit, struct run *run)
{
	unsigned int kicks = 0;

	run_set_kick(run, count_kick, &kicks);
	unit_equal(unit, kicks, 0, "nothing has happened yet: no kick");
	run_kick(run);
	unit_equal(unit, kicks, 1, "a kick is one");
	run_set_kick(run, NULL, NULL);
	run_kick(run);
	unit_equal(unit, kicks, 1, "after NULL nobody is kicked");
}

/* The window is open, or a limit set, before the engine is there. */
static void check_early_end(struct unit *unit, struct run *run)
{
	unsigned int kicks = 0;

	run_end(run, ENDING_CLOSED, 0, "closed");
	run_set_kick(run, count_kick, &kicks);
	unit_equal(unit, kicks, 1, "an end that came before kicks, too");
	run_set_kick(run, NULL, NULL);
}

int main(void)
{
	struct unit unit = { 0 };
	struct run *run;

	if (run_create(&run))
		return 1;
	check_kicks(&unit, run);
	check_early_end(&unit, run);
	run_destroy(run);
	return unit_status(&unit);
}
