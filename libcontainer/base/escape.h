/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/*
 * Texts from outside as parts of a line. Nothing that comes out can end the line, steer a terminal
 * or close the quotes around it.
 */

/*
 * The length of the UTF-8 character that starts at s, with left bytes to go; 0 when there is none
 * (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). left may be more than there
 * is of a terminated text.
 */
size_t ar_utf8_length(const unsigned char *s, size_t left);
bool ar_is_utf8(const char *s);
/* With JSON's escapes, without quotes; '/' stays; bytes that are not UTF-8 become U+FFFD. */
void ar_escape_json(struct ar_text *t, const char *s);
/* As the message of a text log line, within double quotes: \" \\ \n \r \t and \xNN. */
void ar_escape_log(struct ar_text *t, const char *s);
