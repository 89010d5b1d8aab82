/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json/write.h"

#include <inttypes.h>

#include "base/escape.h"

void ar_json_done(struct ar_json_writer *w)
{
	ar_text_done(&w->out);
}

static void new_line(struct ar_json_writer *w)
{
	if (!w->indent)
		return;
	ar_text_add_n(&w->out, "\n", 1);
	for (unsigned int i = 0; i < w->depth; i++)
		ar_text_add(&w->out, w->indent);
}

/* What stands between the last value and this one. */
static void begin(struct ar_json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->comma)
		ar_text_add_n(&w->out, ",", 1);
	if (w->depth > 0)
		new_line(w);
}

static void raw(struct ar_json_writer *w, const char *text)
{
	begin(w);
	ar_text_add(&w->out, text);
	w->comma = true;
}

static void quoted(struct ar_json_writer *w, const char *s)
{
	ar_text_add_n(&w->out, "\"", 1);
	ar_escape_json(&w->out, s);
	ar_text_add_n(&w->out, "\"", 1);
}

void ar_json_open(struct ar_json_writer *w, char bracket)
{
	begin(w);
	ar_text_add_n(&w->out, &bracket, 1);
	w->depth++;
	w->comma = false;
}

void ar_json_close(struct ar_json_writer *w, char bracket)
{
	bool empty = !w->comma;

	w->depth--;
	if (!empty)
		new_line(w);
	ar_text_add_n(&w->out, &bracket, 1);
	w->comma = true;
}

void ar_json_key(struct ar_json_writer *w, const char *key)
{
	begin(w);
	quoted(w, key);
	ar_text_add(&w->out, w->indent ? ": " : ":");
	w->after_key = true;
}

void ar_json_string(struct ar_json_writer *w, const char *s)
{
	if (!s) {
		raw(w, "null");
		return;
	}
	begin(w);
	quoted(w, s);
	w->comma = true;
}

void ar_json_bool(struct ar_json_writer *w, bool b)
{
	raw(w, b ? "true" : "false");
}

void ar_json_i64(struct ar_json_writer *w, int64_t v)
{
	begin(w);
	ar_text_addf(&w->out, "%" PRId64, v);
	w->comma = true;
}

void ar_json_u64(struct ar_json_writer *w, uint64_t v)
{
	begin(w);
	ar_text_addf(&w->out, "%" PRIu64, v);
	w->comma = true;
}

void ar_json_raw(struct ar_json_writer *w, const char *json)
{
	raw(w, json);
}

void ar_json_kv(struct ar_json_writer *w, const char *key, const char *s)
{
	ar_json_key(w, key);
	ar_json_string(w, s);
}

void ar_json_kv_i64(struct ar_json_writer *w, const char *key, int64_t v)
{
	ar_json_key(w, key);
	ar_json_i64(w, v);
}

void ar_json_kv_u64(struct ar_json_writer *w, const char *key, uint64_t v)
{
	ar_json_key(w, key);
	ar_json_u64(w, v);
}

void ar_json_kv_bool(struct ar_json_writer *w, const char *key, bool b)
{
	ar_json_key(w, key);
	ar_json_bool(w, b);
}
