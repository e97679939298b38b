/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inventory.h - what procfs and sysfs say of this host, as far as virtualization goes.
 *
 * Sources: proc(5); the kernel's Documentation/ABI/testing/sysfs-bus-pci (sriov_totalvfs,
 * sriov_numvfs, virtfn*), sysfs-kernel-iommu_groups, and the parameters of kvm_intel and
 * kvm_amd as modinfo(8) lists them.
 */
#ifndef VMM_HOST_INVENTORY_H
#define VMM_HOST_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/optional.h"

/* A PCI device that can show itself as several. */
struct sriov_device {
	char address[32];	/* 0000:01:00.0 */
	char driver[32];	/* "": none */
	uint32_t functions;	/* virtual functions that are there */
	uint32_t most;		/* that can be */
};

enum parameter { PARAMETER_NONE, PARAMETER_OFF, PARAMETER_ON };

struct inventory {
	char brand[96];			/* "": procfs does not say */
	char *flags;			/* of the first processor, " vme svm ... "; NULL: none */
	char *vmx_flags;		/* likewise, where Linux lists them apart (5.8) */
	char module[16];		/* KVM's second half: kvm_intel, kvm_amd ...; "": none */
	enum parameter nested;		/* parameters of that module, */
	enum parameter paging;		/* ept, npt */
	enum parameter unrestricted;	/* unrestricted_guest */
	enum parameter tags;		/* vpid */
	enum parameter interrupts;	/* enable_apicv, avic */
	size_t iommu_groups;
	struct sriov_device *sriov;
	size_t sriov_count;
	char machine[96];		/* maker and product, as the firmware says */
	char hypervisor[64];		/* below this host, as sysfs says: xen; "": nothing */
	char container[64];		/* that this process is in; "": none that is known */
	struct optional mmap_min_addr;	/* bytes */
};

/*
 * Reads all below root ("" for the host's own), which has proc/ and sys/. What cannot be
 * read is missing. Returns 0 or -ENOMEM; inventory_free() in any case.
 */
int inventory_read(struct inventory *inventory, const char *root);
void inventory_free(struct inventory *inventory);

/* Whether the processor has it: a word of flags or vmx_flags. */
bool inventory_has(const struct inventory *inventory, const char *flag);

#endif
