/* SPDX-License-Identifier: 0BSD */
/*
 * triple-fault.c - crashes: an undefined instruction in a guest that has no
 * interrupt gates.
 */
int main(void)
{
	__builtin_trap();
}
