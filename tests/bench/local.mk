# SPDX-License-Identifier: GPL-3.0-or-later
# make bench: what vmm costs, see tests/bench/README. Included from the top-level
# Makefile.am behind guest/local.mk. BENCH_FLAGS: options of bench.pl.

# The floors are static, and never built with the sanitizers that vmm may be. "empty"
# is linked with what a vmm that emulates is linked with, although it uses nothing of it.
bench_programs = tests/bench/empty tests/bench/kvm-floor tests/bench/measure \
	tests/bench/page-floor tests/bench/peakmem tests/bench/trap-floor tests/bench/write-floor
bench_cflags = -std=gnu17 -O2 -Wall -Wextra
EXTRA_PROGRAMS += $(bench_programs)
tests_bench_empty_SOURCES = tests/bench/empty.c
tests_bench_empty_CFLAGS = $(bench_cflags)
tests_bench_empty_LDFLAGS = -Wl,--no-as-needed
tests_bench_empty_LDADD = $(POPT_LIBS) $(ZYDIS_LIBS)
tests_bench_kvm_floor_SOURCES = tests/bench/kvm-floor.c tests/bench/floor-disk.c \
	tests/bench/floor-disk.h
tests_bench_kvm_floor_CFLAGS = $(bench_cflags)
tests_bench_kvm_floor_LDFLAGS = -all-static
tests_bench_measure_SOURCES = tests/bench/measure.c
tests_bench_measure_CFLAGS = $(bench_cflags)
tests_bench_measure_LDFLAGS = -all-static
tests_bench_page_floor_SOURCES = tests/bench/page-floor.c
tests_bench_page_floor_CFLAGS = $(bench_cflags)
tests_bench_page_floor_LDFLAGS = -all-static
tests_bench_peakmem_SOURCES = tests/bench/peakmem.c
tests_bench_peakmem_CFLAGS = $(bench_cflags)
tests_bench_trap_floor_SOURCES = tests/bench/trap-floor.c
tests_bench_trap_floor_CFLAGS = $(bench_cflags)
tests_bench_trap_floor_LDFLAGS = -all-static
tests_bench_write_floor_SOURCES = tests/bench/write-floor.c
tests_bench_write_floor_CFLAGS = $(bench_cflags)
tests_bench_write_floor_LDFLAGS = -all-static

# Guest code of the benchmark's own: for QEMU one that ends at once and the one that
# writes to the disk, both in the place of the firmware; for the floor the shortest.
bench_roms = tests/bench/bench-halt.rom tests/bench/bench-disk-emul.rom tests/bench/exits.bin
bench_assemble = $(MKDIR_P) $(@D) && $(CC) -m32 -c -o $@.o
bench_image = $(OBJCOPY) -O binary -j .text $@.o $@ && rm -f $@.o
bench_wrapped = tests/bench/qemu-end.o32 guest/bench-disk-emul/bench-disk-emul.o32 \
	guest/32/libvmmguest.a
tests/bench/bench-disk-emul.wrapped: $(bench_wrapped)
	$(AM_V_CCLD)$(guest_link) -m32 -Wl,--wrap=main $(bench_wrapped)
tests/bench/bench-halt.rom: tests/bench/rom.S
	$(AM_V_GEN)$(bench_assemble) $(srcdir)/tests/bench/rom.S && $(bench_image)
tests/bench/bench-disk-emul.rom: tests/bench/rom.S tests/bench/bench-disk-emul.wrapped
	$(AM_V_GEN)$(bench_assemble) $(srcdir)/tests/bench/rom.S \
		-DGUEST='"tests/bench/bench-disk-emul.wrapped"' && $(bench_image)
tests/bench/exits.bin: tests/bench/exits.S
	$(AM_V_GEN)$(bench_assemble) $(srcdir)/tests/bench/exits.S && $(bench_image)

# Work for the processor, in 32 and in 64 bits. The same object becomes a guest, one
# for QEMU, and a program of the host's, where it needs no more than that has.
bench_work_host = tests/bench/cpu-loop tests/bench/cpu-none tests/bench/cpu-sieve
bench_work = $(bench_work_host) tests/bench/cpu-beside tests/bench/cpu-code
bench_work_objects = $(bench_work:=.o32) $(bench_work:=.o64)
bench_work_bins = $(bench_work:=.bin32) $(bench_work:=.bin64)
bench_work_roms = $(bench_work:=.rom32) $(bench_work:=.rom64)
bench_work_natives = $(bench_work_host:=.native32) $(bench_work_host:=.native64)
bench_work_start = tests/bench/cpu-native.o32 tests/bench/cpu-native.o64 \
	tests/bench/qemu-end.o32 tests/bench/qemu-end.o64
bench_native_link = $(CC) -nostdlib -static -Wl,--build-id=none -o $@
bench_work_rom = $(bench_assemble) -DGUEST='"$<"' $(srcdir)/tests/bench/rom.S && $(bench_image)
SUFFIXES += .bin32 .bin64 .wrapped32 .wrapped64 .rom32 .rom64 .native32 .native64
.o32.bin32:
	$(AM_V_CCLD)$(guest_link) -m32 $< $(guest_lib32)
.o64.bin64:
	$(AM_V_CCLD)$(guest_link) -m64 $< $(guest_lib64)
.o32.wrapped32:
	$(AM_V_CCLD)$(guest_link) -m32 -Wl,--wrap=main tests/bench/qemu-end.o32 $< $(guest_lib32)
.o64.wrapped64:
	$(AM_V_CCLD)$(guest_link) -m64 -Wl,--wrap=main tests/bench/qemu-end.o64 $< $(guest_lib64)
.wrapped32.rom32:
	$(AM_V_GEN)$(bench_work_rom)
.wrapped64.rom64:
	$(AM_V_GEN)$(bench_work_rom)
.o32.native32:
	$(AM_V_CCLD)$(bench_native_link) -m32 tests/bench/cpu-native.o32 $<
.o64.native64:
	$(AM_V_CCLD)$(bench_native_link) -m64 tests/bench/cpu-native.o64 $<
$(bench_work_objects): tests/bench/cpu-work.h
$(bench_work_bins) $(bench_work:=.wrapped32) $(bench_work:=.wrapped64) \
$(bench_work_natives): $(guest_lib32) $(guest_lib64) $(bench_work_start)

bench_guests = guest/bench-halt.bin guest/bench-pio.bin guest/bench-mmio.bin \
	guest/bench-disk-emul.bin guest/bench-disk-out.bin guest/bench-disk-pv.bin \
	guest/bench-disk-bulk.bin guest/bench-hypercall.bin guest/bench-ipc.bin \
	guest/bench-simvirtio.bin guest/ipc-pages.bin

# What there is for one mode only: a day in a kernel, and what KVM leaves to vmm's own
# emulator.
bench_own = tests/bench/cpu-kernel.bin64 tests/bench/cpu-kernel.rom64 \
	tests/bench/handover.bin32
tests/bench/cpu-kernel.bin64 tests/bench/cpu-kernel.wrapped64 \
tests/bench/handover.bin32: $(guest_lib32) $(guest_lib64) $(bench_work_start)
tests/bench/cpu-kernel.o64: tests/bench/cpu-work.h

# The same work as kernels, for the engine direct: code and data lie where a process can
# have memory.
bench_kernel_work = cpu-loop cpu-none cpu-quiet cpu-sieve cpu-trap cpu-words
bench_kernels = $(bench_kernel_work:%=tests/bench/%.elf32) \
	$(bench_kernel_work:%=tests/bench/%.elf64) tests/bench/cpu-pages.elf64
SUFFIXES += .elf32 .elf64
bench_kernel_link = $(CC) -nostdlib -static -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,-z,noexecstack -Wl,--no-warn-rwx-segments -Wl,-T,$(srcdir)/guest/kernel/long.ld -o $@
.o32.elf32:
	$(AM_V_CCLD)$(bench_kernel_link) -m32 tests/bench/kernel-start.o32 $<
.o64.elf64:
	$(AM_V_CCLD)$(bench_kernel_link) -m64 guest/kernel/start-long.o64 \
		tests/bench/kernel-start.o64 $<
$(bench_kernels): tests/bench/kernel-start.o32 tests/bench/kernel-start.o64 \
	guest/kernel/start-long.o64 guest/kernel/long.ld
$(bench_kernel_work:%=tests/bench/%.o32) $(bench_kernel_work:%=tests/bench/%.o64) \
tests/bench/cpu-pages.o64: tests/bench/cpu-work.h
tests/bench/cpu-quiet.o32 tests/bench/cpu-quiet.o64: tests/bench/cpu-trap.S

# An initial RAM disk for Linux, where there is what it takes.
tests/bench/linux.initrd: tests/bench/make-initrd
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(srcdir)/tests/bench/make-initrd $@

.PHONY: bench
bench: vmm cpu.la $(bench_programs) $(bench_roms) $(bench_guests) $(bench_own) \
		$(bench_work_bins) $(bench_work_roms) $(bench_work_natives) $(bench_kernels) \
		tests/bench/linux.initrd
	perl -I $(srcdir)/tests/bench $(srcdir)/tests/bench/bench.pl \
		--scripts=$(srcdir)/tests/bench $(BENCH_FLAGS)

EXTRA_DIST += tests/bench/README tests/bench/BenchChart.pm tests/bench/BenchPlan.pm \
	tests/bench/BenchReport.pm tests/bench/BenchStats.pm tests/bench/BenchSvg.pm tests/bench/BenchWays.pm \
	tests/bench/bench.pl \
	tests/bench/cpu-beside.S tests/bench/cpu-code.S tests/bench/cpu-kernel.S \
	tests/bench/cpu-loop.S tests/bench/cpu-native.S tests/bench/cpu-none.S \
	tests/bench/cpu-pages.S tests/bench/cpu-quiet.S tests/bench/cpu-sieve.S \
	tests/bench/cpu-trap.S tests/bench/cpu-words.S tests/bench/cpu-work.h \
	tests/bench/exits.S tests/bench/handover.S tests/bench/kernel-start.S \
	tests/bench/make-initrd \
	tests/bench/qemu-end.c tests/bench/rom.S tests/bench/two-vmms
CLEANFILES += $(EXTRA_PROGRAMS) $(bench_roms) tests/bench/*.o32 tests/bench/*.o64 \
	tests/bench/*.wrapped tests/bench/*.wrapped?? $(bench_work_bins) $(bench_work_roms) \
	$(bench_work_natives) $(bench_kernels) $(bench_own) tests/bench/linux.initrd \
	bench.json bench.svg
