/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine.c - the sandbox's module, see confine.h. */
#include "host/confine.h"

#include <errno.h>
#include <string.h>

#include "core/module.h"
#include "host/sandbox_module.h"

#define FILES_MAX 16u

/* Its checker for leaks traces the process at the end, with all that is given up here. */
#ifdef __SANITIZE_ADDRESS__
#define ADDRESS_SANITIZER 1
#else
#define ADDRESS_SANITIZER 0
#endif

static int enter_sandbox(const struct sandbox_module *sandbox, const struct mem *mem)
{
	int code[FILES_MAX];
	size_t count = 0;

	for (int fd = mem_next_file(mem, -1); fd >= 0 && count < FILES_MAX;
	     fd = mem_next_file(mem, fd))
		code[count++] = fd;
	return sandbox->enter(code, count);
}

int confine(const struct mem *mem, const struct log *log)
{
	struct module module;
	char reason[256];
	int error;

	if (ADDRESS_SANITIZER) {
		log_verbose(log, "vmm is not confined: it was built with AddressSanitizer");
		return 0;
	}
	error = module_open(&module, "sandbox.so", SANDBOX_MODULE_SYMBOL, SANDBOX_MODULE_VERSION,
			    "vmm-hypervisor", reason, sizeof(reason));
	if (error) {
		log_error(log, "cannot confine vmm: %s", reason);
		return error;
	}
	error = enter_sandbox(module.symbol, mem);
	module_close(&module);
	if (error)
		log_error(log, "cannot confine vmm: %s (seccomp filters are needed)",
			  strerror(-error));
	else
		log_verbose(log, "vmm is confined: it opens no files and starts no programs");
	return error;
}
