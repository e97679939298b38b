/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profile_view.h - a profile as it is shown: names for numbers, the most important first;
 * and those who write it (vmm(1), THE PROFILE, has the formats).
 */
#ifndef VMM_OBSERVE_PROFILE_VIEW_H
#define VMM_OBSERVE_PROFILE_VIEW_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/bus.h"
#include "core/json.h"
#include "core/symbols.h"
#include "observe/profile.h"

/* A line of one of the tables; what it has depends on the table. */
struct profile_line {
	enum profile_kind kind;
	const char *device;	/* NULL: none; of an access "(nobody)" where nobody answers */
	uint64_t address;	/* port, page of memory, RIP */
	uint8_t size;
	bool write;
	uint64_t exits, transfers;
	double seconds;
};

struct profile_lines {
	struct profile_line *line;
	size_t count;
	struct profile_line others;	/* what had no room any more */
};

struct profile_view {
	const char *guest, *engine;	/* the maker's */
	const struct profile *profile;
	uint64_t exits;
	struct symbols *symbols;	/* NULL: none */
	double share[SHARES];		/* seconds */
	struct profile_lines accesses;	/* by exits */
	struct profile_lines reasons, devices;	/* by time; of devices those with an address */
	struct profile_lines places;	/* by exits; estimated where not all are looked at */
};

extern const char *const share_names[SHARES];
extern const char *const profile_kind_names[PROFILE_KINDS];

/* Whether accesses of a kind have an address, and the digits that it is shown with. */
int profile_kind_digits(enum profile_kind kind);

/* Which instruction the RIP of a place belongs to. */
enum symbols_side profile_place_side(const struct profile_line *line);

/* Its symbol and how far RIP is in it; NULL: none. */
const char *profile_place_symbol(const struct profile_view *view, const struct profile_line *line,
				 uint64_t *offset);

/* Whether each exit was looked at, so that nothing is estimated. */
bool profile_is_exact(const struct profile *profile);

/* A file's suffix says how it is written. */
enum profile_format {
	PROFILE_TEXT,		/* .txt, or none */
	PROFILE_JSON,
	PROFILE_SVG,
	PROFILE_UNKNOWN,
};

enum profile_format profile_format_of(const char *path);

/* Of a profile that is stopped. bus: whose the addresses are. Returns 0 or -ENOMEM. */
int profile_view_make(struct profile_view *view, const struct profile *profile,
		      const struct bus *bus, struct symbols *symbols);
void profile_view_free(struct profile_view *view);

/* Errors of the stream are the caller's to find. */
void profile_text(FILE *out, const struct profile_view *view);
void profile_svg(FILE *out, const struct profile_view *view);
int profile_json(struct json *json, FILE *out, const struct profile_view *view);

#endif
