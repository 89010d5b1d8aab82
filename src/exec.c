/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "creation.h"

#define AT(member) offsetof(struct ar_exec_args, member)

static const struct ar_option options[] = {
	{ "console-socket", 0, AR_OPTION_STRING, false, AT(io.console_socket), NULL,
	  "unix socket that receives the master side of the process's terminal" },
	{ "pidfd-socket", 0, AR_OPTION_STRING, false, AT(io.pidfd_socket), NULL,
	  "unix socket that receives a pidfd of the process" },
	{ "cwd", 0, AR_OPTION_STRING, false, AT(cwd), NULL, "working directory in the container" },
	{ "env", 'e', AR_OPTION_STRINGS, false, AT(env), NULL, "NAME=VALUE for the environment" },
	{ "tty", 't', AR_OPTION_BOOL, false, AT(tty), NULL, "give the process a terminal" },
	{ "user", 'u', AR_OPTION_STRING, false, AT(user), NULL,
	  "user and group by number: <uid>[:<gid>]" },
	{ "additional-gids", 'g', AR_OPTION_NUMBERS, false, AT(additional_gids), NULL,
	  "number of an additional group" },
	{ "process", 'p', AR_OPTION_STRING, false, AT(process_file), NULL,
	  "file with the process object, in place of a command and its options" },
	{ "detach", 'd', AR_OPTION_BOOL, false, AT(io.detach), NULL,
	  "do not wait for the process to end" },
	{ "pid-file", 0, AR_OPTION_STRING, false, AT(io.pid_file), NULL,
	  "file to write the process's id to" },
	{ "process-label", 0, AR_OPTION_STRING, false, AT(process_label), NULL,
	  "SELinux label; only where the profile allows it" },
	{ "apparmor", 0, AR_OPTION_STRING, false, AT(apparmor), NULL,
	  "AppArmor profile; only where the profile allows it" },
	{ "no-new-privs", 0, AR_OPTION_TRISTATE, false, AT(no_new_privs), NULL,
	  "no program may gain privileges" },
	{ "cap", 'c', AR_OPTION_STRINGS, false, AT(caps), NULL,
	  "add a capability; only where the profile allows it" },
	{ "preserve-fds", 0, AR_OPTION_UINT, false, AT(io.preserve_fds), "0",
	  "number of extra descriptors to pass after stdio and $LISTEN_FDS" },
	{ "cgroup", 0, AR_OPTION_STRINGS, false, AT(cgroups), NULL,
	  "existing cgroup, below the container's, to run the process in: [<controller>:]<path>" },
	{ "ignore-paused", 0, AR_OPTION_BOOL, false, AT(ignore_paused), NULL,
	  "accept a paused container: the process starts when it is resumed" },
};
/* options behind the container's name are the command's own */
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_FIRST, options);

static int run(struct ar_call *call, struct ar_error *err)
{
	struct ar_exec_args *args = call->options;
	const char **texts[] = { &args->cwd, &args->user, &args->process_file, &args->process_label,
				 &args->apparmor };
	int r;

	args->id = call->words.argv[0];
	args->argv = call->words.argv + 1;
	for (size_t i = 0; i < AR_COUNT(texts); i++)
		ar_drop_empty(texts[i]);
	if (args->cgroups.n == 1 && !*args->cgroups.items[0])
		args->cgroups.n = 0; /* the container's own */
	r = ar_io_complete(call, &args->io, err);
	return r < 0 ? r : ar_life_exec(&call->context, args, &call->code, err);
}

const struct ar_command ar_command_exec = {
	.name = "exec",
	.summary = "run another program in a container",
	.arguments = "<container-id> <command> [arguments...] | -p process.json <container-id>",
	.text = "Exits with the program's status, or with 255 if it could not be started. The program is\n"
		"held to the hardening profile that the container was created with.\n",
	.prefix = "exec failed",
	.table = &table,
	.options_size = sizeof(struct ar_exec_args),
	.min_words = 1,
	.max_words = -1,
	.flags = AR_COMMAND_ENTERS | AR_COMMAND_LOOKS_FIRST,
	.error_code = 255,
	.run = run,
};
