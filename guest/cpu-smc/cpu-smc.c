/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-smc.c - code that is modified while it runs or between two runs: by
 * itself, from elsewhere, through another mapping, by a device; code in text
 * memory (Intel SDM vol. 3, 8.1.3: an instruction that the same processor has
 * modified is seen behind the next jump; all since the Pentium Pro see it at
 * once, and programs rely on it).
 */
#include <vmm/ata.h>
#include <vmm/hypercall.h>
#include <vmm/pv.h>
#include <vmm/string.h>

#include "cpu/paging.h"

static struct paging paging = {
	.levels = 2, .entry_bytes = 4, .index_bits = 10,
	.test_address = 0x40800000, .user_address = 0x80000000,
	.first_rights = 0, .first_large = 2,
};

/* Two pages of code of our own, as memory. */
static uint8_t code[2 * PAGE_SIZE] __attribute__((aligned(4096)));

typedef uint32_t function(void);

static uint32_t run(volatile void *at)
{
	return ((function *)(uintptr_t)at)();
}

/* mov $value, %eax; ret */
#define RETURN_SIZE	6u

static void write_return(volatile uint8_t *at, uint32_t value)
{
	at[0] = 0xB8;
	for (unsigned int i = 0; i < 4; i++)
		at[1 + i] = (uint8_t)(value >> i * 8);
	at[5] = 0xC3;
}

/* --- itself --- */

/* The very next instruction: NOP becomes INC EAX. */
static void check_next(struct checks *checks)
{
	uint32_t value = 0;

	for (uint32_t i = 1; i <= 3; i++) {
		TRY("movb $0x90, 1f\n\tnop\n\tmovb $0x40, 1f\n1:\tnop", "+a"(value) : : "memory",
		    "cc");
		expect_done(checks, "the next instruction modified");
		test_lenient("next-instruction");	/* QEMU's TCG misses one where it runs KVM */
		expect_equal(checks, value, i, "the next instruction modified");
		test_lenient(NULL);
	}
	value = 0;
	TRY("movl $1f, %%edi\n\tmovb $0x40, %%al\n\tmovl $3, %%ecx\n\tcld\n\trep stosb\n\t"
	    "xorl %%eax, %%eax\n"
	    "1:\tnop\n\tnop\n\tnop", "+a"(value) : : "ecx", "edi", "memory", "cc");
	expect_equal(checks, value, 3, "modified by REP STOSB");
	TRY("movl $2f, %%esi\n\tmovl $1f, %%edi\n\tmovl $4, %%ecx\n\tcld\n\txorl %%eax, %%eax\n\t"
	    "rep movsb\n"
	    "1:\tnop\n\tnop\n\tnop\n\tnop\n\tjmp 3f\n2:\tincl %%eax\n\tincl %%eax\n\tincl %%eax\n\t"
	    "incl %%eax\n3:"
	    , "+a"(value) : : "ecx", "esi", "edi", "memory", "cc");
	expect_equal(checks, value, 4, "modified by REP MOVSB");
	/* A push onto what follows, and a locked exchange. */
	TRY("xorl %%eax, %%eax\n\tmovl %%esp, %%ecx\n\tmovl $1f+4, %%esp\n\tpushl $0x40404040\n"
	    "1:\tnop\n\tnop\n\tnop\n\tnop\n\tmovl %%ecx, %%esp", "+a"(value) : : "ecx", "memory",
	    "cc");
	expect_equal(checks, value, 4, "modified by PUSH");
	TRY("xorl %%eax, %%eax\n\tmovl $0x40404040, %%ecx\n\tlock xchgl %%ecx, 1f\n"
	    "1:\tnop\n\tnop\n\tnop\n\tnop", "+a"(value) : : "ecx", "memory", "cc");
	expect_equal(checks, value, 4, "modified by XCHG");
}

/* A loop that counts in its own immediate operand, and one that changes what it jumps over. */
static void check_loop(struct checks *checks)
{
	uint32_t sum = 0, last = 0;

	TRY("xorl %0, %0\n\tmovl $1000, %%ecx\n\tmovl $0, 2f+1\n"
	    "1:\tincl 2f+1\n2:\tmovl $0, %%eax\n\taddl %%eax, %0\n\tdecl %%ecx\n\tjnz 1b"
	    , "=&b"(sum), "=&a"(last) : : "ecx", "memory", "cc");
	expect_done(checks, "a loop that modifies itself ahead");
	expect_equal(checks, sum, 1000 * 1001 / 2, "a loop that modifies itself ahead");
	TRY("xorl %0, %0\n\tmovl $1000, %%ecx\n\tmovl $0, 1f+1\n"
	    "1:\tmovl $0, %%eax\n\taddl %%eax, %0\n\tincl 1b+1\n\tdecl %%ecx\n\tjnz 1b"
	    , "=&b"(sum), "=&a"(last) : : "ecx", "memory", "cc");
	expect_equal(checks, sum, 999 * 1000 / 2, "a loop that modifies itself behind");
	/* Each time round, the same byte is another instruction: INC or DEC EBX. */
	TRY("xorl %0, %0\n\tmovl $1001, %%ecx\n\tmovb $0x43, 1f\n"
	    "1:\tincl %0\n\txorb $8, 1b\n\tdecl %%ecx\n\tjnz 1b"
	    , "=&b"(sum) : : "ecx", "memory", "cc");
	expect_equal(checks, sum, 1, "a loop that alternates");
}

/* --- from elsewhere --- */

static void check_other(struct checks *checks)
{
	for (uint32_t i = 0; i < 200; i++) {
		write_return(code, i);
		expect_equal(checks, run(code), i, "a function rewritten");
		expect_equal(checks, run(code), i, "a function rewritten, again");
		code[2] = 1;
		expect_equal(checks, run(code), i | 0x100, "one byte of it");
	}
	/* Data beside the code, written often. */
	write_return(code, 7);
	for (uint32_t i = 0; i < 1000; i++) {
		((volatile uint8_t *)code)[100 + i] = (uint8_t)i;
		if (i % 100 == 0)
			expect_equal(checks, run(code), 7, "code beside data");
	}
}

/* An instruction on two pages: each of its bytes in turn. */
static void check_page_boundary(struct checks *checks)
{
	for (unsigned int before = 1; before < RETURN_SIZE; before++) {
		volatile uint8_t *at = code + PAGE_SIZE - before;

		write_return(at, 0x44332211);
		expect_equal(checks, run(at), 0x44332211, "code on two pages");
		for (unsigned int i = 0; i < 4; i++) {
			at[1 + i] = 0x55;
			expect_equal(checks, run(at) >> i * 8 & 0xFF, 0x55,
				     "code on two pages, a byte of it");
		}
		/* mov $, %eax becomes mov $, %ecx */
		at[0] = 0xB9;
		TRY("call *%1", "=a"(at) : "r"(at), "0"(0x99) : "ecx", "memory");
		expect_equal(checks, (uintptr_t)at, 0x99, "code on two pages, its opcode");
	}
}

/* A function that rewrites the one that has called it, behind the call. */
static void check_caller(struct checks *checks)
{
	uint32_t value = 0;

	TRY("xorl %%eax, %%eax\n\tmovb $0x90, 1f\n\tcall 2f\n1:\tnop\n\tjmp 3f\n"
	    "2:\tmovb $0x40, 1b\n\tret\n3:", "+a"(value) : : "memory", "cc");
	expect_done(checks, "code modified by what it calls");
	expect_equal(checks, value, 1, "code modified by what it calls");
}

/* --- mappings --- */

static void check_alias(struct checks *checks)
{
	uint64_t frame = frame_allocate(), other = frame_allocate();
	volatile uint8_t *here = (volatile uint8_t *)(uintptr_t)(paging.test_address + PAGE_SIZE);
	volatile uint8_t *there = here + PAGE_SIZE;

	paging_map(&paging, (uintptr_t)here, frame, PTE_P);
	paging_map(&paging, (uintptr_t)there, frame, PTE_P | PTE_RW);
	for (uint32_t i = 0; i < 10; i++) {
		write_return(there, i);
		expect_equal(checks, run(here), i, "code modified through another mapping");
		write_return((volatile uint8_t *)(uintptr_t)frame, ~i);
		expect_equal(checks, run(here), ~i, "code modified through a third one");
		expect_equal(checks, run(there), ~i, "the same code elsewhere");
	}
	/* The same address, other code. */
	write_return((volatile uint8_t *)(uintptr_t)other, 77);
	for (uint32_t i = 0; i < 4; i++) {
		paging_map(&paging, (uintptr_t)here, i & 1 ? frame : other, PTE_P);
		invlpg((uintptr_t)here);
		expect_equal(checks, run(here), i & 1 ? ~9u : 77, "another page of code");
	}
}

/* --- devices --- */

#define TEXT_END	0xBF000ul	/* text memory that no screen shows */

static void check_text_memory(struct checks *checks)
{
	volatile uint8_t *text = (volatile uint8_t *)TEXT_END;

	text[0] = 0x12;
	text[1] = 0x34;
	if (text[0] != 0x12 || text[1] != 0x34) {
		test_skip("code in text memory", "it is no memory here");
		return;
	}
	for (uint32_t i = 0; i < 50; i++) {
		write_return(text, i * 0x01010101);
		expect_equal(checks, run(text), i * 0x01010101, "code in text memory");
	}
	/* Code there that modifies itself: incl (%edx); nop, which becomes inc %eax; ret */
	memcpy((void *)TEXT_END, "\x31\xC0\xC6\x02\x40\x90\xC3", 7);
	TRY("call *%1", "=a"(text) : "r"(text), "d"(text + 5) : "memory", "cc");
	expect_equal(checks, (uintptr_t)text, 1, "code in text memory that modifies itself");
}

/* By a device that writes memory itself, where there is one, else by REP INSW. */
static void check_disk(struct checks *checks)
{
	static uint8_t sector[ATA_SECTOR_SIZE];
	bool pv = vmm_hypercall_version() != 0;

	if (ata_wait() < 0) {
		test_skip("code from the disk", "no disk");
		return;
	}
	for (uint32_t i = 0; i < 4; i++) {
		write_return(sector, 1000 + i);
		expect_equal(checks, (uint32_t)ata_write(i, sector), 0, "a sector written");
	}
	for (uint32_t i = 0; i < 8; i++) {
		int result = ata_read(i % 4, code);

		expect_equal(checks, (uint32_t)result, 0, "a sector read");
		expect_equal(checks, run(code), 1000 + i % 4, "code read by REP INSW");
		write_return(code, 1);
		expect_equal(checks, run(code), 1, "code rewritten");
		if (!pv)
			continue;
		result = pv_disk_read(i % 4, 1, code);
		expect_equal(checks, (uint32_t)result, 0, "a sector read by hypercall");
		expect_equal(checks, run(code), 1000 + i % 4, "code read by hypercall");
	}
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	paging_start(&paging, 0);
	check_next(&checks);
	check_loop(&checks);
	check_other(&checks);
	check_page_boundary(&checks);
	check_caller(&checks);
	check_alias(&checks);
	check_text_memory(&checks);
	check_disk(&checks);
	return test_result(&checks, "cpu-smc");
}
