/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine.c - the sandbox's module, see confine.h. */
#include "host/confine.h"

#include <errno.h>
#include <string.h>

#include "core/module.h"
#include "host/sandbox_module.h"

#define FILES_MAX 4u

int confine(const struct mem *mem, const struct log *log)
{
	const struct sandbox_module *sandbox;
	struct module module;
	int code[FILES_MAX];
	size_t count = 0;
	char reason[256];
	int error = module_open(&module, "sandbox.so", SANDBOX_MODULE_SYMBOL,
				SANDBOX_MODULE_VERSION, "vmm-hypervisor", reason, sizeof(reason));

	if (error) {
		log_error(log, "cannot confine vmm: %s", reason);
		return error;
	}
	for (int fd = mem_next_file(mem, -1); fd >= 0 && count < FILES_MAX;
	     fd = mem_next_file(mem, fd))
		code[count++] = fd;
	sandbox = module.symbol;
	error = sandbox->enter(code, count);
	module_close(&module);
	if (error)
		log_error(log, "cannot confine vmm: %s (seccomp filters are needed)",
			  strerror(-error));
	else
		log_verbose(log, "vmm is confined: it opens no files and starts no programs");
	return error;
}
