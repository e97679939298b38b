/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * samples.h - where the guests are that --demo runs.
 */
#ifndef VMM_SAMPLES_H
#define VMM_SAMPLES_H

#include "core/log.h"

/*
 * The path of the sample: below VMM_DATA_DIR where that is set, in the build
 * tree where vmm is run from it, else where it was installed. Returns a string
 * for free(), or NULL with a message that names the samples there are.
 */
char *sample_path(const char *name, const struct log *log);

#endif
