/* SPDX-License-Identifier: 0BSD */
/*
 * exit-pv.c - a status by hypercall, and one that is too large: 119 of vmm's.
 */
#include <vmm/pv.h>

int main(void)
{
	pv_exit(300);
}
