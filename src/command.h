/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "life/life.h"
#include "options.h"

struct ar_arena;
struct ar_error;

/* The options before the command. */
struct ar_globals {
	bool debug, systemd_cgroup, version;
	const char *log, *log_format, *root, *rootless, *cgroup_manager, *profile, *config, *criu;
};

/* One call of the tool. */
struct ar_call {
	struct ar_arena *arena;
	const struct ar_command *command;
	const struct ar_globals *globals;
	struct ar_context context;
	bool root_given;       /* --root was, so that a missing one is an error for "list" */
	void *options;	       /* the command's structure of options */
	struct ar_words words; /* its arguments */
	char **argv;	       /* of the whole call */
	int code;	       /* what the tool exits with when all went well */
};

/* What main does for a command before it runs. */
#define AR_COMMAND_POLICY 1u /* the administrator's file is read and the profile chosen */
#define AR_COMMAND_CREATES \
	2u			/* it makes a container: options that it cannot honour are refused \
				 */
#define AR_COMMAND_STATELESS 4u /* it does not create or choose the state root */
#define AR_COMMAND_ENTERS 8u	/* a process of ours enters a container */
#define AR_COMMAND_LOOKS_FIRST 16u /* of a container that is not there nothing else is said */

struct ar_command {
	const char *name;
	const char *summary;   /* one line, lower case */
	const char *arguments; /* "<container-id>" */
	const char *text;      /* what the help says besides; NULL: nothing */
	const char *prefix;    /* of its errors: "agentrun create failed"; NULL: none */
	const struct ar_option_table *table;
	size_t options_size;
	int min_words, max_words; /* max -1: any number */
	unsigned int flags;
	int error_code; /* what the tool exits with on an error, 0: 1 */
	/* Prints its result. 0 or -errno with one sentence in err. */
	int (*run)(struct ar_call *call, struct ar_error *err);
};

/* src/NAME.c each. */
extern const struct ar_command ar_command_checkpoint, ar_command_completion, ar_command_create,
	ar_command_delete, ar_command_doctor, ar_command_events, ar_command_exec,
	ar_command_explain, ar_command_features, ar_command_kill, ar_command_list, ar_command_pause,
	ar_command_ps, ar_command_restore, ar_command_resume, ar_command_run, ar_command_spec,
	ar_command_start, ar_command_state, ar_command_update;

/* All of them, by name; n entries. */
extern const struct ar_command *const ar_commands[];
extern const size_t ar_commands_n;
extern const struct ar_option_table ar_global_options;
/* NULL when there is none of that name. */
const struct ar_command *ar_command_find(const char *name);
