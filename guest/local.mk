# SPDX-License-Identifier: 0BSD
# Guest code: a library for each mode and the guests that are linked with it.
#
# It runs on the bare machine: it is compiled by rules of its own with none of
# the user's or the distribution's CFLAGS, CPPFLAGS and LDFLAGS (hardening, sanitizers,
# SSE). Objects are named .o16, .o32 and .o64 by their mode.

# What a guest needs of the compiler; the .pc files say the same.
guest_abi_flags = -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -mgeneral-regs-only
guest_flags_16 = -m16 -march=i686 $(guest_abi_flags) -DVMM_GUEST_BITS=16
guest_flags_32 = -m32 -march=i686 $(guest_abi_flags) -DVMM_GUEST_BITS=32
guest_flags_64 = -m64 -mno-red-zone $(guest_abi_flags) -DVMM_GUEST_BITS=64
guest_ldflags = -nostdlib -static -Wl,--oformat=binary -Wl,--build-id=none

GUEST_OPTIMIZE = -O2
guest_cflags = -std=gnu17 $(GUEST_OPTIMIZE) -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings \
	-Wformat=2 -Wundef -Wvla -I$(srcdir)/guest/include -I$(srcdir)/guest
guest_compile = $(MKDIR_P) $(@D) && $(CC) $(guest_cflags) -c -o $@ $<
guest_link = $(CC) $(guest_ldflags) -Wl,-T,$(srcdir)/guest/lib/flat.ld -o $@

SUFFIXES = .o16 .o32 .o64
.c.o16:
	$(AM_V_CC)$(guest_compile) $(guest_flags_16)
.S.o16:
	$(AM_V_CC)$(guest_compile) $(guest_flags_16)
.c.o32:
	$(AM_V_CC)$(guest_compile) $(guest_flags_32)
.S.o32:
	$(AM_V_CC)$(guest_compile) $(guest_flags_32)
.c.o64:
	$(AM_V_CC)$(guest_compile) $(guest_flags_64)
.S.o64:
	$(AM_V_CC)$(guest_compile) $(guest_flags_64)

# The library.

guest_include = \
	guest/include/vmm/ata.h guest/include/vmm/console.h guest/include/vmm/error.h \
	guest/include/vmm/format.h guest/include/vmm/hypercall.h guest/include/vmm/io.h \
	guest/include/vmm/ipc.h guest/include/vmm/ipc-message.h guest/include/vmm/machine.h \
	guest/include/vmm/memory.h guest/include/vmm/pv.h guest/include/vmm/simvirtio.h \
	guest/include/vmm/string.h \
	guest/include/vmm/vga.h
guest_lib_c = \
	guest/lib/arithmetic.c guest/lib/ata.c guest/lib/console.c guest/lib/format.c \
	guest/lib/hypercall.c guest/lib/ipc.c guest/lib/ipc-disk.c guest/lib/pv-disk.c \
	guest/lib/pv-memory.c guest/lib/pv-screen.c \
	guest/lib/pv-system.c guest/lib/string.c guest/lib/vga.c guest/lib/vmcall.c
# Not in real mode: the device is out of its reach.
guest_lib_mmio_c = guest/lib/simvirtio.c
guest_lib16 = guest/16/libvmmguest.a
guest_lib32 = guest/32/libvmmguest.a
guest_lib64 = guest/64/libvmmguest.a
guest_lib16_objects = guest/lib/crt0-16.o16 $(guest_lib_c:.c=.o16)
guest_lib32_objects = guest/lib/crt0-32.o32 $(guest_lib_c:.c=.o32) \
	$(guest_lib_mmio_c:.c=.o32)
guest_lib64_objects = guest/lib/crt0-64.o64 $(guest_lib_c:.c=.o64) \
	$(guest_lib_mmio_c:.c=.o64)

# The guests' layout counts as a part of the library, so that they are linked anew
# when it changes.
guest_archive = $(MKDIR_P) $(@D) && rm -f $@ && $(AR) crs $@
$(guest_lib16): $(guest_lib16_objects) guest/lib/flat.ld
	$(AM_V_AR)$(guest_archive) $(guest_lib16_objects)
$(guest_lib32): $(guest_lib32_objects) guest/lib/flat.ld
	$(AM_V_AR)$(guest_archive) $(guest_lib32_objects)
$(guest_lib64): $(guest_lib64_objects) guest/lib/flat.ld
	$(AM_V_AR)$(guest_archive) $(guest_lib64_objects)

vmmguestincludedir = $(includedir)/vmm-guest/vmm
vmmguestinclude_HEADERS = $(guest_include)
vmmguest16dir = $(libdir)/vmm-guest/16
vmmguest16_DATA = $(guest_lib16) guest/lib/flat.ld
vmmguest32dir = $(libdir)/vmm-guest/32
vmmguest32_DATA = $(guest_lib32) guest/lib/flat.ld
vmmguest64dir = $(libdir)/vmm-guest/64
vmmguest64_DATA = $(guest_lib64) guest/lib/flat.ld

# pkg-config: compiler and linker flags for a guest of one's own.

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = guest/vmm-guest-16.pc guest/vmm-guest-32.pc guest/vmm-guest-64.pc
guest_pc = $(MKDIR_P) $(@D) && $(SED) \
	-e 's|@prefix[@]|$(prefix)|' \
	-e 's|@libdir[@]|$(libdir)|' -e 's|@includedir[@]|$(includedir)|' \
	-e 's|dir=$(prefix)/|dir=$${prefix}/|' \
	-e 's|@url[@]|$(PACKAGE_URL)|' -e 's|@version[@]|$(PACKAGE_VERSION)|' \
	-e 's|@ldflags[@]|$(guest_ldflags)|'
guest/vmm-guest-16.pc: guest/vmm-guest.pc.in Makefile
	$(AM_V_GEN)$(guest_pc) -e 's|@bits[@]|16|' -e 's|@cflags[@]|$(guest_flags_16)|' \
		$(srcdir)/guest/vmm-guest.pc.in > $@
guest/vmm-guest-32.pc: guest/vmm-guest.pc.in Makefile
	$(AM_V_GEN)$(guest_pc) -e 's|@bits[@]|32|' -e 's|@cflags[@]|$(guest_flags_32)|' \
		$(srcdir)/guest/vmm-guest.pc.in > $@
guest/vmm-guest-64.pc: guest/vmm-guest.pc.in Makefile
	$(AM_V_GEN)$(guest_pc) -e 's|@bits[@]|64|' -e 's|@cflags[@]|$(guest_flags_64)|' \
		$(srcdir)/guest/vmm-guest.pc.in > $@

# The guests: their sources by mode, and what each is made of. All are installed
# as samples.

guest_asm_16 = guest/bench-halt/bench-halt.S guest/echo/echo.S guest/hang/hang.S guest/hello16/hello16.S \
	guest/hlt-sti/hlt-sti.S
guest_c_32 = \
	guest/ata-full/ata-full.c guest/badcall/badcall.c \
	guest/bench-disk-bulk/bench-disk-bulk.c guest/bench-disk-emul/bench-disk-emul.c \
	guest/bench-disk-out/bench-disk-out.c guest/bench-disk-pv/bench-disk-pv.c \
	guest/bench-hypercall/bench-hypercall.c guest/bench-ipc/bench-ipc.c \
	guest/bench-mmio/bench-mmio.c guest/blockfs/blockfs.c \
	guest/ipc-check/ipc-check.c guest/ipc-pages/ipc-pages.c guest/ipc-peer/ipc-peer.c \
	guest/bench-pio/bench-pio.c guest/bench-simvirtio/bench-simvirtio.c guest/console/console.c \
	guest/cpu-apic/cpu-apic.c guest/cpu-exceptions/cpu-exceptions.c guest/cpu-fpu/cpu-fpu.c \
	guest/cpu-interrupts/cpu-interrupts.c guest/cpu-paging32/cpu-paging32.c \
	guest/cpu-pagingpae/cpu-pagingpae.c guest/cpu-segments/cpu-segments.c \
	guest/cpu-smc/cpu-smc.c guest/cpu-strings/cpu-strings.c \
	guest/cpu-sysenter/cpu-sysenter.c guest/cpu-tasks/cpu-tasks.c \
	guest/cpu-v8086/cpu-v8086.c guest/cpuid/cpuid.c guest/demo/demo.c \
	guest/disk-emul/disk-emul.c guest/disk-pv/disk-pv.c guest/exit-pv/exit-pv.c \
	guest/exit-status/exit-status.c guest/hello/hello.c guest/memory-map/memory-map.c guest/poweroff/poweroff.c \
	guest/reset/reset.c guest/selftest/selftest.c guest/simvirtio-echo/simvirtio-echo.c guest/triple-fault/triple-fault.c \
	guest/vga-cursor/vga-cursor.c guest/vga-emul/vga-emul.c guest/vga-fonts/vga-fonts.c \
	guest/vga-loop/vga-loop.c guest/vga-mode40/vga-mode40.c guest/vga-mode50/vga-mode50.c \
	guest/vga-palette/vga-palette.c guest/vga-pv/vga-pv.c guest/vga-scroll/vga-scroll.c \
	guest/vga-widths/vga-widths.c guest/vmcall/vmcall.c
guest_asm_64 = guest/hello64/hello64.S guest/simvirtio/start.S
guest_c_64 = guest/cpu-paging64/cpu-paging64.c guest/cpu-segments64/cpu-segments64.c \
	guest/cpu-syscall/cpu-syscall.c guest/simvirtio/simvirtio.c
guest_private_include = \
	guest/blockfs/cache.h guest/blockfs/fs.h \
	guest/cpu/descriptor.h guest/cpu/paging.h guest/cpu/processor.h guest/cpu/test.h \
	guest/cpu/timer.h guest/cpu/trap-stubs.h guest/cpu/trap.h guest/kernel/kernel.h guest/kernel/start.h \
	guest/kernel/multiboot2.h guest/rackdoll/rackdoll.h guest/stress/stress.h \
	guest/demo/scene.h guest/lib/crt0.h guest/shared/check.h \
	guest/shared/disk-test.h guest/shared/picture.h guest/shared/vga-mode.h
guest_private_c = \
	guest/blockfs/cache.c guest/blockfs/fs.c \
	guest/cpu/paging.c guest/cpu/test.c guest/cpu/timer.c guest/cpu/trap.c \
	guest/demo/scene.c guest/shared/check.c guest/shared/disk-test.c guest/shared/picture.c \
	guest/shared/vga-mode.c \
	guest/shared/vga-painter.c

guest_private_asm = guest/cpu/trap-32.S guest/cpu/trap-64.S

# Of those that are built for other modes too.
guest_more_objects = guest/cpu-apic/cpu-apic.o64 guest/cpu-exceptions/cpu-exceptions.o64 guest/cpu-fpu/cpu-fpu.o64 \
	guest/cpu-interrupts/cpu-interrupts.o64 guest/cpu-strings/cpu-strings.o64 \
	guest/selftest/selftest.o16 guest/selftest/selftest.o64 \
	guest/shared/check.o16 guest/vga-widths/vga-widths.o64

guest_bins_16 = guest/bench-halt.bin guest/echo.bin guest/hang.bin guest/hello16.bin guest/hlt-sti.bin \
	guest/selftest16.bin
guest/bench-halt.bin: guest/bench-halt/bench-halt.o16 $(guest_lib16)
guest/echo.bin: guest/echo/echo.o16 $(guest_lib16)
guest/hang.bin: guest/hang/hang.o16 $(guest_lib16)
guest/hello16.bin: guest/hello16/hello16.o16 $(guest_lib16)
guest/hlt-sti.bin: guest/hlt-sti/hlt-sti.o16 $(guest_lib16)
guest/selftest16.bin: guest/selftest/selftest.o16 guest/shared/check.o16 $(guest_lib16)

# The harness of guests that test the processor.
guest_cpu_32 = guest/cpu/test.o32 guest/cpu/trap.o32 guest/cpu/trap-32.o32 guest/shared/check.o32
guest_cpu_64 = guest/cpu/test.o64 guest/cpu/trap.o64 guest/cpu/trap-64.o64 guest/shared/check.o64
guest_paging_32 = guest/cpu/paging.o32 $(guest_cpu_32)
guest_paging_64 = guest/cpu/paging.o64 $(guest_cpu_64)

# Of those with a text mode of their own.
guest_vga_mode = guest/shared/vga-mode.o32 $(guest_lib32)

guest_bins_32 = \
	guest/bench-hypercall.bin guest/bench-ipc.bin guest/blockfs.bin guest/ipc-check.bin \
	guest/ipc-pages.bin guest/ipc-peer.bin \
	guest/ata-full.bin guest/badcall.bin guest/bench-disk-bulk.bin \
	guest/bench-disk-emul.bin guest/bench-disk-out.bin guest/bench-disk-pv.bin guest/bench-mmio.bin \
	guest/bench-pio.bin guest/bench-simvirtio.bin guest/console.bin guest/cpu-apic.bin guest/cpu-exceptions.bin guest/cpu-fpu.bin \
	guest/cpu-interrupts.bin guest/cpu-paging32.bin guest/cpu-pagingpae.bin \
	guest/cpu-segments.bin guest/cpu-smc.bin guest/cpu-strings.bin guest/cpu-sysenter.bin \
	guest/cpu-tasks.bin \
	guest/cpu-v8086.bin guest/cpuid.bin guest/demo.bin guest/disk-emul.bin guest/disk-pv.bin \
	guest/exit-pv.bin guest/exit-status.bin guest/hello.bin guest/memory-map.bin guest/poweroff.bin \
	guest/reset.bin guest/selftest.bin guest/simvirtio-echo.bin guest/triple-fault.bin guest/vga-emul.bin \
	guest/vga-cursor.bin guest/vga-fonts.bin guest/vga-loop.bin guest/vga-mode40.bin \
	guest/vga-mode50.bin guest/vga-palette.bin guest/vga-pv.bin guest/vga-scroll.bin \
	guest/vga-widths.bin guest/vmcall.bin
guest/bench-hypercall.bin: guest/bench-hypercall/bench-hypercall.o32 $(guest_lib32)
guest/bench-ipc.bin: guest/bench-ipc/bench-ipc.o32 $(guest_lib32)
guest/blockfs.bin: guest/blockfs/blockfs.o32 guest/blockfs/cache.o32 guest/blockfs/fs.o32 \
	$(guest_paging_32) $(guest_lib32)
guest/ipc-check.bin: guest/ipc-check/ipc-check.o32 guest/shared/check.o32 $(guest_lib32)
guest/ipc-pages.bin: guest/ipc-pages/ipc-pages.o32 $(guest_lib32)
guest/ipc-peer.bin: guest/ipc-peer/ipc-peer.o32 $(guest_lib32)
guest/ata-full.bin: guest/ata-full/ata-full.o32 guest/shared/check.o32 $(guest_lib32)
guest/badcall.bin: guest/badcall/badcall.o32 guest/shared/check.o32 $(guest_lib32)
guest/bench-disk-bulk.bin: guest/bench-disk-bulk/bench-disk-bulk.o32 $(guest_lib32)
guest/bench-disk-emul.bin: guest/bench-disk-emul/bench-disk-emul.o32 $(guest_lib32)
guest/bench-disk-out.bin: guest/bench-disk-out/bench-disk-out.o32 $(guest_lib32)
guest/bench-disk-pv.bin: guest/bench-disk-pv/bench-disk-pv.o32 $(guest_lib32)
guest/bench-mmio.bin: guest/bench-mmio/bench-mmio.o32 $(guest_lib32)
guest/bench-pio.bin: guest/bench-pio/bench-pio.o32 $(guest_lib32)
guest/bench-simvirtio.bin: guest/bench-simvirtio/bench-simvirtio.o32 $(guest_lib32)
guest/console.bin: guest/console/console.o32 $(guest_lib32)
guest/cpu-apic.bin: guest/cpu-apic/cpu-apic.o32 $(guest_cpu_32) $(guest_lib32)
guest/cpu-exceptions.bin: guest/cpu-exceptions/cpu-exceptions.o32 $(guest_cpu_32) $(guest_lib32)
guest/cpu-fpu.bin: guest/cpu-fpu/cpu-fpu.o32 $(guest_cpu_32) $(guest_lib32)
guest/cpu-interrupts.bin: guest/cpu-interrupts/cpu-interrupts.o32 $(guest_cpu_32) $(guest_lib32)
guest/cpu-paging32.bin: guest/cpu-paging32/cpu-paging32.o32 $(guest_paging_32) $(guest_lib32)
guest/cpu-pagingpae.bin: guest/cpu-pagingpae/cpu-pagingpae.o32 $(guest_paging_32) $(guest_lib32)
guest/cpu-segments.bin: guest/cpu-segments/cpu-segments.o32 $(guest_cpu_32) $(guest_lib32)
guest/cpu-smc.bin: guest/cpu-smc/cpu-smc.o32 $(guest_paging_32) $(guest_lib32)
guest/cpu-strings.bin: guest/cpu-strings/cpu-strings.o32 $(guest_paging_32) $(guest_lib32)
guest/cpu-sysenter.bin: guest/cpu-sysenter/cpu-sysenter.o32 $(guest_cpu_32) $(guest_lib32)
guest/cpu-tasks.bin: guest/cpu-tasks/cpu-tasks.o32 $(guest_cpu_32) $(guest_lib32)
guest/cpu-v8086.bin: guest/cpu-v8086/cpu-v8086.o32 $(guest_cpu_32) $(guest_lib32)
guest/cpuid.bin: guest/cpuid/cpuid.o32 $(guest_lib32)
guest/demo.bin: guest/demo/demo.o32 guest/demo/scene.o32 $(guest_lib32)
guest/disk-emul.bin: guest/disk-emul/disk-emul.o32 guest/shared/disk-test.o32 $(guest_lib32)
guest/disk-pv.bin: guest/disk-pv/disk-pv.o32 guest/shared/disk-test.o32 $(guest_lib32)
guest/exit-pv.bin: guest/exit-pv/exit-pv.o32 $(guest_lib32)
guest/exit-status.bin: guest/exit-status/exit-status.o32 $(guest_lib32)
guest/hello.bin: guest/hello/hello.o32 $(guest_lib32)
guest/memory-map.bin: guest/memory-map/memory-map.o32 $(guest_lib32)
guest/poweroff.bin: guest/poweroff/poweroff.o32 $(guest_lib32)
guest/reset.bin: guest/reset/reset.o32 $(guest_lib32)
guest/selftest.bin: guest/selftest/selftest.o32 guest/shared/check.o32 $(guest_lib32)
guest/simvirtio-echo.bin: guest/simvirtio-echo/simvirtio-echo.o32 $(guest_lib32)
guest/triple-fault.bin: guest/triple-fault/triple-fault.o32 $(guest_lib32)
guest/vga-cursor.bin: guest/vga-cursor/vga-cursor.o32 $(guest_vga_mode)
guest/vga-emul.bin: guest/vga-emul/vga-emul.o32 guest/shared/picture.o32 \
	guest/shared/vga-painter.o32 $(guest_lib32)
guest/vga-fonts.bin: guest/vga-fonts/vga-fonts.o32 $(guest_vga_mode)
guest/vga-loop.bin: guest/vga-loop/vga-loop.o32 guest/shared/picture.o32 \
	guest/shared/vga-painter.o32 $(guest_lib32)
guest/vga-mode40.bin: guest/vga-mode40/vga-mode40.o32 $(guest_vga_mode)
guest/vga-mode50.bin: guest/vga-mode50/vga-mode50.o32 $(guest_vga_mode)
guest/vga-palette.bin: guest/vga-palette/vga-palette.o32 $(guest_vga_mode)
guest/vga-pv.bin: guest/vga-pv/vga-pv.o32 guest/shared/picture.o32 $(guest_lib32)
guest/vga-scroll.bin: guest/vga-scroll/vga-scroll.o32 $(guest_vga_mode)
guest/vga-widths.bin: guest/vga-widths/vga-widths.o32 guest/shared/check.o32 $(guest_lib32)
guest/vmcall.bin: guest/vmcall/vmcall.o32 $(guest_lib32)

# 64 bits, and what is built for more than one mode.
guest_bins_64 = \
	guest/cpu-apic64.bin guest/cpu-exceptions64.bin guest/cpu-fpu64.bin guest/cpu-interrupts64.bin \
	guest/cpu-paging64.bin guest/cpu-segments64.bin guest/cpu-strings64.bin \
	guest/cpu-syscall.bin guest/hello64.bin guest/selftest64.bin guest/simvirtio.bin \
	guest/vga-widths64.bin
guest/cpu-apic64.bin: guest/cpu-apic/cpu-apic.o64 $(guest_cpu_64) $(guest_lib64)
guest/cpu-exceptions64.bin: guest/cpu-exceptions/cpu-exceptions.o64 $(guest_cpu_64) $(guest_lib64)
guest/cpu-fpu64.bin: guest/cpu-fpu/cpu-fpu.o64 $(guest_cpu_64) $(guest_lib64)
guest/cpu-interrupts64.bin: guest/cpu-interrupts/cpu-interrupts.o64 $(guest_cpu_64) $(guest_lib64)
guest/cpu-paging64.bin: guest/cpu-paging64/cpu-paging64.o64 $(guest_paging_64) $(guest_lib64)
guest/cpu-segments64.bin: guest/cpu-segments64/cpu-segments64.o64 $(guest_cpu_64) $(guest_lib64)
guest/cpu-strings64.bin: guest/cpu-strings/cpu-strings.o64 $(guest_paging_64) $(guest_lib64)
guest/cpu-syscall.bin: guest/cpu-syscall/cpu-syscall.o64 $(guest_cpu_64) $(guest_lib64)
guest/hello64.bin: guest/hello64/hello64.o64 $(guest_lib64)
guest/selftest64.bin: guest/selftest/selftest.o64 guest/shared/check.o64 $(guest_lib64)
guest/simvirtio.bin: guest/simvirtio/start.o64 guest/simvirtio/simvirtio.o64 $(guest_lib64)
guest/vga-widths64.bin: guest/vga-widths/vga-widths.o64 guest/shared/check.o64 $(guest_lib64)

$(guest_bins_16):
	$(AM_V_CCLD)$(guest_link) -m16 $^
$(guest_bins_32):
	$(AM_V_CCLD)$(guest_link) -m32 $^
$(guest_bins_64):
	$(AM_V_CCLD)$(guest_link) -m64 $^

# Kernels that boot loaders load, for the tests: one that prints what it was handed,
# with the headers of each format.

guest_kernel_c = guest/kernel/kernel.c guest/kernel/multiboot.c guest/kernel/multiboot2.c \
	guest/kernel/parts.c
guest_kernel_asm = guest/kernel/header-aout.S guest/kernel/header-multiboot.S \
	guest/kernel/header-multiboot2-aout.S guest/kernel/header-multiboot2.S \
	guest/kernel/header-relocatable.S guest/kernel/start-32.S \
	guest/kernel/start-relocatable.S
guest_kernel_asm_64 = guest/kernel/start-64.S
guest_kernel_32 = guest/kernel/start-32.o32 $(guest_kernel_c:.c=.o32) $(guest_lib32)
guest_kernel_64 = guest/kernel/start-64.o64 $(guest_kernel_c:.c=.o64) $(guest_lib64)
guest_kernel_link = $(CC) -nostdlib -static -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,-T,$(srcdir)/guest/kernel/kernel.ld -o $@
guest_kernels = guest/kernel-aout.bin guest/kernel-elf32.elf guest/kernel-elf64.elf \
	guest/kernel-multiboot.elf guest/kernel-multiboot2-64.elf guest/kernel-multiboot2-aout.bin \
	guest/kernel-multiboot2.elf guest/kernel-multiboot64.elf guest/kernel-relocatable.elf

guest/kernel-aout.bin: guest/kernel/header-aout.o32 $(guest_kernel_32)
	$(AM_V_CCLD)$(guest_kernel_link) -Wl,--oformat=binary -m32 $^
guest/kernel-elf32.elf: $(guest_kernel_32)
	$(AM_V_CCLD)$(guest_kernel_link) -m32 $^
guest/kernel-elf64.elf: $(guest_kernel_64)
	$(AM_V_CCLD)$(guest_kernel_link) -m64 $^
guest/kernel-multiboot.elf: guest/kernel/header-multiboot.o32 $(guest_kernel_32)
	$(AM_V_CCLD)$(guest_kernel_link) -m32 $^
guest/kernel-multiboot2-aout.bin: guest/kernel/header-multiboot2-aout.o32 $(guest_kernel_32)
	$(AM_V_CCLD)$(guest_kernel_link) -Wl,--oformat=binary -m32 $^
guest/kernel-multiboot2.elf: guest/kernel/header-multiboot2.o32 $(guest_kernel_32)
	$(AM_V_CCLD)$(guest_kernel_link) -Wl,-e,wrong_entry -m32 $^
guest/kernel-relocatable.elf: guest/kernel/header-relocatable.o32 \
		guest/kernel/start-relocatable.o32 $(guest_kernel_32)
	$(AM_V_CCLD)$(guest_kernel_link) -Wl,-e,_start_relocatable -m32 $^
# 32-bit code in a file of 64 bits, as kernels that go to long mode themselves.
guest/kernel-multiboot64.elf: guest/kernel-multiboot.elf
	$(AM_V_GEN)$(OBJCOPY) -O elf64-x86-64 $< $@
guest/kernel-multiboot2-64.elf: guest/kernel-multiboot2.elf
	$(AM_V_GEN)$(OBJCOPY) -O elf64-x86-64 $< $@
guest/kernel/start-32.o32 guest/kernel/start-64.o64: guest/kernel/kernel.ld
noinst_DATA += $(guest_kernels)

# A boot sector, and the kernel that it loads.

guest_boot = guest/boot-sector.bin guest/boot-kernel.elf
guest/boot-sector.bin: guest/boot/sector.o16
	$(AM_V_CCLD)$(CC) $(guest_ldflags) -m16 -Wl,-Ttext=0x7C00,-e,_start -o $@ $<
guest/boot-kernel.elf: guest/boot/start.o32 guest/boot/kernel.o32 $(guest_lib32) \
		guest/boot/kernel.ld
	$(AM_V_CCLD)$(CC) -nostdlib -static -m32 -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
		-Wl,-T,$(srcdir)/guest/boot/kernel.ld -o $@ guest/boot/start.o32 \
		guest/boot/kernel.o32 $(guest_lib32)
noinst_DATA += $(guest_boot)

# The kernel env, and its programs.

guest_env_c = guest/env/elf.c guest/env/environment.c guest/env/kernel.c guest/env/screen.c \
	guest/env/syscall.c
guest_env_user_c = guest/env/user/fault.c guest/env/user/hello.c guest/env/user/memory.c \
	guest/env/user/privileged.c guest/env/user/spin.c
guest_env_asm = guest/env/enter.S guest/env/user/start.S
guest_env_include = guest/env/env.h guest/env/system.h guest/env/user/user.h
guest_env_kernel = guest/kernel/header-multiboot.o32 guest/kernel/start-32.o32 \
	$(guest_env_c:.c=.o32) guest/env/enter.o32 guest/cpu/timer.o32 $(guest_paging_32) \
	$(guest_lib32)
guest_env_programs = guest/env-fault.elf guest/env-hello.elf guest/env-memory.elf \
	guest/env-privileged.elf guest/env-spin.elf

guest/env.elf: $(guest_env_kernel)
	$(AM_V_CCLD)$(guest_kernel_link) -m32 $^
guest/env-fault.elf: guest/env/user/start.o32 guest/env/user/fault.o32 $(guest_lib32)
guest/env-hello.elf: guest/env/user/start.o32 guest/env/user/hello.o32 $(guest_lib32)
guest/env-memory.elf: guest/env/user/start.o32 guest/env/user/memory.o32 $(guest_lib32)
guest/env-privileged.elf: guest/env/user/start.o32 guest/env/user/privileged.o32 $(guest_lib32)
guest/env-spin.elf: guest/env/user/start.o32 guest/env/user/spin.o32 $(guest_lib32)
$(guest_env_programs):
	$(AM_V_CCLD)$(CC) -nostdlib -static -m32 -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
		-Wl,-Ttext-segment=0x40000000 -o $@ $^
noinst_DATA += guest/env.elf $(guest_env_programs)

# Kernels that switch to long mode themselves; ELF files, whatever their name.

guest_long_c = guest/rackdoll/memory.c guest/rackdoll/rackdoll.c guest/rackdoll/ring3.c \
	guest/rackdoll/tables.c guest/rackdoll/timer.c guest/stress/chaos.c guest/stress/orderly.c \
	guest/stray/stray.c guest/stress/stress.c
guest_long_asm = guest/kernel/start-long.S guest/rackdoll/user.S guest/stress/stubs.S
guest_long_bins = guest/rackdoll.bin guest/stray.bin guest/stress.bin
guest_rackdoll = guest/rackdoll/memory.o64 guest/rackdoll/rackdoll.o64 guest/rackdoll/ring3.o64 \
	guest/rackdoll/tables.o64 guest/rackdoll/timer.o64 guest/rackdoll/user.o64 \
	guest/cpu/timer.o64
guest_long_link = $(CC) -nostdlib -static -m64 -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,-z,noexecstack -Wl,--no-warn-rwx-segments -Wl,-T,$(srcdir)/guest/kernel/long.ld -o $@

guest/rackdoll.bin: guest/kernel/start-long.o64 $(guest_rackdoll) $(guest_paging_64) $(guest_lib64)
guest/stray.bin: guest/kernel/start-long.o64 guest/stray/stray.o64 $(guest_paging_64) $(guest_lib64)
guest/stress.bin: guest/kernel/start-long.o64 guest/stress/chaos.o64 guest/stress/orderly.o64 \
	guest/stress/stress.o64 guest/stress/stubs.o64 $(guest_paging_64) $(guest_lib64)
guest/kernel/start-long.o64: guest/kernel/long.ld
$(guest_long_bins):
	$(AM_V_CCLD)$(guest_long_link) $^

.PHONY: guests
guests: $(samples_DATA) $(guest_kernels) $(guest_boot) guest/env.elf $(guest_env_programs)

samplesdir = $(pkgdatadir)/samples
samples_DATA = $(guest_bins_16) $(guest_bins_32) $(guest_bins_64) $(guest_long_bins)

# Benchmarks: what is compared is the interfaces, not the compiler's carefulness.
guest/bench-disk-bulk/bench-disk-bulk.o32 guest/bench-disk-emul/bench-disk-emul.o32 \
guest/bench-disk-out/bench-disk-out.o32 guest/bench-disk-pv/bench-disk-pv.o32 \
guest/bench-hypercall/bench-hypercall.o32 guest/bench-ipc/bench-ipc.o32 \
guest/bench-mmio/bench-mmio.o32 guest/ipc-pages/ipc-pages.o32 \
guest/bench-pio/bench-pio.o32 guest/bench-simvirtio/bench-simvirtio.o32: GUEST_OPTIMIZE = -O3

# Few and small: all are compiled anew when a header or the flags change.
$(guest_lib16_objects) $(guest_lib32_objects) $(guest_lib64_objects) \
$(guest_asm_16:.S=.o16) $(guest_c_32:.c=.o32) $(guest_asm_64:.S=.o64) $(guest_c_64:.c=.o64) \
$(guest_private_c:.c=.o32) $(guest_kernel_c:.c=.o32) $(guest_kernel_c:.c=.o64) \
$(guest_kernel_asm:.S=.o32) $(guest_kernel_asm_64:.S=.o64) \
guest/boot/sector.o16 guest/boot/start.o32 guest/boot/kernel.o32 \
$(guest_env_c:.c=.o32) $(guest_env_user_c:.c=.o32) $(guest_env_asm:.S=.o32) guest/cpu/timer.o64 \
$(guest_long_c:.c=.o64) $(guest_long_asm:.S=.o64) $(guest_paging_64) guest/cpu/trap-32.o32 $(guest_more_objects): \
	$(guest_include) $(guest_private_include) $(guest_env_include) guest/local.mk

EXTRA_DIST += guest/COPYING guest/vmm-guest.pc.in guest/lib/flat.ld \
	$(guest_lib_c) $(guest_lib_mmio_c) guest/lib/crt0-16.S guest/lib/crt0-32.S guest/lib/crt0-64.S \
	$(guest_asm_16) $(guest_c_32) $(guest_asm_64) $(guest_c_64) \
	$(guest_private_include) $(guest_private_c) $(guest_private_asm) \
	$(guest_kernel_c) $(guest_kernel_asm) $(guest_kernel_asm_64) guest/kernel/kernel.ld \
	$(guest_long_c) $(guest_long_asm) guest/kernel/long.ld \
	$(guest_env_c) $(guest_env_user_c) $(guest_env_asm) $(guest_env_include) \
	guest/boot/sector.S guest/boot/start.S guest/boot/kernel.c guest/boot/kernel.ld \
	examples/hello/README examples/hello/Makefile examples/hello/hello.c \
	examples/service/count.py
CLEANFILES += guest/*.bin guest/*.elf guest/*.pc guest/*/libvmmguest.a \
	guest/*/*.o16 guest/*/*.o32 guest/*/*.o64
