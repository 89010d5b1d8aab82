/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

static int run(struct ar_call *call, struct ar_error *err)
{
	return ar_life_pause(&call->context, call->words.argv[0], err);
}

const struct ar_command ar_command_pause = {
	.name = "pause",
	.summary = "pause a container",
	.arguments = "<container-id>",
	.table = &ar_no_options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
