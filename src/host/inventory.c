/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inventory.c - this host from procfs and sysfs, see inventory.h. */
#include "host/inventory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/array.h"

#define GROUPS_MAX 100000u	/* entries of a folder that are looked at */

/* --- files --- */

static bool path_of(char path[PATH_MAX], const char *root, const char *name)
{
	return snprintf(path, PATH_MAX, "%s%s", root, name) < PATH_MAX;
}

static bool exists(const char *root, const char *name)
{
	char path[PATH_MAX];

	return path_of(path, root, name) && access(path, F_OK) == 0;
}

/* Opens a regular file alone: nothing else can keep its reader waiting. */
static FILE *open_file(const char *root, const char *name)
{
	char path[PATH_MAX];
	struct stat status;
	FILE *file;
	int fd;

	if (!path_of(path, root, name))
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	file = fstat(fd, &status) || !S_ISREG(status.st_mode) ? NULL : fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

/* Copies text that is to be printed: without what a terminal would obey. */
static void copy_plain(char *to, size_t size, const char *from)
{
	size_t length = 0;

	for (; *from && length + 1 < size; from++)
		if ((unsigned char)*from >= ' ' && *from != 0x7F)
			to[length++] = *from;
	while (length && to[length - 1] == ' ')
		length--;
	to[length] = '\0';
}

/* The first line of a file; "" where there is none. */
static bool read_line(const char *root, const char *name, char *text, size_t size)
{
	FILE *file = open_file(root, name);
	char line[256] = "";
	bool read;

	*text = '\0';
	if (!file)
		return false;
	read = fgets(line, sizeof(line), file);
	fclose(file);
	copy_plain(text, size, line);
	return read;
}

static bool read_number(const char *root, const char *name, uint64_t *number)
{
	char text[32], *end;

	if (!read_line(root, name, text, sizeof(text)) || *text < '0' || *text > '9')
		return false;
	*number = strtoull(text, &end, 10);
	return !*end;
}

/* --- the processor --- */

/* The value behind "name : " of a line of cpuinfo; NULL: another line. */
static const char *value_of(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(line, name, length))
		return NULL;
	line += length + strspn(line + length, " \t");
	return *line == ':' ? line + 1 : NULL;
}

/* Keeps the words between blanks, once. */
static int keep_flags(char **flags, const char *value)
{
	if (!value || *flags)
		return 0;
	if (asprintf(flags, "%.*s ", (int)strcspn(value, "\n"), value) < 0) {
		*flags = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int read_cpuinfo(struct inventory *inventory, const char *root)
{
	FILE *file = open_file(root, "/proc/cpuinfo");
	char *line = NULL;
	const char *brand;
	size_t size = 0;
	int error = 0;

	if (!file)
		return 0;
	/* An empty line is behind the first processor. */
	while (!error && getline(&line, &size, file) > 0 && *line != '\n') {
		brand = value_of(line, "model name");
		if (brand)
			copy_plain(inventory->brand, sizeof(inventory->brand),
				   brand + strspn(brand, " "));
		error = keep_flags(&inventory->flags, value_of(line, "flags"));
		if (!error)
			error = keep_flags(&inventory->vmx_flags, value_of(line, "vmx flags"));
	}
	free(line);
	fclose(file);
	return error;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; at && (at = strstr(at, word)); at += length)
		if (at > words && at[-1] == ' ' && at[length] == ' ')
			return true;
	return false;
}

bool inventory_has(const struct inventory *inventory, const char *flag)
{
	return has_word(inventory->flags, flag) || has_word(inventory->vmx_flags, flag);
}

/* --- KVM's module --- */

static enum parameter read_parameter(const char *root, const char *module, const char *name)
{
	char path[128], text[8];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	if (!read_line(root, path, text, sizeof(text)))
		return PARAMETER_NONE;
	return *text == 'Y' || *text == '1' ? PARAMETER_ON : PARAMETER_OFF;
}

static void read_module(struct inventory *inventory, const char *root)
{
	static const struct {
		const char *name, *paging, *unrestricted, *tags, *interrupts;
	} modules[] = {
		{ "kvm_intel", "ept", "unrestricted_guest", "vpid", "enable_apicv" },
		{ "kvm_amd", "npt", "-", "-", "avic" },
		{ "kvm_pvm", "-", "-", "-", "-" },
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(modules) && !*inventory->module; i++) {
		const char *name = modules[i].name;

		snprintf(path, sizeof(path), "/sys/module/%s", name);
		if (!exists(root, path))
			continue;
		snprintf(inventory->module, sizeof(inventory->module), "%s", name);
		inventory->nested = read_parameter(root, name, "nested");
		inventory->paging = read_parameter(root, name, modules[i].paging);
		inventory->unrestricted = read_parameter(root, name, modules[i].unrestricted);
		inventory->tags = read_parameter(root, name, modules[i].tags);
		inventory->interrupts = read_parameter(root, name, modules[i].interrupts);
	}
}

/* --- devices --- */

/* Calls visit for each entry of a folder, until it fails. */
static int each_entry(const char *root, const char *folder, struct inventory *inventory,
		      int (*visit)(struct inventory *inventory, const char *root, const char *name))
{
	char path[PATH_MAX];
	DIR *entries = path_of(path, root, folder) ? opendir(path) : NULL;
	const struct dirent *entry;
	int error = 0;

	if (!entries)
		return 0;
	for (size_t i = 0; i < GROUPS_MAX && !error && (entry = readdir(entries)); i++)
		if (*entry->d_name != '.')
			error = visit(inventory, root, entry->d_name);
	closedir(entries);
	return error;
}

static int count_group(struct inventory *inventory, const char *root, const char *name)
{
	inventory->iommu_groups++;
	return 0;
}

static void read_driver(struct sriov_device *device, const char *root, const char *folder)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t length;

	if (!path_of(path, root, folder))
		return;
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return;
	target[length] = '\0';
	slash = strrchr(target, '/');
	copy_plain(device->driver, sizeof(device->driver), slash ? slash + 1 : target);
}

static int note_device(struct inventory *inventory, const char *root, const char *name)
{
	struct sriov_device *device;
	uint64_t most, now = 0;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/sriov_totalvfs", name);
	if (!read_number(root, path, &most) || !most)
		return 0;
	device = array_append(&inventory->sriov, &inventory->sriov_count, sizeof(*device));
	if (!device)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/sriov_numvfs", name);
	read_number(root, path, &now);
	*device = (struct sriov_device){ .functions = (uint32_t)now, .most = (uint32_t)most };
	copy_plain(device->address, sizeof(device->address), name);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", name);
	read_driver(device, root, path);
	return 0;
}

static int by_address(const void *left, const void *right)
{
	const struct sriov_device *a = left, *b = right;

	return strcmp(a->address, b->address);
}

/* --- what is around --- */

static void read_machine(struct inventory *inventory, const char *root)
{
	char maker[40], product[40];

	read_line(root, "/sys/class/dmi/id/sys_vendor", maker, sizeof(maker));
	read_line(root, "/sys/class/dmi/id/product_name", product, sizeof(product));
	snprintf(inventory->machine, sizeof(inventory->machine), "%s%s%s", maker,
		 *maker && *product ? " " : "", product);
	read_line(root, "/sys/hypervisor/type", inventory->hypervisor,
		  sizeof(inventory->hypervisor));
}

static void read_container(struct inventory *inventory, const char *root)
{
	static const struct {
		const char *file, *name;
	} marks[] = {
		{ "/.dockerenv", "docker" },
		{ "/run/.containerenv", "podman" },
	};
	size_t size = sizeof(inventory->container);

	if (read_line(root, "/run/systemd/container", inventory->container, size))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(marks) && !*inventory->container; i++)
		if (exists(root, marks[i].file))
			snprintf(inventory->container, size, "%s", marks[i].name);
}

int inventory_read(struct inventory *inventory, const char *root)
{
	uint64_t address;
	int error;

	*inventory = (struct inventory){ 0 };
	read_module(inventory, root);
	read_machine(inventory, root);
	read_container(inventory, root);
	if (read_number(root, "/proc/sys/vm/mmap_min_addr", &address))
		inventory->mmap_min_addr = (struct optional){ .set = true, .value = address };
	error = read_cpuinfo(inventory, root);
	if (!error)
		error = each_entry(root, "/sys/kernel/iommu_groups", inventory, count_group);
	if (!error)
		error = each_entry(root, "/sys/bus/pci/devices", inventory, note_device);
	if (inventory->sriov_count)
		qsort(inventory->sriov, inventory->sriov_count, sizeof(*inventory->sriov),
		      by_address);
	return error;
}

void inventory_free(struct inventory *inventory)
{
	free(inventory->flags);
	free(inventory->vmx_flags);
	free(inventory->sriov);
	*inventory = (struct inventory){ 0 };
}
