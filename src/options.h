/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the command line as a struct. Only options.c knows popt.
 */
#ifndef VMM_OPTIONS_H
#define VMM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot.h"
#include "core/log.h"
#include "core/optional.h"
#include "cpu/cpuid.h"
#include "display.h"
#include "expect.h"
#include "host/disk.h"
#include "host/ipc.h"
#include "mapping.h"
#include "observe/trace.h"
#include "script.h"
#include "wiring.h"

enum option_vga { VGA_MAP, VGA_TRAP };
enum option_clock { CLOCK_REAL, CLOCK_VIRTUAL };
enum option_reboot { REBOOT_STOP, REBOOT_RESET };
enum option_simvirtio_mode { SIMVIRTIO_EXIT, SIMVIRTIO_POLL };
enum option_debug_exit { DEBUG_EXIT_PLAIN, DEBUG_EXIT_QEMU };
/* enum window_quit_key, or what fits the guest. */
#define QUIT_KEY_DEFAULT (-1)

struct options {
	/* the guest */
	char *guest;			/* exactly one of these two is set */
	char *demo;
	char *name;
	int format;			/* enum boot_format */
	int mode;			/* enum boot_mode */
	struct optional base;
	struct optional entry;
	struct boot_loads loads;
	char *append;
	struct boot_modules modules;
	char *initrd;

	/* the machine */
	char *engine;
	bool isolate;
	struct optional memory;	/* bytes */
	char *memory_file;		/* NULL: none */
	bool mergeable;
	struct mappings maps;
	int vga;			/* enum option_vga */
	int debug_exit;			/* enum option_debug_exit */
	int reboot;			/* enum option_reboot */
	int clock;			/* enum option_clock */
	bool lockstep;			/* to be run side by side with another machine */
	struct cpuid_config cpu;
	bool simvirtio;
	struct optional simvirtio_at;
	int simvirtio_mode;		/* enum option_simvirtio_mode */
	char *simvirtio_io;		/* NULL: as if not given */

	struct ipc_specs ipc;		/* what the guest exchanges messages with */

	/* the disk */
	char *disk;
	int disk_mode;			/* enum disk_mode */

	/* what is seen and printed */
	int display;			/* enum display_kind */
	bool hold;
	bool no_hold;
	int quit_key;			/* enum window_quit_key or QUIT_KEY_DEFAULT */
	char *screenshot;
	char *debugcon;
	char *serial[SERIAL_PORTS];	/* NULL: as if not given */
	char *profile;
	char *report;
	char *trace;			/* NULL: none, as the next one */
	struct trace_filter trace_filter;	/* with it */
	char *page_tables;
	bool mappings;
	bool state_hash;
	bool host_check;		/* in place of a run */
	bool show_cpuid;		/* likewise */
	bool show_memory;		/* likewise */
	bool json;			/* with it */

	/* what is typed, waited for and checked */
	struct script_options script;
	struct expectations expect;

	/* bounds and statuses */
	double time_limit;		/* seconds; 0: none */
	struct optional insn_limit;
	struct optional exit_limit;
	struct optional on_halt;	/* 0 to 255 */
};

enum options_answer {
	OPTIONS_RUN,	/* go on */
	OPTIONS_DONE,	/* help or version has been printed: status 0 */
	OPTIONS_USAGE,	/* a usage error has been told: status 2 */
};

/*
 * Reads the command line; opens nothing. log's level is set by -v and -q.
 * Call options_free() whatever the answer.
 */
enum options_answer options_parse(struct options *options, int argc, const char **argv,
				  struct log *log);
void options_free(struct options *options);

#endif
