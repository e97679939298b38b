# SPDX-License-Identifier: GPL-3.0-or-later
# The program, as a library (which the tests link with) and a main().

noinst_LIBRARIES += libvmm.a
bin_PROGRAMS += vmm vmm-lockstep

libvmm_a_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/src -I$(srcdir)/guest/include -I$(builddir) -I$(builddir)/src $(POPT_CFLAGS) \
	-DVMM_PKGLIBDIR='"$(pkglibdir)"' -DVMM_PKGDATADIR='"$(pkgdatadir)"'
libvmm_a_CFLAGS = $(VMM_CFLAGS)
libvmm_a_SOURCES = \
	src/board.c src/board.h \
	src/display.c src/display.h \
	src/dumps.c src/dumps.h \
	src/expect.c src/expect.h \
	src/firmware.c src/firmware.h \
	src/hostcheck.c src/hostcheck.h \
	src/hostcheck_lines.c src/hostcheck_lines.h \
	src/lockstep_options.h \
	src/machine.c src/machine.h \
	src/machine_values.c src/machine_values.h \
	src/mapping.c src/mapping.h \
	src/memory_calls.c src/memory_calls.h \
	src/memory_list.c src/memory_list.h \
	src/memory_map.c src/memory_map.h \
	src/observer.c src/observer.h \
	src/options.c src/options.h \
	src/outcome.c src/outcome.h \
	src/report.c src/report.h \
	src/samples.c src/samples.h \
	src/script.c src/script.h \
	src/values.c src/values.h \
	src/verdict.c src/verdict.h \
	src/wiring.c src/wiring.h \
	src/core/a20.c src/core/a20.h \
	src/core/array.c src/core/array.h \
	src/core/bus.c src/core/bus.h \
	src/core/clock.c src/core/clock.h \
	src/core/device.c src/core/device.h \
	src/core/escape.c src/core/escape.h \
	src/core/intr.c src/core/intr.h \
	src/core/irq.c src/core/irq.h \
	src/core/json.c src/core/json.h \
	src/core/log.c src/core/log.h \
	src/core/loop.c src/core/loop.h \
	src/core/mem.c src/core/mem.h \
	src/core/module.c src/core/module.h \
	src/core/msrs.c src/core/msrs.h \
	src/core/optional.h \
	src/core/program.c src/core/program.h \
	src/core/result.c src/core/result.h \
	src/core/run.c src/core/run.h \
	src/core/snapshot.c src/core/snapshot.h \
	src/core/vcpu.c src/core/vcpu.h \
	src/core/symbols.c src/core/symbols.h \
	src/core/utf8.c src/core/utf8.h \
	src/core/work.c src/core/work.h \
	src/cpu/cpuid.c \
	src/cpu/cpuid.h \
	src/cpu/pagewalk.c \
	src/cpu/pagewalk.h \
	src/engine/calls.c src/engine/calls.h \
	src/engine/direct.c \
	src/engine/dispatch.c src/engine/dispatch.h \
	src/cpu/cpu.h \
	src/engine/emulator.c src/engine/emulator.h \
	src/engine/engine.h \
	src/engine/interp.c \
	src/engine/kvm.c \
	src/engine/kvm.h \
	src/engine/kvm_emulate.c \
	src/engine/kvm_exit.c \
	src/engine/kvm_facts.c src/engine/kvm_facts.h \
	src/engine/kvm_place.c \
	src/engine/kvm_state.c \
	src/engine/kvm_step.c \
	src/engine/kvm_vm.c \
	src/engine/native.c src/engine/native.h src/engine/native_entry.S src/engine/native_layout.h \
	src/engine/select.c src/engine/select.h \
	src/engine/shadow.c src/engine/shadow.h \
	src/boot/bda.c src/boot/bda.h \
	src/boot/boot.c src/boot/boot.h \
	src/boot/elf.c \
	src/boot/elfimage.c src/boot/elfimage.h \
	src/boot/elfsections.c \
	src/boot/flat.c \
	src/boot/foreign.c src/boot/foreign.h \
	src/boot/handover.c src/boot/handover.h \
	src/boot/layout.c src/boot/layout.h \
	src/boot/mbimage.c src/boot/mbimage.h \
	src/boot/mbinfo.c src/boot/mbinfo.h \
	src/boot/linux.c \
	src/boot/memmap.c src/boot/memmap.h \
	src/boot/multiboot.c \
	src/boot/multiboot2.c \
	src/boot/pvh.c src/boot/pvh.h \
	src/boot/start.c src/boot/start.h \
	src/boot/vmlinux.c src/boot/vmlinux.h \
	src/boot/zeropage.c src/boot/zeropage.h \
	src/dev/acpi.c \
	src/dev/apicbus.c src/dev/apicbus.h \
	src/dev/ata.c src/dev/ata.h \
	src/dev/debugport.c src/dev/debugport.h \
	src/dev/dma.c src/dev/dma.h \
	src/dev/fwcfg.c src/dev/fwcfg.h \
	src/dev/i8042.c src/dev/i8042.h \
	src/dev/ioapic.c src/dev/ioapic.h \
	src/dev/lapic.c src/dev/lapic.h \
	src/dev/lapic_timer.c src/dev/lapic_timer.h \
	src/dev/mptable.c \
	src/dev/pci.c src/dev/pci.h \
	src/dev/pic.c src/dev/pic.h \
	src/dev/piix3.c src/dev/piix3.h \
	src/dev/pit.c src/dev/pit.h \
	src/dev/platform.h \
	src/dev/pm.c src/dev/pm.h \
	src/dev/power.c src/dev/power.h \
	src/dev/ps2.c src/dev/ps2.h \
	src/dev/ps2_keyboard.c src/dev/ps2_keyboard.h \
	src/dev/ps2_mouse.c src/dev/ps2_mouse.h \
	src/dev/rtc.c src/dev/rtc.h \
	src/dev/simvirtio.c src/dev/simvirtio.h \
	src/dev/simvirtio_poll.c src/dev/simvirtio_poll.h \
	src/dev/tables.c src/dev/tables.h \
	src/dev/uart.c src/dev/uart.h \
	src/dev/vga.c src/dev/vga.h \
	src/dev/vga_memory.c src/dev/vga_memory.h \
	src/dev/vga_state.h \
	src/dev/vga_text.c src/dev/vga_text.h \
	src/pv/disk.c src/pv/hypercall.c src/pv/hypercall.h src/pv/ipc.c src/pv/pv.h \
	src/pv/screen.c src/pv/system.c \
	src/host/characters.c src/host/characters.h \
	src/host/condition.c src/host/condition.h \
	src/host/confine.c src/host/confine.h \
	src/host/disk.c src/host/disk.h \
	src/host/disklock.c src/host/disklock.h \
	src/host/endpoint.h \
	src/host/font.c src/host/font.h \
	src/host/inbox.c src/host/inbox.h \
	src/host/inventory.c src/host/inventory.h \
	src/host/ipc.c src/host/ipc.h \
	src/host/ipcdisk.c src/host/ipcdisk.h \
	src/host/ipcendpoint.h \
	src/host/ipcframe.c src/host/ipcframe.h \
	src/host/ipcstream.c \
	src/host/keyboard.c src/host/keyboard.h \
	src/host/keyscript.c src/host/keyscript.h \
	src/host/mouse.c src/host/mouse.h \
	src/host/output.c src/host/output.h \
	src/host/picture.c src/host/picture.h src/host/png_module.h \
	src/host/pty.c \
	src/host/raster.c src/host/raster.h \
	src/host/sandbox_module.h \
	src/host/screen.c src/host/screen.h \
	src/host/service.c src/host/service.h \
	src/host/socket.c \
	src/host/terminal.c src/host/terminal.h \
	src/host/typist.c src/host/typist.h \
	src/host/unixsocket.c src/host/unixsocket.h \
	src/host/watch.c src/host/watch.h \
	src/host/window.c src/host/window.h src/host/window_module.h \
	src/observe/compare.c src/observe/compare.h \
	src/observe/crash.c src/observe/crash.h \
	src/observe/events.c src/observe/events.h \
	src/observe/faults.c \
	src/observe/hash.c src/observe/hash.h \
	src/observe/mappings.c src/observe/mappings.h \
	src/observe/mistakes.c \
	src/observe/page_tables.c src/observe/page_tables.h \
	src/observe/postmortem.c src/observe/postmortem.h \
	src/observe/profile.c src/observe/profile.h \
	src/observe/profile_json.c \
	src/observe/profile_svg.c \
	src/observe/profile_text.c \
	src/observe/profile_view.c src/observe/profile_view.h \
	src/observe/stuck.c src/observe/stuck.h \
	src/observe/timeline.c src/observe/timeline.h \
	src/observe/trace.c src/observe/trace.h

# The DSDT as bytes, for acpi.c. A tarball has them, and can be built without iasl.
MAINTAINERCLEANFILES += src/dev/dsdt.inc
CLEANFILES += src/dev/dsdt.aml src/dev/dsdt.i src/dev/dsdt.log src/dev/dsdt.od
EXTRA_DIST += src/dev/dsdt.asl src/dev/dsdt.inc
src/dev/dsdt.inc: src/dev/dsdt.asl src/dev/platform.h
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) -E -P -x c -undef -I$(srcdir)/src $(srcdir)/src/dev/dsdt.asl -o $(@D)/dsdt.i && \
	$(IASL) -we -vs -p $(@D)/dsdt $(@D)/dsdt.i >$(@D)/dsdt.log && \
	od -An -v -tx1 $(@D)/dsdt.aml >$(@D)/dsdt.od && \
	sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1, /g' $(@D)/dsdt.od >$@.tmp && mv -f $@.tmp $@
src/dev/libvmm_a-acpi.$(OBJEXT): src/dev/dsdt.inc

vmm_CPPFLAGS = $(libvmm_a_CPPFLAGS)
vmm_CFLAGS = $(VMM_CFLAGS)
vmm_LDFLAGS = $(VMM_LDFLAGS)
vmm_SOURCES = src/vmm.c
vmm_LDADD = libvmm.a $(POPT_LIBS)

vmm_lockstep_CPPFLAGS = $(libvmm_a_CPPFLAGS)
vmm_lockstep_CFLAGS = $(VMM_CFLAGS)
vmm_lockstep_LDFLAGS = $(VMM_LDFLAGS)
vmm_lockstep_SOURCES = src/lockstep.c src/divergence.c src/divergence.h src/pair.c src/pair.h
vmm_lockstep_LDADD = libvmm.a $(POPT_LIBS)

# Modules, which vmm opens when it wants them (see src/core/module.h).
module_ldflags = -module -avoid-version -shared -export-symbols-regex '^vmm_' $(VMM_LDFLAGS)

# The processor in software; as a library too, for the tests. It brings what it
# needs of core with it: nothing there has state of its own.
cpu_sources = \
	src/cpu/alu.h \
	src/cpu/bind.c \
	src/cpu/bind.h \
	src/cpu/bits.c \
	src/cpu/block.c \
	src/cpu/branch.c \
	src/cpu/control.c \
	src/cpu/cpu.h \
	src/cpu/cpuid.c \
	src/cpu/cpuid.h \
	src/cpu/debug.c \
	src/cpu/decimal.c \
	src/cpu/decode.c \
	src/cpu/descriptor.c \
	src/cpu/descriptor.h \
	src/cpu/exception.c \
	src/cpu/exchange.c \
	src/cpu/far.c \
	src/cpu/feature.c \
	src/cpu/flow.c \
	src/cpu/flow.h \
	src/cpu/fpu.c \
	src/cpu/fpu.h \
	src/cpu/fpu_bind.c \
	src/cpu/fpu_encoding.c \
	src/cpu/fpu_masked.c \
	src/cpu/fpu_state.c \
	src/cpu/fpu_thunk.c \
	src/cpu/fpu_x87.c \
	src/cpu/integer.c \
	src/cpu/internal.h \
	src/cpu/interrupt.c \
	src/cpu/misc.c \
	src/cpu/mmu.c \
	src/cpu/move.c \
	src/cpu/msr.c \
	src/cpu/msr.h \
	src/cpu/multiply.c \
	src/cpu/native.c \
	src/cpu/native.h \
	src/cpu/operand.h \
	src/cpu/ops.h \
	src/cpu/pagewalk.c \
	src/cpu/pagewalk.h \
	src/cpu/places.c \
	src/cpu/places.h \
	src/cpu/run.c \
	src/cpu/scan.c \
	src/cpu/scan.h \
	src/cpu/segment.c \
	src/cpu/stack.c \
	src/cpu/stack.h \
	src/cpu/string.c \
	src/cpu/syscall.c \
	src/cpu/system.c \
	src/cpu/system.h \
	src/cpu/tables.c \
	src/cpu/task.c \
	src/cpu/watch.c \
	src/cpu/watch.h
noinst_LIBRARIES += libvmmcpu.a
libvmmcpu_a_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/src
libvmmcpu_a_CFLAGS = $(VMM_CFLAGS)
libvmmcpu_a_SOURCES = $(cpu_sources)
pkglib_LTLIBRARIES += cpu.la
cpu_la_CPPFLAGS = $(libvmmcpu_a_CPPFLAGS)
cpu_la_CFLAGS = $(VMM_CFLAGS)
cpu_la_LDFLAGS = $(module_ldflags)
cpu_la_LIBADD = $(ZYDIS_LIBS)
cpu_la_SOURCES = $(cpu_sources) src/core/mem.c src/core/vcpu.c

pkglib_LTLIBRARIES += json.la
json_la_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/src -I$(builddir) $(JSON_CFLAGS)
json_la_CFLAGS = $(VMM_CFLAGS)
json_la_LDFLAGS = $(module_ldflags)
json_la_LIBADD = $(JSON_LIBS)
json_la_SOURCES = src/core/utf8.c src/core/utf8.h src/host/json.c src/core/json.h

pkglib_LTLIBRARIES += png.la
png_la_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/src -I$(builddir) $(PNG_CFLAGS)
png_la_CFLAGS = $(VMM_CFLAGS)
png_la_LDFLAGS = $(module_ldflags)
png_la_LIBADD = $(PNG_LIBS)
png_la_SOURCES = src/host/png.c src/host/png_module.h src/host/raster.h

pkglib_LTLIBRARIES += sandbox.la
sandbox_la_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/src -I$(builddir) $(SECCOMP_CFLAGS)
sandbox_la_CFLAGS = $(VMM_CFLAGS)
sandbox_la_LDFLAGS = $(module_ldflags)
sandbox_la_LIBADD = $(SECCOMP_LIBS)
sandbox_la_SOURCES = src/host/sandbox.c src/host/sandbox_module.h

if WITH_SDL
pkglib_LTLIBRARIES += sdl.la
endif
sdl_la_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/src -I$(builddir) $(SDL_CFLAGS)
sdl_la_CFLAGS = $(VMM_CFLAGS)
sdl_la_LDFLAGS = $(module_ldflags)
sdl_la_LIBADD = $(SDL_LIBS)
sdl_la_SOURCES = src/host/sdl.c src/host/raster.c src/host/font.c src/host/font.h src/host/window_module.h
