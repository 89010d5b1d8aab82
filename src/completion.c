/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "completion.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "output.h"

/* Options of one name take the same wherever there is one, but for the formats. Of what is not
 * here a shell knows nothing. */
static const struct {
	const char *command; /* NULL: any */
	const char *option;
	struct ar_completion value;
} values[] = {
	{ NULL, "bundle", { AR_VALUES_FOLDERS, NULL } },
	{ NULL, "cgroup-manager", { AR_VALUES_WORDS, "cgroupfs systemd disabled" } },
	{ NULL, "config", { AR_VALUES_FILES, NULL } },
	{ NULL, "criu", { AR_VALUES_FILES, NULL } },
	{ NULL, "console-socket", { AR_VALUES_FILES, NULL } },
	{ NULL, "cpu-idle", { AR_VALUES_WORDS, "0 1" } },
	{ NULL, "empty-ns", { AR_VALUES_WORDS, "network" } },
	{ "doctor", "format", { AR_VALUES_WORDS, "text json" } },
	{ "explain", "format", { AR_VALUES_WORDS, "text json" } },
	{ NULL, "format", { AR_VALUES_WORDS, "table json" } },
	{ NULL, "image-path", { AR_VALUES_FOLDERS, NULL } },
	{ NULL, "log", { AR_VALUES_FILES, NULL } },
	{ NULL, "log-format", { AR_VALUES_WORDS, "text json" } },
	{ NULL, "manage-cgroups-mode", { AR_VALUES_WORDS, "soft full strict ignore" } },
	{ NULL, "pid-file", { AR_VALUES_FILES, NULL } },
	{ NULL, "pidfd-socket", { AR_VALUES_FILES, NULL } },
	{ NULL, "process", { AR_VALUES_FILES, NULL } },
	{ NULL, "profile", { AR_VALUES_WORDS, "compat agent strict" } },
	{ NULL, "resources", { AR_VALUES_FILES, NULL } },
	{ NULL, "root", { AR_VALUES_FOLDERS, NULL } },
	{ NULL, "rootless", { AR_VALUES_WORDS, "true false auto" } },
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
	for (size_t i = 0; i < AR_COUNT(values); i++) {
		if (strcmp(values[i].option, option->name) != 0)
			continue;
		if (!values[i].command ||
		    (command && strcmp(values[i].command, command->name) == 0))
			return values[i].value;
	}
	return (struct ar_completion){ AR_VALUES_NONE, NULL };
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
	.summary = "print the completion script for a shell",
	.arguments = "<bash|fish|zsh>",
	.text = "For bash, in ~/.bashrc: eval \"$(agentrun completion bash)\"\n",
	.table = &ar_no_options,
	.min_words = 1,
	.max_words = 1,
	.flags = AR_COMMAND_STATELESS,
	.run = run,
};
