/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ar_arena;
struct ar_error;

/*
 * Options as runc's callers write them, which is the syntax of Go's flag package: one or two
 * dashes, the value behind '=' or in the next argument, "--yes=false", never glued to a short name.
 * A table says what there is; it fills in a structure and the help text is made of it.
 */

enum ar_option_type {
	AR_OPTION_BOOL,	    /* bool */
	AR_OPTION_TRISTATE, /* enum ar_tri, AR_UNSET where it is not given */
	AR_OPTION_STRING,   /* const char * */
	AR_OPTION_STRINGS,  /* struct ar_strings; may be given again, never split at commas */
	AR_OPTION_NUMBERS,  /* the same, of integers */
	AR_OPTION_UINT,	    /* unsigned int; a negative number is 0, as with runc */
	AR_OPTION_I64,	    /* struct ar_opt_i64 */
	AR_OPTION_U64,	    /* struct ar_opt_u64 */
	AR_OPTION_DURATION, /* int64_t, nanoseconds */
};

struct ar_option {
	const char *name; /* "bundle" */
	char letter;	  /* 'b', 0: none */
	enum ar_option_type type;
	bool hidden;	      /* not in the help text */
	size_t offset;	      /* of the value in the structure of the command */
	const char *fallback; /* the value where none is given, as text */
	const char *help;
};

/* One that has no value behind a blank. */
bool ar_option_is_switch(const struct ar_option *option);
/* One that may be given again. */
bool ar_option_is_list(const struct ar_option *option);

/* Where options may stand. */
enum ar_order {
	AR_OPTIONS_ANYWHERE, /* what looks like one behind the first other word, and is none, is a
				word */
	AR_OPTIONS_FIRST,    /* what follows the first other word are words */
};

struct ar_option_table {
	const struct ar_option *options;
	size_t n;
	enum ar_order order;
};
#define AR_OPTIONS(order_, array_)                                                                \
	{                                                                                         \
		.options = (array_), .n = sizeof(array_) / sizeof((array_)[0]), .order = (order_) \
	}
extern const struct ar_option_table ar_no_options;

/* What is left: argc words and NULL behind them. */
struct ar_words {
	char **argv;
	int argc;
};

/* The answers of ar_options_parse() besides -errno. */
enum ar_options_answer { AR_OPTIONS_DONE, AR_OPTIONS_HELP };

/*
 * Read argv (without the program's name) into values. AR_OPTIONS_HELP: -h or --help was among them.
 * Errors have Go's words, that callers look for ("flag needs an argument: -x"); what was read
 * before stays in values.
 */
int ar_options_parse(struct ar_arena *arena, const struct ar_option_table *table, char **argv,
		     int argc, void *values, struct ar_words *ret_rest, struct ar_error *err);
