/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow.c - where jumps lead whose targets are no part of the instruction, see flow.h. */
#include "cpu/flow.h"

#include "cpu/internal.h"
#include "cpu/ops.h"

#define MIDDLE		((int)FLOW_SLOTS / 2)
#define UNKNOWN		(-1)		/* a place of the stack */
/* No code runs natively below it: shadow.c maps nothing there. */
#define LOWEST		MEM_PAGE_SIZE

static const struct flow_value loaded = { .kind = FLOW_LOADED };
static const struct flow_value calculated = { .kind = FLOW_CALCULATED };
static const struct flow_value untouched = { .kind = FLOW_UNTOUCHED };

static bool is_slot(int place)
{
	return place >= 0 && place < (int)FLOW_SLOTS;
}

/* Another part of the stack, of which nothing is known. */
static void forget_stack(struct flow *flow)
{
	for (unsigned int i = 0; i < FLOW_SLOTS; i++)
		flow->slot[i] = untouched;
	flow->top = MIDDLE;
	flow->frame = UNKNOWN;
}

static void forget_registers(struct flow *flow)
{
	for (unsigned int i = 0; i < GPR_COUNT; i++)
		flow->gpr[i] = loaded;
}

void flow_begin(struct flow *flow)
{
	*flow = (struct flow){ 0 };
	forget_registers(flow);
	forget_stack(flow);
}

static unsigned int word_size(const struct decoded *decoded)
{
	return decoded->code_bits / 8;
}

/* A constant of the code, which may be jumped to some time. */
static struct flow_value constant(struct flow *flow, const struct decoded *decoded, uint64_t value)
{
	if (word_size(decoded) == 4)
		value = (uint32_t)value;
	if (value >= LOWEST && flow->addresses < sizeof(flow->address) / sizeof(flow->address[0]))
		flow->address[flow->addresses++] = value;
	return (struct flow_value){ .kind = FLOW_CONSTANT, .constant = value };
}

static bool in_page(uint64_t value, uint64_t la)
{
	return value >= FLOW_NUMBERS && !((value ^ la) & ~(uint64_t)(MEM_PAGE_SIZE - 1));
}

/* What a calculation makes of a value that it uses. */
static struct flow_value calculate(struct flow_value from, uint64_t la)
{
	bool derived = from.kind == FLOW_DERIVED ||
		       (from.kind == FLOW_CONSTANT && in_page(from.constant, la));

	return derived ? (struct flow_value){ .kind = FLOW_DERIVED } : calculated;
}

static struct flow_value either(struct flow_value a, struct flow_value b)
{
	return a.kind == FLOW_DERIVED ? a : b.kind == FLOW_DERIVED ? b :
	       a.kind == FLOW_CALCULATED ? a : b;
}

/* Whether a jump to such a value may lead anywhere. */
static bool is_untold(struct flow_value value)
{
	return value.kind == FLOW_CALCULATED || value.kind == FLOW_DERIVED;
}

/* --- operands --- */

/* The slot that the memory operand is, or UNKNOWN. */
static int slot_of(const struct flow *flow, const struct decoded *decoded)
{
	int64_t words = decoded->disp / (int)word_size(decoded);
	int base = decoded->base == GPR_RSP ? flow->top :
		   decoded->base == GPR_RBP ? flow->frame : UNKNOWN;

	if (base == UNKNOWN || decoded->index != REG_ZERO || words < -(int)FLOW_SLOTS ||
	    words > (int)FLOW_SLOTS || !is_slot(base + (int)words))
		return UNKNOWN;
	return base + (int)words;
}

/* A memory operand's address. */
static struct flow_value address_of(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	uint64_t disp = (uint64_t)decoded->disp;
	struct flow_value value = calculate((struct flow_value){ FLOW_CONSTANT, disp }, la);

	if (decoded->base == REG_RIP)
		return constant(flow, decoded, la + decoded->length + disp);
	if (decoded->base == REG_ZERO && decoded->index == REG_ZERO)
		return constant(flow, decoded, disp);
	if (decoded->base < GPR_COUNT) {
		const struct flow_value *base = &flow->gpr[decoded->base];

		if (base->kind == FLOW_CONSTANT && decoded->index == REG_ZERO)
			return constant(flow, decoded, base->constant + disp);
		value = either(value, calculate(*base, la));
	}
	if (decoded->index < GPR_COUNT)
		value = either(value, calculate(flow->gpr[decoded->index], la));
	return value;
}

static struct flow_value read_value(struct flow *flow, const struct decoded *decoded,
			      const struct operand *operand)
{
	int slot;

	switch (operand->kind) {
	case OPERAND_REG:
		return operand->size < 4 ? calculated : flow->gpr[operand->reg];
	case OPERAND_IMM:
		return constant(flow, decoded, operand->size == 4 ? (uint32_t)operand->imm :
				operand->imm);
	case OPERAND_MEM:
		slot = slot_of(flow, decoded);
		if (slot != UNKNOWN && flow->slot[slot].kind != FLOW_UNTOUCHED)
			return flow->slot[slot];
		return operand->size < 4 ? calculated : loaded;
	default:
		return loaded;
	}
}

/* Whether what is put into RSP is near where it was: aligned, or some bytes from there. */
static bool stays_near(const struct decoded *decoded)
{
	const struct operand *from = &decoded->operand[1];

	switch (decoded->op) {
	case OP_AND: case OP_ADD: case OP_SUB: case OP_INC: case OP_DEC:
		return true;
	case OP_LEA:
		return decoded->base == GPR_RSP || decoded->base == GPR_RBP;
	case OP_MOV:
		return from->kind == OPERAND_REG && from->reg == GPR_RBP;
	default:
		return false;
	}
}

/* What is put into RSP, if it is not added to. */
static void move_stack(struct flow *flow, const struct decoded *decoded)
{
	const struct operand *from = &decoded->operand[1];
	bool from_frame = decoded->op == OP_MOV && from->kind == OPERAND_REG &&
			  from->reg == GPR_RBP;

	if (from_frame && flow->frame != UNKNOWN) {
		flow->top = flow->frame;
		return;
	}
	flow->elsewhere = !stays_near(decoded);
	forget_stack(flow);
}

/* To the slot that the memory operand is or begins in. Of a part of a word nothing is known. */
static void write_slots(struct flow *flow, const struct decoded *decoded,
			const struct operand *operand, int slot, struct flow_value value)
{
	int word = (int)word_size(decoded), offset = (int)(decoded->disp % word);
	int last = (offset + (int)operand->size - 1) / word;

	if (operand->size == word_size(decoded) && !offset) {
		flow->slot[slot] = value;
		return;
	}
	/* Division goes towards zero: before it, where the offset is negative. */
	for (int i = offset < 0 ? -1 : 0; i <= last; i++)
		if (is_slot(slot + i))
			flow->slot[slot + i] = calculated;
}

static void write_value(struct flow *flow, const struct decoded *decoded, const struct operand *operand,
		  struct flow_value value)
{
	int slot;

	if (operand->kind == OPERAND_REG && operand->reg == GPR_RSP) {
		move_stack(flow, decoded);
	} else if (operand->kind == OPERAND_REG) {
		flow->gpr[operand->reg] = operand->size < 4 ? calculated : value;
		if (operand->reg == GPR_RBP)
			flow->frame = UNKNOWN;
	} else if (operand->kind == OPERAND_MEM) {
		slot = slot_of(flow, decoded);
		if (slot != UNKNOWN)
			write_slots(flow, decoded, operand, slot, value);
		/* Who loads it will not know. */
		else if (value.kind == FLOW_DERIVED)
			flow->untold = true;
	}
}

/* --- the stack --- */

static void push_value(struct flow *flow, struct flow_value value)
{
	if (!is_slot(flow->top - 1))
		forget_stack(flow);
	flow->slot[--flow->top] = value;
}

static struct flow_value pop_value(struct flow *flow)
{
	struct flow_value value = untouched;

	if (!is_slot(flow->top + 1))
		forget_stack(flow);
	else
		value = flow->slot[flow->top];
	flow->slot[flow->top++] = untouched;
	return value;
}

/* ADD, SUB: RSP and a constant. */
static void adjust_stack(struct flow *flow, const struct decoded *decoded)
{
	int64_t bytes = (int64_t)decoded->operand[1].imm;
	int64_t words = bytes / (int)word_size(decoded);
	int top = flow->top;

	if (decoded->op == OP_SUB)
		words = -words;
	if (decoded->operand[1].kind != OPERAND_IMM || words < -(int)FLOW_SLOTS ||
	    words > (int)FLOW_SLOTS || !is_slot(top + (int)words)) {
		forget_stack(flow);
		return;
	}
	for (; words > 0; words--)
		flow->slot[flow->top++] = untouched;
	flow->top += (int)words;
}

/* --- operations --- */

typedef void take_fn(struct flow *flow, const struct decoded *decoded, uint64_t la);

/* What an instruction does of which no more is known than what it writes. */
static void take_other(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	struct flow_value value = calculated;

	for (unsigned int i = 0; i < decoded->operands; i++) {
		const struct operand *operand = &decoded->operand[i];

		if (operand->kind == OPERAND_REG)
			value = either(value, calculate(flow->gpr[operand->reg], la));
	}
	for (unsigned int i = 0; i < decoded->operands; i++)
		if (decoded->operand[i].written)
			write_value(flow, decoded, &decoded->operand[i], value);
}

static void take_mov(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	const struct operand *to = &decoded->operand[0], *from = &decoded->operand[1];

	write_value(flow, decoded, to, read_value(flow, decoded, from));
	if (to->kind == OPERAND_REG && to->reg == GPR_RBP && from->kind == OPERAND_REG &&
	    from->reg == GPR_RSP)
		flow->frame = flow->top;
}

static void take_lea(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	write_value(flow, decoded, &decoded->operand[0], address_of(flow, decoded, la));
}

/* ADD, SUB, INC, DEC: of two constants there is another one. */
static void take_add(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	const struct operand *to = &decoded->operand[0];
	bool one = decoded->operands == 1;
	uint64_t by = one ? 1 : decoded->operand[1].imm;
	struct flow_value value;

	if (to->kind == OPERAND_REG && to->reg == GPR_RSP && !one) {
		adjust_stack(flow, decoded);
		return;
	}
	value = read_value(flow, decoded, to);
	if (value.kind != FLOW_CONSTANT || (!one && decoded->operand[1].kind != OPERAND_IMM)) {
		value = calculate(value, la);
		if (!one && decoded->operand[1].kind == OPERAND_REG)
			value = either(value, calculate(flow->gpr[decoded->operand[1].reg], la));
	} else {
		bool less = decoded->op == OP_SUB || decoded->op == OP_DEC;

		value = constant(flow, decoded, less ? value.constant - by : value.constant + by);
	}
	write_value(flow, decoded, to, value);
}

static void take_xchg(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	const struct operand *a = &decoded->operand[0], *b = &decoded->operand[1];
	struct flow_value first = read_value(flow, decoded, a), second = read_value(flow, decoded, b);

	write_value(flow, decoded, a, second);
	write_value(flow, decoded, b, first);
}

static void take_cmov(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	const struct operand *to = &decoded->operand[0];

	write_value(flow, decoded, to, either(read_value(flow, decoded, to),
					read_value(flow, decoded, &decoded->operand[1])));
}

/* A push or pop of less than a word: what lies where is not known any more. */
static bool is_part(struct flow *flow, const struct decoded *decoded)
{
	if (decoded->operand_size == word_size(decoded))
		return false;
	forget_stack(flow);
	flow->elsewhere = true;
	return true;
}

static void take_push(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	if (!is_part(flow, decoded))
		push_value(flow, read_value(flow, decoded, &decoded->operand[0]));
}

static void take_pop(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	struct flow_value value = is_part(flow, decoded) ? calculated : pop_value(flow);

	write_value(flow, decoded, &decoded->operand[0], value.kind == FLOW_UNTOUCHED ? loaded : value);
}

static void take_pushf(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	if (!is_part(flow, decoded))
		push_value(flow, loaded);
}

static void take_popf(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	if (!is_part(flow, decoded))
		pop_value(flow);
}

static void take_leave(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	if (flow->frame != UNKNOWN) {
		flow->top = flow->frame;
		pop_value(flow);
	} else {
		forget_stack(flow);
	}
	flow->gpr[GPR_RBP] = loaded;
	flow->frame = UNKNOWN;
}

/* Of a jump or call by register or memory; what its memory operand's address is does not matter. */
static void take_target(struct flow *flow, const struct decoded *decoded)
{
	const struct operand *target = &decoded->operand[0];

	if (target->kind == OPERAND_REG || target->kind == OPERAND_MEM)
		flow->untold = is_untold(read_value(flow, decoded, target));
}

/* What stands behind it is reached from elsewhere. */
static void leave(struct flow *flow)
{
	flow->ends = true;
	flow->elsewhere = false;
	forget_registers(flow);
	forget_stack(flow);
}

static void take_jmp(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	take_target(flow, decoded);
	leave(flow);
}

static void take_call(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	const struct operand *target = &decoded->operand[0];

	take_target(flow, decoded);
	/* To the next instruction: to have its address. */
	if (target->kind == OPERAND_REL && !target->imm)
		push_value(flow, constant(flow, decoded, la + decoded->length));
	else
		forget_registers(flow);
}

/* To what the same code has put there, not a call. */
static void take_ret(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	struct flow_value target = pop_value(flow);

	flow->untold = flow->elsewhere ||
		       (target.kind != FLOW_UNTOUCHED && target.kind != FLOW_CONSTANT);
	leave(flow);
}

static void take_iret(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	leave(flow);
}

/* It traps, and the emulator goes on. */
static void take_trap(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	flow->ends = true;
}

/* What it writes has nothing to do with what was there. */
static void take_extend(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	write_value(flow, decoded, &decoded->operand[0],
	      calculate(read_value(flow, decoded, &decoded->operand[1]), la));
}

/* XOR too: of a register and itself. */
static void take_logic(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	const struct operand *a = &decoded->operand[0], *b = &decoded->operand[1];
	bool clears = a->kind == OPERAND_REG && b->kind == OPERAND_REG && a->reg == b->reg;

	if (clears)
		write_value(flow, decoded, a, constant(flow, decoded, 0));
	else if (decoded->op == OP_XOR)
		take_other(flow, decoded, la);
	else
		take_add(flow, decoded, la);
}

static void take_widen(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	flow->gpr[GPR_RAX] = calculate(flow->gpr[GPR_RAX], la);
	flow->gpr[GPR_RDX] = calculated;
}

static void take_multiply(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	if (decoded->operands == 1)
		take_widen(flow, decoded, la);
	else
		take_other(flow, decoded, la);
}

static void take_lods(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	flow->gpr[GPR_RAX] = loaded;
}

static void take_stack(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	forget_stack(flow);
}

#define TAKE_CMOV(name, bind) [OP_##name] = take_cmov,

/* What is not here, take_other(): what it writes is calculated. */
static take_fn *const takes[OP_COUNT] = {
	OPS_CONDITIONAL(TAKE_CMOV, CMOV, bind_cmov)
	[OP_MOV] = take_mov, [OP_MOVNTI] = take_mov, [OP_LEA] = take_lea, [OP_XCHG] = take_xchg,
	[OP_ADD] = take_add, [OP_SUB] = take_logic, [OP_XOR] = take_logic,
	 [OP_INC] = take_add, [OP_DEC] = take_add,
	[OP_PUSH] = take_push, [OP_POP] = take_pop, [OP_LEAVE] = take_leave,
	[OP_PUSHF] = take_pushf, [OP_PUSHFD] = take_pushf, [OP_PUSHFQ] = take_pushf,
	[OP_POPF] = take_popf, [OP_POPFD] = take_popf, [OP_POPFQ] = take_popf,
	[OP_PUSHA] = take_stack, [OP_PUSHAD] = take_stack, [OP_POPA] = take_stack,
	[OP_POPAD] = take_stack, [OP_ENTER] = take_stack,
	[OP_JMP] = take_jmp, [OP_CALL] = take_call, [OP_RET] = take_ret,
	[OP_MUL] = take_multiply, [OP_IMUL] = take_multiply, [OP_DIV] = take_multiply,
	[OP_IDIV] = take_multiply, [OP_CBW] = take_widen, [OP_CWDE] = take_widen,
	[OP_CDQE] = take_widen, [OP_CWD] = take_widen, [OP_CDQ] = take_widen, [OP_CQO] = take_widen,
	[OP_LODSD] = take_lods, [OP_LODSQ] = take_lods,
	[OP_MOVZX] = take_extend, [OP_MOVSX] = take_extend, [OP_MOVSXD] = take_extend,
	[OP_IRET] = take_iret, [OP_IRETD] = take_iret, [OP_IRETQ] = take_iret,
	[OP_HLT] = take_trap, [OP_UD0] = take_trap, [OP_UD1] = take_trap, [OP_UD2] = take_trap,
	[OP_IN] = take_trap, [OP_OUT] = take_trap, [OP_INSB] = take_trap, [OP_INSW] = take_trap,
	[OP_INSD] = take_trap, [OP_OUTSB] = take_trap, [OP_OUTSW] = take_trap,
	[OP_OUTSD] = take_trap, [OP_CLI] = take_trap, [OP_STI] = take_trap,
};

void flow_take(struct flow *flow, const struct decoded *decoded, uint64_t la)
{
	take_fn *take = takes[decoded->op];

	flow->addresses = 0;
	flow->untold = flow->ends = false;
	(take ? take : take_other)(flow, decoded, la);
}
