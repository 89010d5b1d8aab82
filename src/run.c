/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "creation.h"

static int run(struct ar_call *call, struct ar_error *err)
{
	int r = ar_create_args_complete(call, err);

	return r < 0 ? r : ar_life_run(&call->context, call->options, &call->code, err);
}

const struct ar_command ar_command_run = {
	.name = "run",
	.summary = "create and run a container",
	.arguments = "<container-id>",
	.text = "Creates a container from a bundle and starts its program. Exits with the program's\n"
		"status, or with 128 plus the number of the signal that ended it.\n" AR_BUNDLE_HELP,
	.prefix = "agentrun run failed",
	.table = &ar_run_options,
	.options_size = sizeof(struct ar_create_args),
	.min_words = 1,
	.max_words = 1,
	.flags = AR_COMMAND_POLICY | AR_COMMAND_CREATES | AR_COMMAND_ENTERS,
	.run = run,
};
