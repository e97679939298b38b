/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lapic.c - a local APIC, see lapic.h. Manual: Intel SDM vol. 3, chapter 11; the
 * sections that are named are its.
 */
#include "dev/lapic.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "dev/lapic_timer.h"

#define VERSION		0x00050014u	/* six local vectors; an integrated APIC */
#define VECTORS		256u
#define WORDS		(VECTORS / 32u)
#define FIRST_VECTOR	16u		/* those below are illegal */
#define NONE		VECTORS		/* in place of a vector */
#define CLASS(vector)	((vector) & 0xF0u)

/* IA32_APIC_BASE (11.4.4). */
#define BASE_RESET	UINT64_C(0xFEE00000)
#define BASE_BSP	(1u << 8)
#define BASE_ENABLE	(1u << 11)
#define BASE_ADDRESS	(~UINT64_C(0xFFF))
#define BASE_ALLOWED	((UINT64_C(1) << 40) - 0x1000 + BASE_ENABLE + BASE_BSP)

#define REG_STEP	16u		/* bytes from register to register */

#define SVR_ENABLE	(1u << 8)
#define SVR_STORED	0x3FFu		/* with focus processor checking, which has no effect */
#define DFR_FLAT	0xFu
#define DFR_STORED	0xF0000000u

/* The local vector table (11.5.1). */
#define LVT_VECTOR	0xFFu
#define LVT_DELIVERY(v)	((v) >> 8 & 7u)
#define LVT_DELIVERY_OF(d) ((d) << 8)
#define LVT_REMOTE_IRR	(1u << 14)
#define LVT_LEVEL	(1u << 15)
#define LVT_MASKED	(1u << 16)
#define LVT_TIMER_MODE(v) ((v) >> 17 & 3u)
#define LVT_TIMER_MODES	(3u << 17)

/* The interrupt command register (11.6.1). */
#define ICR_VECTOR	0xFFu
#define ICR_DELIVERY(v)	((v) >> 8 & 7u)
#define ICR_LOGICAL	(1u << 11)
#define ICR_SHORTHAND(v) ((v) >> 18 & 3u)
#define ICR_STORED	0x000CCFFFu	/* the delivery status is always idle */

enum shorthand { TO_DESTINATION, TO_SELF, TO_ALL, TO_OTHERS };

/* The error status register (11.5.3). */
#define ESR_SEND_ILLEGAL	(1u << 5)
#define ESR_RECEIVE_ILLEGAL	(1u << 6)
#define ESR_ILLEGAL_REGISTER	(1u << 7)

/* In the order of their registers. */
enum lvt {
	LVT_TIMER,
	LVT_THERMAL,
	LVT_PERFORMANCE,
	LVT_LINT0,
	LVT_LINT1,
	LVT_ERROR,
	LVTS,
};

static const uint32_t lvt_stored[LVTS] = {
	[LVT_TIMER] = LVT_VECTOR | LVT_MASKED | LVT_TIMER_MODES,
	[LVT_THERMAL] = LVT_VECTOR | LVT_MASKED | 0x700,
	[LVT_PERFORMANCE] = LVT_VECTOR | LVT_MASKED | 0x700,
	[LVT_LINT0] = LVT_VECTOR | LVT_MASKED | LVT_LEVEL | 0x2700,
	[LVT_LINT1] = LVT_VECTOR | LVT_MASKED | LVT_LEVEL | 0x2700,
	[LVT_ERROR] = LVT_VECTOR | LVT_MASKED,
};

struct lapic {
	struct lapic_config wired;
	uint64_t base;
	uint32_t id;		/* as the register has it, like the next three */
	uint32_t ldr;
	uint32_t dfr;
	uint32_t svr;
	uint8_t tpr;
	uint32_t icr_low;
	uint32_t icr_high;
	uint32_t esr;		/* what reads give; the rest waits for a write */
	uint32_t errors;
	uint32_t lvt[LVTS];
	uint32_t irr[WORDS];
	uint32_t isr[WORDS];
	uint32_t tmr[WORDS];
	bool lint0;		/* the pin: the 8259s' output */
	bool extint;		/* an I/O APIC has said that they have something */
	struct lapic_timer timer;
};

static bool enabled(const struct lapic *lapic)
{
	return lapic->base & BASE_ENABLE && lapic->svr & SVR_ENABLE;
}

/* --- the vectors that are requested and in service (11.8.4) --- */

static void set_bit(uint32_t *words, uint8_t vector, bool value)
{
	uint32_t bit = 1u << vector % 32;

	words[vector / 32] = value ? words[vector / 32] | bit : words[vector / 32] & ~bit;
}

static bool get_bit(const uint32_t *words, uint8_t vector)
{
	return words[vector / 32] >> vector % 32 & 1;
}

/* The highest vector, or NONE. */
static unsigned int highest(const uint32_t *words)
{
	for (unsigned int i = WORDS; i--;)
		if (words[i])
			return i * 32 + 31 - (unsigned int)__builtin_clz(words[i]);
	return NONE;
}

static unsigned int class_of(unsigned int vector)
{
	return vector == NONE ? 0 : CLASS(vector);
}

/* The processor priority (11.8.3.1). */
static uint8_t priority(const struct lapic *lapic)
{
	unsigned int served = class_of(highest(lapic->isr));

	return (uint8_t)(CLASS(lapic->tpr) >= served ? lapic->tpr : served);
}

/* What the processor would be given next, or NONE. */
static unsigned int requesting(const struct lapic *lapic)
{
	unsigned int vector = highest(lapic->irr);

	return enabled(lapic) && class_of(vector) > CLASS(priority(lapic)) ? vector : NONE;
}

/* Whether the 8259s' interrupts reach the processor, and there is one. */
static bool external(const struct lapic *lapic)
{
	uint32_t lint0 = lapic->lvt[LVT_LINT0];

	if (!lapic->lint0)
		return false;
	return !(lapic->base & BASE_ENABLE) || lapic->extint ||
	       (!(lint0 & LVT_MASKED) && LVT_DELIVERY(lint0) == APIC_EXTINT);
}

/* Carries the state to the processor's pin. */
static void update(struct lapic *lapic)
{
	intr_set(lapic->wired.intr, external(lapic) || requesting(lapic) != NONE);
}

static void raise_error(struct lapic *lapic, uint32_t error);

static void request(struct lapic *lapic, uint8_t vector, bool level)
{
	if (vector < FIRST_VECTOR) {
		raise_error(lapic, ESR_RECEIVE_ILLEGAL);
		return;
	}
	set_bit(lapic->irr, vector, true);
	set_bit(lapic->tmr, vector, level);
	update(lapic);
}

static uint8_t lapic_acknowledge(void *self)
{
	struct lapic *lapic = self;
	unsigned int vector = requesting(lapic);
	uint8_t given;

	if (vector == NONE) {
		given = external(lapic) ? intr_acknowledge(apicbus_extint(lapic->wired.bus)) :
			(uint8_t)lapic->svr;
		update(lapic);
		return given;
	}
	given = (uint8_t)vector;
	set_bit(lapic->irr, given, false);
	set_bit(lapic->isr, given, true);
	update(lapic);
	apicbus_taken(lapic->wired.bus, given);
	return given;
}

/* --- sources of its own (11.5) --- */

static void trigger(struct lapic *lapic, enum lvt which)
{
	uint32_t entry = lapic->lvt[which];

	if (entry & LVT_MASKED || !(lapic->base & BASE_ENABLE))
		return;
	if (LVT_DELIVERY(entry) == APIC_NMI) {
		intr_raise_nmi(lapic->wired.intr);
	} else if (LVT_DELIVERY(entry) == APIC_FIXED) {
		if (entry & LVT_LEVEL)
			lapic->lvt[which] |= LVT_REMOTE_IRR;
		request(lapic, (uint8_t)entry, entry & LVT_LEVEL);
	}
}

static void raise_error(struct lapic *lapic, uint32_t error)
{
	bool first = !(lapic->errors & error);

	lapic->errors |= error;
	/* Not for the vector of this entry, again and again. */
	if (first)
		trigger(lapic, LVT_ERROR);
}

/* A level that is still there after it has been served, or is seen only now. */
static void look_at_lint0(struct lapic *lapic)
{
	uint32_t entry = lapic->lvt[LVT_LINT0];

	if (lapic->lint0 && entry & LVT_LEVEL && !(entry & LVT_REMOTE_IRR))
		trigger(lapic, LVT_LINT0);
	update(lapic);
}

/* The 8259s' output. */
static void lapic_listen(void *self, bool level)
{
	struct lapic *lapic = self;

	lapic->lint0 = level;
	if (level && !(lapic->lvt[LVT_LINT0] & LVT_LEVEL))
		trigger(lapic, LVT_LINT0);
	if (!level)
		lapic->extint = false;
	look_at_lint0(lapic);
}

/* --- the timer (11.5.4) --- */

static void lapic_timer_expired(void *self)
{
	trigger(self, LVT_TIMER);
}

static uint32_t read_current_count(const struct lapic *lapic)
{
	return lapic_timer_count(&lapic->timer);
}

static void write_initial_count(struct lapic *lapic, uint32_t value)
{
	lapic_timer_set_initial(&lapic->timer, value);
}

static void write_divide(struct lapic *lapic, uint32_t value)
{
	lapic_timer_set_divide(&lapic->timer, value);
}

static void write_lvt_timer(struct lapic *lapic, uint32_t value)
{
	lapic->lvt[LVT_TIMER] = value;
	lapic_timer_set_mode(&lapic->timer, LVT_TIMER_MODE(value));
	if (lapic->timer.mode == LAPIC_TSC_DEADLINE)
		msrs_watch(lapic->wired.msrs, LAPIC_MSR_TSC_DEADLINE);
}

/* --- interprocessor interrupts (11.6) --- */

static bool lapic_matches(void *self, const struct apic_message *message)
{
	const struct lapic *lapic = self;
	uint8_t id = (uint8_t)(lapic->id >> 24), logical = (uint8_t)(lapic->ldr >> 24);
	uint8_t destination = message->destination;

	if (destination == APIC_BROADCAST)
		return true;
	if (!message->logical)
		return destination == id;
	if (lapic->dfr >> 28 == DFR_FLAT)
		return destination & logical;
	/* A cluster, and a bit for each APIC in it. */
	return destination >> 4 == logical >> 4 && destination & logical & 0xFu;
}

static uint8_t lapic_priority(void *self)
{
	return priority(self);
}

static void lapic_accept(void *self, const struct apic_message *message)
{
	struct lapic *lapic = self;

	if (!(lapic->base & BASE_ENABLE))
		return;
	switch (message->delivery) {
	case APIC_FIXED:
	case APIC_LOWEST_PRIORITY:
		if (enabled(lapic))
			request(lapic, message->vector, message->level);
		break;
	case APIC_NMI:
		intr_raise_nmi(lapic->wired.intr);
		break;
	case APIC_EXTINT:
		lapic->extint = lapic->lint0;
		update(lapic);
		break;
	default:
		break;
	}
}

static void send(struct lapic *lapic)
{
	struct apic_message message = {
		.delivery = ICR_DELIVERY(lapic->icr_low), .vector = lapic->icr_low & ICR_VECTOR,
		.logical = lapic->icr_low & ICR_LOGICAL,
		.destination = (uint8_t)(lapic->icr_high >> 24),
	};
	enum shorthand shorthand = ICR_SHORTHAND(lapic->icr_low);

	if (message.delivery <= APIC_LOWEST_PRIORITY && message.vector < FIRST_VECTOR) {
		raise_error(lapic, ESR_SEND_ILLEGAL);
		return;
	}
	if (shorthand == TO_SELF) {
		lapic_accept(lapic, &message);
		return;
	}
	if (shorthand != TO_DESTINATION) {
		message.logical = false;
		message.destination = APIC_BROADCAST;
	}
	apicbus_send(lapic->wired.bus, &message, shorthand == TO_OTHERS ? lapic : NULL);
}

static const struct apic_local_ops local_ops = {
	.matches = lapic_matches,
	.priority = lapic_priority,
	.accept = lapic_accept,
};

/* --- registers (11.4.1): each lies at the start of 16 bytes --- */

enum reg {
	REG_ID = 0x02, REG_VERSION = 0x03, REG_TPR = 0x08, REG_APR = 0x09, REG_PPR = 0x0A,
	REG_EOI = 0x0B, REG_LDR = 0x0D, REG_DFR = 0x0E, REG_SVR = 0x0F, REG_ISR = 0x10,
	REG_TMR = 0x18, REG_IRR = 0x20, REG_ESR = 0x28, REG_ICR_LOW = 0x30, REG_ICR_HIGH = 0x31,
	REG_LVT = 0x32, REG_INITIAL_COUNT = 0x38, REG_CURRENT_COUNT = 0x39, REG_DIVIDE = 0x3E,
	REGS = 0x40,
};

static uint32_t read_version(const struct lapic *lapic)
{
	return VERSION;
}

static uint32_t read_tpr(const struct lapic *lapic)
{
	return lapic->tpr;
}

/* What waits counts too, where it is more urgent (11.6.2.4). */
static uint32_t read_apr(const struct lapic *lapic)
{
	uint8_t now = priority(lapic);
	unsigned int next = class_of(highest(lapic->irr));

	return next > CLASS(now) ? next : now;
}

static uint32_t read_ppr(const struct lapic *lapic)
{
	return priority(lapic);
}

static uint32_t read_nothing(const struct lapic *lapic)
{
	return 0;
}

static void write_id(struct lapic *lapic, uint32_t value)
{
	lapic->id = value & 0xFF000000u;
}

static void set_tpr(struct lapic *lapic, uint8_t value)
{
	lapic->tpr = value;
	update(lapic);
}

static void write_tpr(struct lapic *lapic, uint32_t value)
{
	intr_set_cr8(lapic->wired.intr, (uint8_t)value >> 4);
	set_tpr(lapic, (uint8_t)value);
}

static void lapic_on_cr8(void *self, uint8_t cr8)
{
	set_tpr(self, (uint8_t)(cr8 << 4));
}

static void write_eoi(struct lapic *lapic, uint32_t value)
{
	unsigned int vector = highest(lapic->isr);

	if (vector == NONE)
		return;
	set_bit(lapic->isr, (uint8_t)vector, false);
	if (get_bit(lapic->tmr, (uint8_t)vector)) {
		if ((lapic->lvt[LVT_LINT0] & LVT_VECTOR) == vector)
			lapic->lvt[LVT_LINT0] &= ~LVT_REMOTE_IRR;
		apicbus_end_of_interrupt(lapic->wired.bus, (uint8_t)vector);
	}
	look_at_lint0(lapic);
}

static void write_ldr(struct lapic *lapic, uint32_t value)
{
	lapic->ldr = value & 0xFF000000u;
}

static void write_dfr(struct lapic *lapic, uint32_t value)
{
	lapic->dfr = value | ~DFR_STORED;
}

/* Disabling masks the local vectors, and enabling leaves them so (11.4.7.2). */
static void write_svr(struct lapic *lapic, uint32_t value)
{
	lapic->svr = value & SVR_STORED;
	for (unsigned int i = 0; i < LVTS && !(value & SVR_ENABLE); i++)
		lapic->lvt[i] |= LVT_MASKED;
	update(lapic);
}

static void write_esr(struct lapic *lapic, uint32_t value)
{
	lapic->esr = lapic->errors;
	lapic->errors = 0;
}

static void write_icr_low(struct lapic *lapic, uint32_t value)
{
	lapic->icr_low = value & ICR_STORED;
	send(lapic);
}

static void write_icr_high(struct lapic *lapic, uint32_t value)
{
	lapic->icr_high = value & 0xFF000000u;
}

static void write_lvt(struct lapic *lapic, enum lvt which, uint32_t value)
{
	uint32_t entry = value & lvt_stored[which];

	if (!(lapic->svr & SVR_ENABLE))
		entry |= LVT_MASKED;
	if (which == LVT_TIMER) {
		write_lvt_timer(lapic, entry);
		return;
	}
	/* An entry for levels remembers that it has asked; one for edges does not. */
	if (entry & LVT_LEVEL)
		entry |= lapic->lvt[which] & LVT_REMOTE_IRR;
	lapic->lvt[which] = entry;
	look_at_lint0(lapic);
}

static void ignore_write(struct lapic *lapic, uint32_t value)
{
}

#define STORED(field) .offset = offsetof(struct lapic, field)

/* One without operations is not there. */
static const struct {
	size_t offset;		/* where it is stored, unless there is read */
	uint32_t (*read)(const struct lapic *lapic);
	void (*write)(struct lapic *lapic, uint32_t value);
} regs[REGS] = {
	[REG_ID] = { STORED(id), .write = write_id },
	[REG_VERSION] = { .read = read_version, .write = ignore_write },
	[REG_TPR] = { .read = read_tpr, .write = write_tpr },
	[REG_APR] = { .read = read_apr, .write = ignore_write },
	[REG_PPR] = { .read = read_ppr, .write = ignore_write },
	[REG_EOI] = { .read = read_nothing, .write = write_eoi },
	[REG_LDR] = { STORED(ldr), .write = write_ldr },
	[REG_DFR] = { STORED(dfr), .write = write_dfr },
	[REG_SVR] = { STORED(svr), .write = write_svr },
	[REG_ESR] = { STORED(esr), .write = write_esr },
	[REG_ICR_LOW] = { STORED(icr_low), .write = write_icr_low },
	[REG_ICR_HIGH] = { STORED(icr_high), .write = write_icr_high },
	[REG_INITIAL_COUNT] = { STORED(timer.initial), .write = write_initial_count },
	[REG_CURRENT_COUNT] = { .read = read_current_count, .write = ignore_write },
	[REG_DIVIDE] = { STORED(timer.divide), .write = write_divide },
};

/* Registers in a row: eight each of ISR, TMR and IRR, and the local vectors. */
static uint32_t *array_register(struct lapic *lapic, unsigned int reg)
{
	if (reg >= REG_LVT && reg < REG_LVT + LVTS)
		return &lapic->lvt[reg - REG_LVT];
	if (reg >= REG_IRR && reg < REG_IRR + WORDS)
		return &lapic->irr[reg - REG_IRR];
	if (reg >= REG_TMR && reg < REG_TMR + WORDS)
		return &lapic->tmr[reg - REG_TMR];
	if (reg >= REG_ISR && reg < REG_ISR + WORDS)
		return &lapic->isr[reg - REG_ISR];
	return NULL;
}

static uint32_t read_register(struct lapic *lapic, unsigned int reg)
{
	const uint32_t *array = array_register(lapic, reg);

	if (array)
		return *array;
	if (!regs[reg].write) {
		raise_error(lapic, ESR_ILLEGAL_REGISTER);
		return 0;
	}
	if (regs[reg].read)
		return regs[reg].read(lapic);
	return *(const uint32_t *)(const void *)((const uint8_t *)lapic + regs[reg].offset);
}

static void write_register(struct lapic *lapic, unsigned int reg, uint32_t value)
{
	if (reg >= REG_LVT && reg < REG_LVT + LVTS)
		write_lvt(lapic, reg - REG_LVT, value);
	else if (regs[reg].write)
		regs[reg].write(lapic, value);
	else if (!array_register(lapic, reg))
		raise_error(lapic, ESR_ILLEGAL_REGISTER);
}

/* Between registers, and behind them, there is nothing. */
static uint64_t lapic_read(void *self, uint64_t offset, unsigned int size)
{
	struct lapic *lapic = self;

	if (!(lapic->base & BASE_ENABLE))
		return UINT32_MAX;
	if (offset % 16 || offset / 16 >= REGS)
		return 0;
	return read_register(lapic, (unsigned int)offset / 16);
}

static void lapic_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct lapic *lapic = self;

	if (lapic->base & BASE_ENABLE && offset % 16 == 0 && offset / 16 < REGS)
		write_register(lapic, (unsigned int)offset / 16, (uint32_t)value);
}

const struct bus_ops lapic_ops = {
	.sizes = BUS_SIZE_4,
	.read = lapic_read,
	.write = lapic_write,
};

/* --- model-specific registers --- */

static void power_on(struct lapic *lapic);

static bool read_msr(void *self, uint32_t number, uint64_t *value)
{
	struct lapic *lapic = self;

	*value = number == LAPIC_MSR_BASE ? lapic->base : lapic->timer.deadline;
	return true;
}

/* An APIC that is enabled again begins as after reset (11.4.3). */
static bool write_base(struct lapic *lapic, uint64_t value)
{
	bool was = lapic->base & BASE_ENABLE;

	if (value & ~BASE_ALLOWED)
		return false;
	if (was != !!(value & BASE_ENABLE))
		power_on(lapic);
	lapic->base = value;
	update(lapic);
	return true;
}

static bool write_msr(void *self, uint32_t number, uint64_t value)
{
	struct lapic *lapic = self;

	if (number == LAPIC_MSR_BASE)
		return write_base(lapic, value);
	lapic_timer_set_deadline(&lapic->timer, value);
	return true;
}

static const struct msr_ops msr_ops = {
	.read = read_msr,
	.write = write_msr,
};

/* --- life --- */

static void power_on(struct lapic *lapic)
{
	lapic_timer_reset(&lapic->timer);
	*lapic = (struct lapic){
		.wired = lapic->wired, .base = lapic->base, .lint0 = lapic->lint0,
		.timer = lapic->timer, .id = (uint32_t)lapic->wired.id << 24,
		.dfr = UINT32_MAX, .svr = 0xFF,
	};
	for (unsigned int i = 0; i < LVTS; i++)
		lapic->lvt[i] = LVT_MASKED;
	intr_set_cr8(lapic->wired.intr, 0);
	intr_cancel_nmi(lapic->wired.intr);
}

static void lapic_reset(void *self)
{
	struct lapic *lapic = self;

	power_on(lapic);
	lapic->base = BASE_RESET | BASE_ENABLE | (lapic->wired.id ? 0 : BASE_BSP);
	lapic->svr |= SVR_ENABLE;
	lapic->lvt[LVT_LINT0] = LVT_DELIVERY_OF(APIC_EXTINT);
	lapic->lvt[LVT_LINT1] = LVT_DELIVERY_OF(APIC_NMI);
	update(lapic);
}

static int connect(struct lapic *lapic)
{
	const struct lapic_config *wired = &lapic->wired;
	int error = apicbus_add_local(wired->bus, &local_ops, lapic);

	error = error ?: intr_listen(apicbus_extint(wired->bus), lapic_listen, lapic);
	error = error ?: msrs_claim(wired->msrs, LAPIC_MSR_BASE, &msr_ops, lapic);
	error = error ?: msrs_claim(wired->msrs, LAPIC_MSR_TSC_DEADLINE, &msr_ops, lapic);
	if (error)
		return error;
	intr_connect(wired->intr, lapic_acknowledge, lapic);
	intr_on_cr8(wired->intr, lapic_on_cr8, lapic);
	return 0;
}

int lapic_create(struct lapic **out, const struct lapic_config *config)
{
	struct lapic *lapic = calloc(1, sizeof(*lapic));
	int error;

	if (!lapic)
		return -ENOMEM;
	lapic->wired = *config;
	lapic_timer_init(&lapic->timer, config->clock, lapic_timer_expired, lapic);
	error = connect(lapic);
	if (error) {
		free(lapic);
		return error;
	}
	lapic_reset(lapic);
	*out = lapic;
	return 0;
}

/* What is requested waits for the end of what is in service, not for the task priority. */
static bool lapic_misses_eoi(const void *self)
{
	const struct lapic *lapic = self;
	unsigned int served = highest(lapic->isr), next = highest(lapic->irr);

	return enabled(lapic) && served != NONE && next != NONE &&
	       class_of(next) <= class_of(served) && class_of(next) > CLASS(lapic->tpr);
}

static void lapic_describe(void *self, FILE *out)
{
	const struct lapic *lapic = self;
	unsigned int served = highest(lapic->isr), next = highest(lapic->irr);

	if (!enabled(lapic))
		return;
	fprintf(out, "local APIC at 0x%" PRIx64 ", task priority 0x%02x, requested ",
		lapic->base & BASE_ADDRESS, lapic->tpr);
	if (next == NONE)
		fputs("none, in service ", out);
	else
		fprintf(out, "0x%02x, in service ", next);
	if (served == NONE)
		fputs("none\n", out);
	else
		fprintf(out, "0x%02x\n", served);
	if (lapic_misses_eoi(lapic))
		fprintf(out, "vector 0x%02x has had no EOI (write 0 to 0x%" PRIx64 "): what is "
			"requested waits for that\n", served,
			(lapic->base & BASE_ADDRESS) + REG_EOI * REG_STEP);
}

static void lapic_destroy(void *self)
{
	struct lapic *lapic = self;

	lapic_timer_reset(&lapic->timer);
	free(lapic);
}

const struct device_ops lapic_device = {
	.name = "lapic",
	.describe = lapic_describe,
	.misses_eoi = lapic_misses_eoi,
	.reset = lapic_reset,
	.fini = lapic_destroy,
};
