/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.c - the command lines of vmm and of vmm-lockstep, vmm(1) and
 * vmm-lockstep(1), read with popt.
 *
 * One table says for each option its name, what kind of value it takes (values.h,
 * machine_values.h) and where the value goes; an option is added by a line there and
 * a member of struct options. The tables for popt are made from it: a visible one
 * for each group of the help, and a hidden one in which each long option can
 * be spelled with one dash (vmm -guest BIN).
 */
#include "options.h"

#include <errno.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "core/array.h"
#include "core/mem.h"
#include "engine/select.h"
#include "lockstep_options.h"
#include "machine_values.h"
#include "values.h"

#define DEMO_DEFAULT "demo"
#define LOCKSTEP_ENGINES "interp,kvm"
#define GROUPS_MAX 8
/* Where a page of registers and the page behind it may be: below the APICs. */
#define SIMVIRTIO_LOWEST UINT64_C(0x100000)
#define SIMVIRTIO_HIGHEST UINT64_C(0xFEBFE000)

/* All that the command line can set. */
struct parsed {
	const struct program *program;
	struct options options;
	struct lockstep_options lockstep;
	bool verbose;
	bool quiet;
	bool help;
	bool usage;
	bool version;
	const struct option *last;	/* on the command line; NULL: none */
};

struct option {
	const char *name;
	char letter;		/* 0: none */
	const struct value_kind *kind;
	size_t offset;		/* in struct parsed, of the target that the kind wants */
	const char *argument;	/* as the help shows it; NULL: a flag */
	const char *const *choices;
	const char *help;
};

struct group {
	const char *title;
	const struct option *options;
	size_t count;
	const char *const *without;	/* names that this program does not offer; NULL: none */
};

/* One of the programs that have a command line here. */
struct program {
	const char *name;
	const char *arguments;
	const struct group *groups;
	size_t group_count;		/* at most GROUPS_MAX */
	const char *more;		/* printed behind the help */
};

/* --- the options --- */

static const char *const modes[] = { "real", "protected", "long", NULL };
static const char *const disk_modes[] = { "rw", "ro", "snapshot", NULL };
static const char *const displays[] = { "auto", "sdl", "text", "none", NULL };
static const char *const quit_keys[] = { "esc", "ctrl-alt-q", "none", NULL };
static const char *const vga_modes[] = { "map", "trap", NULL };
static const char *const clocks[] = { "real", "virtual", NULL };
static const char *const reboots[] = { "stop", "reset", NULL };
static const char *const simvirtio_modes[] = { "exit", "poll", NULL };
static const char *const debug_exits[] = { "plain", "qemu", NULL };

#define IN(field) offsetof(struct parsed, field)
#define OPTION(field) offsetof(struct parsed, options.field)
#define LOCKSTEP(field) offsetof(struct parsed, lockstep.field)

static const struct option guest_options[] = {
	{ "guest", 'g', &value_file, OPTION(guest), "FILE", NULL,
	  "the guest image (or the first argument)" },
	{ "demo", 0, &value_sample, OPTION(demo), "NAME", NULL,
	  "run an installed sample; --demo alone runs the sample 'demo'" },
	{ "format", 0, &value_choice, OPTION(format), "FORMAT", boot_format_names,
	  "the image: auto, flat, elf, multiboot, multiboot2 or linux" },
	{ "mode", 0, &value_choice, OPTION(mode), "MODE", modes,
	  "a flat image starts in real, protected or long mode" },
	{ "base", 0, &value_number, OPTION(base), "ADDR", NULL,
	  "a flat image: where it is loaded (default 0)" },
	{ "entry", 0, &value_number, OPTION(entry), "ADDR", NULL,
	  "a flat image: where it starts (default the base)" },
	{ "load", 0, &value_load, OPTION(loads), "FILE@ADDR", NULL,
	  "load more bytes into memory before the start; repeatable" },
	{ "append", 0, &value_string, OPTION(append), "STRING", NULL,
	  "the command line handed to a kernel" },
	{ "module", 0, &value_module, OPTION(modules), "\"FILE ARGS\"", NULL,
	  "a module handed to a multiboot kernel; repeatable" },
	{ "initrd", 0, &value_file, OPTION(initrd), "FILE", NULL,
	  "the initial RAM disk handed to a Linux kernel" },
	{ "name", 0, &value_string, OPTION(name), "NAME", NULL,
	  "the machine's name, for the window's title, ps and top" },
};

static const struct option machine_options[] = {
	{ "memory", 'm', &value_memory, OPTION(memory), "SIZE", NULL,
	  "guest memory: K, M or G, a bare number is MiB (default 64M)" },
	{ "engine", 0, &value_engine, OPTION(engine), "LIST", NULL,
	  "auto, or a list of kvm, direct, interp: the first that works" },
	{ "isolate", 0, &value_flag, OPTION(isolate), NULL, NULL,
	  "leave out engines that do not isolate the guest; confine vmm itself" },
	{ "disk", 'd', &value_file, OPTION(disk), "FILE", NULL,
	  "a raw disk image, a multiple of 512 bytes" },
	{ "disk-mode", 0, &value_choice, OPTION(disk_mode), "MODE", disk_modes,
	  "rw, ro or snapshot (writes vanish at the end)" },
	{ "vga", 0, &value_choice, OPTION(vga), "WAY", vga_modes,
	  "text memory is map (plain memory) or trap (accesses are exits)" },
	{ "debug-exit", 0, &value_choice, OPTION(debug_exit), "WAY", debug_exits,
	  "status for v written to port 0xF4: plain (v) or qemu (2v+1)" },
	{ "reboot", 0, &value_choice, OPTION(reboot), "WAY", reboots,
	  "when the guest resets the machine: stop (status 122), or reset it" },
	{ "cpu", 0, &value_cpu, OPTION(cpu), "MODEL", NULL,
	  "baseline (x86-64-v3) or host, then ,-FEATURE to leave some out" },
	{ "clock", 0, &value_choice, OPTION(clock), "KIND", clocks,
	  "the guest's time is real, or virtual: by instructions (engine interp)" },
	{ "memory-file", 0, &value_file, OPTION(memory_file), "FILE", NULL,
	  "guest memory is this file, which is made or emptied" },
	{ "map", 0, &value_map, OPTION(maps), "FILE@ADDR", NULL,
	  "a file as memory there; then ,ro ,shared ,overwrite ,size=N; repeatable" },
	{ "mergeable", 0, &value_flag, OPTION(mergeable), NULL, NULL,
	  "let the host merge equal pages of guest memory (KSM)" },
	{ "ipc", 0, &value_ipc, OPTION(ipc), "NAME=WHERE", NULL,
	  "an endpoint for messages: unix:PATH, disk[:FILE] or exec:COMMAND; repeatable" },
	{ "simvirtio", 0, &value_flag, OPTION(simvirtio), NULL, NULL,
	  "a SIMVIRTIO device at 0x100000, and memory of 1M by default" },
	{ "simvirtio-at", 0, &value_number, OPTION(simvirtio_at), "ADDR", NULL,
	  "where it is in place of that: a page behind the memory" },
	{ "simvirtio-mode", 0, &value_choice, OPTION(simvirtio_mode), "MODE", simvirtio_modes,
	  "what is sent is told by an exit, or a thread looks for it: poll" },
	{ "simvirtio-io", 0, &value_characters, OPTION(simvirtio_io), "WHERE", NULL,
	  "who is at its other end: a file, -, stdio, none, pty or unix:PATH" },
};

static const struct option display_options[] = {
	{ "display", 0, &value_choice, OPTION(display), "WAY", displays,
	  "auto, sdl (a window), text (the final screen) or none" },
	{ "hold", 0, &value_flag, OPTION(hold), NULL, NULL,
	  "keep the window open when the guest has ended" },
	{ "no-hold", 0, &value_flag, OPTION(no_hold), NULL, NULL,
	  "close the window when the guest has ended" },
	{ "quit-key", 0, &value_choice, OPTION(quit_key), "KEY", quit_keys,
	  "esc, ctrl-alt-q or none ends the run in the window" },
	{ "screenshot", 0, &value_picture, OPTION(screenshot), "FILE", NULL,
	  "write the final screen: .ppm, .png, .txt or .vram; -: text" },
	{ "debugcon", 0, &value_characters, OPTION(debugcon), "WHERE", NULL,
	  "where port 0xE9 prints: a file, -, none, pty or unix:PATH" },
	{ "serial", 0, &value_serial, OPTION(serial), "WHERE", NULL,
	  "COM1, the second time COM2: a file, -, stdio, none, pty or unix:PATH" },
};

static const struct option script_options[] = {
	{ "keys", 0, &value_keys, OPTION(script.keys), "SCRIPT", NULL,
	  "type: text<ret><ctrl-c><wait screen:'login:'>; @FILE: from a file" },
	{ "until", 0, &value_condition, OPTION(script.verdict.until), "SOURCE:TEXT", NULL,
	  "end with status 0 when screen, serial, serial2 or debugcon has TEXT" },
	{ "fail-on", 0, &value_condition, OPTION(script.verdict.fail_on), "SOURCE:TEXT", NULL,
	  "end with status 120 when it has; both are repeatable" },
};

static const struct option check_options[] = {
	{ "expect-screen", 0, &value_picture_file, OPTION(expect.screen), "FILE", NULL,
	  "the final screen, in any of the screenshot formats" },
	{ "expect-disk", 0, &value_file, OPTION(expect.disk), "FILE", NULL,
	  "the disk image at the end" },
	{ "expect-output", 0, &value_output, OPTION(expect.output), "TEXT", NULL,
	  "text that the guest must have printed; \\n and \\xHH are known" },
	{ "expect-rax", 0, &value_number, OPTION(expect.rax), "VALUE", NULL,
	  "RAX at the end" },
	{ "expect-mem", 0, &value_bytes_at, OPTION(expect.mem), "ADDR:HEXBYTES", NULL,
	  "bytes in guest memory at the end; repeatable" },
};

static const struct option bound_options[] = {
	{ "time-limit", 0, &value_seconds, OPTION(time_limit), "SECONDS", NULL,
	  "end the run after that time (decimals allowed)" },
	{ "insn-limit", 0, &value_count, OPTION(insn_limit), "N", NULL,
	  "end the run after N instructions (engine interp)" },
	{ "exit-limit", 0, &value_count, OPTION(exit_limit), "N", NULL,
	  "end the run after N exits" },
	{ "on-halt", 0, &value_status, OPTION(on_halt), "STATUS", NULL,
	  "exit status for HLT with interrupts disabled" },
};

static const struct option report_options[] = {
	{ "profile", 0, &value_profile, OPTION(profile), "FILE", NULL,
	  "write what the exits were: .txt, .json or .svg; -: to standard error" },
	{ "trace", 0, &value_file, OPTION(trace), "FILE", NULL,
	  "write what the guest does, a line an event; -: to standard error" },
	{ "trace-filter", 0, &value_trace_filter, OPTION(trace_filter), "KIND[:A[-B]],...", NULL,
	  "only these: pio, mmio, msr, irq, int, hlt, exception, pagefault, hypercall, cr3" },
	{ "report", 0, &value_json, OPTION(report), "FILE", NULL,
	  "write how the run ended, for programs to read: .json" },
	{ "dump-page-tables", 0, &value_file, OPTION(page_tables), "FILE", NULL,
	  "write what the guest's page tables map at the end, and on SIGUSR2; "
	  "-: to standard output" },
	{ "show-mappings", 0, &value_flag, OPTION(mappings), NULL, NULL,
	  "print what of the guest is mapped in vmm at the end, and on SIGUSR2 (engine direct)" },
	{ "state-hash", 0, &value_flag, OPTION(state_hash), NULL, NULL,
	  "print hashes of memory, registers, FPU and screen at the end" },
	{ "show-cpuid", 0, &value_flag, OPTION(show_cpuid), NULL, NULL,
	  "print what the instruction CPUID gives with --cpu; runs no guest" },
	{ "show-memory", 0, &value_flag, OPTION(show_memory), NULL, NULL,
	  "print what is where in the guest's physical memory; runs no guest" },
	{ "host-check", 0, &value_flag, OPTION(host_check), NULL, NULL,
	  "say what this host has for vmm, and what would help; runs no guest" },
	{ "json", 0, &value_flag, OPTION(json), NULL, NULL,
	  "with --host-check: as JSON" },
	{ "verbose", 'v', &value_flag, IN(verbose), NULL, NULL,
	  "explain choices, show accesses that nobody answers" },
	{ "quiet", 'q', &value_flag, IN(quiet), NULL, NULL,
	  "do not say how the run ended" },
	{ "version", 0, &value_flag, IN(version), NULL, NULL, "print the version" },
	{ "help", 'h', &value_flag, IN(help), NULL, NULL, "print this help" },
	{ "usage", 0, &value_flag, IN(usage), NULL, NULL, "print a short usage message" },
};

static const struct option comparison_options[] = {
	{ "engines", 0, &value_engine, LOCKSTEP(engines), "A,B", NULL,
	  "the engines that are compared (default " LOCKSTEP_ENGINES ")" },
	{ "insn-limit", 0, &value_count, LOCKSTEP(insn_limit), "N", NULL,
	  "end after N instructions" },
	{ "stride", 0, &value_count, LOCKSTEP(stride), "N", NULL,
	  "compare registers each N instructions first (where both engines count them)" },
	{ "memory-stride", 0, &value_count, LOCKSTEP(memory_stride), "N", NULL,
	  "compare memory each N instructions first (default 1048576)" },
	{ "fpu", 0, &value_flag, LOCKSTEP(fpu), NULL, NULL,
	  "compare x87, MMX, SSE and AVX registers too" },
	{ "accept", 0, &value_count, LOCKSTEP(accept), "N", NULL,
	  "go on behind the first N differences: both sides get the leader's state" },
	{ "poke", 0, &value_poke, LOCKSTEP(pokes), "SIDE:COUNT:ADDR:HEXBYTES", NULL,
	  "make a difference: bytes into memory of side a or b after COUNT instructions" },
};

#define GROUP(title, options) { title, options, ARRAY_SIZE(options), NULL }
#define GROUP_WITHOUT(title, options, names) { title, options, ARRAY_SIZE(options), names }

static const struct group groups[] = {
	GROUP("The guest:", guest_options),
	GROUP("The machine:", machine_options),
	GROUP("Screen and output:", display_options),
	GROUP("Runs without a person:", script_options),
	GROUP("Checks at the end (status 120 where one is not met):", check_options),
	GROUP("Limits and statuses:", bound_options),
	GROUP("Reports and help:", report_options),
};

static const struct program vmm_program = {
	"vmm", "[OPTION...] [GUEST]", groups, ARRAY_SIZE(groups),
	"\nEvery long option also works with one dash (vmm -guest BIN -disk FILE).\n"
	"See vmm(1) for exit statuses and examples, vmm-machine(7) for what a guest sees.\n",
};

/* What vmm-lockstep decides itself, and what only a run of one machine is about. */
static const char *const lockstep_without[] = {
	"demo", "name", "engine", "isolate", "disk-mode", "reboot", "clock", "memory-file",
	"map", "mergeable", "ipc", "simvirtio-mode", "simvirtio-io", "profile", "trace",
	"trace-filter", "report", "dump-page-tables", "show-mappings", "state-hash",
	"show-cpuid", "show-memory",
	"host-check", "json",
	NULL,
};

static const struct group lockstep_groups[] = {
	GROUP_WITHOUT("The guest:", guest_options, lockstep_without),
	GROUP_WITHOUT("The machines:", machine_options, lockstep_without),
	GROUP("The comparison:", comparison_options),
	GROUP_WITHOUT("Reports and help:", report_options, lockstep_without),
};

static const struct program lockstep_program = {
	"vmm-lockstep", "[OPTION...] GUEST", lockstep_groups, ARRAY_SIZE(lockstep_groups),
	"\nEvery long option also works with one dash.\n"
	"See vmm-lockstep(1) for exit statuses, examples and how it works.\n",
};

/* --- popt --- */

/* popt's tables: a visible one a group, then all again with one dash. */
struct tables {
	struct poptOption *visible[GROUPS_MAX];
	struct poptOption *one_dash;
	struct poptOption top[GROUPS_MAX + 2];
	const struct option **by_value;	/* popt's val - 1 */
};

static size_t option_count(const struct program *program)
{
	size_t count = 0;

	for (size_t i = 0; i < program->group_count; i++)
		count += program->groups[i].count;
	return count;
}

static bool offered(const struct group *group, const struct option *option)
{
	for (const char *const *name = group->without; name && *name; name++)
		if (!strcmp(*name, option->name))
			return false;
	return true;
}

static struct poptOption popt_option(const struct option *option, int value)
{
	return (struct poptOption){
		.longName = option->name, .shortName = option->letter,
		.argInfo = option->argument ? POPT_ARG_STRING : POPT_ARG_NONE,
		.val = value, .descrip = option->help, .argDescrip = option->argument,
	};
}

static struct poptOption popt_include(struct poptOption *table, const char *title)
{
	return (struct poptOption){
		.argInfo = POPT_ARG_INCLUDE_TABLE, .arg = table, .descrip = title,
	};
}

static void tables_free(struct tables *tables)
{
	for (size_t i = 0; i < GROUPS_MAX; i++)
		free(tables->visible[i]);
	free(tables->one_dash);
	free(tables->by_value);
}

/* A group's visible table; its options also go to the others, from *value on. */
static int add_group(struct tables *tables, size_t index, const struct group *group,
		     size_t *value)
{
	struct poptOption *visible = calloc(group->count + 1, sizeof(*visible));

	tables->visible[index] = visible;
	if (!visible)
		return -ENOMEM;
	tables->top[index] = popt_include(visible, group->title);
	for (size_t i = 0; i < group->count; i++) {
		struct poptOption option = popt_option(&group->options[i], (int)*value + 1);

		if (!offered(group, &group->options[i]))
			continue;
		*visible++ = option;
		option.shortName = 0;
		option.argInfo |= POPT_ARGFLAG_ONEDASH | POPT_ARGFLAG_DOC_HIDDEN;
		tables->one_dash[*value] = option;
		tables->by_value[(*value)++] = &group->options[i];
	}
	return 0;
}

static int tables_make(struct tables *tables, const struct program *program)
{
	size_t count = option_count(program), value = 0;
	int error = 0;

	*tables = (struct tables){ 0 };
	tables->one_dash = calloc(count + 1, sizeof(*tables->one_dash));
	tables->by_value = calloc(count, sizeof(const struct option *));
	if (!tables->one_dash || !tables->by_value)
		return -ENOMEM;
	for (size_t i = 0; i < program->group_count && !error; i++)
		error = add_group(tables, i, &program->groups[i], &value);
	tables->top[program->group_count] = popt_include(tables->one_dash, NULL);
	return error;
}

/* Says what is wrong with the command line; always false. */
static bool usage_error(const struct log *log, const char *what, const char *about,
			const char *why)
{
	log_error(log, "%s%s: %s (see %s --help)", what, about, why, log_program(log));
	return false;
}

static void *target(const struct option *option, struct parsed *parsed)
{
	return (uint8_t *)parsed + option->offset;
}

static bool read_options(poptContext popt, const struct tables *tables, struct parsed *parsed,
			 const struct log *log)
{
	int value;

	while ((value = poptGetNextOpt(popt)) > 0) {
		const struct option *option = tables->by_value[value - 1];
		char *text = poptGetOptArg(popt);
		struct value given = { .text = text, .choices = option->choices };
		const char *wrong = option->kind->parse(target(option, parsed), &given);

		parsed->last = option;
		if (wrong)
			log_error(log, "--%s%s%s: %s (see %s --help)", option->name,
				  text ? "=" : "", text ? text : "", wrong, log_program(log));
		free(text);
		if (wrong)
			return false;
	}
	if (value < -1)
		return usage_error(log, "", poptBadOption(popt, 0), poptStrerror(value));
	return true;
}

/* The guest may be the first argument; there is no second one. */
static bool read_arguments(poptContext popt, struct parsed *parsed, const struct log *log)
{
	const char *argument = poptGetArg(popt), *more = poptGetArg(popt);
	struct options *options = &parsed->options;

	if (more || (argument && options->guest))
		return usage_error(log, "", more ? more : argument,
				   "one guest image only; options come with dashes");
	if (argument && !*argument)
		return usage_error(log, "", "the guest", "a file name is missing");
	if (argument)
		options->guest = strdup(argument);
	if (options->demo && options->guest)
		return usage_error(log, "--demo and ", options->guest, "one guest only");
	return true;
}

/* How many of those that read standard input are asked to: only one can. */
static unsigned int count_stdio(const struct options *options)
{
	const char *const where[] = {
		options->serial[0], options->serial[1], options->simvirtio_io,
	};
	unsigned int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(where); i++)
		count += where[i] && !strcmp(where[i], "stdio");
	return count;
}

/* The block service without an image of its own has the machine's disk. */
static bool ipc_consistent(const struct options *options, const struct log *log)
{
	for (size_t i = 0; i < options->ipc.count; i++) {
		const char *spec = options->ipc.spec[i];

		if (ipc_wants_disk(spec) && !options->disk)
			return usage_error(log, "--ipc=", spec,
					   "there is no disk (add --disk, or :FILE)");
		if (!ipc_wants_disk(spec) && !ipc_file(spec) && options->clock == CLOCK_VIRTUAL)
			return usage_error(log, "--ipc=", spec, "messages from outside come in no "
					   "virtual time (leave out --clock=virtual)");
	}
	return true;
}

static bool simvirtio_consistent(const struct options *options, const struct log *log)
{
	const struct optional *at = &options->simvirtio_at;

	if (!options->simvirtio && (at->set || options->simvirtio_mode != SIMVIRTIO_EXIT ||
				    (options->simvirtio_io && !options->lockstep)))
		return usage_error(log, "", "--simvirtio-...", "there is no such device "
				   "(add --simvirtio)");
	if (at->set && (at->value % MEM_PAGE_SIZE || at->value < SIMVIRTIO_LOWEST ||
			at->value > SIMVIRTIO_HIGHEST))
		return usage_error(log, "", "--simvirtio-at", "must be a multiple of 0x1000, from "
				   "0x100000 to 0xfebfe000");
	if (options->simvirtio_mode == SIMVIRTIO_POLL && options->clock == CLOCK_VIRTUAL)
		return usage_error(log, "", "--simvirtio-mode=poll", "its thread keeps real time "
				   "(leave out --clock=virtual)");
	return true;
}

static bool consistent(const struct parsed *parsed, const struct log *log)
{
	const struct options *options = &parsed->options;

	if (options->hold && options->no_hold)
		return usage_error(log, "", "--hold and --no-hold", "choose one");
	if (options->expect.disk && !options->disk)
		return usage_error(log, "", "--expect-disk", "there is no disk (add --disk)");
	if (options->disk_mode && !options->disk && parsed->program == &vmm_program)
		return usage_error(log, "", "--disk-mode", "there is no disk (add --disk)");
	if (options->host_check && (options->guest || options->demo))
		return usage_error(log, "", "--host-check", "runs no guest (leave it out)");
	if (options->show_cpuid && options->cpu.host)
		return usage_error(log, "", "--show-cpuid", "is for models of --cpu; what KVM has of "
				   "the host's shows the sample cpuid (vmm --demo=cpuid)");
	if (options->json && !options->host_check)
		return usage_error(log, "", "--json", "is for --host-check (add it)");
	if (options->trace_filter.count && !options->trace)
		return usage_error(log, "", "--trace-filter", "nothing is traced (add --trace)");
	if (count_stdio(options) > 1)
		return usage_error(log, "", "--serial=stdio, --simvirtio-io=stdio",
				   "for one port or device only");
	if (!ipc_consistent(options, log) || !simvirtio_consistent(options, log))
		return false;
	return !engine_list_check(options->engine, log);
}

/*
 * --demo may stand alone, which popt cannot say without letting it swallow the
 * argument behind it.
 */
static void name_demo(int argc, const char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--demo") || !strcmp(argv[i], "-demo"))
			argv[i] = "--demo=" DEMO_DEFAULT;
}

static void print_version(const struct program *program)
{
	printf("%s (%s) %s\n"
	       "Copyright (C) 2026 the authors of vmm.\n"
	       "License GPL-3.0-or-later <https://gnu.org/licenses/gpl.html>.\n"
	       "This is free software; there is no warranty, to the extent permitted by law.\n",
	       program->name, PACKAGE, VERSION);
}

static void print_help(poptContext popt, const struct program *program)
{
	poptPrintHelp(popt, stdout, 0);
	fputs(program->more, stdout);
}

/* Where the last option wants a value, it may have taken the guest for it. */
static void print_no_guest(poptContext popt, const struct parsed *parsed, const struct log *log)
{
	const struct option *last = parsed->last;
	bool valued = last && last->argument;

	poptPrintUsage(popt, log_stream(log), 0);
	log_error(log, "no guest%s%s%s%s: name an image%s", valued ? " behind --" : "",
		  valued ? last->name : "", valued ? "=" : "", valued ? last->argument : "",
		  parsed->program == &vmm_program ? ", or try vmm --demo" : "");
}

/* What is printed in place of a run. */
static enum options_answer answer(poptContext popt, const struct parsed *parsed,
				  const struct log *log)
{
	const struct options *options = &parsed->options;

	if (parsed->help)
		print_help(popt, parsed->program);
	else if (parsed->usage)
		poptPrintUsage(popt, stdout, 0);
	else if (parsed->version)
		print_version(parsed->program);
	else if (options->guest || options->demo || options->host_check || options->show_memory ||
		 options->show_cpuid)
		return OPTIONS_RUN;
	else {
		print_no_guest(popt, parsed, log);
		return OPTIONS_USAGE;
	}
	return OPTIONS_DONE;
}

static enum options_answer parse(struct parsed *parsed, poptContext popt,
				 const struct tables *tables, struct log *log)
{
	if (!read_options(popt, tables, parsed, log) || !read_arguments(popt, parsed, log))
		return OPTIONS_USAGE;
	if (parsed->verbose)
		log->level = LOG_VERBOSE;
	if (parsed->quiet)
		log->level = LOG_QUIET;
	if (!parsed->help && !parsed->usage && !parsed->version && !consistent(parsed, log))
		return OPTIONS_USAGE;
	return answer(popt, parsed, log);
}

static enum options_answer parse_program(struct parsed *parsed, int argc, const char **argv,
					 struct log *log)
{
	const struct program *program = parsed->program;
	enum options_answer result = OPTIONS_USAGE;
	poptContext popt = NULL;
	struct tables tables;

	if (!tables_make(&tables, program))
		popt = poptGetContext(program->name, argc, argv, tables.top, 0);
	if (popt) {
		poptSetOtherOptionHelp(popt, program->arguments);
		result = parse(parsed, popt, &tables, log);
		poptFreeContext(popt);
	} else {
		log_error(log, "out of memory");
	}
	tables_free(&tables);
	return result;
}

static char *copy_text(const char *text, const struct log *log)
{
	char *copy = strdup(text);

	if (!copy)
		log_error(log, "out of memory");
	return copy;
}

enum options_answer options_parse(struct options *options, int argc, const char **argv,
				  struct log *log)
{
	struct parsed parsed = {
		.program = &vmm_program,
		.options = { .quit_key = QUIT_KEY_DEFAULT, .engine = copy_text("auto", log) },
	};
	enum options_answer result = OPTIONS_USAGE;

	name_demo(argc, argv);
	if (parsed.options.engine)
		result = parse_program(&parsed, argc, argv, log);
	*options = parsed.options;
	return result;
}

/* --- vmm-lockstep --- */

/* "A,B": each side gets its own options, which share all but the engine's name. */
static int split_engines(struct lockstep_options *lockstep, const struct options *options,
			 const struct log *log)
{
	char *comma = strchr(lockstep->engines, ',');

	if (!comma || strchr(comma + 1, ',') || strstr(lockstep->engines, "auto")) {
		log_error(log, "--engines=%s: must be two engines by name (interp,kvm, say; "
			  "see vmm-lockstep --help)", lockstep->engines);
		return -EINVAL;
	}
	if (engine_list_check(lockstep->engines, log))
		return -EINVAL;
	*comma = '\0';
	for (size_t i = 0; i < LOCKSTEP_SIDES; i++) {
		lockstep->machine[i] = malloc(sizeof(*options));
		if (!lockstep->machine[i])
			return -ENOMEM;
		*lockstep->machine[i] = *options;
		lockstep->machine[i]->engine = i ? comma + 1 : lockstep->engines;
	}
	return 0;
}

enum lockstep_answer lockstep_options_parse(struct lockstep_options *lockstep, int argc,
					    const char **argv, struct log *log)
{
	struct parsed parsed = {
		.program = &lockstep_program,
		.options = {
			.engine = copy_text("auto", log), .clock = CLOCK_VIRTUAL, .lockstep = true,
			.disk_mode = DISK_SNAPSHOT, .debugcon = copy_text("none", log),
			.serial = { copy_text("none", log) }, .simvirtio_io = copy_text("none", log),
		},
		.lockstep = { .engines = copy_text(LOCKSTEP_ENGINES, log) },
	};
	enum options_answer answer = OPTIONS_USAGE;

	if (parsed.options.engine && parsed.options.debugcon && parsed.options.serial[0] &&
	    parsed.options.simvirtio_io && parsed.lockstep.engines)
		answer = parse_program(&parsed, argc, argv, log);
	free(parsed.options.engine);
	parsed.options.engine = NULL;
	*lockstep = parsed.lockstep;
	lockstep->cpu = parsed.options.cpu;
	lockstep->machine_options = malloc(sizeof(parsed.options));
	if (!lockstep->machine_options) {
		options_free(&parsed.options);
		return LOCKSTEP_USAGE;
	}
	*lockstep->machine_options = parsed.options;
	if (answer == OPTIONS_RUN && split_engines(lockstep, lockstep->machine_options, log))
		answer = OPTIONS_USAGE;
	return answer == OPTIONS_RUN ? LOCKSTEP_RUN :
	       answer == OPTIONS_DONE ? LOCKSTEP_DONE : LOCKSTEP_USAGE;
}

/* --- what the values hold is freed by their kinds --- */

static void release(const struct group *group, struct parsed *parsed)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct option *option = &group->options[i];

		if (option->kind->release)
			option->kind->release(target(option, parsed));
	}
}

/* Options are vmm's, whichever program's command line they come from. */
void options_free(struct options *options)
{
	struct parsed parsed = { .options = *options };

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		release(&groups[i], &parsed);
}

void lockstep_options_free(struct lockstep_options *lockstep)
{
	const struct group comparison = GROUP("", comparison_options);
	struct parsed parsed = { .lockstep = *lockstep };

	release(&comparison, &parsed);
	for (size_t i = 0; i < LOCKSTEP_SIDES; i++)
		free(lockstep->machine[i]);
	if (lockstep->machine_options)
		options_free(lockstep->machine_options);
	free(lockstep->machine_options);
}
