/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pic.h - the two 8259A interrupt controllers of a PC (Intel 8259A, 231468),
 * the second one cascaded on input 2 of the first, with the chipset's
 * edge/level control registers (ELCR; Intel 82371SB (PIIX3), 2.5.5).
 *
 * A request lasts as long as its line is high, with edge triggering too: what
 * is withdrawn before the processor has taken it is gone, as on the chip. A
 * device keeps its line high until it has been served.
 */
#ifndef VMM_DEV_PIC_H
#define VMM_DEV_PIC_H

#include "core/bus.h"
#include "core/device.h"
#include "core/intr.h"
#include "core/irq.h"

struct pic;

/*
 * Listens to lines 0 to 15 but 2, which the second chip's output takes the
 * place of; drives intr and answers its acknowledge cycles. Returns 0, -ENOMEM
 * or -ENOSPC.
 *
 * After reset every input is masked and the vectors are those of a PC's
 * firmware, 0x08 and 0x70 on, so that a guest that knows nothing of the chips
 * has peace from them.
 */
int pic_create(struct pic **pic, struct irqs *irqs, struct intr *intr);

extern const struct bus_ops pic_master_ops;	/* 2 ports, lines 0-7 */
extern const struct bus_ops pic_slave_ops;	/* 2 ports, lines 8-15 */
extern const struct bus_ops pic_elcr_ops;	/* 2 ports, lines 0-7 and 8-15 */
extern const struct device_ops pic_device;

#endif
