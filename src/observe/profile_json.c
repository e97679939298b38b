/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile_json.c - a profile for programs, see profile_view.h. */
#include "config.h"
#include "observe/profile_view.h"

#define FORMAT 1u		/* raised when a member changes or goes */
#define DECIMALS 9u		/* of seconds */

static struct json_object *shares_object(struct json *json, const struct profile_view *view)
{
	struct json_object *object = json_new_object(json);

	json_add_number(json, object, "total", view->profile->seconds, DECIMALS);
	for (unsigned int i = 0; i < SHARES; i++)
		json_add_number(json, object, share_names[i], view->share[i], DECIMALS);
	return object;
}

static struct json_object *sampling_object(struct json *json, const struct profile *profile)
{
	struct json_object *object = json_new_object(json);

	json_add_boolean(json, object, "exact", profile_is_exact(profile));
	json_add_integer(json, object, "looked_at", profile->samples);
	json_add_integer(json, object, "of", profile->handled);
	return object;
}

static void add_counts(struct json *json, struct json_object *object,
		       const struct profile_line *line)
{
	json_add_integer(json, object, "exits", line->exits);
	json_add_integer(json, object, "transfers", line->transfers);
	json_add_number(json, object, "seconds", line->seconds, DECIMALS);
}

/* Makes an element of a line, but for its counts. */
typedef struct json_object *element_fn(struct json *json, const struct profile_view *view,
				       const struct profile_line *line);

static struct json_object *reason_element(struct json *json, const struct profile_view *view,
					  const struct profile_line *line)
{
	struct json_object *object = json_new_object(json);

	json_add_text(json, object, "reason", profile_kind_names[line->kind]);
	return object;
}

static struct json_object *device_element(struct json *json, const struct profile_view *view,
					  const struct profile_line *line)
{
	struct json_object *object = json_new_object(json);

	json_add_text(json, object, "device", line->device);
	return object;
}

static struct json_object *access_element(struct json *json, const struct profile_view *view,
					  const struct profile_line *line)
{
	struct json_object *object = reason_element(json, view, line);

	if (!line->device)
		return object;
	json_add_address(json, object, "address", line->address);
	json_add_text(json, object, "direction", line->write ? "write" : "read");
	json_add_integer(json, object, "size", line->size);
	json_add_text(json, object, "device", line->device);
	return object;
}

static struct json_object *place_element(struct json *json, const struct profile_view *view,
					 const struct profile_line *line)
{
	struct json_object *object = reason_element(json, view, line);
	bool known = line->address != PROFILE_NOWHERE;
	uint64_t offset = 0;
	const char *symbol = profile_place_symbol(view, line, &offset);

	if (known)
		json_add_address(json, object, "rip", line->address);
	else
		json_add_null(json, object, "rip");
	json_add_text(json, object, "symbol", symbol);
	if (symbol)
		json_add_integer(json, object, "offset", offset);
	return object;
}

static struct json_object *lines_array(struct json *json, const struct profile_view *view,
				       const struct profile_lines *lines, element_fn *element)
{
	struct json_object *array = json_new_array(json);

	for (size_t i = 0; i < lines->count; i++) {
		struct json_object *object = element(json, view, &lines->line[i]);

		add_counts(json, object, &lines->line[i]);
		json_append(json, array, object);
	}
	return array;
}

static struct json_object *timeline_object(struct json *json, const struct profile_view *view)
{
	const struct timeline *timeline = &view->profile->timeline;
	struct json_object *object = json_new_object(json);
	double ticks = view->profile->ticks_a_second;

	json_add_number(json, object, "slice_seconds", (double)timeline->width / ticks, DECIMALS);
	for (unsigned int share = 0; share < SHARES; share++) {
		struct json_object *array = json_new_array(json);

		for (unsigned int i = 0; i < timeline->count; i++)
			json_append_number(json, array, (double)timeline->slice[i].ticks[share] /
					   ticks, DECIMALS);
		json_add(json, object, share_names[share], array);
	}
	return object;
}

int profile_json(struct json *json, FILE *out, const struct profile_view *view)
{
	const struct profile *profile = view->profile;
	struct json_object *root = json_new_object(json);

	json_add_integer(json, root, "format", FORMAT);
	json_add_text(json, root, "vmm", PACKAGE_VERSION);
	json_add_text(json, root, "guest", view->guest);
	json_add_text(json, root, "engine", view->engine);
	json_add(json, root, "seconds", shares_object(json, view));
	json_add_integer(json, root, "exits", view->exits);
	json_add_number(json, root, "exits_a_second",
			profile->seconds > 0 ? (double)view->exits / profile->seconds : 0, 1);
	json_add(json, root, "sampling", sampling_object(json, profile));
	json_add(json, root, "reasons", lines_array(json, view, &view->reasons, reason_element));
	json_add(json, root, "devices", lines_array(json, view, &view->devices, device_element));
	json_add(json, root, "accesses", lines_array(json, view, &view->accesses, access_element));
	json_add(json, root, "places", lines_array(json, view, &view->places, place_element));
	json_add(json, root, "timeline", timeline_object(json, view));
	return json_write(json, out, root);
}
