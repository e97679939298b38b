// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * qemu-end.c - ends a benchmark guest under QEMU, which does not end by HLT:
 * linked in before the guest's main() with ld's --wrap=main, lets crt0 write
 * the outcome to the debug-exit port, of which QEMU makes status 2 * value + 1.
 */
#define GUEST_DONE 1
#define GUEST_FAILED 2

int __real_main(void);
int __wrap_main(void);

int __wrap_main(void)
{
	return __real_main() == 0 ? GUEST_DONE : GUEST_FAILED;
}
