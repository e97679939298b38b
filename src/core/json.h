/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - JSON, written by a module that knows json-c (host/json.c). Values are made, put
 * together and written; what fails on the way is said at the end, by json_write().
 */
#ifndef VMM_CORE_JSON_H
#define VMM_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/module.h"

struct json_object;	/* a value of any kind: json-c's name */

/* To be raised with every change to struct json_module. */
#define JSON_MODULE_FILE "json.so"
#define JSON_MODULE_SYMBOL "vmm_json_module"
#define JSON_MODULE_VERSION 2u

/* What the module offers; for json.c. NULL, or -ENOMEM, where memory is missing. */
struct json_module {
	unsigned int version;	/* JSON_MODULE_VERSION */
	struct json_object *(*object)(void);
	struct json_object *(*array)(void);
	struct json_object *(*string)(const char *text);
	struct json_object *(*integer)(uint64_t value);
	struct json_object *(*number)(double value, unsigned int decimals);
	struct json_object *(*boolean)(bool value);
	/* Take over value, which may be NULL (null), also where they fail. */
	int (*set)(struct json_object *object, const char *key, struct json_object *value);
	int (*append)(struct json_object *array, struct json_object *value);
	int (*write)(FILE *stream, struct json_object *value);
	void (*release)(struct json_object *value);
};

extern const struct json_module vmm_json_module;

/* A writer. All zero: not open. */
struct json {
	struct module library;
	const struct json_module *module;
	bool failed;
};

/*
 * Opens the module, and has json-c open what it needs while that can still be done. Returns 0,
 * or -errno with the reason in error.
 */
int json_open(struct json *json, char *error, size_t error_size);
void json_close(struct json *json);

/* The caller owns them until they are added to another one or written. */
struct json_object *json_new_object(struct json *json);
struct json_object *json_new_array(struct json *json);

/* A member of an object, which takes value over. */
void json_add(struct json *json, struct json_object *object, const char *key,
	      struct json_object *value);
/* text: any bytes, what is no UTF-8 is replaced; NULL is null. */
void json_add_text(struct json *json, struct json_object *object, const char *key,
		   const char *text);
void json_add_integer(struct json *json, struct json_object *object, const char *key,
		      uint64_t value);
void json_add_number(struct json *json, struct json_object *object, const char *key,
		     double value, unsigned int decimals);
void json_add_boolean(struct json *json, struct json_object *object, const char *key, bool value);
/* As text, "0x1f0": a number of JSON is in most programs one of 53 bits. */
void json_add_address(struct json *json, struct json_object *object, const char *key,
		      uint64_t address);
void json_add_null(struct json *json, struct json_object *object, const char *key);

/* A further element of an array, which takes value over. */
void json_append(struct json *json, struct json_object *array, struct json_object *value);
void json_append_number(struct json *json, struct json_object *array, double value,
			unsigned int decimals);

/*
 * Writes a value with a line feed and frees it. Returns 0 or -ENOMEM, also where something
 * has failed before; errors of the stream are the caller's to find.
 */
int json_write(struct json *json, FILE *stream, struct json_object *value);

#endif
