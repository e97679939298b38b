/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terminal.c - the user's terminal handed to the guest, see terminal.h and termios(3). */
#include "host/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "core/array.h"

/* Static for the signal handler's sake. */
static struct {
	int fd;
	struct termios saved;
	volatile sig_atomic_t handed_over;
	bool prepared;		/* the handlers are set */
} terminal;

bool terminal_is_ours(int fd)
{
	return isatty(fd) && tcgetpgrp(fd) == getpgrp();
}

/* Async-signal-safe. */
void terminal_restore(void)
{
	if (!terminal.handed_over)
		return;
	terminal.handed_over = 0;
	tcsetattr(terminal.fd, TCSANOW, &terminal.saved);
}

/* SA_RESETHAND: the signal then does what it would have done. */
static void on_fatal_signal(int number)
{
	terminal_restore();
	raise(number);
}

/* Those that end a program; the ones that end a run are machine.c's. */
static void prepare(void)
{
	static const int fatal[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP, SIGQUIT, SIGHUP,
		SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU,
	};
	const struct sigaction action = {
		.sa_handler = on_fatal_signal, .sa_flags = (int)SA_RESETHAND,
	};

	if (terminal.prepared)
		return;
	terminal.prepared = true;
	atexit(terminal_restore);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++) {
		struct sigaction now;

		/* Whoever has a handler there has a use for the signal. */
		if (!sigaction(fatal[i], NULL, &now) && now.sa_handler == SIG_DFL)
			sigaction(fatal[i], &action, NULL);
	}
}

int terminal_hand_over(int fd)
{
	struct termios raw;

	if (!terminal.handed_over && tcgetattr(fd, &terminal.saved) < 0)
		return -errno;
	terminal.fd = fd;
	prepare();
	raw = terminal.saved;
	raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	terminal.handed_over = 1;
	return tcsetattr(fd, TCSANOW, &raw) < 0 ? -errno : 0;
}
