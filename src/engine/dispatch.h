/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dispatch.h - what the machine does at an exit: one table by reason.
 */
#ifndef VMM_ENGINE_DISPATCH_H
#define VMM_ENGINE_DISPATCH_H

#include "core/bus.h"
#include "core/msrs.h"
#include "core/run.h"
#include "engine/engine.h"

enum dispatch_answer {
	DISPATCH_CONTINUE,
	DISPATCH_WAIT,		/* halted with interrupts enabled: sleep until kicked */
	DISPATCH_STOP,		/* the run has ended */
};

struct dispatch {
	struct bus *bus;
	struct msrs *msrs;
	struct run *run;
	int halt_status;	/* for HLT with interrupts disabled: 0 to 255 */
};

/* In the vCPU's thread. */
enum dispatch_answer dispatch_exit(const struct dispatch *dispatch, struct vmexit *exit);

#endif
