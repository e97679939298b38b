/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fpu_x87.c - x87 control: what acts on the control, status and tag words and
 * on the environment, see fpu.h (SDM vol. 1, 8.1).
 */
#include "cpu/fpu.h"

/* --- registers --- */

void x87_enter(struct fpu *fpu)
{
	/* It brings other vectors along, which thunks do not care about. */
	__asm__ volatile("fxrstor64 %0" : : "m"(fpu->x87) :
			 "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
			 "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
	fpu->entered = true;
}

void x87_leave(struct fpu *fpu)
{
	if (!fpu->entered)
		return;
	/* EMMS would trap where an exception is pending, and leaves all registers empty. */
	__asm__ volatile("fxsave64 %0\n\tfnclex\n\temms\n\tfldcw %1" :
			 "+m"(fpu->x87) : "m"(fpu->host_fcw));
	fpu->entered = false;
}

static uint16_t with_summary(uint16_t fcw, uint16_t fsw)
{
	if (fsw & ~fcw & FSW_FLAGS)
		return fsw | FSW_ES | FSW_B;
	return (uint16_t)(fsw & ~(FSW_ES | FSW_B));
}

uint16_t fsw_get(const struct fpu *fpu)
{
	return with_summary(fpu->x87.fcw, fpu->x87.fsw | fpu->ignored);
}

void x87_set_control(struct fpu *fpu, uint16_t fcw, uint16_t fsw)
{
	fpu->x87.fcw = (fcw & FCW_VALID) | FCW_FIXED;
	fpu->x87.fsw = with_summary(fpu->x87.fcw, fsw);
	fpu->ignored = 0;
}

/* The registers stay where they are: their order from the top on changes. */
void x87_set_top(struct fpu *fpu, unsigned int top)
{
	unsigned int turn = top - ((fpu->x87.fsw & FSW_TOP) >> FSW_TOP_SHIFT);
	uint8_t st[8][16];

	if (!turn)
		return;
	memcpy(st, fpu->x87.st, sizeof(st));
	for (unsigned int i = 0; i < 8; i++)
		memcpy(fpu->x87.st[i], st[(i + turn) % 8], sizeof(st[i]));
	fpu->x87.fsw = (uint16_t)((fpu->x87.fsw & ~FSW_TOP) | top << FSW_TOP_SHIFT);
}

/* FNINIT: the registers' contents stay. */
static void x87_init(struct fpu *fpu)
{
	x87_set_top(fpu, 0);
	x87_set_control(fpu, FCW_DEFAULT, 0);
	fpu->x87.tags = 0;
	fpu->pointers = (struct x87_pointers){ 0 };
}

/* --- x87 control --- */

void execute_fwait(struct cpu *cpu, const struct insn *insn)
{
	const uint64_t both = CR0_MP | CR0_TS;

	if ((cpu->cr0 & both) == both)
		raise_exception(cpu, VECTOR_NM);
	check_x87_pending(cpu);
}

/* What older coprocessors did something with. */
void execute_fnop(struct cpu *cpu, const struct insn *insn)
{
	check_x87_enabled(cpu);
}

void execute_fninit(struct cpu *cpu, const struct insn *insn)
{
	check_x87_enabled(cpu);
	x87_leave(cpu->fpu);
	x87_init(cpu->fpu);
}

void execute_fnclex(struct cpu *cpu, const struct insn *insn)
{
	struct fpu *fpu = cpu->fpu;

	check_x87_enabled(cpu);
	x87_leave(fpu);
	x87_set_control(fpu, fpu->x87.fcw, fpu->x87.fsw & (uint16_t)~(FSW_FLAGS | FSW_SF));
}

/* Compilers change the rounding for each conversion to an integer: no need to leave. */
void execute_fldcw(struct cpu *cpu, const struct insn *insn)
{
	struct fpu *fpu = cpu->fpu;
	uint16_t fcw, fsw = fpu->x87.fsw | fpu->ignored;

	check_x87_enabled(cpu);
	check_x87_pending(cpu);
	fcw = read16(cpu, linear(cpu, insn, 2, ACCESS_READ));
	if (fpu->entered && !(fsw & ~fcw & FSW_FLAGS)) {
		fpu->x87.fcw = (fcw & FCW_VALID) | FCW_FIXED;
		__asm__ volatile("fldcw %0" : : "m"(fpu->x87.fcw));
		return;
	}
	x87_leave(fpu);
	x87_set_control(fpu, fcw, fsw);
}

void execute_fnstcw(struct cpu *cpu, const struct insn *insn)
{
	check_x87_enabled(cpu);
	write16(cpu, linear(cpu, insn, 2, ACCESS_WRITE), cpu->fpu->x87.fcw);
}

void execute_fnstsw(struct cpu *cpu, const struct insn *insn)
{
	check_x87_enabled(cpu);
	write16(cpu, linear(cpu, insn, 2, ACCESS_WRITE), fsw_get(cpu->fpu));
}

void execute_fnstsw_ax(struct cpu *cpu, const struct insn *insn)
{
	check_x87_enabled(cpu);
	reg_write(cpu, GPR_RAX, 2, fsw_get(cpu->fpu));
}

void execute_emms(struct cpu *cpu, const struct insn *insn)
{
	check_mmx(cpu);
	enter_mmx(cpu->fpu);
	cpu->fpu->x87.tags = 0;
}

/* --- the x87 environment --- */

#define ENV_SIZE_16	14u
#define ENV_SIZE_32	28u
#define ENV_WORDS	7u	/* FCW, FSW, tags, IP, CS and opcode, DP, DS */

enum env_word { ENV_FCW, ENV_FSW, ENV_TAGS, ENV_IP, ENV_CS, ENV_DP, ENV_DS };

/* An environment image's layout, which goes by the operand size. */
struct env_layout {
	uint8_t size;
	uint8_t word;		/* bytes of each of its words */
	uint32_t fill;		/* what stands above 16 bits */
};

static const struct env_layout env_16 = { ENV_SIZE_16, 2, 0 };
static const struct env_layout env_32 = { ENV_SIZE_32, 4, 0xFFFF0000u };

/* insn->size is that of the image, perhaps with the registers behind it. */
static const struct env_layout *env_layout(const struct insn *insn)
{
	bool small = insn->size == ENV_SIZE_16 || insn->size == ENV_SIZE_16 + 8 * ST_SIZE;

	return small ? &env_16 : &env_32;
}

static bool real_format(const struct cpu *cpu)
{
	return !cpu_protected(cpu) || cpu_v8086(cpu);
}

enum tag { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static enum tag tag_of(const uint8_t st[ST_SIZE])
{
	uint64_t significand;
	uint16_t exponent;

	memcpy(&significand, st, sizeof(significand));
	memcpy(&exponent, st + sizeof(significand), sizeof(exponent));
	exponent &= 0x7FFF;
	if (!exponent && !significand)
		return TAG_ZERO;
	return exponent && exponent != 0x7FFF && significand >> 63 ? TAG_VALID : TAG_SPECIAL;
}

/* The tag word: two bits a physical register. */
static uint16_t full_tags(const struct fpu *fpu)
{
	unsigned int top = (fpu->x87.fsw & FSW_TOP) >> FSW_TOP_SHIFT, tags = 0;

	for (unsigned int i = 0; i < 8; i++) {
		bool used = fpu->x87.tags >> i & 1;

		tags |= (used ? tag_of(fpu->x87.st[(i - top) % 8]) : TAG_EMPTY) << 2 * i;
	}
	return (uint16_t)tags;
}

static uint8_t short_tags(uint16_t tags)
{
	uint8_t used = 0;

	for (unsigned int i = 0; i < 8; i++)
		if ((tags >> 2 * i & 3) != TAG_EMPTY)
			used |= (uint8_t)(1u << i);
	return used;
}

/* In real mode pointers are linear addresses, of 20 or 32 bits. */
static void pointers_real(const struct x87_pointers *p, const struct env_layout *layout,
			  uint32_t words[ENV_WORDS])
{
	uint32_t ip = (uint32_t)p->ip + ((uint32_t)p->cs << 4);
	uint32_t dp = (uint32_t)p->dp + ((uint32_t)p->ds << 4);

	words[ENV_IP] = (ip & 0xFFFF) | layout->fill;
	words[ENV_CS] = ip >> 16 << 12 | p->op;
	words[ENV_DP] = (dp & 0xFFFF) | layout->fill;
	words[ENV_DS] = dp >> 16 << 12;
}

static void pointers_protected(const struct x87_pointers *p, const struct env_layout *layout,
			       uint32_t words[ENV_WORDS])
{
	words[ENV_IP] = (uint32_t)p->ip;
	words[ENV_CS] = p->cs | (uint32_t)p->op << 16;
	words[ENV_DP] = (uint32_t)p->dp;
	words[ENV_DS] = p->ds | layout->fill;
}

static void env_compose(const struct cpu *cpu, const struct env_layout *layout, uint8_t *image)
{
	const struct fpu *fpu = cpu->fpu;
	uint32_t words[ENV_WORDS] = {
		[ENV_FCW] = fpu->x87.fcw | layout->fill, [ENV_FSW] = fsw_get(fpu) | layout->fill,
		[ENV_TAGS] = full_tags(fpu) | layout->fill,
	};

	if (real_format(cpu))
		pointers_real(&fpu->pointers, layout, words);
	else
		pointers_protected(&fpu->pointers, layout, words);
	for (unsigned int i = 0; i < ENV_WORDS; i++)
		memcpy(image + i * layout->word, &words[i], layout->word);
}

static void env_take(struct cpu *cpu, const struct env_layout *layout, const uint8_t *image)
{
	uint32_t words[ENV_WORDS] = { 0 };
	struct fpu *fpu = cpu->fpu;

	for (unsigned int i = 0; i < ENV_WORDS; i++)
		memcpy(&words[i], image + i * layout->word, layout->word);
	x87_set_top(fpu, (words[ENV_FSW] & FSW_TOP) >> FSW_TOP_SHIFT);
	x87_set_control(fpu, (uint16_t)words[ENV_FCW], (uint16_t)words[ENV_FSW]);
	fpu->x87.tags = short_tags((uint16_t)words[ENV_TAGS]);
	if (real_format(cpu))
		fpu->pointers = (struct x87_pointers){
			.ip = (words[ENV_IP] & 0xFFFF) | words[ENV_CS] >> 12 << 16,
			.dp = (words[ENV_DP] & 0xFFFF) | words[ENV_DS] >> 12 << 16,
			.op = words[ENV_CS] & FOP_MASK,
		};
	else
		fpu->pointers = (struct x87_pointers){
			.ip = words[ENV_IP], .dp = words[ENV_DP], .cs = (uint16_t)words[ENV_CS],
			.ds = (uint16_t)words[ENV_DS], .op = words[ENV_CS] >> 16 & FOP_MASK,
		};
}

void execute_fnstenv(struct cpu *cpu, const struct insn *insn)
{
	const struct env_layout *layout = env_layout(insn);
	struct fpu *fpu = cpu->fpu;
	uint8_t image[ENV_SIZE_32];

	check_x87_enabled(cpu);
	x87_leave(fpu);
	env_compose(cpu, layout, image);
	mmu_write(cpu, linear(cpu, insn, layout->size, ACCESS_WRITE), image, layout->size);
	x87_set_control(fpu, fpu->x87.fcw | FCW_MASKS, fpu->x87.fsw | fpu->ignored);
}

void execute_fldenv(struct cpu *cpu, const struct insn *insn)
{
	const struct env_layout *layout = env_layout(insn);
	uint8_t image[ENV_SIZE_32];

	check_x87_enabled(cpu);
	check_x87_pending(cpu);
	mmu_read(cpu, linear(cpu, insn, layout->size, ACCESS_READ), image, layout->size);
	x87_leave(cpu->fpu);
	env_take(cpu, layout, image);
}

void execute_fnsave(struct cpu *cpu, const struct insn *insn)
{
	const struct env_layout *layout = env_layout(insn);
	uint8_t old[ENV_SIZE_32 + 8 * ST_SIZE], image[sizeof(old)];
	uint64_t la;

	check_x87_enabled(cpu);
	x87_leave(cpu->fpu);
	la = linear(cpu, insn, insn->size, ACCESS_WRITE);
	read_area_for_write(cpu, la, old, insn->size);
	env_compose(cpu, layout, image);
	for (unsigned int i = 0; i < 8; i++)
		memcpy(image + layout->size + i * ST_SIZE, cpu->fpu->x87.st[i], ST_SIZE);
	write_area(cpu, la, image, insn->size);
	x87_init(cpu->fpu);
}

void execute_frstor(struct cpu *cpu, const struct insn *insn)
{
	const struct env_layout *layout = env_layout(insn);
	uint8_t image[ENV_SIZE_32 + 8 * ST_SIZE];

	check_x87_enabled(cpu);
	check_x87_pending(cpu);
	read_area(cpu, linear(cpu, insn, insn->size, ACCESS_READ), image, insn->size);
	x87_leave(cpu->fpu);
	env_take(cpu, layout, image);
	for (unsigned int i = 0; i < 8; i++)
		memcpy(cpu->fpu->x87.st[i], image + layout->size + i * ST_SIZE, ST_SIZE);
}
