/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dsdt.asl - the machine as ACPI describes it (ACPI 6.5, chapters 5 and 6): what
 * cannot be found by looking. The C preprocessor goes over it first, for
 * platform.h's numbers.
 */
#include "dev/platform.h"

DefinitionBlock ("", "DSDT", 2, "VMM", "VMM", 1)
{
	/* Soft-off, the only sleep state. */
	Name (\_S5, Package () { PM_SLEEP_TYPE_OFF, PM_SLEEP_TYPE_OFF, 0, 0 })

	Scope (\_SB)
	{
		Device (CPU0)
		{
			Name (_HID, "ACPI0007")
			Name (_UID, 0)
		}

		/* What no driver is for, so that nothing else is put there. */
		Device (BRD0)
		{
			Name (_HID, EisaId ("PNP0C02"))
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, PM1A_EVENT_PORT, PM1A_EVENT_PORT, 1, PM1A_EVENT_PORTS)
				IO (Decode16, PM1A_CONTROL_PORT, PM1A_CONTROL_PORT, 1, PM1A_CONTROL_PORTS)
				IO (Decode16, PM_TIMER_PORT, PM_TIMER_PORT, 1, PM_TIMER_PORTS)
				IO (Decode16, PIC_ELCR_PORT, PIC_ELCR_PORT, 1, PIC_PORTS)
				Memory32Fixed (ReadWrite, IOAPIC_ADDRESS, APIC_SIZE)
				Memory32Fixed (ReadWrite, LAPIC_ADDRESS, APIC_SIZE)
			})
		}

		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A03"))
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate ()
			{
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
					0, 0, 0xFF, 0, 0x100)
				IO (Decode16, PCI_CONFIG_PORT, PCI_CONFIG_PORT, 1, PCI_CONFIG_PORTS)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0, 0x0CF7, 0, 0x0CF8)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0x0D00, 0xFFFF, 0, 0xF300)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite, 0, PCI_MEMORY_BASE, PCI_MEMORY_END,
					0, PCI_MEMORY_SIZE)
			})

			/*
			 * INTA# to INTD# of each slot, on the board's four lines in turn; the
			 * ISA bridge says which ISA line each of those is.
			 */
#define PIN(SLOT, PIN, LINK)	Package () { ((SLOT) << 16) | 0xFFFF, PIN, LINK, 0 }
#define SLOT(SLOT, A, B, C, D)	PIN (SLOT, 0, A), PIN (SLOT, 1, B), PIN (SLOT, 2, C), PIN (SLOT, 3, D)
#define SLOTS(FIRST)							\
		SLOT (FIRST, LNKD, LNKA, LNKB, LNKC),			\
		SLOT (FIRST + 1, LNKA, LNKB, LNKC, LNKD),		\
		SLOT (FIRST + 2, LNKB, LNKC, LNKD, LNKA),		\
		SLOT (FIRST + 3, LNKC, LNKD, LNKA, LNKB)
			Name (_PRT, Package ()
			{
				SLOTS (0), SLOTS (4), SLOTS (8), SLOTS (12),
				SLOTS (16), SLOTS (20), SLOTS (24), SLOTS (28)
			})

			/* The PIIX3 and what is behind it. */
			Device (ISA)
			{
				Name (_ADR, 0x00010000)
				OperationRegion (CONF, PCI_Config, 0x60, 4)

				Device (PIC)
				{
					Name (_HID, EisaId ("PNP0000"))
					Name (_CRS, ResourceTemplate ()
					{
						IO (Decode16, PIC1_PORT, PIC1_PORT, 1, PIC_PORTS)
						IO (Decode16, PIC2_PORT, PIC2_PORT, 1, PIC_PORTS)
						IRQNoFlags () { CASCADE_LINE }
					})
				}
				Device (PIT)
				{
					Name (_HID, EisaId ("PNP0100"))
					Name (_CRS, ResourceTemplate ()
					{
						IO (Decode16, PIT_PORT, PIT_PORT, 1, PIT_PORTS)
						IRQNoFlags () { TIMER_LINE }
					})
				}
				Device (SPKR)
				{
					Name (_HID, EisaId ("PNP0800"))
					Name (_CRS, ResourceTemplate ()
					{
						IO (Decode16, PORT_B_PORT, PORT_B_PORT, 1, 1)
					})
				}
				Device (RTC)
				{
					Name (_HID, EisaId ("PNP0B00"))
					Name (_CRS, ResourceTemplate ()
					{
						IO (Decode16, RTC_PORT, RTC_PORT, 1, RTC_PORTS)
						IRQNoFlags () { RTC_LINE }
					})
				}
				Device (KBD)
				{
					Name (_HID, EisaId ("PNP0303"))
					Name (_CRS, ResourceTemplate ()
					{
						IO (Decode16, KEYBOARD_DATA_PORT, KEYBOARD_DATA_PORT, 1, 1)
						IO (Decode16, KEYBOARD_STATUS_PORT, KEYBOARD_STATUS_PORT, 1, 1)
						IRQNoFlags () { KEYBOARD_LINE }
					})
				}
				Device (MOU)
				{
					Name (_HID, EisaId ("PNP0F13"))
					Name (_CRS, ResourceTemplate ()
					{
						IRQNoFlags () { MOUSE_LINE }
					})
				}
				Device (COM1)
				{
					Name (_HID, EisaId ("PNP0501"))
					Name (_UID, 1)
					Name (_CRS, ResourceTemplate ()
					{
						IO (Decode16, COM1_PORT, COM1_PORT, 1, COM_PORTS)
						IRQNoFlags () { COM1_LINE }
					})
				}
				Device (COM2)
				{
					Name (_HID, EisaId ("PNP0501"))
					Name (_UID, 2)
					Name (_CRS, ResourceTemplate ()
					{
						IO (Decode16, COM2_PORT, COM2_PORT, 1, COM_PORTS)
						IRQNoFlags () { COM2_LINE }
					})
				}
			}
		}

		/* The routing registers of the PIIX3 (82371SB, 2.2.8): off, or an ISA line. */
		Field (PCI0.ISA.CONF, ByteAcc, NoLock, Preserve)
		{
			RTEA, 8,
			RTEB, 8,
			RTEC, 8,
			RTED, 8
		}

		Method (LSTA, 1, NotSerialized)
		{
			If (Arg0 & 0x80) { Return (0x09) }
			Return (0x0B)
		}

/* Where an extended interrupt descriptor has its number (6.4.3.6). */
#define INTERRUPT 5
		Name (LBUF, ResourceTemplate ()
		{
			Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 0 }
		})
		CreateDWordField (LBUF, INTERRUPT, LNUM)

		Method (LCRS, 1, Serialized)
		{
			LNUM = 0
			If (!(Arg0 & 0x80)) { LNUM = Arg0 }
			Return (LBUF)
		}

		Name (LPRS, ResourceTemplate ()
		{
			Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { PCI_LINE_A, PCI_LINE_B }
		})

#define PCI_LINK(NAME, NUMBER, ROUTE)						\
		Device (NAME)							\
		{								\
			Name (_HID, EisaId ("PNP0C0F"))				\
			Name (_UID, NUMBER)					\
			Method (_STA) { Return (LSTA (ROUTE)) }			\
			Method (_DIS) { ROUTE |= 0x80 }				\
			Method (_CRS) { Return (LCRS (ROUTE)) }			\
			Method (_PRS) { Return (LPRS) }				\
			Method (_SRS, 1)					\
			{							\
				CreateDWordField (Arg0, INTERRUPT, CHOS)	\
				ROUTE = CHOS					\
			}							\
		}
		PCI_LINK (LNKA, 0, RTEA)
		PCI_LINK (LNKB, 1, RTEB)
		PCI_LINK (LNKC, 2, RTEC)
		PCI_LINK (LNKD, 3, RTED)
	}
}
