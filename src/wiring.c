/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wiring.c - what is on the board and where, see wiring.h and vmm-machine(7). */
#include "wiring.h"

#include "core/array.h"
#include "cpu/cpu.h"
#include "dev/ata.h"
#include "dev/debugport.h"
#include "dev/dma.h"
#include "dev/fwcfg.h"
#include "dev/i8042.h"
#include "dev/ioapic.h"
#include "dev/lapic.h"
#include "dev/pci.h"
#include "dev/pic.h"
#include "dev/piix3.h"
#include "dev/pit.h"
#include "dev/platform.h"
#include "dev/pm.h"
#include "dev/power.h"
#include "dev/ps2_keyboard.h"
#include "dev/ps2_mouse.h"
#include "dev/rtc.h"
#include "dev/vga.h"
#include "firmware.h"
#include "memory_calls.h"
#include "pv/hypercall.h"
#include "pv/pv.h"

_Static_assert(CPU_CALL_PORT == HYPERCALL_PORT && CPU_CALL_MAGIC == HYPERCALL_MAGIC,
	       "VMCALL is an OUT to the port");

static int claim(const struct wiring *w, enum bus_space space, uint64_t base, uint64_t length,
		 const struct bus_ops *ops, void *self, const char *name)
{
	const struct bus_range range = { base, length, ops, self, name };

	return bus_claim(w->bus, space, &range);
}

/* Where a part of a chip answers. */
struct place {
	enum bus_space space;
	uint64_t base;
	uint64_t length;
	const struct bus_ops *ops;
	const char *name;
};

#define PLACE(w, device, self, places) place(w, device, self, places, ARRAY_SIZE(places))

static int place(const struct wiring *w, const struct device_ops *device, void *self,
		 const struct place *places, size_t count)
{
	int error = devices_add(w->devices, device, self);

	for (size_t i = 0; i < count && !error; i++)
		error = claim(w, places[i].space, places[i].base, places[i].length, places[i].ops,
			      self, places[i].name);
	return error;
}

/* Each of these makes a chip and connects it; they return 0 or the first error. */

static int add_apic_bus(struct wiring *w)
{
	int error = apicbus_create(&w->apics);

	return error ?: devices_add(w->devices, &apicbus_device, w->apics);
}

static int add_lapic(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_MMIO, LAPIC_ADDRESS, APIC_SIZE, &lapic_ops, "local APIC" },
	};
	const struct lapic_config config = {
		.clock = w->clock, .intr = w->intr, .msrs = w->msrs, .bus = w->apics,
	};
	struct lapic *lapic;
	int error = lapic_create(&lapic, &config);

	return error ?: PLACE(w, &lapic_device, lapic, places);
}

static int add_ioapic(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_MMIO, IOAPIC_ADDRESS, APIC_SIZE, &ioapic_ops, "I/O APIC" },
	};
	struct ioapic *ioapic;
	int error = ioapic_create(&ioapic, IOAPIC_ID, w->irqs, w->apics);

	return error ?: PLACE(w, &ioapic_device, ioapic, places);
}

static int add_pic(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, PIC1_PORT, PIC_PORTS, &pic_master_ops, "PIC 1" },
		{ BUS_PIO, PIC2_PORT, PIC_PORTS, &pic_slave_ops, "PIC 2" },
		{ BUS_PIO, PIC_ELCR_PORT, PIC_PORTS, &pic_elcr_ops, "PIC trigger modes" },
	};
	struct pic *pic;
	int error = pic_create(&pic, w->irqs, apicbus_extint(w->apics));

	return error ?: PLACE(w, &pic_device, pic, places);
}

static int add_pit(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, PIT_PORT, PIT_PORTS, &pit_ops, "PIT" },
		{ BUS_PIO, PORT_B_PORT, 1, &port_b_ops, "port B" },
	};
	struct pit *pit;
	int error = pit_create(&pit, w->clock, irq_line(w->irqs, TIMER_LINE));

	return error ?: PLACE(w, &pit_device, pit, places);
}

static int add_rtc(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, RTC_PORT, RTC_PORTS, &rtc_ops, "RTC" },
	};
	const struct rtc_memory memory = firmware_rtc_memory(w->mem);
	struct rtc *rtc;
	int error = rtc_create(&rtc, w->clock, irq_line(w->irqs, RTC_LINE), &memory);

	return error ?: PLACE(w, &rtc_device, rtc, places);
}

static int add_vga(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, 0x3B0, 0x0C, &vga_mono_ops, "VGA mono registers" },
		{ BUS_PIO, 0x3C0, 0x20, &vga_register_ops, "VGA registers" },
		{ BUS_MMIO, VGA_MEMORY_BASE, VGA_MEMORY_SIZE, &vga_memory_ops, "VGA memory" },
		/* Used where the text memory is not mapped for the guest. */
		{ BUS_MMIO, VGA_TEXT_BASE, SCREEN_MEMORY_SIZE, &vga_text_ops, "VGA text" },
	};
	struct vga *vga;
	int error = vga_create(&vga, w->screen, w->mem);

	return error ?: PLACE(w, &vga_device, vga, places);
}

static int add_ata(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, 0x1F0, 1, &ata_data_ops, "ATA data" },
		{ BUS_PIO, 0x1F1, 7, &ata_command_ops, "ATA command" },
		{ BUS_PIO, 0x3F6, 1, &ata_control_ops, "ATA control" },
	};
	struct ata *ata;
	int error;

	if (!w->disk)
		return 0;
	error = ata_create(&ata, w->disk, irq_line(w->irqs, ATA_LINE));

	return error ?: PLACE(w, &ata_device, ata, places);
}

/* The controller comes last: it holds what the devices send. */
static int add_i8042(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, KEYBOARD_DATA_PORT, 1, &i8042_data_ops, "i8042 data" },
		{ BUS_PIO, KEYBOARD_STATUS_PORT, 1, &i8042_command_ops, "i8042 command" },
	};
	struct i8042_wires wires = {
		.keyboard_irq = irq_line(w->irqs, KEYBOARD_LINE),
		.mouse_irq = irq_line(w->irqs, MOUSE_LINE),
		.a20 = w->a20, .run = w->run,
	};
	struct ps2_keyboard *keyboard;
	struct ps2_mouse *mouse;
	struct i8042 *i8042;
	int error = ps2_keyboard_create(&keyboard, w->keyboard);

	error = error ?: devices_add(w->devices, &ps2_keyboard_device, keyboard);
	error = error ?: ps2_mouse_create(&mouse, w->mouse);
	error = error ?: devices_add(w->devices, &ps2_mouse_device, mouse);
	if (error)
		return error;
	wires.keyboard = ps2_keyboard_port(keyboard);
	wires.mouse = ps2_mouse_port(mouse);
	error = i8042_create(&i8042, &wires);
	return error ?: PLACE(w, &i8042_device, i8042, places);
}

static int add_serial_ports(struct wiring *w)
{
	static const struct {
		uint16_t base;
		unsigned int irq;
		const char *name;
	} ports[SERIAL_PORTS] = {
		{ COM1_PORT, COM1_LINE, "COM1" },
		{ COM2_PORT, COM2_LINE, "COM2" },
	};
	int error = 0;

	for (size_t i = 0; i < SERIAL_PORTS && !error; i++) {
		struct uart **uart = &w->com[i];

		error = uart_create(uart, w->serial[i], w->clock, irq_line(w->irqs, ports[i].irq));
		error = error ?: devices_add(w->devices, &uart_device, *uart);
		error = error ?: claim(w, BUS_PIO, ports[i].base, COM_PORTS, &uart_ops, *uart,
				       ports[i].name);
	}
	return error;
}

static int add_simvirtio(struct wiring *w)
{
	const struct simvirtio_config config = {
		.address = w->simvirtio_address, .words = w->simvirtio_words, .mem = w->mem,
		.output = w->simvirtio_output, .works = w->works,
	};
	int error;

	if (!w->simvirtio_output)
		return 0;
	error = simvirtio_create(&w->simvirtio, &config);
	if (error)
		return error;
	error = devices_add(w->devices, &simvirtio_device, w->simvirtio);
	return error ?: claim(w, BUS_MMIO, config.address, SIMVIRTIO_SIZE, &simvirtio_ops,
			      w->simvirtio, "SIMVIRTIO");
}

static int add_debug_ports(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, 0x0F4, 1, &debug_exit_ops, "debug exit" },
	};
	struct debug_exit *debug_exit;
	int error = debug_exit_create(&debug_exit, w->run, w->qemu_debug_exit);

	error = error ?: PLACE(w, &debug_exit_device, debug_exit, places);
	return error ?: claim(w, BUS_PIO, 0x0E9, 1, &debug_console_ops, w->debugcon,
			      "debug console");
}

static int add_pm(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, PM1A_EVENT_PORT, PM1A_EVENT_PORTS, &pm1a_event_ops, "ACPI PM1a event" },
		{ BUS_PIO, PM1A_CONTROL_PORT, PM1A_CONTROL_PORTS, &pm1a_control_ops,
		  "ACPI PM1a control" },
		{ BUS_PIO, PM_TIMER_PORT, PM_TIMER_PORTS, &pm_timer_ops, "ACPI PM timer" },
	};
	int error = pm_create(&w->pm, w->clock, irq_line(w->irqs, SCI_LINE), w->run);

	return error ?: PLACE(w, &pm_device, w->pm, places);
}

static int add_power(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, PORT_A_PORT, 1, &port_92_ops, "port A" },
		{ BUS_PIO, RESET_CONTROL_PORT, 1, &reset_control_ops, "reset control" },
	};
	struct power *power;
	int error = power_create(&power, w->run, w->a20);

	return error ?: PLACE(w, &power_device, power, places);
}

static int add_pci(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, PCI_CONFIG_PORT, 1, &pci_address_ops, "PCI address" },
		{ BUS_PIO, PCI_CONFIG_PORT + 4, 4, &pci_data_ops, "PCI data" },
	};
	struct pci *pci;
	struct piix3 *piix3;
	int error = pci_create(&pci);

	error = error ?: PLACE(w, &pci_device, pci, places);
	error = error ?: piix3_create(&piix3, pci, w->irqs);
	return error ?: devices_add(w->devices, &piix3_device, piix3);
}

static int add_dma(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, DMA1_PORT, 16, &dma_first_ops, "DMA 1" },
		{ BUS_PIO, DMA2_PORT, 32, &dma_second_ops, "DMA 2" },
		{ BUS_PIO, DMA_PAGE_PORT, 16, &dma_page_ops, "DMA pages" },
	};
	struct dma *dma;
	int error = dma_create(&dma);

	return error ?: PLACE(w, &dma_device, dma, places);
}

static int add_fwcfg(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, FWCFG_PORT, 2, &fwcfg_ops, "fw_cfg" },
		{ BUS_PIO, FWCFG_DMA_PORT, 8, &fwcfg_dma_ops, "fw_cfg DMA" },
	};
	struct fwcfg *fwcfg;
	int error = fwcfg_create(&fwcfg, w->mem);

	error = error ?: PLACE(w, &fwcfg_device, fwcfg, places);
	return error ?: firmware_fill_fwcfg(fwcfg, w->mem);
}

static int add_ipc(struct wiring *w, struct hypercalls *calls)
{
	const struct pv_ipc_config config = {
		.ipc = w->ipc, .run = w->run, .intr = w->intr, .sleep = w->sleep,
		.sleeper = w->sleeper,
	};
	struct pv_ipc *ipc;
	int error = pv_ipc_create(&ipc, &config);

	if (error)
		return error;
	error = devices_add(w->devices, &pv_ipc_device, ipc);
	return error ?: pv_ipc_register(calls, ipc);
}

static int add_hypercalls(struct wiring *w)
{
	static const struct place places[] = {
		{ BUS_PIO, HYPERCALL_PORT, 1, &hypercall_port_ops, "hypercall" },
	};
	struct hypercalls *calls;
	int error = hypercalls_create(&calls, w->mem, w->log);

	if (error)
		return error;
	hypercalls_on_made(calls, w->on_hypercall, w->on_hypercall_self);
	error = PLACE(w, &hypercalls_device, calls, places);
	error = error ?: pv_system_register(calls, w->run, w->debugcon, w->calls_by_instruction);
	error = error ?: pv_screen_register(calls, w->screen);
	error = error ?: pv_disk_register(calls, w->disk);
	error = error ?: memory_calls_register(calls, w->bus);
	return error ?: add_ipc(w, calls);
}

int wire(struct wiring *wiring)
{
	static int (*const chips[])(struct wiring *wiring) = {
		add_apic_bus,
		add_lapic,
		add_ioapic,
		add_pic,
		add_pit,
		add_rtc,
		add_vga,
		add_ata,
		add_i8042,
		add_serial_ports,
		add_simvirtio,
		add_debug_ports,
		add_pm,
		add_power,
		add_pci,
		add_dma,
		add_fwcfg,
		add_hypercalls,
	};
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(chips) && !error; i++)
		error = chips[i](wiring);
	return error;
}
