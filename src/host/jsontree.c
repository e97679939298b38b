/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jsontree.c - the module for JSON, by json-c; see jsontree_module.h. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "host/jsontree_module.h"

#define REPLACEMENT "\xEF\xBF\xBD"	/* U+FFFD */

/* Bytes of the UTF-8 sequence at text; 0: there is none (RFC 3629, section 4). */
static size_t sequence(const unsigned char *text)
{
	size_t length = text[0] < 0x80 ? 1 : text[0] < 0xC2 ? 0 : text[0] < 0xE0 ? 2 :
			text[0] < 0xF0 ? 3 : text[0] < 0xF5 ? 4 : 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xC0) != 0x80)
			return 0;
	if ((text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xED && text[1] > 0x9F) ||
	    (text[0] == 0xF0 && text[1] < 0x90) || (text[0] == 0xF4 && text[1] > 0x8F))
		return 0;
	return length;
}

static struct json_object *string(const char *text)
{
	const unsigned char *from = (const unsigned char *)text;
	char *clean = malloc(strlen(text) * strlen(REPLACEMENT) + 1), *to = clean;
	struct json_object *made;

	if (!clean)
		return NULL;
	while (*from) {
		size_t length = sequence(from);

		memcpy(to, length ? (const char *)from : REPLACEMENT,
		       length ? length : strlen(REPLACEMENT));
		to += length ? length : strlen(REPLACEMENT);
		from += length ? length : 1;
	}
	made = json_object_new_string_len(clean, (int)(to - clean));
	free(clean);
	return made;
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
