/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - JSON by a module, see json.h. */
#include "core/json.h"

#include <errno.h>
#include <inttypes.h>

#define ADDRESS_SIZE 19u	/* "0x", 16 digits, NUL */

/* A new value, or the failure to make one. */
static struct json_object *made(struct json *json, struct json_object *value)
{
	json->failed |= !value;
	return value;
}

struct json_object *json_new_object(struct json *json)
{
	return made(json, json->module->object());
}

struct json_object *json_new_array(struct json *json)
{
	return made(json, json->module->array());
}

static void add(struct json *json, struct json_object *object, const char *key,
		struct json_object *value)
{
	if (object)
		json->failed |= json->module->set(object, key, value) < 0;
	else
		json->module->release(value);
}

void json_add(struct json *json, struct json_object *object, const char *key,
	      struct json_object *value)
{
	add(json, object, key, made(json, value));
}

void json_add_null(struct json *json, struct json_object *object, const char *key)
{
	add(json, object, key, NULL);
}

void json_add_text(struct json *json, struct json_object *object, const char *key,
		   const char *text)
{
	if (text)
		json_add(json, object, key, json->module->string(text));
	else
		json_add_null(json, object, key);
}

void json_add_integer(struct json *json, struct json_object *object, const char *key,
		      uint64_t value)
{
	json_add(json, object, key, json->module->integer(value));
}

void json_add_number(struct json *json, struct json_object *object, const char *key,
		     double value, unsigned int decimals)
{
	json_add(json, object, key, json->module->number(value, decimals));
}

void json_add_boolean(struct json *json, struct json_object *object, const char *key, bool value)
{
	json_add(json, object, key, json->module->boolean(value));
}

void json_add_address(struct json *json, struct json_object *object, const char *key,
		      uint64_t address)
{
	char text[ADDRESS_SIZE];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	json_add_text(json, object, key, text);
}

void json_append(struct json *json, struct json_object *array, struct json_object *value)
{
	made(json, value);
	if (array)
		json->failed |= json->module->append(array, value) < 0;
	else
		json->module->release(value);
}

void json_append_number(struct json *json, struct json_object *array, double value,
			unsigned int decimals)
{
	json_append(json, array, json->module->number(value, decimals));
}

int json_write(struct json *json, FILE *stream, struct json_object *value)
{
	int error = json->failed ? -ENOMEM : json->module->write(stream, value);

	json->module->release(value);
	return error;
}

/* The first member of the first object makes json-c look for a random seed: a file, maybe. */
static int prepare(struct json *json)
{
	struct json_object *object = json_new_object(json);

	json_add_null(json, object, "format");
	json->module->release(object);
	return json->failed ? -ENOMEM : 0;
}

int json_open(struct json *json, char *error, size_t error_size)
{
	int result = module_open(&json->library, JSON_MODULE_FILE, JSON_MODULE_SYMBOL,
				 JSON_MODULE_VERSION, "vmm-hypervisor", error, error_size);

	if (result)
		return result;
	json->module = json->library.symbol;
	json->failed = false;
	result = prepare(json);
	if (result)
		snprintf(error, error_size, "out of memory");
	return result;
}

void json_close(struct json *json)
{
	module_close(&json->library);
	*json = (struct json){ 0 };
}
