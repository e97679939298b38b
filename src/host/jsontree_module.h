/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jsontree_module.h - any JSON, of the module that knows json-c. Values are the module's own;
 * who adds one to another hands it over.
 */
#ifndef VMM_HOST_JSONTREE_MODULE_H
#define VMM_HOST_JSONTREE_MODULE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* To be raised with every change to struct jsontree_module. */
#define JSONTREE_MODULE_VERSION 1u
#define JSONTREE_MODULE_SYMBOL "vmm_jsontree_module"

struct json_object;	/* json-c's */

struct jsontree_module {
	unsigned int version;	/* JSONTREE_MODULE_VERSION */

	/* NULL where memory is missing. */
	struct json_object *(*object)(void);
	struct json_object *(*array)(void);
	struct json_object *(*string)(const char *text);	/* bytes that are no UTF-8: U+FFFD */
	struct json_object *(*number)(double value);
	struct json_object *(*integer)(int64_t value);
	struct json_object *(*boolean)(bool value);

	/* Take over value, NULL (which is null in JSON) too. Return 0 or -ENOMEM. */
	int (*set)(struct json_object *object, const char *key, struct json_object *value);
	int (*append)(struct json_object *array, struct json_object *value);

	/* Writes it, with a line feed. Returns 0 or -errno. */
	int (*write)(FILE *file, struct json_object *value);
	void (*release)(struct json_object *value);
};

extern const struct jsontree_module vmm_jsontree_module;

#endif
