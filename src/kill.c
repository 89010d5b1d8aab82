/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "signals.h"

struct options {
	bool all;
};

static const struct ar_option options[] = {
	{ "all", 'a', AR_OPTION_BOOL, true, offsetof(struct options, all), NULL,
	  "succeed even if the container is not running" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

static int run(struct ar_call *call, struct ar_error *err)
{
	const struct options *asked = call->options;
	const char *name = call->words.argc > 1 ? call->words.argv[1] : "";
	int signo, r;

	if (!*name)
		name = "SIGTERM";
	r = ar_signal_parse(name, &signo, err);
	if (r < 0)
		return r;
	return ar_life_kill(&call->context, call->words.argv[0], signo, asked->all, err);
}

const struct ar_command ar_command_kill = {
	.name = "kill",
	.summary = "send a signal (default: SIGTERM) to a container's first process",
	.arguments = "<container-id> [signal]",
	.text = "The signal is a number or a name, with or without SIG. KILL ends all processes of the\n"
		"container.\n",
	.table = &table,
	.options_size = sizeof(struct options),
	.min_words = 1,
	.max_words = 2,
	.flags = AR_COMMAND_LOOKS_FIRST,
	.run = run,
};
