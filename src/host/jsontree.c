/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jsontree.c - the module for JSON, by json-c; see jsontree_module.h. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "core/utf8.h"
#include "host/jsontree_module.h"

static struct json_object *string(const char *text)
{
	size_t size;
	char *clean = utf8_clean(text, &size);
	struct json_object *json;

	if (!clean)
		return NULL;
	json = json_object_new_string_len(clean, (int)size);
	free(clean);
	return json;
}

static struct json_object *boolean(bool value)
{
	return json_object_new_boolean(value);
}

static int set(struct json_object *object, const char *key, struct json_object *value)
{
	return json_object_object_add(object, key, value) ? -ENOMEM : 0;
}

static int append(struct json_object *array, struct json_object *value)
{
	return json_object_array_add(array, value) ? -ENOMEM : 0;
}

static int write_value(FILE *file, struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		return -ENOMEM;
	return fprintf(file, "%s\n", text) < 0 ? -errno : 0;
}

static void release(struct json_object *value)
{
	json_object_put(value);
}

const struct jsontree_module vmm_jsontree_module = {
	.version = JSONTREE_MODULE_VERSION,
	.object = json_object_new_object,
	.array = json_object_new_array,
	.string = string,
	.number = json_object_new_double,
	.integer = json_object_new_int64,
	.boolean = boolean,
	.set = set,
	.append = append,
	.write = write_value,
	.release = release,
};
