/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/field.h"

struct ar_arena;
struct ar_error;

/*
 * What is needed of TOML (toml.io, 1.0) to look at the configuration of engines: a flat list of
 * keys, each with the tables it stands in. Inline tables are tables. Dates and numbers stay text,
 * duplicates are left to the engine: the last one counts.
 */

enum ar_toml_type {
	AR_TOML_STRING, /* text */
	AR_TOML_PLAIN,	/* true, false, a number or a date; text, as written */
	AR_TOML_ARRAY,	/* strings: its strings and plain values; those of nested arrays too */
};

struct ar_toml_entry {
	struct ar_strings path; /* tables and key, outermost first */
	unsigned int line;
	enum ar_toml_type type;
	const char *text;
	struct ar_strings strings;
	bool has_tables; /* an array with tables in it, which are left out */
};

struct ar_toml {
	struct ar_toml_entry *entries;
	size_t n;
};

/* Refused: what is no TOML, with "<name>:<line>: what". The result lives in arena. */
int ar_toml_parse(struct ar_arena *arena, const char *name, const char *text, struct ar_toml *ret,
		  struct ar_error *err);
/* The last entry with that path of n names; NULL: none. */
const struct ar_toml_entry *ar_toml_find(const struct ar_toml *toml, const char *const *path,
					 size_t n);
