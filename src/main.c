/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The command line tool: options before the command, one table of commands, and
 * what to do with their errors. A command prints its result itself and nothing
 * else; an error is one sentence, written here to the log and, when that is a
 * file, as a bare line to standard error as well, since engines read either.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "globals.h"
#include "help.h"
#include "kernel/self.h"

#define EXIT_ERROR 1
#define EXIT_UNKNOWN_COMMAND 3

const struct ar_command *const ar_commands[] = {
	&ar_command_checkpoint, &ar_command_completion, &ar_command_create, &ar_command_delete,
	&ar_command_doctor,	&ar_command_events,	&ar_command_exec,   &ar_command_explain,
	&ar_command_features,	&ar_command_kill,	&ar_command_list,   &ar_command_pause,
	&ar_command_ps,		&ar_command_restore,	&ar_command_resume, &ar_command_run,
	&ar_command_spec,	&ar_command_start,	&ar_command_state,  &ar_command_update,
};
const size_t ar_commands_n = AR_COUNT(ar_commands);

const struct ar_command *ar_command_find(const char *name)
{
	for (size_t i = 0; i < ar_commands_n; i++) {
		if (strcmp(ar_commands[i]->name, name) == 0)
			return ar_commands[i];
	}
	return NULL;
}

static int fail_text(const char *text, int code)
{
	ar_log(AR_LOG_ERROR, "%s", text);
	if (ar_log_fd() >= 0)
		dprintf(STDERR_FILENO, "%s\n", text);
	return code;
}

static int fail(const struct ar_error *err, int code)
{
	return fail_text(err->text, code);
}

/* A wrong command line: the help text on standard output, with runc's heading;
 * the error where errors go. */
static int fail_usage(const struct ar_command *command, const char *heading,
		      const struct ar_error *err)
{
	ar_help(command, heading);
	return fail(err, EXIT_ERROR);
}

static int fail_options(const struct ar_command *command, const struct ar_error *err)
{
	_cleanup_text_ struct ar_text heading = AR_TEXT_INIT;

	ar_text_addf(&heading, "Incorrect Usage%c %s", command ? ':' : '.', err->text);
	return fail_usage(command, ar_text_str(&heading), err);
}

/* With the newline that runc's message ends with. */
static int unknown_command(const char *name)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;
	struct ar_error err;

	(void)ar_refuse(&err, EINVAL, "No help topic for '%s'", name);
	ar_text_addf(&text, "%s\n", err.text);
	return fail_text(ar_text_str(&text), EXIT_UNKNOWN_COMMAND);
}

static bool is_help_command(const char *name)
{
	return strcmp(name, "help") == 0 || strcmp(name, "h") == 0;
}

/* Of the tool where no command is named, or this one. */
static int help_command(struct ar_call *call, const struct ar_words *words)
{
	const struct ar_command *command = NULL;
	struct ar_error err = { 0 };
	const char *name;
	int r;

	r = ar_options_parse(call->arena, &ar_no_options, words->argv + 1, words->argc - 1, NULL,
			     &call->words, &err);
	if (r < 0)
		return fail_usage(NULL, ar_printf(call->arena, "Incorrect Usage: %s", err.text),
				  &err);
	name = r == AR_OPTIONS_HELP || call->words.argc == 0 ? "" : call->words.argv[0];
	if (*name && !is_help_command(name)) {
		command = ar_command_find(name);
		if (!command)
			return unknown_command(name);
	}
	ar_help(command, NULL);
	return 0;
}

static int check_words(const struct ar_call *call, struct ar_error *err)
{
	const struct ar_command *command = call->command;
	int n = call->words.argc, wanted = command->min_words;
	const char *how = "exactly";

	if (n >= command->min_words && (command->max_words < 0 || n <= command->max_words))
		return 0;
	if (command->max_words != command->min_words)
		how = n < command->min_words ? "a minimum of" : "a maximum of";
	if (n > command->min_words)
		wanted = command->max_words;
	return ar_refuse(err, EINVAL, "%s: \"%s\" requires %s %d argument(s)", call->context.argv0,
			 command->name, how, wanted);
}

/* runc looks for the container before it looks at most of what is asked of it. */
static void say_missing(struct ar_call *call, struct ar_error *err)
{
	struct ar_error missing;
	struct ar_view view;

	if (call->context.root &&
	    ar_life_view(&call->context, call->arena, call->words.argv[0], &view, &missing) < 0)
		*err = missing;
}

/* words: the command's name and what stands behind it. */
static int run_command(struct ar_call *call, const struct ar_words *words)
{
	const struct ar_command *command = call->command;
	struct ar_error err = { 0 };
	int r;

	call->options = ar_alloc(call->arena, command->options_size + 1);
	r = ar_options_parse(call->arena, command->table, words->argv + 1, words->argc - 1,
			     call->options, &call->words, &err);
	if (r == AR_OPTIONS_HELP) {
		ar_help(command, NULL);
		return 0;
	}
	if (r < 0)
		return fail_options(command, &err);
	if (check_words(call, &err) < 0)
		return fail_usage(command, "Incorrect Usage.", &err);
	if (command->flags & AR_COMMAND_ENTERS)
		r = ar_self_protect(call->argv, environ, &err);
	if (r == 0)
		r = ar_globals_context(call, &err);
	if (r == 0)
		r = command->run(call, &err);
	if (r < 0 && (command->flags & AR_COMMAND_LOOKS_FIRST))
		say_missing(call, &err);
	if (r < 0) {
		if (command->prefix)
			(void)ar_prefix(&err, r, "%s", command->prefix);
		return fail(&err, command->error_code ? command->error_code : EXIT_ERROR);
	}
	return call->code;
}

static int dispatch(struct ar_call *call, const struct ar_words *words)
{
	const char *name = words->argc > 0 ? words->argv[0] : "";

	if (*name == '\0') {
		ar_help(NULL, NULL);
		return 0;
	}
	if (is_help_command(name))
		return help_command(call, words);
	call->command = ar_command_find(name);
	if (!call->command)
		return unknown_command(name);
	return run_command(call, words);
}

/* A descriptor that is opened while 0, 1 or 2 is closed would take its number
 * and be handed to the container. */
static int fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
			return -EBADF;
	}
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct ar_arena *arena = NULL;
	struct ar_globals globals = { 0 };
	struct ar_error err = { 0 };
	struct ar_words words = { 0 };
	struct ar_call call = { 0 };
	int r, r_log;

	if (argc < 1 || fill_standard_descriptors() < 0)
		return EXIT_ERROR;
	/* ignored by some callers, which execve(2) keeps: then no child could be waited for */
	(void)signal(SIGCHLD, SIG_DFL); /* cannot fail: a signal that exists */
	arena = ar_arena_new();
	call.arena = arena;
	call.globals = &globals;
	call.argv = argv;
	call.context.argv0 = argv[0];
	r = ar_options_parse(arena, &ar_global_options, argv + 1, argc - 1, &globals, &words, &err);
	r_log = ar_globals_log(&globals, r < 0 ? NULL : &err);
	if (r < 0)
		return fail_options(NULL, &err);
	if (r == AR_OPTIONS_HELP) {
		ar_help(NULL, NULL);
		return 0;
	}
	if (globals.version) {
		ar_version();
		return 0;
	}
	if (r_log < 0 || ar_globals_check(&globals, &err) < 0)
		return fail(&err, EXIT_ERROR);
	return dispatch(&call, &words);
}
