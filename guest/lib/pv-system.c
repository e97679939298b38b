/* SPDX-License-Identifier: 0BSD */
/*
 * pv-system.c - the hypercalls for the machine as a whole: what there is,
 * output, the end.
 */
#include <vmm/format.h>
#include <vmm/hypercall.h>
#include <vmm/machine.h>
#include <vmm/pv.h>

bool pv_query(uint32_t number)
{
	return vmm_hypercall(VMM_QUERY, number) == 1;
}

_Noreturn void pv_exit(uint32_t status)
{
	vmm_hypercall(VMM_EXIT, status);
	machine_halt();
}

int pv_print(const char *text, size_t length)
{
	return (int)vmm_hypercall(VMM_PRINT, vmm_address(text), length);
}

/* Gathers pieces, so that a line costs one hypercall. */
struct print_buffer {
	struct format_sink sink;
	size_t used;
	char text[256];
};

static void print_flush(struct print_buffer *buffer)
{
	if (buffer->used)
		pv_print(buffer->text, buffer->used);
	buffer->used = 0;
}

static void print_piece(struct format_sink *sink, const char *text, size_t length)
{
	struct print_buffer *buffer = (struct print_buffer *)sink;

	for (size_t i = 0; i < length; i++) {
		if (buffer->used == sizeof(buffer->text))
			print_flush(buffer);
		buffer->text[buffer->used++] = text[i];
	}
}

int pv_printf(const char *format, ...)
{
	struct print_buffer buffer = { .sink = { print_piece } };
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vformat(&buffer.sink, format, arguments);
	va_end(arguments);
	print_flush(&buffer);
	return length;
}
