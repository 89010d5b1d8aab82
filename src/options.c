/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "duration.h"
#include "spec/field.h"

const struct ar_option_table ar_no_options = { 0 };

bool ar_option_is_switch(const struct ar_option *option)
{
	return option->type == AR_OPTION_BOOL || option->type == AR_OPTION_TRISTATE;
}

bool ar_option_is_list(const struct ar_option *option)
{
	return option->type == AR_OPTION_STRINGS || option->type == AR_OPTION_NUMBERS;
}

/* One argument taken apart: "--name=value". */
struct word {
	const char *name;
	size_t name_len;
	const char *value; /* NULL: none */
};

/* As strconv.ParseBool. */
static int parse_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < AR_COUNT(yes); i++) {
		if (strcmp(s, yes[i]) == 0 || strcmp(s, no[i]) == 0) {
			*ret = strcmp(s, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_value(struct ar_arena *arena, const struct ar_option *option, const char *value,
		     void *values)
{
	void *at = (char *)values + option->offset;
	struct ar_opt_i64 i = { .set = true };
	struct ar_opt_u64 u = { .set = true };
	bool yes;
	int r = 0;

	switch (option->type) {
	case AR_OPTION_BOOL:
		return parse_bool(value, at);
	case AR_OPTION_TRISTATE:
		r = parse_bool(value, &yes);
		if (r == 0)
			*(enum ar_tri *)at = yes ? AR_YES : AR_NO;
		return r;
	case AR_OPTION_STRING:
		*(const char **)at = value;
		return 0;
	case AR_OPTION_NUMBERS:
		r = ar_parse_i64(value, &i.value);
		if (r < 0)
			return r;
		__attribute__((fallthrough));
	case AR_OPTION_STRINGS:
		*(struct ar_strings *)at = ar_strings_with(arena, at, value);
		return 0;
	case AR_OPTION_UINT:
		r = ar_parse_i64(value, &i.value);
		if (r == 0 && i.value > INT_MAX)
			r = -ERANGE;
		if (r == 0)
			*(unsigned int *)at = i.value > 0 ? (unsigned int)i.value : 0;
		return r;
	case AR_OPTION_I64:
		r = ar_parse_i64(value, &i.value);
		if (r == 0)
			*(struct ar_opt_i64 *)at = i;
		return r;
	case AR_OPTION_U64:
		r = ar_parse_u64(value, &u.value);
		if (r == 0)
			*(struct ar_opt_u64 *)at = u;
		return r;
	case AR_OPTION_DURATION:
		return ar_duration_parse(value, at, NULL);
	}
	return -EINVAL;
}

static int invalid_value(const struct ar_option *option, const struct word *word, const char *value,
			 int r, struct ar_error *err)
{
	const char *why = r == -ERANGE ? "value out of range" : "parse error";

	if (ar_option_is_switch(option))
		return ar_refuse(err, EINVAL, "invalid boolean value \"%s\" for -%.*s: %s", value,
				 (int)word->name_len, word->name, why);
	if (option->type == AR_OPTION_NUMBERS) /* runc's reads its values by itself */
		return ar_refuse(err, EINVAL,
				 "invalid value \"%s\" for flag -%.*s: strconv.ParseInt: parsing "
				 "\"%s\": %s",
				 value, (int)word->name_len, word->name, value,
				 r == -ERANGE ? why : "invalid syntax");
	return ar_refuse(err, EINVAL, "invalid value \"%s\" for flag -%.*s: %s", value,
			 (int)word->name_len, word->name, why);
}

static bool is_named(const struct word *word, const char *name)
{
	return strlen(name) == word->name_len && memcmp(name, word->name, word->name_len) == 0;
}

static const struct ar_option *find(const struct ar_option_table *table, const struct word *word)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct ar_option *option = &table->options[i];

		if (is_named(word, option->name) ||
		    (option->letter && word->name_len == 1 && word->name[0] == option->letter))
			return option;
	}
	return NULL;
}

/* Whether an argument is an option at all: "-" alone is a word. */
static bool looks_like_option(const char *arg)
{
	return arg[0] == '-' && arg[1] != '\0';
}

static int take_apart(const char *arg, struct word *ret, struct ar_error *err)
{
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '=');

	if (*name == '\0' || *name == '-' || *name == '=')
		return ar_refuse(err, EINVAL, "bad flag syntax: %s", arg);
	ret->name = name;
	ret->name_len = equals ? (size_t)(equals - name) : strlen(name);
	ret->value = equals ? equals + 1 : NULL;
	return 0;
}

/* What every table has. */
static bool is_help(const struct word *word)
{
	return is_named(word, "help") || is_named(word, "h");
}

static int parse_help(const struct word *word, bool *ret, struct ar_error *err)
{
	*ret = true;
	if (!word->value || parse_bool(word->value, ret) == 0)
		return 0;
	return ar_refuse(err, EINVAL, "invalid boolean value \"%s\" for -%.*s: parse error",
			 word->value, (int)word->name_len, word->name);
}

/* Read the option at argv[*at] and move *at to its last argument. */
static int parse_one(struct ar_arena *arena, const struct ar_option_table *table, char **argv,
		     int argc, int *at, void *values, bool *help, struct ar_error *err)
{
	const struct ar_option *option;
	const char *value;
	struct word word = { 0 };
	int r;

	r = take_apart(argv[*at], &word, err);
	if (r < 0)
		return r;
	option = find(table, &word);
	if (!option && is_help(&word))
		return parse_help(&word, help, err);
	if (!option)
		return ar_refuse(err, EINVAL, "flag provided but not defined: -%.*s",
				 (int)word.name_len, word.name);
	value = word.value;
	if (!value && ar_option_is_switch(option))
		value = "true";
	if (!value && *at + 1 < argc)
		value = argv[++*at];
	if (!value)
		return ar_refuse(err, EINVAL, "flag needs an argument: -%.*s", (int)word.name_len,
				 word.name);
	r = set_value(arena, option, value, values);
	return r < 0 ? invalid_value(option, &word, value, r, err) : 0;
}

/* The table's own defaults are text of ours: one that does not parse is a defect that every test
 * shows. */
static int set_fallbacks(struct ar_arena *arena, const struct ar_option_table *table, void *values,
			 struct ar_error *err)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct ar_option *option = &table->options[i];

		if (option->fallback && set_value(arena, option, option->fallback, values) < 0)
			return ar_refuse(err, EINVAL,
					 "the default \"%s\" of option --%s is not valid",
					 option->fallback, option->name);
	}
	return 0;
}

/* Behind the first word, where options may still stand, what is none of them is a word: "kill ID
 * -9". */
static bool is_word(const struct ar_option_table *table, const char *arg, bool is_first)
{
	struct word word;

	if (!looks_like_option(arg))
		return true;
	if (is_first)
		return false;
	return take_apart(arg, &word, NULL) < 0 || (!find(table, &word) && !is_help(&word));
}

int ar_options_parse(struct ar_arena *arena, const struct ar_option_table *table, char **argv,
		     int argc, void *values, struct ar_words *ret_rest, struct ar_error *err)
{
	char **rest = ar_alloc_array(arena, (size_t)argc + 1, sizeof(*rest));
	bool only_words = false, help = false;
	int n = 0, r;

	r = set_fallbacks(arena, table, values, err);
	for (int i = 0; i < argc && r == 0; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (only_words || is_word(table, argv[i], n == 0)) {
			rest[n++] = argv[i];
			if (table->order == AR_OPTIONS_FIRST)
				only_words = true;
		} else {
			r = parse_one(arena, table, argv, argc, &i, values, &help, err);
		}
	}
	if (r < 0)
		return r;
	*ret_rest = (struct ar_words){ .argv = rest, .argc = n };
	return help ? AR_OPTIONS_HELP : AR_OPTIONS_DONE;
}
