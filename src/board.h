/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * board.h - the machine as the options describe it: memory, chips, what they
 * are connected to, and the guest loaded.
 */
#ifndef VMM_BOARD_H
#define VMM_BOARD_H

#include "boot/boot.h"
#include "core/snapshot.h"
#include "engine/engine.h"
#include "host/characters.h"
#include "host/disk.h"
#include "host/ipc.h"
#include "host/keyboard.h"
#include "host/mouse.h"
#include "host/output.h"
#include "host/screen.h"
#include "machine.h"
#include "script.h"
#include "wiring.h"

struct options;
struct pm;

struct board {
	const struct log *log;
	struct machine *machine;
	struct screen *screen;
	struct keyboard *keyboard;
	struct mouse *mouse;
	struct pm *pm;			/* of the machine's devices */
	struct disk *disk;		/* NULL: none */
	struct ipc *ipc;		/* NULL: no endpoints */
	struct capture *capture;	/* all that the guest prints; NULL: not asked for */
	struct outputs *outputs;
	struct characters *debugcon;
	struct characters *serial[SERIAL_PORTS];
	struct characters *simvirtio_io;	/* NULL: no such device, as the next one */
	struct simvirtio *simvirtio;
	struct simvirtio_words *simvirtio_words;	/* of mem; NULL: mode exit */
	struct script *script;		/* NULL: none */
	const struct engine_ops *engine;
	struct boot_result boot;
	struct snapshot *snapshot;	/* of memory at the start; NULL: a reset ends the run */
};

/*
 * Opens and wires everything, and loads the guest; makes no vCPU yet, and
 * changes no file's contents. Returns 0, or -errno with a message in the log.
 * Call board_destroy() whatever it returns.
 */
int board_create(struct board *board, const struct options *options, const struct log *log);
void board_destroy(struct board *board);

/*
 * The run begins: empties the files that the guest prints to, waits for clients,
 * hands the terminal over. Returns 0 or -errno.
 */
int board_start(struct board *board);

/*
 * Closes what the guest printed to, takes the terminal back and flushes its disk:
 * the last errors show.
 */
void board_finish(struct board *board);

/*
 * The first error of the host that the guest's disk or outputs met, as -errno;
 * 0: none. It has been told already.
 */
int board_host_error(const struct board *board);

#endif
