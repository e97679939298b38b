/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utf8.h - text from outside, made UTF-8 (RFC 3629), for those who take nothing else.
 */
#ifndef VMM_CORE_UTF8_H
#define VMM_CORE_UTF8_H

#include <stddef.h>

/*
 * A copy of text in which each byte that belongs to no character is U+FFFD; *size is
 * its bytes, without the NUL at its end. The caller's, to be freed; NULL where memory is
 * missing.
 */
char *utf8_clean(const char *text, size_t *size);

#endif
