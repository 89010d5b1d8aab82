/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>

#include "command.h"
#include "creation.h"

static int run(struct ar_call *call, struct ar_error *err)
{
	/* init may end before it is told: that is an error, not a signal */
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail: a signal that exists */
	return ar_life_start(&call->context, call->words.argv[0], ar_notify_address(), err);
}

const struct ar_command ar_command_start = {
	.name = "start",
	.summary = "start the program of a created container",
	.arguments = "<container-id>",
	.table = &ar_no_options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
