/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "creation.h"

static int run(struct ar_call *call, struct ar_error *err)
{
	int r = ar_create_args_complete(call, err);

	return r < 0 ? r : ar_life_create(&call->context, call->options, err);
}

const struct ar_command ar_command_create = {
	.name = "create",
	.summary = "create a container",
	.arguments = "<container-id>",
	.text = "Creates a container from a bundle. Its program waits until \"agentrun start\".\n" AR_BUNDLE_HELP,
	.prefix = "agentrun create failed",
	.table = &ar_create_options,
	.options_size = sizeof(struct ar_create_args),
	.min_words = 1,
	.max_words = 1,
	.flags = AR_COMMAND_POLICY | AR_COMMAND_CREATES | AR_COMMAND_ENTERS,
	.run = run,
};
