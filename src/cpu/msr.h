/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * msr.h - the numbers of the model-specific registers that vmm knows (SDM
 * vol. 4).
 */
#ifndef VMM_CPU_MSR_H
#define VMM_CPU_MSR_H

#define MSR_TSC			0x00000010u
#define MSR_PLATFORM_ID		0x00000017u	/* Intel */
#define MSR_APIC_BASE		0x0000001Bu
#define MSR_BIOS_SIGN_ID	0x0000008Bu	/* the microcode's revision */
#define MSR_MTRR_CAP		0x000000FEu
#define MSR_SYSENTER_CS		0x00000174u
#define MSR_SYSENTER_ESP	0x00000175u
#define MSR_SYSENTER_EIP	0x00000176u
#define MSR_MCG_CAP		0x00000179u
#define MSR_MCG_STATUS		0x0000017Au
#define MSR_MISC_ENABLE		0x000001A0u
#define MSR_DEBUGCTL		0x000001D9u
#define MSR_PAT			0x00000277u
#define MSR_MTRR_DEF_TYPE	0x000002FFu
#define MSR_MC0_CTL		0x00000400u
#define MSR_MC0_STATUS		0x00000401u
#define MSR_MC0_ADDR		0x00000402u
#define MSR_MC0_MISC		0x00000403u
#define MSR_TSC_DEADLINE	0x000006E0u
#define MSR_EFER		0xC0000080u
#define MSR_STAR		0xC0000081u
#define MSR_LSTAR		0xC0000082u
#define MSR_CSTAR		0xC0000083u
#define MSR_FMASK		0xC0000084u
#define MSR_FS_BASE		0xC0000100u
#define MSR_GS_BASE		0xC0000101u
#define MSR_KERNEL_GS_BASE	0xC0000102u
#define MSR_TSC_AUX		0xC0000103u
/* AMD, since the K7: performance counters (PerfEvtSel0-3, PerfCtr0-3), and settings. */
#define MSR_PERF_EVENT		0xC0010000u
#define MSR_PERF_COUNTER	0xC0010004u
#define MSR_SYSCFG		0xC0010010u
#define MSR_HWCR		0xC0010015u

/* MCG_CAP: banks of machine-check registers, the fewest with which KVM has a machine check. */
#define MCG_CAP_BANKS		1u

#endif
