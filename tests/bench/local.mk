# SPDX-License-Identifier: GPL-3.0-or-later
# make bench: what vmm costs, see tests/bench/README. Included from the top-level
# Makefile.am behind guest/local.mk. BENCH_FLAGS: options of bench.pl.

# The floors are static, and never built with the sanitizers that vmm may be.
bench_programs = tests/bench/kvm-floor tests/bench/measure tests/bench/peakmem \
	tests/bench/write-floor
bench_cflags = -std=gnu17 -O2 -Wall -Wextra
EXTRA_PROGRAMS += $(bench_programs)
tests_bench_kvm_floor_SOURCES = tests/bench/kvm-floor.c tests/bench/floor-disk.c \
	tests/bench/floor-disk.h
tests_bench_kvm_floor_CFLAGS = $(bench_cflags)
tests_bench_kvm_floor_LDFLAGS = -all-static
tests_bench_measure_SOURCES = tests/bench/measure.c
tests_bench_measure_CFLAGS = $(bench_cflags)
tests_bench_measure_LDFLAGS = -all-static
tests_bench_peakmem_SOURCES = tests/bench/peakmem.c
tests_bench_peakmem_CFLAGS = $(bench_cflags)
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

bench_guests = guest/bench-halt.bin guest/bench-pio.bin guest/bench-mmio.bin \
	guest/bench-disk-emul.bin guest/bench-disk-pv.bin guest/bench-disk-bulk.bin
.PHONY: bench
bench: vmm $(bench_programs) $(bench_roms) $(bench_guests)
	perl -I $(srcdir)/tests/bench $(srcdir)/tests/bench/bench.pl $(BENCH_FLAGS)

EXTRA_DIST += tests/bench/README tests/bench/BenchChart.pm tests/bench/BenchPlan.pm \
	tests/bench/BenchReport.pm tests/bench/BenchStats.pm tests/bench/bench.pl tests/bench/exits.S \
	tests/bench/qemu-end.c tests/bench/rom.S
CLEANFILES += $(EXTRA_PROGRAMS) $(bench_roms) tests/bench/*.o32 tests/bench/*.wrapped \
	bench.json bench.svg
