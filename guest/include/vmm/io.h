/* SPDX-License-Identifier: 0BSD */
/*
 * io.h - port I/O and the few processor instructions that C does not have
 * (Intel SDM vol. 2: IN, OUT, INS, OUTS, HLT, PAUSE).
 *
 * All are compiler barriers where a device may look at memory. In 16-bit
 * guests the string functions reach the first 64 KiB.
 */
#ifndef VMM_IO_H
#define VMM_IO_H

#include <stddef.h>
#include <stdint.h>

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void outb(uint8_t value, uint16_t port)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outw(uint16_t value, uint16_t port)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(uint32_t value, uint16_t port)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* count elements from the port to the buffer. */
static inline void insb(uint16_t port, void *buffer, size_t count)
{
	__asm__ volatile("cld; rep insb" : "+D"(buffer), "+c"(count) : "d"(port) : "memory");
}

static inline void insw(uint16_t port, void *buffer, size_t count)
{
	__asm__ volatile("cld; rep insw" : "+D"(buffer), "+c"(count) : "d"(port) : "memory");
}

static inline void insl(uint16_t port, void *buffer, size_t count)
{
	__asm__ volatile("cld; rep insl" : "+D"(buffer), "+c"(count) : "d"(port) : "memory");
}

/* count elements from the buffer to the port. */
static inline void outsb(uint16_t port, const void *buffer, size_t count)
{
	__asm__ volatile("cld; rep outsb" : "+S"(buffer), "+c"(count) : "d"(port) : "memory");
}

static inline void outsw(uint16_t port, const void *buffer, size_t count)
{
	__asm__ volatile("cld; rep outsw" : "+S"(buffer), "+c"(count) : "d"(port) : "memory");
}

static inline void outsl(uint16_t port, const void *buffer, size_t count)
{
	__asm__ volatile("cld; rep outsl" : "+S"(buffer), "+c"(count) : "d"(port) : "memory");
}

/* For the body of a loop that waits. */
static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

#endif
