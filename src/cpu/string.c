/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * string.c - string instructions, with and without repetition, and port I/O
 * (SDM vol. 2, by their names, and REP; vol. 1, 7.3.9).
 *
 * A repetition goes by runs: elements that lie in one page of plain memory on
 * every side are done in one go, others one at a time. The registers are exact
 * after each run, so that a fault or an interrupt finds them as far as done.
 */
#include "cpu/alu.h"
#include "cpu/operand.h"

/* So many elements at most go by until events are looked at. */
#define ELEMENTS_MAX 4096u

#define SEGMENT_CODE		0x8u	/* segment types, SDM vol. 3, 3.4.5.1 */
#define SEGMENT_EXPAND_DOWN	0x4u

static bool backward(const struct cpu *cpu)
{
	return cpu->rflags & RFLAGS_DF;
}

/* --- index registers --- */

static inline uint64_t index_of(const struct cpu *cpu, const struct insn *insn, unsigned int reg)
{
	return cpu->gpr[reg] & insn->address_mask;
}

static inline void advance(struct cpu *cpu, const struct insn *insn, unsigned int reg,
			   unsigned int count, unsigned int size)
{
	uint64_t bytes = (uint64_t)count * size;

	reg_write(cpu, reg, insn->address_size,
		  backward(cpu) ? cpu->gpr[reg] - bytes : cpu->gpr[reg] + bytes);
}

static inline uint64_t source(struct cpu *cpu, const struct insn *insn, unsigned int size)
{
	return linear_at(cpu, insn->segment, index_of(cpu, insn, GPR_RSI), size, ACCESS_READ);
}

static inline uint64_t destination(struct cpu *cpu, const struct insn *insn, unsigned int size,
				   enum access access)
{
	return linear_at(cpu, SEG_ES, index_of(cpu, insn, GPR_RDI), size, access);
}

/* --- runs --- */

/* One side of a string instruction. */
struct side {
	uint8_t segment;
	uint8_t reg;		/* its index register */
	uint8_t access;		/* enum access */
};

/* How many bytes from offset on, where size are valid, lie in the segment; at most a page. */
static uint64_t segment_room(const struct cpu *cpu, const struct side *side, uint64_t offset,
			     unsigned int size)
{
	const struct vcpu_segment *segment = &cpu->segment[side->segment];

	if (cpu->unchecked[side->segment][side->access] == UINT64_MAX || cpu->code_bits == 64)
		return MEM_PAGE_SIZE;
	if (!(segment->type & SEGMENT_CODE) && segment->type & SEGMENT_EXPAND_DOWN)
		return size;
	if (backward(cpu))
		return offset + size;
	return segment->limit - offset + 1;
}

/*
 * How many elements, of at most count, lie in one page of plain memory, in the
 * segment, and before the index register wraps around; *host is the first. 0:
 * not even that one. Raises what an access to the first one would.
 */
static unsigned int run_length(struct cpu *cpu, const struct insn *insn, const struct side *side,
			       unsigned int size, unsigned int count, uint8_t **host)
{
	uint64_t offset = index_of(cpu, insn, side->reg);
	uint64_t la = linear_at(cpu, side->segment, offset, size, side->access);
	uint64_t position = la & PAGE_OFFSET_MASK;
	uint64_t wrap = backward(cpu) ? offset : insn->address_mask - offset;
	uint64_t room = backward(cpu) ? position + size : MEM_PAGE_SIZE - position;
	uint64_t in_segment = segment_room(cpu, side, offset, size);
	void *first;

	if (position + size > MEM_PAGE_SIZE || !mmu_span(cpu, la, size, side->access, &first))
		return 0;
	*host = first;
	if (wrap < MEM_PAGE_SIZE && wrap + (backward(cpu) ? size : 1) < room)
		room = wrap + (backward(cpu) ? size : 1);
	if (in_segment < room)
		room = in_segment;
	return room / size < count ? (unsigned int)(room / size) : count;
}

static unsigned int source_run(struct cpu *cpu, const struct insn *insn, unsigned int size,
			       unsigned int count, uint8_t **host)
{
	const struct side side = { insn->segment, GPR_RSI, ACCESS_READ };

	return run_length(cpu, insn, &side, size, count, host);
}

static unsigned int destination_run(struct cpu *cpu, const struct insn *insn,
				    enum access access, unsigned int size, unsigned int count,
				    uint8_t **host)
{
	const struct side side = { SEG_ES, GPR_RDI, (uint8_t)access };

	return run_length(cpu, insn, &side, size, count, host);
}

/* --- repetition --- */

/* Does at least one and at most count elements; returns how many. */
typedef unsigned int some_fn(struct cpu *cpu, const struct insn *insn, unsigned int count);

static bool has_to_leave(const struct cpu *cpu)
{
	return cpu->debug_pending ||
	       atomic_load_explicit(&cpu->events, memory_order_relaxed);
}

/*
 * Leaves the block, to come back to the instruction itself. It counts where each
 * iteration is a step; for an event only when it is through, since a kick comes when
 * the host likes and must not show in the count, which is the virtual clock.
 */
static void leave_before(struct cpu *cpu, const struct insn *insn)
{
	if (!cpu->debug_pending)
		cpu->done--;
	cpu->rip = insn_rip(cpu, insn);
	cpu->end = NULL;
}

/*
 * compares: CMPS and SCAS, which end when ZF is insn->detail. At a fault their
 * flags are as far as done too, as AMD's processors have them (and as tested
 * there); Intel's manual has those from before the instruction.
 */
static inline void repeat(struct cpu *cpu, const struct insn *insn, some_fn *some, bool compares)
{
	unsigned int size = insn->address_size;
	uint64_t left = reg_read(cpu, GPR_RCX, size);
	/* Debug traps come behind each iteration. */
	unsigned int limit = cpu->breakpoints || cpu->debug_pending ? 1 : ELEMENTS_MAX;
	unsigned int budget = limit;

	while (left) {
		unsigned int count = left < budget ? (unsigned int)left : budget;
		unsigned int done = some(cpu, insn, count);

		left -= done;
		budget -= done;
		reg_write(cpu, GPR_RCX, size, left);
		if (compares && !!(cpu->arith & AF_ZF) == insn->detail)
			return;
		if (budget)
			continue;
		budget = limit;
		if (left && has_to_leave(cpu)) {
			leave_before(cpu, insn);
			return;
		}
	}
}

#define DEFINE_REPEAT(name, bits)							\
static void rep_##name##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	repeat(cpu, insn, some_##name##bits, false);					\
}

#define DEFINE_REPEAT_COMPARE(name, bits)						\
static void rep_##name##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	repeat(cpu, insn, some_##name##bits, true);					\
}

/* --- MOVS --- */

/*
 * count elements in their order, which shows where the source begins to change
 * under way: a forward move to a little above copies the first ones over and over.
 */
#define DEFINE_COPY(unused, bits)								\
static void copy##bits(any##bits##_t *to, const any##bits##_t *from, unsigned int count, \
		       bool down)							\
{											\
	uintptr_t distance = down ? (uintptr_t)from - (uintptr_t)to :			\
				    (uintptr_t)to - (uintptr_t)from;			\
	size_t bytes = count * sizeof(*to);						\
											\
	if (!distance || distance >= bytes) {						\
		size_t below = down ? count - 1 : 0;					\
											\
		memmove(to - below, from - below, bytes);				\
	} else if (down) {								\
		for (; count; count--)							\
			*to-- = *from--;						\
	} else {									\
		for (; count; count--)							\
			*to++ = *from++;						\
	}										\
}

#define DEFINE_MOVS(unused, bits)								\
DEFINE_COPY(unused, bits)									\
static void movs##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t value = read##bits(cpu, source(cpu, insn, bits / 8));		\
											\
	write##bits(cpu, destination(cpu, insn, bits / 8, ACCESS_WRITE), value);	\
	advance(cpu, insn, GPR_RSI, 1, bits / 8);					\
	advance(cpu, insn, GPR_RDI, 1, bits / 8);					\
}											\
static unsigned int some_movs##bits(struct cpu *cpu, const struct insn *insn,		\
				    unsigned int count)					\
{											\
	uint8_t *from, *to;								\
											\
	count = source_run(cpu, insn, bits / 8, count, &from);				\
	if (count)									\
		count = destination_run(cpu, insn, ACCESS_WRITE, bits / 8, count, &to);	\
	if (!count) {									\
		movs##bits(cpu, insn);							\
		return 1;								\
	}										\
	copy##bits((any##bits##_t *)to, (const any##bits##_t *)from, count, backward(cpu)); \
	advance(cpu, insn, GPR_RSI, count, bits / 8);					\
	advance(cpu, insn, GPR_RDI, count, bits / 8);					\
	return count;									\
}

ALL_SIZES(DEFINE_MOVS, )
ALL_SIZES(DEFINE_REPEAT, movs)

/* --- STOS --- */

#define DEFINE_STOS(unused, bits)								\
static void stos##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	write##bits(cpu, destination(cpu, insn, bits / 8, ACCESS_WRITE),		\
		    (uint##bits##_t)cpu->gpr[GPR_RAX]);					\
	advance(cpu, insn, GPR_RDI, 1, bits / 8);					\
}											\
static unsigned int some_stos##bits(struct cpu *cpu, const struct insn *insn,		\
				    unsigned int count)					\
{											\
	uint##bits##_t value = (uint##bits##_t)cpu->gpr[GPR_RAX];			\
	any##bits##_t *lowest;								\
	uint8_t *to;									\
											\
	count = destination_run(cpu, insn, ACCESS_WRITE, bits / 8, count, &to);		\
	if (!count) {									\
		stos##bits(cpu, insn);							\
		return 1;								\
	}										\
	lowest = (any##bits##_t *)to - (backward(cpu) ? count - 1 : 0);			\
	for (unsigned int i = 0; i < count; i++)					\
		lowest[i] = value;							\
	advance(cpu, insn, GPR_RDI, count, bits / 8);					\
	return count;									\
}

ALL_SIZES(DEFINE_STOS, )
ALL_SIZES(DEFINE_REPEAT, stos)

/* --- LODS: of a run only the last element counts --- */

#define DEFINE_LODS(unused, bits)								\
static void lods##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	reg_write(cpu, GPR_RAX, bits / 8, read##bits(cpu, source(cpu, insn, bits / 8)));	\
	advance(cpu, insn, GPR_RSI, 1, bits / 8);					\
}											\
static unsigned int some_lods##bits(struct cpu *cpu, const struct insn *insn,		\
				    unsigned int count)					\
{											\
	const any##bits##_t *last;							\
	uint8_t *from;									\
											\
	count = source_run(cpu, insn, bits / 8, count, &from);				\
	if (!count) {									\
		lods##bits(cpu, insn);							\
		return 1;								\
	}										\
	last = (const any##bits##_t *)from;						\
	last += backward(cpu) ? -(ptrdiff_t)(count - 1) : (ptrdiff_t)(count - 1);	\
	reg_write(cpu, GPR_RAX, bits / 8, *last);					\
	advance(cpu, insn, GPR_RSI, count, bits / 8);					\
	return count;									\
}

ALL_SIZES(DEFINE_LODS, )
ALL_SIZES(DEFINE_REPEAT, lods)

/* --- CMPS, SCAS: a run ends with the element that ends the repetition --- */

ALL_SIZES(DEFINE_ALU_OUT, cmp)

#define DEFINE_CMPS(unused, bits)								\
static void cmps##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t a = read##bits(cpu, source(cpu, insn, bits / 8));		\
	uint##bits##_t b = read##bits(cpu, destination(cpu, insn, bits / 8, ACCESS_READ)); \
											\
	alu_cmp##bits(&cpu->arith, a, b);						\
	advance(cpu, insn, GPR_RSI, 1, bits / 8);					\
	advance(cpu, insn, GPR_RDI, 1, bits / 8);					\
}											\
static unsigned int some_cmps##bits(struct cpu *cpu, const struct insn *insn,		\
				    unsigned int count)					\
{											\
	ptrdiff_t step = backward(cpu) ? -1 : 1;					\
	const any##bits##_t *a, *b;							\
	unsigned int done = 1;								\
	uint8_t *from, *to;								\
											\
	count = source_run(cpu, insn, bits / 8, count, &from);				\
	if (count)									\
		count = destination_run(cpu, insn, ACCESS_READ, bits / 8, count, &to);	\
	if (!count) {									\
		cmps##bits(cpu, insn);							\
		return 1;								\
	}										\
	a = (const any##bits##_t *)from;						\
	b = (const any##bits##_t *)to;							\
	for (; done < count && (*a == *b) != insn->detail; done++, a += step, b += step) \
		;									\
	alu_cmp##bits(&cpu->arith, *a, *b);						\
	advance(cpu, insn, GPR_RSI, done, bits / 8);					\
	advance(cpu, insn, GPR_RDI, done, bits / 8);					\
	return done;									\
}

#define DEFINE_SCAS(unused, bits)								\
static void scas##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t b = read##bits(cpu, destination(cpu, insn, bits / 8, ACCESS_READ)); \
											\
	alu_cmp##bits(&cpu->arith, (uint##bits##_t)cpu->gpr[GPR_RAX], b);		\
	advance(cpu, insn, GPR_RDI, 1, bits / 8);					\
}											\
static unsigned int some_scas##bits(struct cpu *cpu, const struct insn *insn,		\
				    unsigned int count)					\
{											\
	uint##bits##_t a = (uint##bits##_t)cpu->gpr[GPR_RAX];				\
	ptrdiff_t step = backward(cpu) ? -1 : 1;					\
	unsigned int done = 1;								\
	const any##bits##_t *b;								\
	uint8_t *to;									\
											\
	count = destination_run(cpu, insn, ACCESS_READ, bits / 8, count, &to);		\
	if (!count) {									\
		scas##bits(cpu, insn);							\
		return 1;								\
	}										\
	b = (const any##bits##_t *)to;							\
	for (; done < count && (a == *b) != insn->detail; done++, b += step)		\
		;									\
	alu_cmp##bits(&cpu->arith, a, *b);						\
	advance(cpu, insn, GPR_RDI, done, bits / 8);					\
	return done;									\
}

ALL_SIZES(DEFINE_CMPS, )
ALL_SIZES(DEFINE_REPEAT_COMPARE, cmps)
ALL_SIZES(DEFINE_SCAS, )
ALL_SIZES(DEFINE_REPEAT_COMPARE, scas)

/* --- INS, OUTS --- */

static inline uint16_t port_in_dx(const struct cpu *cpu)
{
	return (uint16_t)cpu->gpr[GPR_RDX];
}

/* Raises what a write would, without one: a port is read only once. */
static void check_writable(struct cpu *cpu, uint64_t la, unsigned int size)
{
	uint64_t last_page = (la + size - 1) & ~PAGE_OFFSET_MASK;
	void *host;

	mmu_span(cpu, la, 1, ACCESS_WRITE, &host);
	if (last_page > la)
		mmu_span(cpu, last_page, 1, ACCESS_WRITE, &host);
}

static inline void input_one(struct cpu *cpu, const struct insn *insn, unsigned int size)
{
	uint16_t port = port_in_dx(cpu);
	uint64_t la = destination(cpu, insn, size, ACCESS_WRITE);

	check_writable(cpu, la, size);
	write_sized(cpu, la, size, cpu->ops->read(cpu->self, BUS_PIO, port, size));
	advance(cpu, insn, GPR_RDI, 1, size);
}

static inline void output_one(struct cpu *cpu, const struct insn *insn, unsigned int size)
{
	uint64_t value = read_sized(cpu, source(cpu, insn, size), size);

	cpu->ops->write(cpu->self, BUS_PIO, port_in_dx(cpu), size, value);
	advance(cpu, insn, GPR_RSI, 1, size);
}

static inline unsigned int input_some(struct cpu *cpu, const struct insn *insn,
				      unsigned int size, unsigned int count)
{
	uint8_t *to;

	check_io(cpu, port_in_dx(cpu), size);
	count = backward(cpu) ? 0 : destination_run(cpu, insn, ACCESS_WRITE, size, count, &to);
	if (!count) {
		input_one(cpu, insn, size);
		return 1;
	}
	cpu->ops->read_string(cpu->self, port_in_dx(cpu), size, to, count);
	advance(cpu, insn, GPR_RDI, count, size);
	return count;
}

static inline unsigned int output_some(struct cpu *cpu, const struct insn *insn,
				       unsigned int size, unsigned int count)
{
	uint8_t *from;

	check_io(cpu, port_in_dx(cpu), size);
	count = backward(cpu) ? 0 : source_run(cpu, insn, size, count, &from);
	if (!count) {
		output_one(cpu, insn, size);
		return 1;
	}
	cpu->ops->write_string(cpu->self, port_in_dx(cpu), size, from, count);
	advance(cpu, insn, GPR_RSI, count, size);
	return count;
}

#define DEFINE_PORT_STRINGS(bits)							\
static void ins##bits(struct cpu *cpu, const struct insn *insn)				\
{											\
	check_io(cpu, port_in_dx(cpu), bits / 8);					\
	input_one(cpu, insn, bits / 8);							\
}											\
static void outs##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	check_io(cpu, port_in_dx(cpu), bits / 8);					\
	output_one(cpu, insn, bits / 8);						\
}											\
static unsigned int some_ins##bits(struct cpu *cpu, const struct insn *insn,		\
				   unsigned int count)					\
{											\
	return input_some(cpu, insn, bits / 8, count);					\
}											\
static unsigned int some_outs##bits(struct cpu *cpu, const struct insn *insn,		\
				    unsigned int count)					\
{											\
	return output_some(cpu, insn, bits / 8, count);					\
}											\
DEFINE_REPEAT(ins, bits)								\
DEFINE_REPEAT(outs, bits)

DEFINE_PORT_STRINGS(8)
DEFINE_PORT_STRINGS(16)
DEFINE_PORT_STRINGS(32)

#define STRING_ROW(op, name, bits) [OP_##op - OP_MOVSB] = { name##bits, rep_##name##bits }
#define STRING_ROWS(op, name)								\
	STRING_ROW(op##B, name, 8), STRING_ROW(op##W, name, 16), STRING_ROW(op##D, name, 32)

bool bind_string(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	/* Once, and repeated. */
	static insn_fn *const functions[][2] = {
		STRING_ROWS(MOVS, movs), STRING_ROW(MOVSQ, movs, 64),
		STRING_ROWS(STOS, stos), STRING_ROW(STOSQ, stos, 64),
		STRING_ROWS(LODS, lods), STRING_ROW(LODSQ, lods, 64),
		STRING_ROWS(CMPS, cmps), STRING_ROW(CMPSQ, cmps, 64),
		STRING_ROWS(SCAS, scas), STRING_ROW(SCASQ, scas, 64),
		STRING_ROWS(INS, ins), STRING_ROWS(OUTS, outs),
	};
	bool repeated = decoded->prefixes & (INSN_REP | INSN_REPNE);

	insn->execute = functions[decoded->op - OP_MOVSB][repeated];
	/* REPNE goes on while ZF is clear: set ends it. */
	insn->detail = !!(decoded->prefixes & INSN_REPNE);
	*ends_block = decoded->op >= OP_INSB;
	return true;
}

/* --- IN, OUT: detail tells whether the port is imm or in DX --- */

static uint16_t port_of(const struct cpu *cpu, const struct insn *insn)
{
	return insn->detail == OPERAND_IMM ? (uint8_t)insn->imm : port_in_dx(cpu);
}

static void in(struct cpu *cpu, const struct insn *insn)
{
	uint16_t port = port_of(cpu, insn);

	check_io(cpu, port, insn->size);
	reg_write(cpu, GPR_RAX, insn->size,
		  cpu->ops->read(cpu->self, BUS_PIO, port, insn->size));
}

static void out(struct cpu *cpu, const struct insn *insn)
{
	uint16_t port = port_of(cpu, insn);

	check_io(cpu, port, insn->size);
	cpu->ops->write(cpu->self, BUS_PIO, port, insn->size,
			reg_read(cpu, GPR_RAX, insn->size));
}

static bool bind_port(const struct decoded *decoded, struct insn *insn, unsigned int port,
		      bool *ends_block)
{
	insn->size = decoded->operand[!port].size;
	insn->imm = decoded->operand[port].imm;
	insn->detail = (uint8_t)decoded->operand[port].kind;
	*ends_block = true;
	return insn->size <= 4;
}

bool bind_in(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = in;
	return bind_port(decoded, insn, 1, ends_block);
}

bool bind_out(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = out;
	return bind_port(decoded, insn, 0, ends_block);
}
