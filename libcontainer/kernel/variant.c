/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/variant.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define DEPTH_MAX 8
#define ITEMS_MAX 1024
#define TEXT_MAX 65536

struct parsing {
	struct ar_arena *arena;
	const char *whole, *at;
	struct ar_error *err;
};

/* The words that may stand before a value, and their type. */
static const struct keyword {
	const char *word;
	char type;
} keywords[] = {
	{ "boolean", 'b' }, { "byte", 'y' },   { "int16", 'n' },      { "uint16", 'q' },
	{ "int32", 'i' },   { "uint32", 'u' }, { "int64", 'x' },      { "uint64", 't' },
	{ "double", 'd' },  { "string", 's' }, { "objectpath", 'o' }, { "signature", 'g' },
};

static const struct range {
	char type;
	bool is_signed;
	int64_t min;
	uint64_t max;
} ranges[] = {
	{ 'y', false, 0, UINT8_MAX },  { 'n', true, INT16_MIN, INT16_MAX },
	{ 'q', false, 0, UINT16_MAX }, { 'i', true, INT32_MIN, INT32_MAX },
	{ 'u', false, 0, UINT32_MAX }, { 'x', true, INT64_MIN, INT64_MAX },
	{ 't', false, 0, UINT64_MAX },
};

static int no_value(const struct parsing *p, const char *why)
{
	return ar_refuse(p->err, EINVAL, "'%s' is not a value in the text format of GVariant: %s",
			 p->whole, why);
}

static void skip_blanks(struct parsing *p)
{
	while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n')
		p->at++;
}

/* "a(st)": one complete type at s; how long it is, 0 when there is none. */
static size_t type_length(const char *s, unsigned int depth)
{
	size_t len = 1;

	if (depth > DEPTH_MAX || !*s)
		return 0;
	if (*s == 'a') {
		size_t of = type_length(s + 1, depth + 1);

		return of ? of + 1 : 0;
	}
	if (*s != '(')
		return strchr("bynqiuxtdsog", *s) ? 1 : 0;
	while (s[len] != ')') {
		size_t member = type_length(s + len, depth + 1);

		if (!member)
			return 0;
		len += member;
	}
	return len + 1;
}

const char *ar_variant_signature(struct ar_arena *arena, const struct ar_variant *value)
{
	const char *out = "(";

	if (value->type == 'a')
		return ar_printf(arena, "a%s", value->of);
	if (value->type != '(')
		return ar_printf(arena, "%c", value->type);
	for (size_t i = 0; i < value->n; i++)
		out = ar_printf(arena, "%s%s", out, ar_variant_signature(arena, &value->items[i]));
	return ar_printf(arena, "%s)", out);
}

/* --- values without parts --- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '+' || c == '_';
}

static int take_text(struct parsing *p, char type, struct ar_variant *ret)
{
	const char quote = *p->at++;
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

	if (!strchr("sog", type))
		return no_value(p, "a string where another type is expected");
	for (; *p->at && *p->at != quote; p->at++) {
		static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
		bool escaped = *p->at == '\\';
		const char *named;

		if (escaped && *++p->at == '\0')
			break;
		if (escaped && (*p->at == 'u' || *p->at == 'U'))
			return no_value(p, "numeric escapes are not supported");
		named = escaped ? strchr(from, *p->at) : NULL;
		ar_text_add_n(&text, named ? &to[named - from] : p->at, 1);
	}
	if (*p->at != quote)
		return no_value(p, "an unterminated string");
	p->at++;
	*ret = (struct ar_variant){ .type = type, .s = ar_strdup(p->arena, ar_text_str(&text)) };
	return 0;
}

static int take_double(struct parsing *p, const char *word, struct ar_variant *ret)
{
	char *end;
	double d = strtod(word, &end);

	if (*end)
		return no_value(p, "it is not a number");
	*ret = (struct ar_variant){ .type = 'd', .d = d };
	return 0;
}

static int take_integer(struct parsing *p, const char *word, char type, struct ar_variant *ret)
{
	const struct range *range = NULL;
	bool minus = *word == '-';
	char *end;
	uint64_t u;

	for (size_t i = 0; i < AR_COUNT(ranges); i++)
		if (ranges[i].type == type)
			range = &ranges[i];
	if (!range)
		return no_value(p, "a number where another type is expected");
	word += minus || *word == '+';
	if (!isdigit((unsigned char)*word))
		return no_value(p, "it is not a number");
	errno = 0;
	u = strtoull(word, &end, 0); /* decimal, 0x and 0, as GVariant has them */
	if (*end || errno)
		return no_value(p, "it is not a number");
	if (minus ? u > (uint64_t) - (range->min + 1) + 1 || !range->is_signed : u > range->max)
		return no_value(p, "the number is out of range for its type");
	*ret = (struct ar_variant){ .type = type, .u = minus ? -u : u };
	if (range->is_signed)
		ret->i = (int64_t)(minus ? -u : u);
	return 0;
}

static int take_word(struct parsing *p, char type, struct ar_variant *ret)
{
	size_t len = 0;
	const char *word;

	while (is_word(p->at[len]))
		len++;
	word = ar_strndup(p->arena, p->at, len);
	p->at += len;
	if (ar_streq(word, "true") || ar_streq(word, "false")) {
		if (type && type != 'b')
			return no_value(p, "a boolean where another type is expected");
		*ret = ar_variant_flag(word[0] == 't');
		return 0;
	}
	if (type == 'd' || (!type && strpbrk(word, ".eE") && !ar_starts_with(word, "0x")))
		return take_double(p, word, ret);
	return take_integer(p, word, type ? type : 'i', ret);
}

/* --- values of values --- */

static int take_value(struct parsing *p, const char *type, unsigned int depth,
		      struct ar_variant *ret);

/* A type before the value: "uint64 5", "@as []". */
static int take_typed(struct parsing *p, unsigned int depth, struct ar_variant *ret)
{
	for (size_t i = 0; i < AR_COUNT(keywords); i++) {
		size_t len = strlen(keywords[i].word);
		const char type[] = { keywords[i].type, '\0' };

		if (ar_starts_with(p->at, keywords[i].word) && !is_word(p->at[len])) {
			p->at += len;
			return take_value(p, type, depth, ret);
		}
	}
	if (*p->at == '@') {
		size_t len = type_length(++p->at, 0);
		const char *type = ar_strndup(p->arena, p->at, len);

		if (!len)
			return no_value(p, "'@' without a known type");
		p->at += len;
		return take_value(p, type, depth, ret);
	}
	return take_word(p, '\0', ret);
}

/* What the next member must be: all of an array are alike, a structure has its own. */
static const char *next_type(struct parsing *p, const char **types, char close)
{
	size_t len;
	const char *type;

	if (!*types)
		return NULL;
	len = type_length(*types, 0);
	type = ar_strndup(p->arena, *types, len);
	if (close == ')')
		*types += len;
	return type;
}

static int take_items(struct parsing *p, const char *types, char close, unsigned int depth,
		      struct ar_variant *ret)
{
	struct ar_variant *items = ar_alloc_array(p->arena, ITEMS_MAX, sizeof(*items));
	size_t n = 0;

	p->at++;
	for (skip_blanks(p); *p->at != close; skip_blanks(p)) {
		int r;

		if (n == ITEMS_MAX)
			return no_value(p, "it has too many members");
		if (types && !*types)
			return no_value(p, "it has more members than its type");
		r = take_value(p, next_type(p, &types, close), depth + 1, &items[n]);
		if (r < 0)
			return r;
		if (close == ']' && !types)
			types = ar_variant_signature(p->arena, &items[0]);
		n++;
		skip_blanks(p);
		if (*p->at == ',')
			p->at++;
		else if (*p->at != close)
			return no_value(p, "',' or an end is expected between members");
	}
	p->at++;
	ret->items = items;
	ret->n = n;
	if (close == ')' && types && *types)
		return no_value(p, "it has fewer members than its type");
	if (close == ']' && !types)
		return no_value(p, "an empty array needs a type, as in '@as []'");
	ret->of = close == ']' ? types : NULL;
	return close == ')' && n == 0 ? no_value(p, "an empty structure") : 0;
}

/* type: what it must be, NULL: whatever it is. */
static int take_value(struct parsing *p, const char *type, unsigned int depth,
		      struct ar_variant *ret)
{
	char first = type ? type[0] : '\0';
	/* "(st)" without its brackets: the members */
	const char *inner = type && first == '(' ? ar_strndup(p->arena, type + 1, strlen(type) - 2)
			    : type		 ? type + 1
						 : NULL;

	skip_blanks(p);
	if (depth > DEPTH_MAX)
		return no_value(p, "it is nested too deeply");
	if (*p->at == '[' || *p->at == '(') {
		char kind = *p->at == '[' ? 'a' : '(';

		if (first && first != kind)
			return no_value(p, "brackets where another type is expected");
		ret->type = kind;
		return take_items(p, inner, kind == 'a' ? ']' : ')', depth, ret);
	}
	if (first == 'a' || first == '(')
		return no_value(p, "its type expects brackets");
	if (*p->at == '\'' || *p->at == '"')
		return take_text(p, first ? first : 's', ret);
	return first ? take_word(p, first, ret) : take_typed(p, depth, ret);
}

int ar_variant_parse(struct ar_arena *arena, const char *text, struct ar_variant *ret,
		     struct ar_error *err)
{
	struct parsing p = { .arena = arena, .whole = text, .at = text, .err = err };
	struct ar_variant value = { 0 };
	int r;

	if (strlen(text) > TEXT_MAX)
		return ar_refuse(err, EINVAL, "a value of %zu bytes is too long", strlen(text));
	r = take_value(&p, NULL, 0, &value);
	if (r < 0)
		return r;
	skip_blanks(&p);
	if (*p.at)
		return no_value(&p, "it is followed by something else");
	*ret = value;
	return 0;
}
