/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * optional.h - a number that may be left out.
 */
#ifndef VMM_CORE_OPTIONAL_H
#define VMM_CORE_OPTIONAL_H

#include <stdbool.h>
#include <stdint.h>

struct optional {
	bool set;
	uint64_t value;		/* 0 where it is not set */
};

#endif
