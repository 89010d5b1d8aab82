/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "toml.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define DEPTH_MAX 16 /* of arrays and inline tables */

struct parser {
	struct ar_arena *arena;
	const char *name, *at;
	unsigned int line, depth;
	struct ar_toml *ret;
	struct ar_error *err;
};

static int refuse(const struct parser *p, const char *what)
{
	return ar_refuse(p->err, EINVAL, "%s:%u: %s", p->name, p->line, what);
}

/* Room for one more of n items, and for the NULL behind them: doubled where n is a power of two. */
static void *grow(struct ar_arena *arena, void *items, size_t n, size_t size)
{
	void *more;

	if (n & (n - 1))
		return items;
	more = ar_alloc_array(arena, 2 * n + 2, size);
	if (n > 0)
		memcpy(more, items, n * size);
	return more;
}

static void push(struct ar_arena *arena, struct ar_strings *list, const char *s)
{
	list->items = grow(arena, list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = s;
	list->items[list->n] = NULL;
}

static struct ar_strings copy(struct ar_arena *arena, const struct ar_strings *list)
{
	struct ar_strings ret = { 0 };

	for (size_t i = 0; i < list->n; i++)
		push(arena, &ret, list->items[i]);
	return ret;
}

static struct ar_toml_entry *add_entry(struct parser *p, const struct ar_strings *path,
				       enum ar_toml_type type)
{
	struct ar_toml *toml = p->ret;
	struct ar_toml_entry *entry;

	toml->entries = grow(p->arena, toml->entries, toml->n, sizeof(*toml->entries));
	entry = &toml->entries[toml->n++];
	*entry = (struct ar_toml_entry){ .path = copy(p->arena, path),
					 .line = p->line,
					 .type = type };
	return entry;
}

/* --- blanks and words --- */

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
	if (*p->at == '#')
		p->at += strcspn(p->at, "\n");
	else if (p->at[0] == '\r' && p->at[1] == '\n')
		p->at++;
}

static void skip_lines(struct parser *p)
{
	skip_blanks(p);
	while (*p->at == '\n') {
		p->line++;
		p->at++;
		skip_blanks(p);
	}
}

static void add_utf8(struct ar_text *t, uint32_t c)
{
	char s[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char heads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(heads[n] | c);
	ar_text_add_n(t, s, n);
}

/* \uXXXX and \UXXXXXXXX; at stands on the letter. */
static int add_code(struct parser *p, struct ar_text *t)
{
	size_t digits = *p->at == 'u' ? 4 : 8;
	uint32_t c = 0;

	for (size_t i = 1; i <= digits; i++) {
		static const char hex[] = "0123456789abcdef";
		int letter = tolower((unsigned char)p->at[i]);
		const char *digit = letter ? strchr(hex, letter) : NULL;

		if (!digit)
			return refuse(p, "an escape needs hexadecimal digits");
		c = (c << 4) | (uint32_t)(digit - hex);
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return refuse(p, "an escape names no character");
	add_utf8(t, c);
	p->at += digits + 1;
	return 0;
}

/* Behind a backslash. */
static int add_escape(struct parser *p, struct ar_text *t)
{
	static const char letters[] = "btnfre\"\\", meanings[] = "\b\t\n\f\r\x1b\"\\";
	const char *letter = *p->at ? strchr(letters, *p->at) : NULL;

	if (*p->at == 'u' || *p->at == 'U')
		return add_code(p, t);
	if (letter) {
		ar_text_add_n(t, &meanings[letter - letters], 1);
		p->at++;
		return 0;
	}
	/* the end of a line, and all blanks behind it, are left out */
	if (p->at[strspn(p->at, " \t\r")] != '\n')
		return refuse(p, "an unknown escape");
	while (*p->at && strchr(" \t\r\n", *p->at))
		p->line += *p->at++ == '\n';
	return 0;
}

/* One of the four kinds of strings; at stands on its first quote. */
static int read_string(struct parser *p, const char **ret)
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;
	char quote = *p->at;
	bool lines = p->at[1] == quote && p->at[2] == quote;
	int r = 0;

	p->at += lines ? 3 : 1;
	if (lines && *p->at == '\n') {
		p->line++;
		p->at++;
	}
	for (;;) {
		if (!*p->at || (!lines && *p->at == '\n'))
			return refuse(p, "a string has no end");
		if (*p->at == quote && (!lines || (p->at[1] == quote && p->at[2] == quote)))
			break;
		if (quote == '"' && *p->at == '\\') {
			p->at++;
			r = add_escape(p, &t);
			if (r < 0)
				return r;
			continue;
		}
		p->line += *p->at == '\n';
		ar_text_add_n(&t, p->at++, 1);
	}
	p->at += lines ? 3 : 1;
	*ret = ar_strdup(p->arena, ar_text_str(&t));
	return 0;
}

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* a."b".c: its names are put behind path. */
static int read_key(struct parser *p, struct ar_strings *path)
{
	for (;;) {
		const char *name, *start;
		int r = 0;

		skip_blanks(p);
		start = p->at;
		if (*p->at == '"' || *p->at == '\'') {
			r = read_string(p, &name);
		} else {
			while (is_bare(*p->at))
				p->at++;
			name = ar_strndup(p->arena, start, (size_t)(p->at - start));
			if (p->at == start)
				r = refuse(p, "a key is expected");
		}
		if (r < 0)
			return r;
		push(p->arena, path, name);
		skip_blanks(p);
		if (*p->at != '.')
			return 0;
		p->at++;
	}
}

/* --- values --- */

static int read_value(struct parser *p, const struct ar_strings *path, struct ar_toml_entry *array);

static int read_pair(struct parser *p, const struct ar_strings *table)
{
	struct ar_strings path = copy(p->arena, table);
	int r = read_key(p, &path);

	if (r < 0)
		return r;
	if (*p->at != '=')
		return refuse(p, "'=' is expected behind a key");
	p->at++;
	skip_blanks(p);
	return read_value(p, &path, NULL);
}

/* Numbers, dates, true and false. */
static const char *read_plain(struct parser *p)
{
	const char *start = p->at;

	while (isalnum((unsigned char)*p->at) || (*p->at && strchr("+-_.:", *p->at)))
		p->at++;
	return p->at == start ? NULL : ar_strndup(p->arena, start, (size_t)(p->at - start));
}

static int read_table(struct parser *p, const struct ar_strings *path)
{
	int r;

	p->at++;
	for (skip_lines(p); *p->at != '}'; skip_lines(p)) {
		r = read_pair(p, path);
		if (r < 0)
			return r;
		skip_lines(p);
		if (*p->at != ',' && *p->at != '}')
			return refuse(p, "',' or '}' is expected in a table");
		p->at += *p->at == ',';
	}
	p->at++;
	return 0;
}

static int read_array(struct parser *p, struct ar_toml_entry *array)
{
	int r;

	p->at++;
	for (skip_lines(p); *p->at != ']'; skip_lines(p)) {
		r = read_value(p, NULL, array);
		if (r < 0)
			return r;
		skip_lines(p);
		if (*p->at != ',' && *p->at != ']')
			return refuse(p, "',' or ']' is expected in an array");
		p->at += *p->at == ',';
	}
	p->at++;
	return 0;
}

/* A nested value: of an inline table at path, or of an array. */
static int read_nested(struct parser *p, const struct ar_strings *path, struct ar_toml_entry *array)
{
	struct ar_toml_entry elements = { 0 };
	struct ar_toml ignored = { 0 }, *kept = p->ret;
	int r;

	if (*p->at == '[') {
		r = read_array(p, array ? array : &elements);
		if (r == 0 && !array) {
			struct ar_toml_entry *entry = add_entry(p, path, AR_TOML_ARRAY);

			entry->strings = elements.strings;
			entry->has_tables = elements.has_tables;
		}
		return r;
	}
	if (!array)
		return read_table(p, path);
	array->has_tables = true;
	p->ret = &ignored;
	r = read_table(p, &elements.path);
	p->ret = kept;
	return r;
}

static int read_value(struct parser *p, const struct ar_strings *path, struct ar_toml_entry *array)
{
	bool quoted = *p->at == '"' || *p->at == '\'';
	const char *text;
	int r = 0;

	if (*p->at == '[' || *p->at == '{') {
		if (++p->depth > DEPTH_MAX)
			return refuse(p, "arrays and tables are nested too deep");
		r = read_nested(p, path, array);
		p->depth--;
		return r;
	}
	if (quoted)
		r = read_string(p, &text);
	else if (!(text = read_plain(p)))
		r = refuse(p, "a value is expected");
	if (r < 0)
		return r;
	if (array)
		push(p->arena, &array->strings, text);
	else
		add_entry(p, path, quoted ? AR_TOML_STRING : AR_TOML_PLAIN)->text = text;
	return 0;
}

/* --- the document --- */

/* [a.b] and [[a.b]] */
static int read_header(struct parser *p, struct ar_strings *ret)
{
	bool list = p->at[1] == '[';
	int r;

	p->at += list ? 2 : 1;
	*ret = (struct ar_strings){ 0 };
	r = read_key(p, ret);
	if (r < 0)
		return r;
	if (p->at[0] != ']' || (list && p->at[1] != ']'))
		return refuse(p, "']' is expected behind the name of a table");
	p->at += list ? 2 : 1;
	return 0;
}

int ar_toml_parse(struct ar_arena *arena, const char *name, const char *text, struct ar_toml *ret,
		  struct ar_error *err)
{
	struct parser p = { .arena = arena,
			    .name = name,
			    .at = text,
			    .line = 1,
			    .ret = ret,
			    .err = err };
	struct ar_strings table = { 0 };
	int r;

	*ret = (struct ar_toml){ 0 };
	for (skip_lines(&p); *p.at; skip_lines(&p)) {
		r = *p.at == '[' ? read_header(&p, &table) : read_pair(&p, &table);
		if (r < 0)
			return r;
		skip_blanks(&p);
		if (*p.at && *p.at != '\n')
			return refuse(&p, "the end of the line is expected");
	}
	return 0;
}

const struct ar_toml_entry *ar_toml_find(const struct ar_toml *toml, const char *const *path,
					 size_t n)
{
	for (size_t i = toml->n; i-- > 0;) {
		const struct ar_toml_entry *entry = &toml->entries[i];
		size_t same = 0;

		if (entry->path.n != n)
			continue;
		while (same < n && strcmp(entry->path.items[same], path[same]) == 0)
			same++;
		if (same == n)
			return entry;
	}
	return NULL;
}
