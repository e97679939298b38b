/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * characters.h - the other end of a serial line: standard output, a file, the
 * user's terminal, a pseudo terminal, or a client on a Unix socket.
 *
 * What the guest sends goes to an output (host/output.h). What comes in is
 * read by the loop's thread, at most 4 KiB ahead of the guest, and handed to
 * the guest's UART by the vCPU's thread, as much as that has room for; the rest
 * waits where it comes from. Nothing is lost.
 *
 * All functions are called by the vCPU's thread, or while it does not run.
 */
#ifndef VMM_HOST_CHARACTERS_H
#define VMM_HOST_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/run.h"
#include "core/work.h"
#include "host/output.h"

struct characters;

struct characters_config {
	/*
	 * NULL: standard output, nothing comes in. "-": the same, but the
	 * terminal is handed to the guest where standard input is one. "stdio":
	 * standard input is read, whatever it is. "none", "pty", "unix:PATH";
	 * the last two with ",wait" behind them wait for somebody. Else a file.
	 */
	const char *where;
	const char *name;	/* of the port, for messages: must outlive it */
	struct outputs *outputs;
	struct run *run;	/* ended by the user's Ctrl-A x */
	struct loop *loop;
	struct works *works;
	const struct log *log;
};

/* What is wrong with a where, or NULL. */
const char *characters_check(const char *where);

/* Whether it reads standard input, which only one can: always, or where that is a terminal. */
bool characters_read_input(const char *where);

/*
 * Opens it; config is copied, what it points to must outlive it, but for loop
 * and works, which are ended before characters_close(). Before other threads
 * are there. Returns 0, or -errno with a message in the log. The caller owns
 * *characters.
 */
int characters_open(struct characters **characters, const struct characters_config *config);
void characters_close(struct characters *characters);	/* NULL is fine */

/* What the guest sends goes here; the characters' own. */
struct output *characters_output(struct characters *characters);

/* Where what comes in goes. */
struct characters_receiver {
	/* Takes as many of the bytes as there is room for, and returns how many. */
	size_t (*receive)(void *self, const uint8_t *data, size_t len);
	void (*line_break)(void *self);
	void *self;
};

/* Without a receiver what comes in stays where it is. */
void characters_connect(struct characters *characters,
			const struct characters_receiver *receiver);

/*
 * The run begins: waits for somebody where asked to, and begins to read. Returns
 * 0, or -errno with a message in the log.
 */
int characters_start(struct characters *characters);

/*
 * For one who types on the line: bytes for the receiver, before all that comes
 * in. Returns how many it took. fn is called whenever it may have room for
 * more. One at most.
 */
size_t characters_send(struct characters *characters, const uint8_t *data, size_t len);
void characters_on_room(struct characters *characters, void (*fn)(void *self), void *self);

/* The receiver may have room again. */
void characters_feed(struct characters *characters);

/* The run has ended: the terminal is as before, the output is finished. */
void characters_finish(struct characters *characters);

#endif
