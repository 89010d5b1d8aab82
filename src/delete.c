/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

struct options {
	bool force;
};

static const struct ar_option options[] = {
	{ "force", 'f', AR_OPTION_BOOL, false, offsetof(struct options, force), NULL,
	  "kill the container if it is still running; it need not exist" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

static int run(struct ar_call *call, struct ar_error *err)
{
	const struct options *asked = call->options;

	return ar_life_delete(&call->context, call->words.argv[0], asked->force, err);
}

const struct ar_command ar_command_delete = {
	.name = "delete",
	.summary = "delete a stopped container and its resources",
	.arguments = "<container-id>",
	.table = &table,
	.options_size = sizeof(struct options),
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
