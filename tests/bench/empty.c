// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * empty - a program that does nothing, linked with the libraries that vmm is
 * linked with: what their start and its end take.
 */
int main(void)
{
	return 0;
}
