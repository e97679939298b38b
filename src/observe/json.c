/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - the module that writes JSON with json-c, see json_module.h. */
#include "observe/json_module.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "core/utf8.h"

#define FORMAT 1		/* of the report; raised when a member changes or goes */
#define ADDRESS_SIZE 19u	/* "0x", 16 digits, NUL */

/* An object being filled: the first failure is kept. */
struct object {
	struct json_object *json;
	bool failed;
};

/* A string of any bytes. */
static struct json_object *new_text(const char *text)
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

/* value: NULL is a failure; the object owns it. */
static void add(struct object *object, const char *name, struct json_object *value)
{
	if (value && object->json && !json_object_object_add(object->json, name, value))
		return;
	json_object_put(value);
	object->failed = true;
}

/* text: NULL is null. */
static void add_text(struct object *object, const char *name, const char *text)
{
	if (text)
		add(object, name, new_text(text));
	else if (!object->json || json_object_object_add(object->json, name, NULL))
		object->failed = true;
}

static void add_number(struct object *object, const char *name, uint64_t number)
{
	add(object, name, json_object_new_uint64(number));
}

/* As text: a number of JSON is in most programs one of 53 bits. */
static void add_address(struct object *object, const char *name, uint64_t address)
{
	char text[ADDRESS_SIZE];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	add_text(object, name, text);
}

/* Microseconds will do. */
static void add_seconds(struct object *object, const char *name, double seconds)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", seconds);
	add(object, name, json_object_new_double_s(seconds, text));
}

static struct object new_object(void)
{
	struct json_object *json = json_object_new_object();

	return (struct object){ .json = json, .failed = !json };
}

static void add_object(struct object *object, const char *name, const struct object *part)
{
	object->failed |= part->failed;
	add(object, name, part->json);
}

static struct object ending_object(const struct summary *summary)
{
	struct object ending = new_object();

	add_text(&ending, "kind", summary->kind);
	add_number(&ending, "status", (uint64_t)summary->status);
	add_text(&ending, "text", summary->text);
	if (!summary->has_place)
		return ending;
	add_address(&ending, "rip", summary->rip);
	add_text(&ending, "symbol", summary->symbol);
	if (summary->symbol)
		add_number(&ending, "offset", summary->offset);
	return ending;
}

static struct object seconds_object(const struct summary *summary)
{
	struct object seconds = new_object();

	add_seconds(&seconds, "wall", summary->wall);
	add_seconds(&seconds, "user", summary->user);
	add_seconds(&seconds, "system", summary->system);
	return seconds;
}

static struct object exits_object(const struct summary *summary)
{
	struct object exits = new_object();

	add_number(&exits, "total", summary->exits);
	for (size_t i = 0; i < summary->count_count; i++)
		add_number(&exits, summary->counts[i].name, summary->counts[i].count);
	return exits;
}

static struct object hashes_object(const struct summary *summary)
{
	struct object hashes = new_object();

	for (size_t i = 0; i < summary->hash_count; i++)
		add_text(&hashes, summary->hashes[i].name, summary->hashes[i].text);
	return hashes;
}

static struct object verdicts_array(const struct summary *summary)
{
	struct json_object *array = json_object_new_array();
	struct object verdicts = { .json = array, .failed = !array };

	for (size_t i = 0; i < summary->verdict_count && !verdicts.failed; i++) {
		struct object one = new_object();

		add_text(&one, "option", summary->verdicts[i].option);
		add(&one, "met", json_object_new_boolean(summary->verdicts[i].met));
		verdicts.failed = one.failed || json_object_array_add(array, one.json);
	}
	return verdicts;
}

static int write_summary(FILE *stream, const struct summary *summary)
{
	struct object root = new_object();
	const struct object ending = ending_object(summary), seconds = seconds_object(summary),
			    exits = exits_object(summary), hashes = hashes_object(summary),
			    verdicts = verdicts_array(summary);
	const char *text = NULL;

	add_number(&root, "format", FORMAT);
	add_text(&root, "vmm", summary->version);
	add_text(&root, "guest", summary->guest);
	add_text(&root, "engine", summary->engine);
	add_object(&root, "ending", &ending);
	add_object(&root, "seconds", &seconds);
	add_object(&root, "exits", &exits);
	add_object(&root, "hashes", &hashes);
	add_object(&root, "expectations", &verdicts);
	if (!root.failed)
		text = json_object_to_json_string_ext(root.json, JSON_C_TO_STRING_PRETTY |
						      JSON_C_TO_STRING_SPACED |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(stream, "%s\n", text);
	json_object_put(root.json);
	return text ? 0 : -ENOMEM;
}

/* The first member of the first object makes json-c look for a random seed: a file, maybe. */
static int prepare(void)
{
	struct object object = new_object();

	add_number(&object, "format", FORMAT);
	json_object_put(object.json);
	return object.failed ? -ENOMEM : 0;
}

const struct json_module vmm_json_module = {
	.version = JSON_MODULE_VERSION,
	.prepare = prepare,
	.write_summary = write_summary,
};
