/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strings.h"
#include "base/table.h"

struct ar_arena;
struct ar_error;
struct ar_json;
struct ar_json_writer;

/*
 * A configuration is plain structures; a table of fields for each says how JSON becomes it and it
 * becomes JSON again. One decoder, one encoder and one walker serve config.json, process.json,
 * resources.json, the administrator's file and the state record.
 *
 * Left out and empty are not the same: an ar_strings, ar_list, ar_map or ar_u64s that was left out
 * has items NULL; one that was given as [] or {} has items and n 0.
 */

/* Scalars that may be left out. */
enum ar_tri { AR_UNSET, AR_NO, AR_YES };
struct ar_opt_i64 {
	bool set;
	int64_t value;
};
struct ar_opt_u64 {
	bool set;
	uint64_t value;
};
struct ar_pair {
	const char *key, *value;
};
struct ar_map {
	struct ar_pair *items; /* n entries in document order */
	size_t n;
};
struct ar_list {
	void *items; /* n structures, one behind the other */
	size_t n;
};
struct ar_u64s {
	uint64_t *items;
	size_t n;
};

#define ar_list_foreach(type, item, list)                                              \
	for (type *item = (list)->items, *item##_end = item ? item + (list)->n : item; \
	     item != item##_end; item++)

/* The value for key, or NULL. */
const char *ar_map_get(const struct ar_map *map, const char *key);

enum ar_type {
	AR_T_STRING,	 /* const char * (NULL: unset) */
	AR_T_TRI,	 /* enum ar_tri */
	AR_T_I64,	 /* struct ar_opt_i64 */
	AR_T_U64,	 /* struct ar_opt_u64 */
	AR_T_STRINGS,	 /* struct ar_strings */
	AR_T_MAP,	 /* struct ar_map: an object of strings */
	AR_T_OBJECT,	 /* pointer to a structure of class .of (NULL: unset) */
	AR_T_LIST,	 /* struct ar_list of structures of class .of */
	AR_T_OBJECT_MAP, /* as AR_T_LIST; the class's first field, a string, takes the member's name
			  */
	AR_T_U64S,	 /* struct ar_u64s: an array of unsigned numbers */
	AR_T_JSON,	 /* const struct ar_json *: kept as it is, not encoded */
};

#define AR_F_REQUIRED 1u /* missing or null is an error */
#define AR_F_NONEMPTY 2u /* a string or list must not be empty */
#define AR_F_KEY 4u	 /* the first field of an AR_T_OBJECT_MAP class */
#define AR_F_BLANK \
	8u /* an empty string counts as left out: most engines write Go's zero values \
	    */

struct ar_class;
struct ar_field {
	const char *name;
	enum ar_type type;
	unsigned int flags;
	size_t offset;
	const struct ar_class *of;   /* OBJECT, LIST, OBJECT_MAP */
	const struct ar_name *names; /* STRING, STRINGS: the only values allowed */
	size_t n_names;
	int64_t min;  /* I64: inclusive */
	uint64_t max; /* I64: inclusive, with min 0 and max 0: no bounds; U64, U64S: inclusive, 0:
			 none */
};
struct ar_class {
	const char *name; /* for messages: "process", "mount" */
	size_t size;
	const struct ar_field *fields;
	size_t n;	   /* at most 64 */
	bool strict;	   /* unknown members are errors; otherwise ignored, as runtime-spec says */
	ptrdiff_t line_at; /* offset of an unsigned int that takes the line, or -1 */
};

/*
 * The rows of a table. Each names the structure and its member, and does not compile when the
 *member is of another type. A class is called as its structure, with "_class" behind.
 *
 *	static const struct ar_field fields[] = {
 *		AR_FIELD_STRING(ar_root, path, "path", AR_F_REQUIRED),
 *		AR_FIELD_TRI(ar_root, readonly, "readonly", 0),
 *	};
 *	const struct ar_class ar_root_class = AR_CLASS(ar_root, "root", fields);
 */
#define AR_MEMBER_AT(s, member, type)                                                            \
	(offsetof(struct s, member) +                                                            \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((struct s *)0)->member), type) \
				 ? 1                                                             \
				 : -1]))

#define AR_FIELD_STRING(s, member, name_, flags_)                    \
	{                                                            \
		.name = name_, .type = AR_T_STRING, .flags = flags_, \
		.offset = AR_MEMBER_AT(s, member, const char *)      \
	}
/* A string out of a table of struct ar_name. */
#define AR_FIELD_NAME(s, member, name_, flags_, names_)                           \
	{                                                                         \
		.name = name_, .type = AR_T_STRING, .flags = flags_,              \
		.offset = AR_MEMBER_AT(s, member, const char *), .names = names_, \
		.n_names = AR_COUNT(names_)                                       \
	}
#define AR_FIELD_TRI(s, member, name_, flags_)                    \
	{                                                         \
		.name = name_, .type = AR_T_TRI, .flags = flags_, \
		.offset = AR_MEMBER_AT(s, member, enum ar_tri)    \
	}
#define AR_FIELD_I64(s, member, name_, flags_, min_, max_)                                     \
	{                                                                                      \
		.name = name_, .type = AR_T_I64, .flags = flags_,                              \
		.offset = AR_MEMBER_AT(s, member, struct ar_opt_i64), .min = min_, .max = max_ \
	}
#define AR_FIELD_U64(s, member, name_, flags_, max_)                              \
	{                                                                         \
		.name = name_, .type = AR_T_U64, .flags = flags_,                 \
		.offset = AR_MEMBER_AT(s, member, struct ar_opt_u64), .max = max_ \
	}
#define AR_FIELD_STRINGS(s, member, name_, flags_)                    \
	{                                                             \
		.name = name_, .type = AR_T_STRINGS, .flags = flags_, \
		.offset = AR_MEMBER_AT(s, member, struct ar_strings)  \
	}
#define AR_FIELD_NAMES(s, member, name_, flags_, names_)                               \
	{                                                                              \
		.name = name_, .type = AR_T_STRINGS, .flags = flags_,                  \
		.offset = AR_MEMBER_AT(s, member, struct ar_strings), .names = names_, \
		.n_names = AR_COUNT(names_)                                            \
	}
#define AR_FIELD_U64S(s, member, name_, flags_, max_)                          \
	{                                                                      \
		.name = name_, .type = AR_T_U64S, .flags = flags_,             \
		.offset = AR_MEMBER_AT(s, member, struct ar_u64s), .max = max_ \
	}
#define AR_FIELD_MAP(s, member, name_, flags_)                    \
	{                                                         \
		.name = name_, .type = AR_T_MAP, .flags = flags_, \
		.offset = AR_MEMBER_AT(s, member, struct ar_map)  \
	}
#define AR_FIELD_OBJECT(s, member, name_, flags_, of_)                              \
	{                                                                           \
		.name = name_, .type = AR_T_OBJECT, .flags = flags_,                \
		.offset = AR_MEMBER_AT(s, member, struct of_ *), .of = &of_##_class \
	}
#define AR_FIELD_LIST(s, member, name_, flags_, of_)                                  \
	{                                                                             \
		.name = name_, .type = AR_T_LIST, .flags = flags_,                    \
		.offset = AR_MEMBER_AT(s, member, struct ar_list), .of = &of_##_class \
	}
#define AR_FIELD_OBJECT_MAP(s, member, name_, flags_, of_)                            \
	{                                                                             \
		.name = name_, .type = AR_T_OBJECT_MAP, .flags = flags_,              \
		.offset = AR_MEMBER_AT(s, member, struct ar_list), .of = &of_##_class \
	}
#define AR_FIELD_JSON(s, member, name_, flags_)                           \
	{                                                                 \
		.name = name_, .type = AR_T_JSON, .flags = flags_,        \
		.offset = AR_MEMBER_AT(s, member, const struct ar_json *) \
	}

#define AR_CLASS(s, name_, fields_)                                         \
	{                                                                   \
		.name = name_, .size = sizeof(struct s), .fields = fields_, \
		.n = AR_COUNT(fields_), .line_at = -1                       \
	}
/* The structure has an unsigned int member that takes the line. */
#define AR_CLASS_LINE(s, name_, fields_, member)                                         \
	{                                                                                \
		.name = name_, .size = sizeof(struct s), .fields = fields_,              \
		.n = AR_COUNT(fields_), .line_at = AR_MEMBER_AT(s, member, unsigned int) \
	}
/* Unknown members are errors. */
#define AR_CLASS_STRICT(s, name_, fields_)                                  \
	{                                                                   \
		.name = name_, .size = sizeof(struct s), .fields = fields_, \
		.n = AR_COUNT(fields_), .strict = true, .line_at = -1       \
	}

/*
 * Whether the field of a structure was given, and whether there is something in it: a list or map
 * that is given may be empty. One of neither type is the same to both.
 */
bool ar_field_is_given(const struct ar_field *field, const void *in);
bool ar_field_has_content(const struct ar_field *field, const void *in);

/*
 * Decode an object into *out (zeroed, class->size bytes). Texts stay where json has them, so json
 * must live as long as *out; the rest is taken from arena. Errors read
 * "<name>:<line>: <path>: expected a string, got a number"; path is what stands before, "" at the
 * top. null for an optional member counts as left out. A member that is a known one in another case
 * is an error.
 */
int ar_decode(struct ar_arena *arena, const struct ar_class *class, const char *name,
	      const char *path, const struct ar_json *json, void *out, struct ar_error *err);
/* The same as Go's encoding/json takes it: members may be written in any case, and null is an empty
 * text in a list or map. */
int ar_decode_any_case(struct ar_arena *arena, const struct ar_class *class, const char *name,
		       const char *path, const struct ar_json *json, void *out,
		       struct ar_error *err);
/* Write what is set, as an object; decoding it again gives the same structure. */
void ar_encode(struct ar_json_writer *w, const struct ar_class *class, const void *in);
/* The same into an object that is open. */
void ar_encode_members(struct ar_json_writer *w, const struct ar_class *class, const void *in);
