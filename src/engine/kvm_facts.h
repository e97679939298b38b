/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm_facts.h - what KVM says of itself and how fast it is, for --host-check.
 */
#ifndef VMM_ENGINE_KVM_FACTS_H
#define VMM_ENGINE_KVM_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"

#define KVM_CAPABILITIES_MAX 12u

struct kvm_capability {
	char name[40];		/* as in linux/kvm.h */
	char use[80];		/* what vmm does with it */
	bool required;
	bool present;
};

struct kvm_facts {
	bool answered;			/* probe, version and capabilities are there */
	struct engine_probe probe;
	int version;			/* KVM_GET_API_VERSION; 0: could not be asked */
	struct kvm_capability capabilities[KVM_CAPABILITIES_MAX];
	size_t capability_count;
	bool measured;			/* a guest has run: the two below are there */
	double exit_microseconds;	/* OUT to a port, and back in the guest */
	double mips;			/* million instructions a second, of a loop of DEC and JNZ */
};

/*
 * Asks KVM and measures it, by a guest that runs in a process of its own: where that does
 * not come back within half a second it is ended, and what it had found out is there.
 */
void kvm_find_facts(struct kvm_facts *facts);

#endif
