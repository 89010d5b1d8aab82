/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ar_arena;
struct ar_error;

enum ar_json_type {
	AR_JSON_NULL,
	AR_JSON_BOOL,
	AR_JSON_NUMBER,
	AR_JSON_STRING,
	AR_JSON_ARRAY,
	AR_JSON_OBJECT,
};

/* One value of a document, with the line it stands on. Children are a list in document order. */
struct ar_json {
	enum ar_json_type type;
	unsigned int line;
	const char *key;  /* of a member of an object, else NULL */
	const char *text; /* a string's value (no NUL inside), a number as written */
	bool truth;	  /* of a bool */
	size_t count;	  /* children */
	const struct ar_json *first, *next;
};

/* Bounds on what comes from outside. */
struct ar_json_limits {
	size_t max_bytes;  /* of the text */
	size_t max_depth;  /* of nesting */
	size_t max_values; /* in the document */
	bool comments;	   /* C and C++ comments are allowed (the administrator's files) */
	/*
	 * As Go's encoding/json reads: of two members with one name the later counts, an object is
	 * laid over the earlier one, null says nothing but of a list, and text behind the value is
	 * passed over.
	 */
	bool lenient;
};
extern const struct ar_json_limits ar_json_limits_default; /* 16 MiB, 32 deep, 1,000,000 values, no
							      comments */
/* Of files that are made of a configuration within those: 64 MiB, 64 deep, 4,000,000 values. */
extern const struct ar_json_limits ar_json_limits_own;

/*
 * Parse text as one JSON value. Refused, each with "<name>:<line>: what": what is not UTF-8 or
 * JSON, duplicate keys, a NUL in a string, text after the value, anything beyond the limits. The
 * tree lives in arena.
 */
int ar_json_parse(struct ar_arena *arena, const char *name, const char *text, size_t len,
		  const struct ar_json_limits *limits, const struct ar_json **ret,
		  struct ar_error *err);

/* The member of that name, or NULL (also when obj is no object). */
const struct ar_json *ar_json_get(const struct ar_json *obj, const char *key);
/* "null", "true or false", "a number", "a string", "an array", "an object" */
const char *ar_json_type_name(enum ar_json_type type);

#define ar_json_foreach(child, parent)                                               \
	for (const struct ar_json *child = (parent) ? (parent)->first : NULL; child; \
	     child = child->next)
