/* SPDX-License-Identifier: GPL-3.0-or-later */
/* board.c - what is on the board and where, see board.h. */
#include "board.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dev/tables.h"
#include "engine/select.h"
#include "mapping.h"
#include "memory_map.h"
#include "options.h"
#include "wiring.h"

#define MEMORY_DEFAULT (UINT64_C(64) << 20)
#define MEMORY_WITH_SIMVIRTIO (UINT64_C(1) << 20)
#define CHARACTERS (SERIAL_PORTS + 2u)	/* the debug console, SIMVIRTIO */

static uint64_t memory_size(const struct options *options)
{
	if (options->memory.set)
		return options->memory.value;
	return options->simvirtio ? MEMORY_WITH_SIMVIRTIO : MEMORY_DEFAULT;
}

static uint64_t simvirtio_address(const struct options *options)
{
	return options->simvirtio_at.set ? options->simvirtio_at.value : SIMVIRTIO_ADDRESS;
}

/* In mode poll: what the device and the guest have in common. */
static int make_simvirtio_words(struct board *board, const struct options *options,
				struct mem *mem, const struct log *log)
{
	if (!options->simvirtio || options->simvirtio_mode != SIMVIRTIO_POLL)
		return 0;
	board->simvirtio_words = mem_backing(mem, MEM_PAGE_SIZE, false);
	if (board->simvirtio_words)
		return 0;
	log_error(log, "cannot make SIMVIRTIO's memory: %s", strerror(errno));
	return -ENOMEM;
}

/* Where memory is already, there is no place for registers. */
static int place_simvirtio(struct board *board, const struct options *options, struct mem *mem,
			   const struct log *log)
{
	uint64_t address = simvirtio_address(options);
	int error = mem_find(mem, address) ? -EEXIST : 0;

	if (!options->simvirtio)
		return 0;
	if (!error && board->simvirtio_words)
		error = memory_map_add_simvirtio(mem, address + SIMVIRTIO_SIZE,
						 board->simvirtio_words);
	if (error == -EEXIST)
		log_error(log, "--simvirtio: memory is at 0x%" PRIx64 " already (a smaller -m, or "
			  "--simvirtio-at=ADDR behind it)", address);
	else if (error)
		log_error(log, "--simvirtio: %s", strerror(-error));
	return error;
}

static int share_memory(struct mem *mem, const char *path, const struct log *log)
{
	int error = mem_share(mem, path);

	if (error)
		log_error(log, "%s: cannot be the guest's memory: %s%s",
			  path ? path : "a file without a name",
			  error == -EINVAL ? "not a regular file" : strerror(-error),
			  error == -EBUSY ? " (another vmm runs with it)" : "");
	return error;
}

/* Where the engine maps guest memory a second time, the text memory is part of it. */
static int make_screen(struct board *board, struct mem *mem, const struct log *log)
{
	uint8_t *memory = NULL;

	if (board->engine->shares_memory) {
		memory = mem_backing(mem, SCREEN_MEMORY_SIZE, false);
		if (!memory) {
			log_error(log, "cannot make the screen's memory: %s", strerror(errno));
			return -ENOMEM;
		}
	}
	return screen_create(&board->screen, memory);
}

/* A start in 64-bit mode needs a processor that has it. */
static int check_start(const struct board *board, const struct options *options,
		       const struct log *log)
{
	bool pae = cpuid_leaves_out(&options->cpu, FEATURE_PAE);

	if (!(board->boot.state.efer & EFER_LMA) ||
	    !cpuid_leaves_out(&options->cpu, FEATURE_LM))
		return 0;
	log_error(log, "%s: %s starts in 64-bit mode, which --cpu leaves out (%s: drop that, or "
		  "take a 32-bit guest)", options->guest,
		  board->boot.format == BOOT_FLAT ? "--mode=long" : "this kernel",
		  pae ? "-pae" : "-lm");
	return -EINVAL;
}

/* The start in 64-bit mode switches on what the processor has of SSE. */
static void limit_start(struct vcpu_state *start, const struct cpuid_config *cpu)
{
	if (cpuid_leaves_out(cpu, FEATURE_FXSR))
		start->cr4 &= ~(uint64_t)CR4_OSFXSR;
	if (cpuid_leaves_out(cpu, FEATURE_SSE))
		start->cr4 &= ~(uint64_t)CR4_OSXMMEXCPT;
}

static int load_guest(struct board *board, const struct options *options, uint64_t ram,
		      const struct log *log)
{
	uint64_t base = options->base.set ? options->base.value : 0;
	struct boot_request request = {
		.path = options->guest, .format = (enum boot_format)options->format,
		.mode = (enum boot_mode)options->mode,
		.placed = options->base.set || options->entry.set, .base = base,
		.entry = options->entry.set ? options->entry.value : base,
		.loads = options->loads,
		.append = options->append, .initrd = options->initrd,
		.modules = options->modules,
		.mem = machine_mem(board->machine), .ram = ram, .log = log,
	};

	int error;

	tables_write(machine_mem(board->machine));
	/* --show-memory needs none. */
	if (!options->guest)
		return 0;
	error = boot_guest(&request, &board->boot) ?: check_start(board, options, log);
	limit_start(&board->boot.state, &options->cpu);
	return error;
}

/* where: as in struct characters_config; the standard input is for one alone. */
static int open_characters(const struct board *board, struct characters **characters,
			   const char *where, const char *name, bool *input_taken,
			   const struct log *log)
{
	bool reads_input = where && characters_read_input(where);
	struct characters_config config = {
		.where = reads_input && *input_taken ? NULL : where, .name = name,
		.outputs = board->outputs, .run = machine_run_control(board->machine),
		.loop = machine_loop(board->machine), .works = machine_works(board->machine),
		.log = log,
	};

	*input_taken = *input_taken || reads_input;
	return characters_open(characters, &config);
}

static int open_outputs(struct board *board, const struct options *options,
			const struct log *log)
{
	static const char *const names[SERIAL_PORTS] = { "COM1", "COM2" };
	struct outputs_config config = {
		.run = machine_run_control(board->machine), .loop = machine_loop(board->machine),
		.works = machine_works(board->machine), .log = log,
	};
	/* Nobody types on the debug console. */
	bool no_input = true, input_taken = false;
	int error = 0;

	if (options->expect.output.text)
		error = capture_create(&board->capture);
	config.capture = board->capture;
	if (!error)
		error = outputs_create(&board->outputs, &config);
	if (!error)
		error = open_characters(board, &board->debugcon, options->debugcon,
					"the debug console", &no_input, log);
	for (size_t i = 0; i < SERIAL_PORTS && !error; i++)
		error = open_characters(board, &board->serial[i],
					i && !options->serial[i] ? "none" : options->serial[i],
					names[i], &input_taken, log);
	if (!error && options->simvirtio)
		error = open_characters(board, &board->simvirtio_io, options->simvirtio_io,
					"SIMVIRTIO", &input_taken, log);
	return error;
}

/* Memory and what else is mapped there; maps: of options->maps, not yet in their place. */
static int place_memory(struct board *board, const struct options *options, struct mem *mem,
			const struct mem_region *maps, const struct log *log)
{
	int error = memory_map_add_ram(mem, memory_size(options), options->mergeable, log);

	error = error ?: memory_map_add_text(mem, board->screen, options->vga == VGA_TRAP);
	error = error ?: mappings_place(&options->maps, mem, maps,
					UINT64_C(1) << CPUID_PHYSICAL_BITS, log);
	return error ?: place_simvirtio(board, options, mem, log);
}

/* In this order: the user's own file of --memory-file holds RAM alone. */
static int make_memory(struct board *board, const struct options *options, struct mem *mem,
		       const struct log *log)
{
	struct mem_region *maps = NULL;
	int error = board->engine->shares_memory ? share_memory(mem, NULL, log) : 0;

	error = error ?: make_screen(board, mem, log);
	error = error ?: make_simvirtio_words(board, options, mem, log);
	error = error ?: mappings_open(&options->maps, mem, &maps, log);
	if (!error && options->memory_file)
		error = share_memory(mem, options->memory_file, log);
	error = error ?: place_memory(board, options, mem, maps, log);
	free(maps);
	return error;
}

/* Last, for programs are started. */
static int open_ipc(struct board *board, const struct options *options, const struct log *log)
{
	const struct ipc_config config = {
		.specs = &options->ipc, .disk = board->disk, .log = log,
	};

	return options->ipc.count ? ipc_open(&board->ipc, &config) : 0;
}

/* All that can fail for reasons that the user can mend; says so itself. */
static int open_all(struct board *board, const struct options *options, const struct log *log)
{
	struct engine_wishes wishes = {
		.isolates = options->isolate,
		.counts_instructions = !options->lockstep &&
			(options->insn_limit.set || options->clock == CLOCK_VIRTUAL),
		.runs_to = options->lockstep,
	};
	int error = machine_create(&board->machine, options->clock == CLOCK_VIRTUAL, log);

	if (error)
		return error;
	if (options->state_hash || options->report)
		mem_note_use(machine_mem(board->machine));
	board->engine = engine_select(options->engine, &wishes, log);
	if (!board->engine)
		return -ENODEV;
	error = make_memory(board, options, machine_mem(board->machine), log);
	if (!error)
		error = keyboard_create(&board->keyboard, machine_works(board->machine));
	if (!error)
		error = mouse_create(&board->mouse, machine_works(board->machine));
	if (!error)
		error = load_guest(board, options, memory_size(options), log);
	if (!error && options->disk)
		error = disk_open(&board->disk, options->disk,
				  (enum disk_mode)options->disk_mode, log);
	if (!error)
		error = open_outputs(board, options, log);
	return error ? error : open_ipc(board, options, log);
}

static size_t receive(void *self, const uint8_t *data, size_t len)
{
	return uart_receive(self, data, len);
}

static void receive_break(void *self)
{
	uart_receive_break(self);
}

static size_t receive_simvirtio(void *self, const uint8_t *data, size_t len)
{
	return simvirtio_receive(self, data, len);
}

static void on_room(void *self)
{
	characters_feed(self);
}

/* What comes in goes to the UARTs and to SIMVIRTIO. */
static void connect_lines(const struct board *board, const struct wiring *wiring)
{
	for (size_t i = 0; i < SERIAL_PORTS; i++) {
		const struct characters_receiver receiver = {
			.receive = receive, .line_break = receive_break, .self = wiring->com[i],
		};

		characters_connect(board->serial[i], &receiver);
		uart_on_room(wiring->com[i], on_room, board->serial[i]);
	}
	if (wiring->simvirtio) {
		const struct characters_receiver receiver = {
			.receive = receive_simvirtio, .self = wiring->simvirtio,
		};

		characters_connect(board->simvirtio_io, &receiver);
		simvirtio_on_room(wiring->simvirtio, on_room, board->simvirtio_io);
	}
}

static bool at_end(void *self, bool wait)
{
	const struct board *board = self;

	if (board->simvirtio)
		simvirtio_sync(board->simvirtio);
	script_look(board->script);
	return outputs_flush(board->outputs, wait);
}

/* What has been printed is not to wait until the guest goes on. */
static void at_rest(void *self)
{
	at_end(self, false);
}

int board_create(struct board *board, const struct options *options, const struct log *log)
{
	struct wiring wiring;
	int error;

	*board = (struct board){ .log = log };
	error = open_all(board, options, log);
	if (error)
		return error;
	wiring = (struct wiring){
		.mem = machine_mem(board->machine), .bus = machine_bus(board->machine),
		.irqs = machine_irqs(board->machine),
		.intr = machine_intr(board->machine), .msrs = machine_msrs(board->machine),
		.a20 = machine_a20(board->machine), .clock = machine_clock(board->machine),
		.devices = machine_devices(board->machine),
		.run = machine_run_control(board->machine), .screen = board->screen,
		.keyboard = board->keyboard, .mouse = board->mouse,
		.disk = board->disk, .debugcon = characters_output(board->debugcon),
		.serial = { characters_output(board->serial[0]),
			    characters_output(board->serial[1]) },
		.qemu_debug_exit = options->debug_exit == DEBUG_EXIT_QEMU,
		/* Side by side with an engine that has it not, neither has. */
		.calls_by_instruction = board->engine->calls_by_instruction && !options->lockstep,
		.on_hypercall = observer_hypercall,
		.on_hypercall_self = machine_observer(board->machine),
		.simvirtio_address = simvirtio_address(options),
		.simvirtio_words = board->simvirtio_words,
		.works = machine_works(board->machine), .ipc = board->ipc,
		.sleep = machine_sleep, .sleeper = board->machine, .log = log,
	};
	if (board->simvirtio_io)
		wiring.simvirtio_output = characters_output(board->simvirtio_io);
	error = wire(&wiring);
	if (!error && options->reboot == REBOOT_RESET)
		error = snapshot_take(&board->snapshot, machine_mem(board->machine));
	if (error) {
		log_error(log, "cannot make the machine: %s", strerror(-error));
		return error;
	}
	board->simvirtio = wiring.simvirtio;
	board->pm = wiring.pm;
	connect_lines(board, &wiring);
	machine_at_end(board->machine, at_end, board);
	machine_at_rest(board->machine, at_rest, board);
	return script_create(&board->script, &options->script, board, log);
}

/* Where characters come from and go to, as far as it has been opened; returns how many. */
static size_t all_characters(const struct board *board, struct characters *all[CHARACTERS])
{
	size_t count = 0;

	if (board->debugcon)
		all[count++] = board->debugcon;
	for (size_t i = 0; i < SERIAL_PORTS; i++)
		if (board->serial[i])
			all[count++] = board->serial[i];
	if (board->simvirtio_io)
		all[count++] = board->simvirtio_io;
	return count;
}

void board_destroy(struct board *board)
{
	struct characters *all[CHARACTERS];
	size_t count = all_characters(board, all);

	snapshot_free(board->snapshot);
	script_destroy(board->script);
	machine_destroy(board->machine);
	keyboard_destroy(board->keyboard);
	mouse_destroy(board->mouse);
	for (size_t i = 0; i < count; i++)
		characters_close(all[i]);
	outputs_destroy(board->outputs);
	capture_destroy(board->capture);
	ipc_close(board->ipc);
	disk_close(board->disk);
	screen_destroy(board->screen);
	symbols_destroy(board->boot.symbols);
}

static int start_simvirtio(const struct board *board)
{
	int error = simvirtio_start(board->simvirtio);

	if (error)
		log_error(board->log, "no thread for --simvirtio-mode=poll: %s", strerror(-error));
	return error;
}

int board_start(struct board *board)
{
	struct characters *all[CHARACTERS];
	size_t count = all_characters(board, all);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = characters_start(all[i]);
	if (!error && board->simvirtio)
		error = start_simvirtio(board);
	return error ? error : script_start(board->script);
}

void board_finish(struct board *board)
{
	struct characters *all[CHARACTERS];
	size_t count = all_characters(board, all);

	for (size_t i = 0; i < count; i++)
		characters_finish(all[i]);
	if (board->ipc)
		ipc_finish(board->ipc);
	if (board->disk)
		disk_flush(board->disk);
}

int board_host_error(const struct board *board)
{
	struct characters *all[CHARACTERS];
	size_t count = all_characters(board, all);
	int error = board->disk ? disk_error(board->disk) : 0;

	for (size_t i = 0; i < count && !error; i++)
		error = output_error(characters_output(all[i]));
	return error || !board->ipc ? error : ipc_host_error(board->ipc);
}
