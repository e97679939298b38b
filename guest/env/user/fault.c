/* SPDX-License-Identifier: 0BSD */
/* fault.c - writes to the kernel's memory, which is the end of it and of nobody else. */
#include "env/user/user.h"

int main(void)
{
	print("writing to the kernel");
	*(volatile uint32_t *)0x100000 = 0;
	print("WRONG: it went through");
	return 1;
}
