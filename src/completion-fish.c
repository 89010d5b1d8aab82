/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "completion.h"

#include <stddef.h>

#include "base/str.h"
#include "command.h"

/* "complete" of fish, a line for each thing. */
static const char beginning[] =
	"# Completion of agentrun for fish, printed by: agentrun completion fish\n"
	"\n"
	"function __agentrun_ids\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l root\n"
	"\tif set -l at (contains -i -- --root $words)\n"
	"\t\tset root --root $words[(math $at + 1)]\n"
	"\tend\n"
	"\t$words[1] $root list --quiet 2>/dev/null\n"
	"end\n"
	"\n";

/* Whether the command before the cursor is the one named; "" for none yet. */
static const char is_command[] = "function __agentrun_is\n"
				 "\tset -l words (commandline -opc)\n"
				 "\tset -e words[1]\n"
				 "\tset -l skip 0\n"
				 "\tset -l command ''\n"
				 "\tfor word in $words\n"
				 "\t\tif test $skip = 1\n"
				 "\t\t\tset skip 0\n"
				 "\t\telse if contains -- $word $__agentrun_with_value\n"
				 "\t\t\tset skip 1\n"
				 "\t\telse if not string match -q -- '-*' $word\n"
				 "\t\t\tset command $word\n"
				 "\t\t\tbreak\n"
				 "\t\tend\n"
				 "\tend\n"
				 "\ttest \"$command\" = \"$argv[1]\"\n"
				 "end\n"
				 "\n";

static const char end[] = "complete -c agentrun-compat -w agentrun\n"
			  "complete -c agentrun-strict -w agentrun\n";

/* In single quotes fish knows \' and \\. */
static void add_quoted(struct ar_text *t, const char *s)
{
	ar_text_add(t, "'");
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			ar_text_add(t, "\\");
		ar_text_add_n(t, s, 1);
	}
	ar_text_add(t, "'");
}

static void add_values(struct ar_text *t, const struct ar_completion *value)
{
	switch (value->kind) {
	case AR_VALUES_NONE:
		return;
	case AR_VALUES_WORDS:
		ar_text_addf(t, " -a '%s'", value->words);
		return;
	case AR_VALUES_FILES:
		ar_text_add(t, " -F");
		return;
	case AR_VALUES_FOLDERS:
		ar_text_add(t, " -a '(__fish_complete_directories)'");
		return;
	case AR_VALUES_IDS:
		ar_text_add(t, " -a '(__agentrun_ids)'");
		return;
	}
}

static void add_options(struct ar_text *t, const struct ar_command *command,
			const struct ar_option_table *table)
{
	const char *name = command ? command->name : "";

	for (size_t i = 0; i < table->n; i++) {
		const struct ar_option *option = &table->options[i];
		struct ar_completion value = ar_completion_of_option(command, option);

		if (option->hidden)
			continue;
		ar_text_addf(t, "complete -c agentrun -n '__agentrun_is \"%s\"' -l %s", name,
			     option->name);
		if (option->letter)
			ar_text_addf(t, " -s %c", option->letter);
		if (!ar_option_is_switch(option)) {
			ar_text_add(t, value.kind == AR_VALUES_FILES ? " -r" : " -x");
			add_values(t, &value);
		}
		ar_text_add(t, " -d ");
		add_quoted(t, option->help);
		ar_text_add(t, "\n");
	}
	ar_text_addf(t,
		     "complete -c agentrun -n '__agentrun_is \"%s\"' -l help -s h -d 'show help'\n",
		     name);
}

static void add_command(struct ar_text *t, const struct ar_command *command)
{
	static const char *const before[] = { "", "help", "h" };
	struct ar_completion arguments = ar_completion_of_arguments(command);

	for (size_t i = 0; i < AR_COUNT(before); i++) {
		ar_text_addf(t, "complete -c agentrun -n '__agentrun_is \"%s\"' -a %s -d ",
			     before[i], command->name);
		add_quoted(t, command->summary);
		ar_text_add(t, "\n");
	}
	add_options(t, command, command->table);
	if (arguments.kind == AR_VALUES_NONE)
		return;
	ar_text_addf(t, "complete -c agentrun -n '__agentrun_is \"%s\"'", command->name);
	add_values(t, &arguments);
	ar_text_add(t, "\n");
}

void ar_completion_fish(struct ar_text *t)
{
	ar_text_add(t, beginning);
	ar_text_add(t, "set -g __agentrun_with_value");
	for (size_t i = 0; i < ar_global_options.n; i++) {
		if (!ar_option_is_switch(&ar_global_options.options[i]))
			ar_text_addf(t, " --%s", ar_global_options.options[i].name);
	}
	ar_text_add(t, "\n\n");
	ar_text_add(t, is_command);
	ar_text_add(t, "complete -c agentrun -f\n");
	add_options(t, NULL, &ar_global_options);
	for (size_t i = 0; i < ar_commands_n; i++)
		add_command(t, ar_commands[i]);
	ar_text_add(
		t,
		"complete -c agentrun -n '__agentrun_is \"\"' -a help -d 'show help, or that of one command'\n");
	ar_text_add(t, end);
}
