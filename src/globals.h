/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

struct ar_arena;
struct ar_call;
struct ar_error;
struct ar_globals;

/* Point the log to where --log, --log-format and --debug say; also useful with globals that were
 * read in part. */
int ar_globals_log(const struct ar_globals *globals, struct ar_error *err);
/* Check the rest of the options before the command. */
int ar_globals_check(const struct ar_globals *globals, struct ar_error *err);
/* Fill in call->context: the state root, and what a command's flags ask for. */
int ar_globals_context(struct ar_call *call, struct ar_error *err);
/*
 * Where the state of containers is, in arena; nothing is made. 1: it is that of a user's session.
 */
int ar_globals_root(struct ar_arena *arena, const struct ar_globals *globals, const char **ret,
		    struct ar_error *err);
