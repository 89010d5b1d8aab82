/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * JSON text, value by value. Commas, indentation and escapes are done here; '/' is not escaped.
 * With indent NULL all stands on one line without blanks.
 */
struct ar_json_writer {
	struct ar_text out;
	const char *indent;
	unsigned int depth;
	bool comma, after_key;
};
#define AR_JSON_WRITER_INIT(indent_) ((struct ar_json_writer){ .indent = (indent_) })

void ar_json_open(struct ar_json_writer *w, char bracket);  /* '{' or '[' */
void ar_json_close(struct ar_json_writer *w, char bracket); /* '}' or ']' */
void ar_json_key(struct ar_json_writer *w, const char *key);
void ar_json_string(struct ar_json_writer *w, const char *s); /* NULL writes null */
void ar_json_bool(struct ar_json_writer *w, bool b);
void ar_json_i64(struct ar_json_writer *w, int64_t v);
void ar_json_u64(struct ar_json_writer *w, uint64_t v);
void ar_json_raw(struct ar_json_writer *w, const char *json); /* a value already written */
/* key and value in one call */
void ar_json_kv(struct ar_json_writer *w, const char *key, const char *s);
void ar_json_kv_i64(struct ar_json_writer *w, const char *key, int64_t v);
void ar_json_kv_u64(struct ar_json_writer *w, const char *key, uint64_t v);
void ar_json_kv_bool(struct ar_json_writer *w, const char *key, bool b);
void ar_json_done(struct ar_json_writer *w);
