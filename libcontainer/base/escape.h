/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/str.h"

/*
 * Texts from outside as parts of a line. Nothing that comes out can end the line, steer a terminal
 * or close the quotes around it.
 */

/* With JSON's escapes, without quotes; '/' stays; bytes that are not UTF-8 become U+FFFD. */
void ar_escape_json(struct ar_text *t, const char *s);
/* As the message of a text log line, within double quotes: \" \\ \n \r \t and \xNN. */
void ar_escape_log(struct ar_text *t, const char *s);
