/* SPDX-License-Identifier: 0BSD */
/* privileged.c - calls with bad arguments, and an instruction that is the kernel's alone. */
#include "env/user/user.h"

int main(void)
{
	print("unknown call %d, text from the kernel %d", system_call(99, 0, 0),
	      system_call(SYSTEM_PRINT, 0x100000, 10));
	__asm__ volatile ("cli");
	print("WRONG: interrupts are off");
	return 1;
}
