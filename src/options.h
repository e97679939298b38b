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
#include "host/disk.h"
#include "host/window.h"

enum option_display { DISPLAY_AUTO, DISPLAY_SDL, DISPLAY_TEXT, DISPLAY_NONE };
enum option_vga { VGA_MAP, VGA_TRAP };
enum option_debug_exit { DEBUG_EXIT_PLAIN, DEBUG_EXIT_QEMU };
/* enum window_quit_key, or what fits the guest. */
#define QUIT_KEY_DEFAULT (-1)

/* A number that may be left out. */
struct option_number {
	bool set;
	uint64_t value;
};

/* --expect-mem: bytes that memory must hold at the end. */
struct option_bytes {
	uint64_t gpa;
	uint8_t *bytes;
	size_t size;
};

struct options {
	/* the guest */
	char *guest;			/* exactly one of these two is set */
	char *demo;
	char *name;
	int format;			/* enum boot_format */
	int mode;			/* enum boot_mode */
	struct option_number base;
	struct option_number entry;
	struct boot_load *loads;
	size_t load_count;
	char *append;
	char **modules;
	size_t module_count;
	char *initrd;

	/* the machine */
	char *engine;
	bool isolate;
	struct option_number memory;	/* bytes */
	bool mergeable;
	int vga;			/* enum option_vga */
	int debug_exit;			/* enum option_debug_exit */

	/* the disk */
	char *disk;
	int disk_mode;			/* enum disk_mode */

	/* what is seen and printed */
	int display;			/* enum option_display */
	bool hold;
	bool no_hold;
	int quit_key;			/* enum window_quit_key or QUIT_KEY_DEFAULT */
	char *screenshot;
	char *debugcon;
	char *serial;
	char *profile;

	/* what is checked */
	char *expect_screen;
	char *expect_disk;
	char *expect_output;
	size_t expect_output_size;	/* escapes resolved; may hold NULs */
	struct option_number expect_rax;
	struct option_bytes *expect_mem;
	size_t expect_mem_count;

	/* bounds and statuses */
	double time_limit;		/* seconds; 0: none */
	struct option_number insn_limit;
	struct option_number exit_limit;
	struct option_number on_halt;	/* 0 to 255 */
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
