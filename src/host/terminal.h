/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terminal.h - the user's terminal handed to the guest: each key as it is typed,
 * Ctrl-C included.
 *
 * A terminal that is left so is useless to the shell. It is put back by
 * terminal_restore(), by exit(3), and by a handler for the signals that end a
 * program (but SIGKILL, which nobody hears of). One terminal in a process: what
 * that handler needs cannot be handed to it.
 */
#ifndef VMM_HOST_TERMINAL_H
#define VMM_HOST_TERMINAL_H

#include <stdbool.h>

/* Whether fd is a terminal, and this process in its foreground. */
bool terminal_is_ours(int fd);

/*
 * Hands the terminal over; output is processed as before, so that a newline
 * begins a line. Returns 0 or -errno. Called again after terminal_restore(), it
 * does the same again. By one thread at a time, as the next one.
 */
int terminal_hand_over(int fd);

/* As it was before. Nothing where it has not been handed over. */
void terminal_restore(void);

#endif
