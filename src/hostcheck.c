/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hostcheck.c - asks this host what it offers, and prints it; see hostcheck.h. */
#include "hostcheck.h"

#include <cpuid.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/json.h"
#include "core/array.h"
#include "core/module.h"
#include "cpu/cpu.h"
#include "engine/engine.h"
#include "hostcheck_lines.h"

#define KVM_DEVICE "/dev/kvm"
#define CPUID_HYPERVISOR 0x40000000u
#define CPUID_HYPERVISOR_PRESENT (1u << 31)	/* leaf 1, ECX */

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#endif

/* --- asking --- */

/* Of the caller by the list of groups, which a log-in has as it was then. */
static bool is_listed(gid_t group)
{
	const struct passwd *user = getpwuid(getuid());
	gid_t groups[256];
	int count = ARRAY_SIZE(groups);

	if (!user || getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

static void find_device(struct host_facts *facts)
{
	const struct group *group;
	struct stat status;

	facts->device_error = stat(KVM_DEVICE, &status) < 0 ? errno :
			      !S_ISCHR(status.st_mode) ? ENOTTY :
			      access(KVM_DEVICE, R_OK | W_OK) < 0 ? errno : 0;
	if (facts->device_error != EACCES || (~status.st_mode & (S_IRGRP | S_IWGRP)) ||
	    !status.st_gid)
		return;
	group = getgrgid(status.st_gid);
	if (!group)
		return;
	snprintf(facts->device_group, sizeof(facts->device_group), "%s", group->gr_name);
	facts->device_group_listed = is_listed(status.st_gid);
}

static bool has_modify_ldt(void)
{
	const int read_ldt = 0;
	char entry[8];

	return syscall(SYS_modify_ldt, read_ldt, entry, sizeof(entry)) >= 0;
}

static void read_signature(char signature[13])
{
	unsigned int eax, ebx, ecx, edx;

	memset(signature, 0, 13);
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & CPUID_HYPERVISOR_PRESENT))
		return;
	__cpuid(CPUID_HYPERVISOR, eax, ebx, ecx, edx);
	memcpy(signature, &ebx, 4);
	memcpy(signature + 4, &ecx, 4);
	memcpy(signature + 8, &edx, 4);
}

/* Both need vmm's own processor, which is a module. */
static void probe_emulators(struct host_facts *facts)
{
	struct engine_probe *const probes[] = { &facts->direct, &facts->interp };
	struct module module = { 0 };
	char error[200];

	engine_direct.probe(&facts->direct);
	engine_interp.probe(&facts->interp);
	if (module_open(&module, "cpu.so", CPU_MODULE_SYMBOL, CPU_MODULE_VERSION,
			"vmm-hypervisor", error, sizeof(error)))
		for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
			probes[i]->usable = false;
			snprintf(probes[i]->text, sizeof(probes[i]->text), "%s", error);
		}
	module_close(&module);
}

static int find_facts(struct host_facts *facts)
{
	*facts = (struct host_facts){
		.user_dispatch = prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF,
				       0, 0, 0) == 0,
		.modify_ldt = has_modify_ldt(),
	};
	find_device(facts);
	read_signature(facts->signature);
	kvm_find_facts(&facts->kvm);
	probe_emulators(facts);
	return inventory_read(&facts->inventory, "");
}

/* --- printing --- */

static void print_text(const struct host_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct host_line *line = &lines->lines[i];

		printf("%-8s %s: %s\n", host_verdict_names[line->verdict], line->check,
		       line->reason);
		if (*line->remedy)
			printf("%-8s   remedy: %s\n", "", line->remedy);
	}
	printf("vmm can%s run guests on this host.\n", lines->usable ? "" : "not");
}

static struct json_object *json_line(struct json *json, const struct host_line *line)
{
	struct json_object *object = json_new_object(json);

	json_add_text(json, object, "check", line->check);
	json_add_text(json, object, "status", host_verdict_names[line->verdict]);
	json_add_text(json, object, "reason", line->reason);
	json_add_text(json, object, "remedy", *line->remedy ? line->remedy : NULL);
	return object;
}

/* What programs want as numbers. */
static struct json_object *json_kvm(struct json *json, const struct kvm_facts *kvm)
{
	struct json_object *object = json_new_object(json);

	json_add_integer(json, object, "api_version", (uint64_t)kvm->version);
	if (kvm->measured) {
		json_add_number(json, object, "exit_us", kvm->exit_microseconds, 3);
		json_add_number(json, object, "mips", kvm->mips, 3);
	} else {
		json_add_null(json, object, "exit_us");
		json_add_null(json, object, "mips");
	}
	return object;
}

static int write_json(struct json *json, const struct host_facts *facts,
		      const struct host_lines *lines)
{
	struct json_object *all = json_new_object(json), *checks = json_new_array(json);

	json_add_boolean(json, all, "usable", lines->usable);
	json_add(json, all, "kvm", json_kvm(json, &facts->kvm));
	for (size_t i = 0; i < lines->count; i++)
		json_append(json, checks, json_line(json, &lines->lines[i]));
	json_add(json, all, "checks", checks);
	return json_write(json, stdout, all);
}

static int print_json(const struct host_facts *facts, const struct host_lines *lines,
		      const struct log *log)
{
	struct json json = { 0 };
	char reason[200];
	int error = json_open(&json, reason, sizeof(reason));

	if (error) {
		log_error(log, "--json: %s", reason);
	} else {
		error = write_json(&json, facts, lines);
		if (error)
			log_error(log, "--json: %s", strerror(-error));
	}
	json_close(&json);
	return error;
}

int hostcheck(bool json, const struct log *log)
{
	struct host_lines lines = { 0 };
	struct host_facts facts;
	int result = find_facts(&facts);

	if (!result)
		result = host_lines_make(&lines, &facts);
	if (result)
		log_error(log, "--host-check: %s", strerror(-result));
	else if (json)
		result = print_json(&facts, &lines, log);
	else
		print_text(&lines);
	if (!result)
		result = lines.usable ? 0 : 1;
	host_lines_free(&lines);
	inventory_free(&facts.inventory);
	return result;
}
