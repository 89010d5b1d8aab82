/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "spec/field.h"
#include "json/read.h"

/*
 * Where in the document a value stands: a chain on the stack, made a text only when it is needed.
 */
struct at {
	const struct at *up;
	const char *name; /* NULL: index counts */
	size_t index;
};

struct decoder {
	struct ar_arena *arena;
	const char *name; /* of the file */
	const char *path; /* before all, "" for nothing */
	bool any_case;
	struct ar_error *err;
};

static void add_path(struct ar_text *t, const struct at *at)
{
	if (!at)
		return;
	add_path(t, at->up);
	if (!at->name)
		ar_text_addf(t, "[%zu]", at->index);
	else
		ar_text_addf(t, "%s%s", t->len ? "." : "", at->name);
}

/* "<file>:<line>: <path>: <what>" */
__attribute__((format(printf, 4, 5))) static int
refuse(const struct decoder *d, const struct at *at, unsigned int line, const char *fmt, ...)
{
	_cleanup_text_ struct ar_text path = AR_TEXT_INIT, what = AR_TEXT_INIT;
	va_list args;

	ar_text_add(&path, d->path);
	add_path(&path, at);
	va_start(args, fmt);
	ar_text_addv(&what, fmt, args);
	va_end(args);
	return ar_refuse(d->err, EINVAL, "%s:%u: %s%s%s", d->name, line, ar_text_str(&path),
			 path.len ? ": " : "", ar_text_str(&what));
}

/* A value as a message shows it; long ones are cut. */
static const char *shown(const struct decoder *d, const char *text)
{
	const size_t most = 60;
	size_t len = strnlen(text, most + 1);

	if (len <= most)
		return text;
	for (len = most; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
		len--; /* not within a character */
	return ar_printf(d->arena, "%.*s...", (int)len, text);
}

static int expect(const struct decoder *d, const struct at *at, const struct ar_json *json,
		  enum ar_json_type type)
{
	if (json->type == type)
		return 0;
	return refuse(d, at, json->line, "expected %s, got %s", ar_json_type_name(type),
		      ar_json_type_name(json->type));
}

static int expect_name(const struct decoder *d, const struct at *at, const struct ar_field *f,
		       const char *text, unsigned int line)
{
	_cleanup_text_ struct ar_text all = AR_TEXT_INIT;

	if (!f->names || ar_name_find(f->names, f->n_names, text))
		return 0;
	for (size_t i = 0; i < f->n_names; i++)
		ar_text_addf(&all, "%s%s", i ? ", " : "", f->names[i].name);
	return refuse(d, at, line, "expected one of %s, got \"%s\"", ar_text_str(&all),
		      shown(d, text));
}

static int decode_string(const struct decoder *d, const struct at *at, const struct ar_field *f,
			 const struct ar_json *json, void *out)
{
	int r = expect(d, at, json, AR_JSON_STRING);

	if (r < 0)
		return r;
	if ((f->flags & AR_F_NONEMPTY) && !*json->text)
		return refuse(d, at, json->line, "must not be empty");
	r = expect_name(d, at, f, json->text, json->line);
	if (r < 0)
		return r;
	*(const char **)out = json->text;
	return 0;
}

static int decode_tri(const struct decoder *d, const struct at *at, const struct ar_field *f,
		      const struct ar_json *json, void *out)
{
	int r = expect(d, at, json, AR_JSON_BOOL);

	(void)f; /* no bounds */
	if (r < 0)
		return r;
	*(enum ar_tri *)out = json->truth ? AR_YES : AR_NO;
	return 0;
}

/* Go's decoder takes neither 1.0 nor 1e3 for an integer; such a number means that something else is
 * wrong. */
static int expect_integer(const struct decoder *d, const struct at *at, const struct ar_json *json)
{
	int r = expect(d, at, json, AR_JSON_NUMBER);

	if (r == 0 && strpbrk(json->text, ".eE"))
		r = refuse(d, at, json->line, "expected an integer, got %s", shown(d, json->text));
	return r;
}

static int decode_i64(const struct decoder *d, const struct at *at, const struct ar_field *f,
		      const struct ar_json *json, void *out)
{
	bool bounded = f->min || f->max;
	int64_t min = bounded ? f->min : INT64_MIN, max = bounded ? (int64_t)f->max : INT64_MAX;
	struct ar_opt_i64 *number = out;
	int64_t value;
	int r = expect_integer(d, at, json);

	if (r < 0)
		return r;
	if (ar_parse_i64(json->text, &value) < 0 || value < min || value > max)
		return refuse(d, at, json->line,
			      "expected an integer from %" PRId64 " to %" PRId64 ", got %s", min,
			      max, shown(d, json->text));
	*number = (struct ar_opt_i64){ true, value };
	return 0;
}

static int parse_u64(const struct decoder *d, const struct at *at, const struct ar_field *f,
		     const struct ar_json *json, uint64_t *ret)
{
	uint64_t max = f->max ? f->max : UINT64_MAX, value;
	int r = expect_integer(d, at, json);

	if (r < 0)
		return r;
	if (ar_parse_u64(json->text, &value) < 0 || value > max)
		return refuse(d, at, json->line,
			      "expected an integer from 0 to %" PRIu64 ", got %s", max,
			      shown(d, json->text));
	*ret = value;
	return 0;
}

static int decode_u64(const struct decoder *d, const struct at *at, const struct ar_field *f,
		      const struct ar_json *json, void *out)
{
	struct ar_opt_u64 *number = out;
	uint64_t value;
	int r = parse_u64(d, at, f, json, &value);

	if (r < 0)
		return r;
	*number = (struct ar_opt_u64){ true, value };
	return 0;
}

static int expect_array(const struct decoder *d, const struct at *at, const struct ar_field *f,
			const struct ar_json *json)
{
	int r = expect(d, at, json, AR_JSON_ARRAY);

	if (r == 0 && (f->flags & AR_F_NONEMPTY) && json->count == 0)
		r = refuse(d, at, json->line, "must not be empty");
	return r;
}

/* Of a list or map: null is an empty one in Go. */
static int text_of(const struct decoder *d, const struct at *at, const struct ar_json *json,
		   const char **ret)
{
	bool null = d->any_case && json->type == AR_JSON_NULL;
	int r = null ? 0 : expect(d, at, json, AR_JSON_STRING);

	*ret = null || r < 0 ? "" : json->text;
	return r;
}

static int decode_strings(const struct decoder *d, const struct at *at, const struct ar_field *f,
			  const struct ar_json *json, void *out)
{
	struct ar_strings *list = out;
	struct at item = { .up = at };
	const char **items;
	int r = expect_array(d, at, f, json);

	if (r < 0)
		return r;
	items = ar_alloc_array(d->arena, json->count + 1, sizeof(*items));
	ar_json_foreach(child, json) {
		const char *text;

		r = text_of(d, &item, child, &text);
		if (r == 0)
			r = expect_name(d, &item, f, text, child->line);
		if (r < 0)
			return r;
		items[item.index++] = text;
	}
	*list = (struct ar_strings){ items, json->count };
	return 0;
}

static int decode_u64s(const struct decoder *d, const struct at *at, const struct ar_field *f,
		       const struct ar_json *json, void *out)
{
	struct ar_u64s *list = out;
	struct at item = { .up = at };
	uint64_t *items;
	int r = expect_array(d, at, f, json);

	if (r < 0)
		return r;
	items = ar_alloc_array(d->arena, json->count, sizeof(*items));
	ar_json_foreach(child, json) {
		r = parse_u64(d, &item, f, child, &items[item.index]);
		if (r < 0)
			return r;
		item.index++;
	}
	*list = (struct ar_u64s){ items, json->count };
	return 0;
}

static int decode_map(const struct decoder *d, const struct at *at, const struct ar_field *f,
		      const struct ar_json *json, void *out)
{
	struct ar_map *map = out;
	struct ar_pair *items;
	size_t n = 0;
	int r = expect(d, at, json, AR_JSON_OBJECT);

	(void)f; /* any key, any value */
	if (r < 0)
		return r;
	items = ar_alloc_array(d->arena, json->count, sizeof(*items));
	ar_json_foreach(child, json) {
		struct at item = { .up = at, .name = child->key };

		r = text_of(d, &item, child, &items[n].value);
		if (r < 0)
			return r;
		items[n++].key = child->key;
	}
	*map = (struct ar_map){ items, n };
	return 0;
}

static int decode_class(const struct decoder *d, const struct at *at, const struct ar_class *class,
			const struct ar_json *json, void *out);

static int decode_object(const struct decoder *d, const struct at *at, const struct ar_field *f,
			 const struct ar_json *json, void *out)
{
	void *object = ar_alloc(d->arena, f->of->size);
	int r = decode_class(d, at, f->of, json, object);

	if (r == 0)
		*(void **)out = object;
	return r;
}

static int decode_list(const struct decoder *d, const struct at *at, const struct ar_field *f,
		       const struct ar_json *json, void *out)
{
	struct ar_list *list = out;
	struct at item = { .up = at };
	char *items;
	int r = expect_array(d, at, f, json);

	if (r < 0)
		return r;
	items = ar_alloc_array(d->arena, json->count, f->of->size);
	ar_json_foreach(child, json) {
		r = decode_class(d, &item, f->of, child, items + item.index * f->of->size);
		if (r < 0)
			return r;
		item.index++;
	}
	*list = (struct ar_list){ items, json->count };
	return 0;
}

static int decode_object_map(const struct decoder *d, const struct at *at, const struct ar_field *f,
			     const struct ar_json *json, void *out)
{
	const struct ar_field *key = &f->of->fields[0];
	struct ar_list *list = out;
	char *items, *end;
	int r = expect(d, at, json, AR_JSON_OBJECT);

	assert(key->flags & AR_F_KEY);
	if (r < 0)
		return r;
	items = end = ar_alloc_array(d->arena, json->count, f->of->size);
	ar_json_foreach(child, json) {
		struct at item = { .up = at, .name = child->key };

		r = expect_name(d, &item, key, child->key, child->line);
		if (r == 0)
			r = decode_class(d, &item, f->of, child, end);
		if (r < 0)
			return r;
		*(const char **)(void *)(end + key->offset) = child->key;
		end += f->of->size;
	}
	*list = (struct ar_list){ items, json->count };
	return 0;
}

static int decode_json(const struct decoder *d, const struct at *at, const struct ar_field *f,
		       const struct ar_json *json, void *out)
{
	(void)d; /* anything goes */
	(void)at;
	(void)f;
	*(const struct ar_json **)out = json;
	return 0;
}

static int (*const decoders[])(const struct decoder *d, const struct at *at,
			       const struct ar_field *f, const struct ar_json *json, void *out) = {
	[AR_T_STRING] = decode_string,
	[AR_T_TRI] = decode_tri,
	[AR_T_I64] = decode_i64,
	[AR_T_U64] = decode_u64,
	[AR_T_STRINGS] = decode_strings,
	[AR_T_MAP] = decode_map,
	[AR_T_OBJECT] = decode_object,
	[AR_T_LIST] = decode_list,
	[AR_T_OBJECT_MAP] = decode_object_map,
	[AR_T_U64S] = decode_u64s,
	[AR_T_JSON] = decode_json,
};

/* The field of that name; most documents have them in the order of the table, so start at hint. */
static const struct ar_field *find_field(const struct decoder *d, const struct ar_class *class,
					 const char *name, size_t hint)
{
	for (size_t i = 0; i < class->n; i++) {
		const struct ar_field *f = &class->fields[(hint + i) % class->n];

		if (!(f->flags & AR_F_KEY) && strcmp(f->name, name) == 0)
			return f;
	}
	for (size_t i = 0; d->any_case && i < class->n; i++) {
		const struct ar_field *f = &class->fields[i];

		if (!(f->flags & AR_F_KEY) && strcasecmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

/* One letter of a member's name in lower case, and *len, its bytes. To Go two letters beyond ASCII
 * are a k and an s. */
static char letter_at(const char *text, size_t *len)
{
	static const char kelvin[] = "\xe2\x84\xaa", long_s[] = "\xc5\xbf";

	*len = ar_starts_with(text, kelvin)   ? sizeof(kelvin) - 1
	       : ar_starts_with(text, long_s) ? sizeof(long_s) - 1
					      : 1;
	if (*len > 1)
		return *len == sizeof(kelvin) - 1 ? 'k' : 's';
	return *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;
}

static bool same_in_any_case(const char *a, const char *b)
{
	size_t a_len, b_len;

	for (; *a && *b; a += a_len, b += b_len)
		if (letter_at(a, &a_len) != letter_at(b, &b_len))
			return false;
	return !*a && !*b;
}

/*
 * Two readers of one text must not see two values: hooks read config.json too, and to Go's decoder
 * such a member is the known one.
 */
static int refuse_other_case(const struct decoder *d, const struct at *member,
			     const struct ar_class *class, unsigned int line)
{
	for (size_t i = 0; i < class->n; i++) {
		const struct ar_field *f = &class->fields[i];

		if (!(f->flags & AR_F_KEY) && same_in_any_case(f->name, member->name))
			return refuse(d, member, line, "must be written \"%s\"", f->name);
	}
	return 0;
}

static bool left_out(const struct ar_field *f, const struct ar_json *json)
{
	return json->type == AR_JSON_NULL ||
	       ((f->flags & AR_F_BLANK) && json->type == AR_JSON_STRING && !*json->text);
}

static int decode_class(const struct decoder *d, const struct at *at, const struct ar_class *class,
			const struct ar_json *json, void *out)
{
	char *base = out;
	uint64_t seen = 0;
	size_t hint = 0;
	int r = expect(d, at, json, AR_JSON_OBJECT);

	assert(class->n > 0 && class->n <= 64);
	assert(class->line_at != 0 || class->fields[0].offset != 0); /* left out instead of -1 */
	if (r < 0)
		return r;
	if (class->line_at >= 0)
		*(unsigned int *)(void *)(base + class->line_at) = json->line;
	ar_json_foreach(child, json) {
		struct at member = { .up = at, .name = child->key };
		const struct ar_field *f = find_field(d, class, child->key, hint);

		if (!f && class->strict)
			return refuse(d, &member, child->line, "no such member in %s", class->name);
		if (!f) {
			r = refuse_other_case(d, &member, class, child->line);
			if (r < 0)
				return r;
			continue;
		}
		hint = (size_t)(f - class->fields) + 1;
		if (left_out(f, child))
			continue;
		r = decoders[f->type](d, &member, f, child, base + f->offset);
		if (r < 0)
			return r;
		seen |= UINT64_C(1) << (f - class->fields);
	}
	for (const struct ar_field *f = class->fields; f < class->fields + class->n; f++) {
		struct at member = { .up = at, .name = f->name };

		if ((f->flags & AR_F_REQUIRED) && !(seen & UINT64_C(1) << (f - class->fields)))
			return refuse(d, &member, json->line, "required, but missing");
	}
	return 0;
}

int ar_decode(struct ar_arena *arena, const struct ar_class *class, const char *name,
	      const char *path, const struct ar_json *json, void *out, struct ar_error *err)
{
	struct decoder d = { .arena = arena, .name = name, .path = path ? path : "", .err = err };

	return decode_class(&d, NULL, class, json, out);
}

int ar_decode_any_case(struct ar_arena *arena, const struct ar_class *class, const char *name,
		       const char *path, const struct ar_json *json, void *out,
		       struct ar_error *err)
{
	struct decoder d = { .arena = arena,
			     .name = name,
			     .path = path ? path : "",
			     .err = err,
			     .any_case = true };

	return decode_class(&d, NULL, class, json, out);
}
