/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

struct ar_command;
struct ar_option;
struct ar_text;

/* What stands behind an option, or as an argument of a command. */
enum ar_values {
	AR_VALUES_NONE,	 /* nothing that a shell knows */
	AR_VALUES_WORDS, /* one of a list */
	AR_VALUES_FILES,
	AR_VALUES_FOLDERS,
	AR_VALUES_IDS, /* a container of the state root */
};
struct ar_completion {
	enum ar_values kind;
	const char *words; /* blank-separated */
};

/* command NULL: the options before the command. */
struct ar_completion ar_completion_of_option(const struct ar_command *command,
					     const struct ar_option *option);
struct ar_completion ar_completion_of_arguments(const struct ar_command *command);
/* s in single quotes of a POSIX shell, without the quotes around it. */
void ar_completion_quote(struct ar_text *t, const char *s);

/* The whole script of a shell. */
void ar_completion_bash(struct ar_text *t);
void ar_completion_zsh(struct ar_text *t);
void ar_completion_fish(struct ar_text *t);
