/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What must hold for a JSON text before it is parsed, and what the parser does not check strictly:
 * it is UTF-8 (RFC 3629), without a NUL byte, and its \uXXXX escapes come in whole surrogate pairs.
 * NULL when it holds; otherwise what is wrong, and *ret_at is where.
 */
const char *ar_json_text_check(const char *text, size_t len, size_t *ret_at);
/* Whether there is nothing in it but white space and comments, all of them closed. */
bool ar_json_text_blank(const char *text, size_t len);
/* How many lines end before text + at: that place stands on the line of one more. */
size_t ar_json_text_newlines(const char *text, size_t at);
