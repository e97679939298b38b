/* SPDX-License-Identifier: 0BSD */
/*
 * exit-status.c - main()'s value is vmm's exit status.
 */
int main(void)
{
	return 42;
}
