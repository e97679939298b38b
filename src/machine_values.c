/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine_values.c - kinds of values that say something of a machine, see machine_values.h. */
#include "machine_values.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "core/array.h"
#include "core/escape.h"
#include "cpu/cpuid.h"
#include "expect.h"
#include "host/characters.h"
#include "host/ipc.h"
#include "host/picture.h"
#include "lockstep_options.h"
#include "observe/profile_view.h"
#include "observe/trace.h"
#include "mapping.h"
#include "script.h"
#include "verdict.h"
#include "wiring.h"

/* --- where characters go --- */

static const char *parse_characters(void *target, struct value *value)
{
	const char *wrong = characters_check(value->text);

	return wrong ? wrong : value_copy(target, value->text);
}

const struct value_kind value_characters = { parse_characters, value_free_string };

static const char *parse_serial(void *target, struct value *value)
{
	char **serial = target;

	for (size_t i = 0; i < SERIAL_PORTS; i++)
		if (!serial[i])
			return parse_characters(&serial[i], value);
	return "there are two serial ports only";
}

static void free_serial(void *target)
{
	char **serial = target;

	for (size_t i = 0; i < SERIAL_PORTS; i++)
		free(serial[i]);
}

const struct value_kind value_serial = { parse_serial, free_serial };

/* --- endpoints --- */

static const char *parse_ipc(void *target, struct value *value)
{
	struct ipc_specs *specs = target;
	const char *wrong = ipc_check(specs, value->text);
	char *copy = wrong ? NULL : strdup(value->text);
	char **added = copy ? array_append(&specs->spec, &specs->count, sizeof(*added)) : NULL;

	if (!added) {
		free(copy);
		return wrong ? wrong : "out of memory";
	}
	*added = copy;
	return NULL;
}

static void free_ipc(void *target)
{
	struct ipc_specs *specs = target;

	for (size_t i = 0; i < specs->count; i++)
		free(specs->spec[i]);
	free(specs->spec);
}

const struct value_kind value_ipc = { parse_ipc, free_ipc };

/* --- what is loaded --- */

static const char *parse_load(void *target, struct value *value)
{
	struct boot_loads *loads = target;
	const char *at = strrchr(value->text, '@'), *end;
	struct boot_load load, *added;

	if (!at || at == value->text)
		return "must be FILE@ADDR";
	if (!value_digits(at + 1, &end, &load.gpa) || *end)
		return "the address behind @ is not a number (0x7c00, say)";
	load.path = strndup(value->text, (size_t)(at - value->text));
	added = load.path ? array_append(&loads->load, &loads->count, sizeof(*added)) : NULL;
	if (!added) {
		free((char *)load.path);
		return "out of memory";
	}
	*added = load;
	return NULL;
}

static void free_loads(void *target)
{
	struct boot_loads *loads = target;

	for (size_t i = 0; i < loads->count; i++)
		free((char *)loads->load[i].path);
	free(loads->load);
}

const struct value_kind value_load = { parse_load, free_loads };

static const char *parse_map(void *target, struct value *value)
{
	return mappings_parse(target, value->text);
}

static void free_maps(void *target)
{
	mappings_free(target);
}

const struct value_kind value_map = { parse_map, free_maps };

static const char *parse_module(void *target, struct value *value)
{
	struct boot_modules *modules = target;
	size_t length = strcspn(value->text, " ");
	struct boot_module *added;

	if (!length)
		return "a file name is missing";
	added = array_append(&modules->module, &modules->count, sizeof(*added));
	if (!added)
		return "out of memory";
	*added = (struct boot_module){
		.line = strdup(value->text), .path = strndup(value->text, length),
	};
	if (!added->line || !added->path)
		return "out of memory";
	added->arguments = added->line + length + strspn(added->line + length, " ");
	return NULL;
}

static void free_modules(void *target)
{
	struct boot_modules *modules = target;

	for (size_t i = 0; i < modules->count; i++) {
		free((char *)modules->module[i].line);
		free((char *)modules->module[i].path);
	}
	free(modules->module);
}

const struct value_kind value_module = { parse_module, free_modules };

/* --- bytes of memory --- */

/* Bytes as hexadecimal digits, to be freed by the caller; NULL: what is wrong is returned. */
static const char *parse_bytes(const char *hex, const char *wrong, uint8_t **bytes, size_t *size)
{
	size_t length = strlen(hex) / 2;

	*size = 0;
	*bytes = length ? malloc(length) : NULL;
	if (!*bytes)
		return length ? "out of memory" : wrong;
	for (; *hex; hex += 2) {
		int byte = escape_hex(hex);

		if (byte < 0) {
			free(*bytes);
			*bytes = NULL;
			return wrong;
		}
		(*bytes)[(*size)++] = (uint8_t)byte;
	}
	return NULL;
}

/* ADDR:HEXBYTES. As parse_bytes(). */
static const char *parse_place(const char *text, const char *wrong, struct expect_bytes *place)
{
	const char *hex;

	if (!value_digits(text, &hex, &place->gpa) || *hex++ != ':')
		return wrong;
	return parse_bytes(hex, wrong, &place->bytes, &place->size);
}

static const char *parse_bytes_at(void *target, struct value *value)
{
	struct expect_memory *memory = target;
	struct expect_bytes place, *added;
	const char *wrong = parse_place(value->text, "must be ADDR:HEXBYTES (0x400:2a00, say)",
					&place);

	if (wrong)
		return wrong;
	added = array_append(&memory->place, &memory->count, sizeof(*added));
	if (!added) {
		free(place.bytes);
		return "out of memory";
	}
	*added = place;
	return NULL;
}

static void free_bytes_at(void *target)
{
	struct expect_memory *memory = target;

	for (size_t i = 0; i < memory->count; i++)
		free(memory->place[i].bytes);
	free(memory->place);
}

const struct value_kind value_bytes_at = { parse_bytes_at, free_bytes_at };

static const char *parse_poke(void *target, struct value *value)
{
	static const char syntax[] = "must be SIDE:COUNT:ADDR:HEXBYTES (b:1000:0x400:2a00, say)";
	struct lockstep_pokes *pokes = target;
	char side = (char)tolower((unsigned char)value->text[0]);
	struct lockstep_poke poke = { .side = side == 'b' }, *added;
	const char *at, *wrong;

	if ((side != 'a' && side != 'b') || value->text[1] != ':' ||
	    !value_digits(value->text + 2, &at, &poke.count) || *at++ != ':')
		return syntax;
	wrong = parse_place(at, syntax, &poke.place);
	if (wrong)
		return wrong;
	added = array_append(&pokes->poke, &pokes->count, sizeof(*added));
	if (!added) {
		free(poke.place.bytes);
		return "out of memory";
	}
	*added = poke;
	return NULL;
}

static void free_pokes(void *target)
{
	struct lockstep_pokes *pokes = target;

	for (size_t i = 0; i < pokes->count; i++)
		free(pokes->poke[i].place.bytes);
	free(pokes->poke);
}

const struct value_kind value_poke = { parse_poke, free_pokes };

/* --- what is typed, printed and shown --- */

static const char *parse_output(void *target, struct value *value)
{
	struct expect_output *output = target;
	const char *text = value->text, *wrong = value_copy(&output->text, text);
	char *to = output->text;

	while (!wrong && *text) {
		int byte = escape_byte(&text);

		if (byte < 0)
			return "unknown escape (\\n \\t \\r \\0 \\\\ \\' \\xHH)";
		*to++ = (char)byte;
	}
	output->size = (size_t)(to - output->text);
	return wrong;
}

static void free_output(void *target)
{
	free(((struct expect_output *)target)->text);
}

const struct value_kind value_output = { parse_output, free_output };

static const char *parse_keys(void *target, struct value *value)
{
	const char *wrong = script_check(value->text, value->wrong, sizeof(value->wrong));

	return wrong ? wrong : value_copy(target, value->text);
}

const struct value_kind value_keys = { parse_keys, value_free_string };

static const char *add_condition(struct verdict_conditions *conditions, const char **at)
{
	struct condition condition, *added;
	const char *wrong = condition_parse(&condition, at, '\0');

	if (wrong)
		return wrong;
	added = array_append(&conditions->condition, &conditions->count, sizeof(*added));
	if (!added) {
		condition_free(&condition);
		return "out of memory";
	}
	*added = condition;
	return **at ? "nothing follows the quote that closes the text" : NULL;
}

static const char *parse_condition(void *target, struct value *value)
{
	const char *at = value->text, *wrong = add_condition(target, &at);
	unsigned int column = 1;

	if (!wrong)
		return NULL;
	/* In characters: not the bytes within one of UTF-8. */
	for (const char *c = value->text; c < at; c++)
		column += (*c & 0xC0) != 0x80;
	snprintf(value->wrong, sizeof(value->wrong), "column %u: %s", column, wrong);
	return value->wrong;
}

static void free_conditions(void *target)
{
	struct verdict_conditions *conditions = target;

	for (size_t i = 0; i < conditions->count; i++)
		condition_free(&conditions->condition[i]);
	free(conditions->condition);
}

const struct value_kind value_condition = { parse_condition, free_conditions };

static const char *parse_picture(void *target, struct value *value)
{
	const char *wrong = value_file.parse(target, value);

	return !wrong && !picture_suffix_known(value->text) ?
		"must end in .ppm, .png, .txt or .vram" : wrong;
}

const struct value_kind value_picture = { parse_picture, value_free_string };

static const char *parse_picture_file(void *target, struct value *value)
{
	return strcmp(value->text, "-") ? parse_picture(target, value) :
		"must be a file that ends in .ppm, .png, .txt or .vram";
}

const struct value_kind value_picture_file = { parse_picture_file, value_free_string };

/* --- reports --- */

static const char *parse_profile(void *target, struct value *value)
{
	const char *wrong = value_file.parse(target, value);

	return !wrong && profile_format_of(value->text) == PROFILE_UNKNOWN ?
		"must end in .txt, .json or .svg" : wrong;
}

const struct value_kind value_profile = { parse_profile, value_free_string };

static const char *parse_trace_filter(void *target, struct value *value)
{
	return trace_filter_parse(target, value->text, value->wrong, sizeof(value->wrong));
}

static void free_trace_filter(void *target)
{
	trace_filter_free(target);
}

const struct value_kind value_trace_filter = { parse_trace_filter, free_trace_filter };

static const char *parse_json(void *target, struct value *value)
{
	const char *wrong = value_file.parse(target, value);
	const char *suffix = strrchr(value->text, '.');

	return !wrong && (!suffix || strcmp(suffix, ".json")) ?
		"must end in .json: that is what is written" : wrong;
}

const struct value_kind value_json = { parse_json, value_free_string };

/* --- names --- */

static const char *parse_engine(void *target, struct value *value)
{
	/* What the names mean is checked at the end, by who knows them. */
	return value_file.parse(target, value) ? "an engine's name is missing" : NULL;
}

const struct value_kind value_engine = { parse_engine, value_free_string };

static const char *parse_cpu(void *target, struct value *value)
{
	return cpuid_parse(value->text, target);
}

const struct value_kind value_cpu = { parse_cpu, NULL };

static const char *parse_sample(void *target, struct value *value)
{
	return strchr(value->text, '/') || !*value->text ? "must be the name of a sample" :
		value_copy(target, value->text);
}

const struct value_kind value_sample = { parse_sample, value_free_string };
