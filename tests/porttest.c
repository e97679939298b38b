/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * porttest.c - drives the devices as a guest would, without guest or engine.
 *
 * usage: porttest [DISK [rw|ro|snapshot]]
 *
 * Commands on standard input, one a line, answers on standard output, one a
 * line for each command that asks something. Numbers are as in C; hex stands
 * for bytes as pairs of hexadecimal digits. {b,w,l,q}: 1, 2, 4, 8 bytes.
 *
 *   in{b,w,l} PORT		out{b,w,l} PORT VALUE
 *   ins{b,w,l} PORT COUNT	outs{b,w,l} PORT HEX	string I/O
 *   read{b,w,l,q} ADDRESS	write{b,w,l,q} ADDRESS VALUE	MMIO
 *   peek ADDRESS LENGTH	mem ADDRESS HEX		guest memory
 *   tables			those for kernels, to guest memory
 *   irq LINE			its level
 *   sector LBA [LENGTH]	bytes on the disk
 *   store OFFSET HEX		bytes to the disk, at any place
 *   compare FILE		same, different or error; see disk_compare()
 *   diskerror			errno of the host's first error; 0: none
 *   printed			what the guest has printed, as hex
 *   receive HEX		bytes arrive at COM1; how many it took
 *   key NAME down|up
 *   a20				on or off
 *   pass NS			time passes, 4 seconds at most
 *   ended			how the run has ended: "KIND STATUS", or no
 *   reset			all devices
 *   repeat COUNT COMMAND...
 *
 * Exit status: 0; 1 for a command that is wrong; 2 where the machine could not
 * be set up.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/tables.h"
#include "dev/uart.h"
#include "dev/vga.h"
#include "host/output.h"
#include "wiring.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS_MAX 12
#define BYTES_MAX (1u << 20)

struct harness {
	struct log log;
	struct mem *mem;
	struct bus *bus;
	struct irqs *irqs;
	struct intr *intr;
	struct msrs *msrs;
	struct clock *clock;
	struct run *run;
	struct works *works;
	struct a20 *a20;
	struct devices *devices;
	struct keyboard *keyboard;
	struct screen *screen;
	struct disk *disk;		/* NULL: none */
	struct capture *capture;
	struct outputs *outputs;
	struct output *output;
	struct uart *uart;		/* the devices' */
	unsigned int line;		/* of the script */
};

/* --- set-up --- */

/*
 * Memory with borders for transfers to cross: RAM in two pieces, the text
 * memory next to more RAM, and ROM up to 1 MiB.
 */
static int add_memory(struct harness *harness)
{
	const struct mem_region regions[] = {
		{ 0x00000, 0x80000, NULL, MEM_RW, "low RAM" },
		{ 0x80000, 0x20000, NULL, MEM_RW, "more RAM" },
		{ 0xB8000, SCREEN_MEMORY_SIZE, screen_memory(harness->screen), MEM_RW, "text" },
		{ 0xC0000, 0x30000, NULL, MEM_RW, "high RAM" },
		{ 0xF0000, 0x10000, NULL, MEM_READ, "ROM" },
	};
	int error = 0;

	for (size_t i = 0; i < COUNT(regions) && !error; i++) {
		struct mem_region region = regions[i];

		if (!region.host)
			region.host = mem_backing(harness->mem, region.size, false);
		error = region.host ? mem_add(harness->mem, &region, false) : -ENOMEM;
	}
	return error;
}

static int add_chips(struct harness *harness)
{
	struct wiring wiring = {
		.mem = harness->mem, .bus = harness->bus, .irqs = harness->irqs,
		.intr = harness->intr, .msrs = harness->msrs, .clock = harness->clock,
		.a20 = harness->a20, .keyboard = harness->keyboard,
		.devices = harness->devices, .run = harness->run, .screen = harness->screen,
		.disk = harness->disk, .debugcon = harness->output,
		.serial = { harness->output, harness->output },
		.log = &harness->log,
	};
	int error = wire(&wiring);

	harness->uart = wiring.com[0];
	return error;
}

static int open_output(struct harness *harness)
{
	struct outputs_config config = { .capture = harness->capture, .log = &harness->log };

	return outputs_create(&harness->outputs, &config) ||
	       output_open_fn(&harness->output, NULL, NULL, "output", harness->outputs);
}

/* Says what is wrong where it is the disk's. */
static int set_up(struct harness *harness, const char *disk, enum disk_mode mode)
{
	if (disk && disk_open(&harness->disk, disk, mode, &harness->log))
		return -1;
	if (mem_create(&harness->mem) || bus_create(&harness->bus) ||
	    irqs_create(&harness->irqs) ||
	    intr_create(&harness->intr) || msrs_create(&harness->msrs) ||
	    clock_create(&harness->clock, true) || run_create(&harness->run) ||
	    works_create(&harness->works, harness->run) || a20_create(&harness->a20) ||
	    keyboard_create(&harness->keyboard, harness->works) ||
	    devices_create(&harness->devices) || screen_create(&harness->screen, NULL) ||
	    capture_create(&harness->capture) ||
	    open_output(harness) ||
	    add_memory(harness) || add_chips(harness))
		return -1;
	/* As a machine is at power-on. */
	devices_reset(harness->devices);
	return 0;
}

static void tear_down(struct harness *harness)
{
	devices_destroy(harness->devices);
	works_destroy(harness->works);
	keyboard_destroy(harness->keyboard);
	a20_destroy(harness->a20);
	output_close(harness->output);
	outputs_destroy(harness->outputs);
	capture_destroy(harness->capture);
	disk_close(harness->disk);
	screen_destroy(harness->screen);
	run_destroy(harness->run);
	irqs_destroy(harness->irqs);
	msrs_destroy(harness->msrs);
	intr_destroy(harness->intr);
	clock_destroy(harness->clock);
	bus_destroy(harness->bus);
	mem_destroy(harness->mem);
}

/* --- arguments and answers --- */

static int complain(const struct harness *harness, const char *what, const char *word)
{
	fprintf(stderr, "porttest: line %u: %s: %s\n", harness->line, what, word);
	return -EINVAL;
}

static int parse_number(const struct harness *harness, const char *word, uint64_t most,
			uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(word, &end, 0);
	if (errno || end == word || *end || *value > most)
		return complain(harness, "not a number that fits", word);
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Returns bytes to be freed, or NULL with a complaint. */
static uint8_t *parse_hex(const struct harness *harness, const char *word, size_t *len)
{
	uint8_t *bytes = malloc(strlen(word) / 2 + 1);

	for (*len = 0; bytes && *word; word += 2, (*len)++) {
		int high = hex_digit(word[0]), low = high < 0 ? -1 : hex_digit(word[1]);

		if (low < 0) {
			free(bytes);
			complain(harness, "not bytes in hex", word);
			return NULL;
		}
		bytes[*len] = (uint8_t)(high << 4 | low);
	}
	return bytes;
}

static void print_hex(const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

/* --- the commands --- */

/* argv: the words after the command. size: of an access. */
typedef int command_fn(struct harness *harness, char **argv, unsigned int size);

static uint64_t last_address(enum bus_space space)
{
	return space == BUS_PIO ? UINT16_MAX : UINT64_MAX;
}

static int bus_get(struct harness *harness, enum bus_space space, char **argv, unsigned int size)
{
	uint64_t address;
	int error = parse_number(harness, argv[0], last_address(space), &address);

	if (!error)
		printf("%0*" PRIx64 "\n", (int)size * 2,
		       bus_read(harness->bus, space, address, size));
	return error;
}

static int bus_put(struct harness *harness, enum bus_space space, char **argv, unsigned int size)
{
	uint64_t address, value;
	int error = parse_number(harness, argv[0], last_address(space), &address);

	if (!error)
		error = parse_number(harness, argv[1], UINT64_MAX >> (64 - 8 * size), &value);
	if (!error)
		bus_write(harness->bus, space, address, size, value);
	return error;
}

static int do_in(struct harness *harness, char **argv, unsigned int size)
{
	return bus_get(harness, BUS_PIO, argv, size);
}

static int do_out(struct harness *harness, char **argv, unsigned int size)
{
	return bus_put(harness, BUS_PIO, argv, size);
}

static int do_read(struct harness *harness, char **argv, unsigned int size)
{
	return bus_get(harness, BUS_MMIO, argv, size);
}

static int do_write(struct harness *harness, char **argv, unsigned int size)
{
	return bus_put(harness, BUS_MMIO, argv, size);
}

static int do_ins(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t port, count;
	int error = parse_number(harness, argv[0], UINT16_MAX, &port);
	uint8_t *data;

	if (!error)
		error = parse_number(harness, argv[1], BYTES_MAX / size, &count);
	if (error)
		return error;
	data = malloc(count * size + 1);
	if (!data)
		return -ENOMEM;
	bus_read_string(harness->bus, (uint16_t)port, size, data, count);
	print_hex(data, count * size);
	free(data);
	return 0;
}

static int do_outs(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t port;
	size_t len;
	int error = parse_number(harness, argv[0], UINT16_MAX, &port);
	uint8_t *data = error ? NULL : parse_hex(harness, argv[1], &len);

	if (!data)
		return -EINVAL;
	bus_write_string(harness->bus, (uint16_t)port, size, data, len / size);
	free(data);
	return len % size ? complain(harness, "not whole elements", argv[1]) : 0;
}

static int do_peek(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t gpa, len;
	int error = parse_number(harness, argv[0], UINT64_MAX, &gpa);
	uint8_t *data;

	(void)size;
	if (!error)
		error = parse_number(harness, argv[1], BYTES_MAX, &len);
	if (error)
		return error;
	data = malloc(len + 1);
	error = data ? mem_read(harness->mem, gpa, data, len) : -ENOMEM;
	if (error)
		complain(harness, strerror(-error), argv[0]);
	else
		print_hex(data, len);
	free(data);
	return error;
}

static int do_tables(struct harness *harness, char **argv, unsigned int size)
{
	(void)argv;
	(void)size;
	tables_write(harness->mem);
	return 0;
}

static int do_mem(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t gpa;
	size_t len;
	int error = parse_number(harness, argv[0], UINT64_MAX, &gpa);
	uint8_t *data = error ? NULL : parse_hex(harness, argv[1], &len);

	(void)size;
	if (!data)
		return -EINVAL;
	error = mem_load(harness->mem, gpa, data, len);
	free(data);
	return error ? complain(harness, strerror(-error), argv[0]) : 0;
}

static int do_irq(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t number;
	int error = parse_number(harness, argv[0], IRQ_LINES - 1, &number);

	(void)size;
	if (!error)
		printf("%d\n", irq_level(irq_line(harness->irqs, (unsigned int)number)));
	return error;
}

static int do_sector(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t lba, len = DISK_SECTOR_SIZE;
	uint8_t data[DISK_SECTOR_SIZE];
	int error = parse_number(harness, argv[0], UINT64_MAX, &lba);

	(void)size;
	if (!error && argv[1])
		error = parse_number(harness, argv[1], sizeof(data), &len);
	if (!error && !harness->disk)
		error = complain(harness, "no disk", argv[0]);
	if (error)
		return error;
	error = disk_read(harness->disk, lba, 1, data);
	if (error)
		return complain(harness, strerror(-error), argv[0]);
	print_hex(data, len);
	return 0;
}

static int do_store(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t offset;
	size_t len;
	int error = parse_number(harness, argv[0], UINT64_MAX, &offset);
	uint8_t *data;

	(void)size;
	if (!error && !harness->disk)
		error = complain(harness, "no disk", argv[0]);
	data = error ? NULL : parse_hex(harness, argv[1], &len);
	if (!data)
		return -EINVAL;
	error = disk_write_bytes(harness->disk, offset, len, data);
	free(data);
	return error ? complain(harness, strerror(-error), argv[0]) : 0;
}

static int do_compare(struct harness *harness, char **argv, unsigned int size)
{
	int result;

	(void)size;
	if (!harness->disk)
		return complain(harness, "no disk", argv[0]);
	result = disk_reference_open(argv[0], &harness->log);
	if (result >= 0) {
		int reference = result;

		result = disk_compare(harness->disk, reference, argv[0], &harness->log);
		close(reference);
	}
	puts(result < 0 ? "error" : result ? "different" : "same");
	return 0;
}

static int do_diskerror(struct harness *harness, char **argv, unsigned int size)
{
	(void)argv;
	(void)size;
	printf("%d\n", harness->disk ? -disk_error(harness->disk) : 0);
	return 0;
}

static int do_printed(struct harness *harness, char **argv, unsigned int size)
{
	size_t len;
	const char *bytes = capture_bytes(harness->capture, &len);

	(void)argv;
	(void)size;
	print_hex(bytes, len);
	return 0;
}

static int do_receive(struct harness *harness, char **argv, unsigned int size)
{
	size_t len;
	uint8_t *data = parse_hex(harness, argv[0], &len);

	(void)size;
	if (!data)
		return -EINVAL;
	printf("%zu\n", uart_receive(harness->uart, data, len));
	free(data);
	return 0;
}

static int do_ended(struct harness *harness, char **argv, unsigned int size)
{
	static const char *const kinds[ENDING_KINDS] = {
		[ENDING_HOST_ERROR] = "host-error", [ENDING_CRASH] = "crash",
		[ENDING_LIMIT] = "limit",	[ENDING_SIGNAL] = "signal",
		[ENDING_RESET] = "reset",	[ENDING_HALT] = "halt",
		[ENDING_EXIT] = "exit",		[ENDING_POWEROFF] = "poweroff",
		[ENDING_CLOSED] = "closed",
	};
	struct ending ending;

	(void)argv;
	(void)size;
	if (run_ending(harness->run, &ending))
		printf("%s %d\n", kinds[ending.kind], ending_status(&ending));
	else
		puts("no");
	return 0;
}

static int do_reset(struct harness *harness, char **argv, unsigned int size)
{
	(void)argv;
	(void)size;
	devices_reset(harness->devices);
	return 0;
}

static int do_key(struct harness *harness, char **argv, unsigned int size)
{
	enum key key = key_named(argv[0]);

	(void)size;
	if (key == KEY_NONE)
		return complain(harness, "no key", argv[0]);
	keyboard_send(harness->keyboard, key, strcmp(argv[1], "up") ? KEY_PRESSED : KEY_RELEASED);
	works_run(harness->works);
	return 0;
}

static int do_a20(struct harness *harness, char **argv, unsigned int size)
{
	(void)argv;
	(void)size;
	puts(a20_is_on(harness->a20) ? "on" : "off");
	return 0;
}

static int do_pass(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t ns;
	int error = parse_number(harness, argv[0], UINT32_MAX, &ns);

	(void)size;
	if (error)
		return error;
	clock_advance_to(harness->clock, clock_now(harness->clock) + ns);
	clock_run_alarms(harness->clock);
	return 0;
}

static command_fn do_repeat;

static const struct command {
	const char *name;
	command_fn *fn;
	unsigned int size;
	unsigned int least;	/* arguments */
	unsigned int most;
} commands[] = {
	{ "inb", do_in, 1, 1, 1 },
	{ "inw", do_in, 2, 1, 1 },
	{ "inl", do_in, 4, 1, 1 },
	{ "outb", do_out, 1, 2, 2 },
	{ "outw", do_out, 2, 2, 2 },
	{ "outl", do_out, 4, 2, 2 },
	{ "insb", do_ins, 1, 2, 2 },
	{ "insw", do_ins, 2, 2, 2 },
	{ "insl", do_ins, 4, 2, 2 },
	{ "outsb", do_outs, 1, 2, 2 },
	{ "outsw", do_outs, 2, 2, 2 },
	{ "outsl", do_outs, 4, 2, 2 },
	{ "readb", do_read, 1, 1, 1 },
	{ "readw", do_read, 2, 1, 1 },
	{ "readl", do_read, 4, 1, 1 },
	{ "readq", do_read, 8, 1, 1 },
	{ "writeb", do_write, 1, 2, 2 },
	{ "writew", do_write, 2, 2, 2 },
	{ "writel", do_write, 4, 2, 2 },
	{ "writeq", do_write, 8, 2, 2 },
	{ "peek", do_peek, 0, 2, 2 },
	{ "mem", do_mem, 0, 2, 2 },
	{ "tables", do_tables, 0, 0, 0 },
	{ "irq", do_irq, 0, 1, 1 },
	{ "sector", do_sector, 0, 1, 2 },
	{ "store", do_store, 0, 2, 2 },
	{ "compare", do_compare, 0, 1, 1 },
	{ "diskerror", do_diskerror, 0, 0, 0 },
	{ "printed", do_printed, 0, 0, 0 },
	{ "receive", do_receive, 0, 1, 1 },
	{ "ended", do_ended, 0, 0, 0 },
	{ "key", do_key, 0, 2, 2 },
	{ "a20", do_a20, 0, 0, 0 },
	{ "pass", do_pass, 0, 1, 1 },
	{ "reset", do_reset, 0, 0, 0 },
	{ "repeat", do_repeat, 0, 2, WORDS_MAX },
};

/* argv ends with NULL. */
static int run_command(struct harness *harness, char **argv)
{
	unsigned int words = 0;

	while (argv[words + 1])
		words++;
	for (size_t i = 0; i < COUNT(commands); i++) {
		const struct command *command = &commands[i];

		if (strcmp(command->name, argv[0]) != 0)
			continue;
		if (words < command->least || words > command->most)
			return complain(harness, "wrong number of arguments", argv[0]);
		return command->fn(harness, argv + 1, command->size);
	}
	return complain(harness, "unknown command", argv[0]);
}

static int do_repeat(struct harness *harness, char **argv, unsigned int size)
{
	uint64_t count;
	int error = parse_number(harness, argv[0], UINT32_MAX, &count);

	(void)size;
	while (!error && count--)
		error = run_command(harness, argv + 1);
	return error;
}

static int run_line(struct harness *harness, char *line)
{
	char *words[WORDS_MAX + 1] = { NULL };
	char *rest = NULL, *word = strtok_r(line, " \t\n", &rest);

	for (size_t i = 0; word; i++, word = strtok_r(NULL, " \t\n", &rest)) {
		if (i == WORDS_MAX)
			return complain(harness, "too many words", word);
		words[i] = word;
	}
	return words[0] ? run_command(harness, words) : 0;
}

static int run_script(struct harness *harness, FILE *script)
{
	char *line = NULL;
	size_t room = 0;
	int error = 0;

	while (!error && getline(&line, &room, script) >= 0) {
		harness->line++;
		error = run_line(harness, line);
		fflush(stdout);
	}
	free(line);
	return error;
}

static int parse_mode(const char *name)
{
	static const char *const modes[] = {
		[DISK_RW] = "rw", [DISK_RO] = "ro", [DISK_SNAPSHOT] = "snapshot",
	};

	for (size_t i = 0; i < COUNT(modes); i++)
		if (strcmp(name, modes[i]) == 0)
			return (int)i;
	return -1;
}

int main(int argc, char **argv)
{
	struct harness harness = { .log = { .level = LOG_VERBOSE } };
	int mode = argc > 2 ? parse_mode(argv[2]) : DISK_RW;
	int status = 2;

	if (argc > 3 || mode < 0) {
		fputs("usage: porttest [DISK [rw|ro|snapshot]]\n", stderr);
		return status;
	}
	/* As in vmm: a limit on file sizes is the disk's error, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	if (set_up(&harness, argc > 1 ? argv[1] : NULL, (enum disk_mode)mode) == 0)
		status = run_script(&harness, stdin) ? 1 : 0;
	tear_down(&harness);
	return status;
}
