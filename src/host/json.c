/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - the module that makes JSON with json-c, see core/json.h. */
#include "core/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "core/utf8.h"

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

/* With so many decimals, and no more digits than mean something. */
static struct json_object *number(double value, unsigned int decimals)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*f", (int)decimals, value);
	return json_object_new_double_s(value, text);
}

static struct json_object *boolean(bool value)
{
	return json_object_new_boolean(value);
}

static int set(struct json_object *object, const char *key, struct json_object *value)
{
	if (!json_object_object_add(object, key, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int append(struct json_object *array, struct json_object *value)
{
	if (!json_object_array_add(array, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int write_value(FILE *stream, struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_SPACED |
							  JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		return -ENOMEM;
	fprintf(stream, "%s\n", text);
	return 0;
}

static void release(struct json_object *value)
{
	json_object_put(value);
}

const struct json_module vmm_json_module = {
	.version = JSON_MODULE_VERSION,
	.object = json_object_new_object,
	.array = json_object_new_array,
	.string = string,
	.integer = json_object_new_uint64,
	.number = number,
	.boolean = boolean,
	.set = set,
	.append = append,
	.write = write_value,
	.release = release,
};
