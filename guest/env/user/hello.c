/* SPDX-License-Identifier: 0BSD */
/* hello.c - says who it is, and lets the others run in between. */
#include "env/user/user.h"

#define TURNS	5

int main(void)
{
	print("hello, I am environment %d", sys_id());
	for (int turn = 1; turn <= TURNS; turn++) {
		sys_yield();
		print("back in environment %d, turn %d", sys_id(), turn);
	}
	return 0;
}
