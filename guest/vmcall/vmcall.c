/* SPDX-License-Identifier: 0BSD */
/*
 * vmcall.c - hypercalls by VMCALL where the machine has them, else by the port: a line on
 * the debug console, by each of the library's ways.
 */
#include <vmm/hypercall.h>
#include <vmm/pv.h>
#include <vmm/vga.h>

int main(void)
{
	struct vmm_request request = { .number = VMM_SCREEN_INFO };

	pv_printf("VMCALL is %sa hypercall here\n",
		  vmm_hypercall(VMM_INSTRUCTION) == 1 ? "" : "not ");
	if (vmm_call_instruction(&request) != (VGA_COLUMNS | VGA_ROWS << 16))
		return 1;
	/* Again, now that the way is known. */
	return vmm_call_instruction(&request) != (VGA_COLUMNS | VGA_ROWS << 16);
}
