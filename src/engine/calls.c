/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calls.c - see calls.h. */
#include "engine/calls.h"

#include <string.h>

#include "core/array.h"
#include "cpu/native.h"

uint32_t calls_in(const uint8_t *bytes, size_t len, uint8_t code_bits)
{
	static const struct {
		uint8_t opcode[3];
		uint8_t len;
		uint8_t code_bits;	/* 0: any */
		uint32_t found;
	} calls[] = {
		{ { 0x0F, 0x05 }, 2, 0, CPU_CODE_SYSCALL },	/* SYSCALL */
		{ { 0x0F, 0x34 }, 2, 0, CPU_CODE_LIES },	/* SYSENTER */
		{ { 0xCD, 0x80 }, 2, 64, CPU_CODE_LIES },	/* INT 80h */
		{ { 0x0F, 0x01, 0xEF }, 3, 0, CPU_CODE_LIES },	/* WRPKRU */
	};
	uint32_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].code_bits && calls[i].code_bits != code_bits)
			continue;
		if (memmem(bytes, len, calls[i].opcode, calls[i].len))
			found |= calls[i].found;
	}
	return found;
}
