/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine_values.h - kinds of values (values.h) that say something of a machine:
 * what is loaded, where characters go, what is checked.
 */
#ifndef VMM_MACHINE_VALUES_H
#define VMM_MACHINE_VALUES_H

#include "values.h"

/* Each with the type of its target; those that end in s are added to by each value. */
extern const struct value_kind value_characters;	/* char *, as characters_check() has it */
extern const struct value_kind value_serial;	/* char *[SERIAL_PORTS], COM1 first */
extern const struct value_kind value_ipc;	/* struct ipc_specs, as ipc_check() has it */
extern const struct value_kind value_load;	/* struct boot_loads: FILE@ADDR */
extern const struct value_kind value_map;	/* struct mappings: FILE@ADDR,... */
extern const struct value_kind value_module;	/* struct boot_modules: FILE ARGS */
extern const struct value_kind value_bytes_at;	/* struct expect_memory: ADDR:HEXBYTES */
extern const struct value_kind value_poke;	/* struct lockstep_pokes */
extern const struct value_kind value_output;	/* struct expect_output; has escapes */
extern const struct value_kind value_keys;	/* char *, as script_check() has it */
extern const struct value_kind value_condition;	/* struct verdict_conditions: SOURCE:TEXT */
extern const struct value_kind value_engine;	/* char *, not empty; engines are not looked up */
extern const struct value_kind value_cpu;	/* struct cpuid_config */
extern const struct value_kind value_picture;	/* char *, a picture's path, or - */
extern const struct value_kind value_picture_file;	/* char *, a picture's path */
extern const struct value_kind value_profile;	/* char *, a profile's path, or - */
extern const struct value_kind value_trace_filter;	/* struct trace_filter; added to */
extern const struct value_kind value_json;	/* char *, a path that ends in .json */
extern const struct value_kind value_sample;	/* char *, a sample's name */

#endif
