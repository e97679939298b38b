/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_module.h - what is asked of the module that knows json-c: a run in a few numbers
 * and words, as JSON (--report; vmm(1), THE REPORT, has the format).
 */
#ifndef VMM_OBSERVE_JSON_MODULE_H
#define VMM_OBSERVE_JSON_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* To be raised with every change to struct json_module or to what it uses. */
#define JSON_MODULE_VERSION 1u
#define JSON_MODULE_SYMBOL "vmm_json_module"

struct summary_count {
	const char *name;
	uint64_t count;
};

struct summary_text {
	const char *name;
	const char *text;
};

struct summary_verdict {
	const char *option;
	bool met;
};

/* Texts may be of any bytes: what is no UTF-8 is replaced. */
struct summary {
	const char *version;	/* of vmm */
	const char *guest;	/* the image's path */
	const char *engine;
	const char *kind;	/* of the ending */
	const char *text;	/* how it ended, in words */
	int status;
	bool has_place;		/* the ending has one: what follows */
	uint64_t rip;		/* linear */
	const char *symbol;	/* NULL: none */
	uint64_t offset;	/* into it */
	double wall, user, system;	/* seconds */
	uint64_t exits;
	const struct summary_count *counts;	/* of which these */
	size_t count_count;
	const struct summary_text *hashes;
	size_t hash_count;
	const struct summary_verdict *verdicts;
	size_t verdict_count;
};

struct json_module {
	unsigned int version;	/* JSON_MODULE_VERSION */
	/* json-c opens what it needs, while that can still be done. Returns 0 or -ENOMEM. */
	int (*prepare)(void);
	/* Returns 0 or -ENOMEM; errors of the stream are the caller's to find. */
	int (*write_summary)(FILE *stream, const struct summary *summary);
};

extern const struct json_module vmm_json_module;

#endif
