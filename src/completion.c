/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "completion.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "output.h"

/* Options of one name take the same wherever there is one, but for the formats. What is not here
 * and takes a text takes a file. */
static const struct {
	const char *command; /* NULL: any */
	const char *option;
	struct ar_completion value;
} values[] = {
	{ NULL, "apparmor", { AR_VALUES_NONE, NULL } },
	{ NULL, "bundle", { AR_VALUES_FOLDERS, NULL } },
	{ NULL, "cgroup", { AR_VALUES_NONE, NULL } },
	{ NULL, "cgroup-manager", { AR_VALUES_WORDS, "cgroupfs systemd disabled" } },
	{ NULL, "cpuset-cpus", { AR_VALUES_NONE, NULL } },
	{ NULL, "cpuset-mems", { AR_VALUES_NONE, NULL } },
	{ NULL, "cwd", { AR_VALUES_NONE, NULL } },
	{ "doctor", "format", { AR_VALUES_WORDS, "text json" } },
	{ "explain", "format", { AR_VALUES_WORDS, "text json" } },
	{ NULL, "format", { AR_VALUES_WORDS, "table json" } },
	{ NULL, "image-path", { AR_VALUES_FOLDERS, NULL } },
	{ NULL, "interval", { AR_VALUES_NONE, NULL } },
	{ NULL, "log-format", { AR_VALUES_WORDS, "text json" } },
	{ NULL, "memory", { AR_VALUES_NONE, NULL } },
	{ NULL, "memory-reservation", { AR_VALUES_NONE, NULL } },
	{ NULL, "memory-swap", { AR_VALUES_NONE, NULL } },
	{ NULL, "process-label", { AR_VALUES_NONE, NULL } },
	{ NULL, "profile", { AR_VALUES_WORDS, "compat agent strict" } },
	{ NULL, "root", { AR_VALUES_FOLDERS, NULL } },
	{ NULL, "rootless", { AR_VALUES_WORDS, "true false auto" } },
	{ NULL, "user", { AR_VALUES_NONE, NULL } },
	{ NULL, "work-path", { AR_VALUES_FOLDERS, NULL } },
};

static const struct {
	const char *name;
	void (*write)(struct ar_text *t);
} shells[] = {
	{ "bash", ar_completion_bash },
	{ "fish", ar_completion_fish },
	{ "zsh", ar_completion_zsh },
};
#define SHELLS "bash fish zsh"

struct ar_completion ar_completion_of_option(const struct ar_command *command,
					     const struct ar_option *option)
{
	if (option->type != AR_OPTION_STRING)
		return (struct ar_completion){ AR_VALUES_NONE, NULL };
	for (size_t i = 0; i < AR_COUNT(values); i++) {
		if (strcmp(values[i].option, option->name) != 0)
			continue;
		if (!values[i].command ||
		    (command && strcmp(values[i].command, command->name) == 0))
			return values[i].value;
	}
	return (struct ar_completion){ AR_VALUES_FILES, NULL };
}

struct ar_completion ar_completion_of_arguments(const struct ar_command *command)
{
	if (command == &ar_command_completion)
		return (struct ar_completion){ AR_VALUES_WORDS, SHELLS };
	/* a new container has a new name */
	if (ar_starts_with(command->arguments, "<container-id>") &&
	    !(command->flags & AR_COMMAND_CREATES))
		return (struct ar_completion){ AR_VALUES_IDS, NULL };
	return (struct ar_completion){ AR_VALUES_NONE, NULL };
}

void ar_completion_quote(struct ar_text *t, const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			ar_text_add(t, "'\\''");
		else
			ar_text_add_n(t, s, 1);
	}
}

static int run(struct ar_call *call, struct ar_error *err)
{
	const char *asked = call->words.argv[0];
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	for (size_t i = 0; i < AR_COUNT(shells); i++) {
		if (strcmp(shells[i].name, asked) != 0)
			continue;
		shells[i].write(&t);
		return ar_print(ar_text_str(&t), t.len, err);
	}
	return ar_refuse(err, EINVAL, "no completion for '%s' (expected bash, fish or zsh)", asked);
}

const struct ar_command ar_command_completion = {
	.name = "completion",
	.summary = "print the completion of this command line for a shell",
	.arguments = "<bash|fish|zsh>",
	.text = "For bash, in ~/.bashrc: eval \"$(agentrun completion bash)\"\n",
	.table = &ar_no_options,
	.min_words = 1,
	.max_words = 1,
	.flags = AR_COMMAND_STATELESS,
	.run = run,
};
