/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cpu-quiet.S - cpu-trap.S without what traps. */
#define QUIET
#include "cpu-trap.S"
