/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "json/text.h"

const struct ar_json_limits ar_json_limits_default = {
	.max_bytes = 16 * 1024 * 1024,
	.max_depth = 32,
	.max_values = 1000000,
};

const struct ar_json_limits ar_json_limits_own = {
	.max_bytes = 64 * 1024 * 1024,
	.max_depth = 64,
	.max_values = 4000000,
};

/* Up to here, comparing every key of an object with every other is cheaper than sorting them. */
#define FEW_KEYS 16

/* An array or object that is not closed yet. */
struct frame {
	struct ar_json *node;
	const struct ar_json **tail; /* where the next child goes */
};

struct parser {
	struct ar_arena *arena;
	const char *name;
	const char *text;
	const struct ar_json_limits *limits;
	struct ar_error *err;
	yajl_handle yajl;
	struct frame *frames; /* limits->max_depth of them */
	size_t depth, values;
	const struct ar_json *root;
	const char *key;   /* of the next value */
	size_t counted;	   /* bytes whose newlines are in line */
	unsigned int line; /* of the token that was read last */
	int r;		   /* what a callback returned as an error */
};

/* A callback's way out: yajl stops when it gets 0. */
#define REFUSE(p, ...) ((p)->r = ar_refuse((p)->err, EINVAL, __VA_ARGS__), 0)

static unsigned int line_at(struct parser *p, size_t at)
{
	if (at > p->counted) {
		p->line +=
			(unsigned int)ar_json_text_newlines(p->text + p->counted, at - p->counted);
		p->counted = at;
	}
	return p->line;
}

static unsigned int line_now(struct parser *p)
{
	return line_at(p, yajl_get_bytes_consumed(p->yajl));
}

static struct ar_json *add(struct parser *p, enum ar_json_type type)
{
	struct ar_json *node;

	if (++p->values > p->limits->max_values) {
		p->r = ar_refuse(p->err, EINVAL, "%s:%u: more than %zu values", p->name,
				 line_now(p), p->limits->max_values);
		return NULL;
	}
	node = ar_alloc(p->arena, sizeof(*node));
	node->type = type;
	node->line = line_now(p);
	node->key = p->key;
	p->key = NULL;
	if (p->depth > 0) {
		struct frame *frame = &p->frames[p->depth - 1];

		*frame->tail = node;
		frame->tail = &node->next;
		frame->node->count++;
	} else {
		p->root = node;
	}
	return node;
}

static int on_null(void *arg)
{
	return add(arg, AR_JSON_NULL) != NULL;
}

static int on_bool(void *arg, int truth)
{
	struct ar_json *node = add(arg, AR_JSON_BOOL);

	if (!node)
		return 0;
	node->truth = truth;
	return 1;
}

/* As it is written: neither a double nor a long long holds what a 64-bit unsigned number can be. */
static int on_number(void *arg, const char *digits, size_t len)
{
	struct parser *p = arg;
	struct ar_json *node = add(p, AR_JSON_NUMBER);

	if (!node)
		return 0;
	node->text = ar_strndup(p->arena, digits, len);
	return 1;
}

/* C strings end at a NUL: what is checked and what is used would not be the same text. */
static const char *copy_string(struct parser *p, const unsigned char *s, size_t len)
{
	if (memchr(s, '\0', len)) {
		p->r = ar_refuse(p->err, EINVAL, "%s:%u: a NUL in a string", p->name, line_now(p));
		return NULL;
	}
	return ar_strndup(p->arena, (const char *)s, len);
}

static int on_string(void *arg, const unsigned char *s, size_t len)
{
	struct parser *p = arg;
	struct ar_json *node = add(p, AR_JSON_STRING);

	if (!node)
		return 0;
	node->text = copy_string(p, s, len);
	return node->text != NULL;
}

static int on_key(void *arg, const unsigned char *s, size_t len)
{
	struct parser *p = arg;

	p->key = copy_string(p, s, len);
	return p->key != NULL;
}

static int open_node(struct parser *p, enum ar_json_type type)
{
	struct ar_json *node;

	if (p->depth == p->limits->max_depth)
		return REFUSE(p, "%s:%u: nested more than %zu deep", p->name, line_now(p),
			      p->limits->max_depth);
	node = add(p, type);
	if (!node)
		return 0;
	p->frames[p->depth++] = (struct frame){ node, &node->first };
	return 1;
}

static int on_open_object(void *arg)
{
	return open_node(arg, AR_JSON_OBJECT);
}

static int on_open_array(void *arg)
{
	return open_node(arg, AR_JSON_ARRAY);
}

static int compare_keys(const void *a, const void *b)
{
	const struct ar_json *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

/* A member whose key another one has too, NULL when all differ. */
static const struct ar_json *find_duplicate(const struct ar_json *object)
{
	_cleanup_free_ const struct ar_json **sorted = NULL;
	size_t n = 0;

	if (object->count <= FEW_KEYS) {
		ar_json_foreach(a, object)
			for (const struct ar_json *b = a->next; b; b = b->next)
				if (strcmp(a->key, b->key) == 0)
					return b;
		return NULL;
	}
	sorted = malloc(object->count * sizeof(struct ar_json *));
	if (!sorted)
		ar_no_memory();
	ar_json_foreach(member, object)
		sorted[n++] = member;
	qsort(sorted, n, sizeof(struct ar_json *), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			return sorted[i - 1]->line > sorted[i]->line ? sorted[i - 1] : sorted[i];
	return NULL;
}

/* A member, and where it stands among the others. */
struct member {
	const struct ar_json *json;
	size_t at;
};

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->json->key, y->json->key);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int compare_places(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static int settle(struct parser *p, struct ar_json *object);

/*
 * What n members with one name come to, in their order. Null says nothing, but of a list; an object
 * is laid over those before it, anything else takes their place.
 */
static int lay_over(struct parser *p, const struct member *run, size_t n,
		    const struct ar_json **ret)
{
	const struct ar_json *last = run[0].json, **tail;
	struct ar_json *all;
	size_t from = 0;

	for (size_t i = 1; i < n; i++) {
		const struct ar_json *json = run[i].json;

		if (json->type == AR_JSON_NULL && last->type != AR_JSON_ARRAY)
			continue;
		if (json->type != AR_JSON_OBJECT || last->type != AR_JSON_OBJECT)
			from = i;
		last = json;
	}
	*ret = last;
	if (last->type != AR_JSON_OBJECT || from == n - 1)
		return 0;
	all = ar_memdup(p->arena, last, sizeof(*all));
	all->count = 0;
	tail = &all->first;
	for (size_t i = from; i < n; i++) {
		ar_json_foreach(child, run[i].json) {
			struct ar_json *copy = ar_memdup(p->arena, child, sizeof(*copy));

			*tail = copy;
			tail = &copy->next;
			all->count++;
		}
	}
	*tail = NULL;
	*ret = all;
	return settle(p, all);
}

/* Leave one member of each name, where the first of them stood. Copies count as values. */
static int settle(struct parser *p, struct ar_json *object)
{
	_cleanup_free_ struct member *members = NULL;
	const struct ar_json **tail = &object->first;
	size_t n = 0, kept = 0, end;

	p->values += object->count;
	if (p->values > p->limits->max_values)
		return ar_refuse(p->err, EINVAL, "%s:%u: more than %zu values", p->name,
				 line_now(p), p->limits->max_values);
	members = malloc((object->count + 1) * sizeof(*members));
	if (!members)
		ar_no_memory();
	ar_json_foreach(json, object) {
		members[n] = (struct member){ json, n };
		n++;
	}
	qsort(members, n, sizeof(*members), compare_members);
	for (size_t i = 0; i < n; i = end) {
		struct member one = members[i];
		int r;

		for (end = i + 1; end < n; end++)
			if (strcmp(members[i].json->key, members[end].json->key) != 0)
				break;
		r = lay_over(p, &members[i], end - i, &one.json);
		if (r < 0)
			return r;
		members[kept++] = one;
	}
	qsort(members, kept, sizeof(*members), compare_places);
	for (size_t i = 0; i < kept; i++) {
		struct ar_json *copy = ar_memdup(p->arena, members[i].json, sizeof(*copy));

		*tail = copy;
		tail = &copy->next;
	}
	*tail = NULL;
	object->count = kept;
	return 0;
}

/* Two readers of one text must not see two values: whichever they take, the other is what was
 * meant. */
static int on_close_object(void *arg)
{
	struct parser *p = arg;
	struct ar_json *object = p->frames[p->depth - 1].node;
	const struct ar_json *duplicate = find_duplicate(object);

	if (duplicate && !p->limits->lenient)
		return REFUSE(p, "%s:%u: \"%.100s\" is given twice", p->name, duplicate->line,
			      duplicate->key);
	if (duplicate)
		p->r = settle(p, object);
	p->depth--;
	return p->r == 0;
}

static int on_close_array(void *arg)
{
	struct parser *p = arg;

	p->depth--;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_open_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_close_object,
	.yajl_start_array = on_open_array,
	.yajl_end_array = on_close_array,
};

static void *yajl_memory(void *ctx, size_t size)
{
	void *p = malloc(size);

	(void)ctx; /* yajl's signature */
	if (!p)
		ar_no_memory(); /* yajl does not look */
	return p;
}

static void *yajl_more_memory(void *ctx, void *old, size_t size)
{
	void *p = realloc(old, size);

	(void)ctx;
	if (!p)
		ar_no_memory();
	return p;
}

static void yajl_no_more_memory(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

/* "parse error: premature EOF\n" and the like, of which the middle says what is wrong. */
static int syntax_error(struct parser *p)
{
	unsigned char *message = yajl_get_error(p->yajl, 0, NULL, 0);
	const char *what = message ? strstr((const char *)message, "error: ") : NULL;
	size_t len;
	int r;

	what = what ? what + strlen("error: ") : "invalid";
	len = strcspn(what, "\n");
	while (len > 0 && (what[len - 1] == '.' || what[len - 1] == ' '))
		len--;
	r = ar_refuse(p->err, EINVAL, "%s:%u: not JSON: %.*s", p->name, line_now(p), (int)len,
		      what);
	yajl_free_error(p->yajl, message);
	return r;
}

static void yajl_freep(yajl_handle *yajl)
{
	if (*yajl)
		yajl_free(*yajl);
}

static int parse(struct parser *p, size_t len)
{
	__attribute__((cleanup(yajl_freep))) yajl_handle yajl = NULL;
	yajl_alloc_funcs memory = {
		.malloc = yajl_memory,
		.realloc = yajl_more_memory,
		.free = yajl_no_more_memory,
	};
	yajl_status status;

	p->yajl = yajl = yajl_alloc(&callbacks, &memory, p);
	yajl_config(yajl, yajl_dont_validate_strings, 1); /* the whole text is checked already */
	if (p->limits->comments)
		yajl_config(yajl, yajl_allow_comments, 1);
	if (p->limits->lenient)
		yajl_config(yajl, yajl_allow_trailing_garbage, 1);
	status = yajl_parse(yajl, (const unsigned char *)p->text, len);
	if (status == yajl_status_ok) {
		(void)line_at(p, len); /* yajl counts anew from here: what follows is on the last
					  line */
		status = yajl_complete_parse(yajl);
	}
	if (p->r < 0)
		return p->r;
	if (status != yajl_status_ok)
		return syntax_error(p);
	if (!p->root)
		return ar_refuse(p->err, EINVAL, "%s:%u: not JSON: no value", p->name, line_now(p));
	return 0;
}

int ar_json_parse(struct ar_arena *arena, const char *name, const char *text, size_t len,
		  const struct ar_json_limits *limits, const struct ar_json **ret,
		  struct ar_error *err)
{
	struct parser p = {
		.arena = arena,
		.name = name,
		.text = text,
		.limits = limits ? limits : &ar_json_limits_default,
		.err = err,
		.line = 1,
	};
	const char *wrong;
	size_t at;
	int r;

	if (len > p.limits->max_bytes)
		return ar_refuse(err, EFBIG, "%s: larger than %zu bytes", name,
				 p.limits->max_bytes);
	wrong = ar_json_text_check(text, len, &at);
	if (wrong)
		return ar_refuse(err, EINVAL, "%s:%zu: %s", name,
				 1 + ar_json_text_newlines(text, at), wrong);
	p.frames = ar_alloc_array(arena, p.limits->max_depth, sizeof(*p.frames));
	r = parse(&p, len);
	if (r < 0)
		return r;
	*ret = p.root;
	return 0;
}

const struct ar_json *ar_json_get(const struct ar_json *obj, const char *key)
{
	if (!obj || obj->type != AR_JSON_OBJECT)
		return NULL;
	ar_json_foreach(member, obj)
		if (strcmp(member->key, key) == 0)
			return member;
	return NULL;
}

const char *ar_json_type_name(enum ar_json_type type)
{
	static const char *const names[] = {
		[AR_JSON_NULL] = "null",       [AR_JSON_BOOL] = "true or false",
		[AR_JSON_NUMBER] = "a number", [AR_JSON_STRING] = "a string",
		[AR_JSON_ARRAY] = "an array",  [AR_JSON_OBJECT] = "an object",
	};

	return names[type];
}
