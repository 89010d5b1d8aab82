/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "completion.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "command.h"

/* zshcompsys(1). What is behind the command is completed by a function of its own. */
static const char beginning[] =
	"#compdef agentrun agentrun-compat agentrun-strict\n"
	"# Completion of agentrun for zsh, printed by: agentrun completion zsh\n"
	"\n"
	"_agentrun_ids() {\n"
	"\tlocal -a ids\n"
	"\tids=(${(f)\"$(agentrun ${opt_args[--root]:+--root=${opt_args[--root]}} list --quiet 2>/dev/null)\"})\n"
	"\tcompadd -a ids\n"
	"}\n"
	"\n";

/*
 * Loaded by its first use, as a file of fpath, it completes at once; evaluated, it is registered.
 */
static const char end[] = "if [ \"${funcstack[1]}\" = _agentrun ]; then\n"
			  "\t_agentrun \"$@\"\n"
			  "else\n"
			  "\tcompdef _agentrun agentrun agentrun-compat agentrun-strict\n"
			  "fi\n";

/* Brackets end a description. */
static void add_description(struct ar_text *t, const char *s)
{
	_cleanup_text_ struct ar_text quoted = AR_TEXT_INIT;

	ar_completion_quote(&quoted, s);
	for (const char *c = ar_text_str(&quoted); *c; c++) {
		if (*c == '[' || *c == ']')
			ar_text_add(t, "\\");
		ar_text_add_n(t, c, 1);
	}
}

static void add_value(struct ar_text *t, const struct ar_completion *value)
{
	switch (value->kind) {
	case AR_VALUES_NONE:
		ar_text_add(t, ":value: ");
		return;
	case AR_VALUES_WORDS:
		ar_text_addf(t, ":value:(%s)", value->words);
		return;
	case AR_VALUES_FILES:
		ar_text_add(t, ":file:_files");
		return;
	case AR_VALUES_FOLDERS:
		ar_text_add(t, ":folder:_files -/");
		return;
	case AR_VALUES_IDS:
		ar_text_add(t, ":container:_agentrun_ids");
		return;
	}
}

/* '*--env=[help]:value: ' */
static void add_option(struct ar_text *t, const struct ar_command *command,
		       const struct ar_option *option, const char *name)
{
	struct ar_completion value = ar_completion_of_option(command, option);
	bool is_long = name[1] == '-';

	ar_text_addf(t, " \\\n\t\t'%s%s", ar_option_is_list(option) ? "*" : "", name);
	if (!ar_option_is_switch(option) && is_long)
		ar_text_add(t, "=");
	ar_text_add(t, "[");
	add_description(t, option->help);
	ar_text_add(t, "]");
	if (!ar_option_is_switch(option))
		add_value(t, &value);
	ar_text_add(t, "'");
}

static void add_options(struct ar_text *t, const struct ar_command *command,
			const struct ar_option_table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct ar_option *option = &table->options[i];
		_cleanup_text_ struct ar_text name = AR_TEXT_INIT;
		const char letter[] = { '-', option->letter, '\0' };

		if (option->hidden)
			continue;
		ar_text_addf(&name, "--%s", option->name);
		add_option(t, command, option, ar_text_str(&name));
		if (option->letter)
			add_option(t, command, option, letter);
	}
	ar_text_add(t, " \\\n\t\t'(- *)--help[show help]' \\\n\t\t'(- *)-h[show help]'");
}

static void add_command(struct ar_text *t, const struct ar_command *command)
{
	struct ar_completion arguments = ar_completion_of_arguments(command);

	ar_text_addf(t, "\t%s)\n\t\t_arguments", command->name);
	add_options(t, command, command->table);
	if (arguments.kind != AR_VALUES_NONE) {
		ar_text_add(t, " \\\n\t\t'1");
		add_value(t, &arguments);
		ar_text_add(t, "'");
	}
	ar_text_add(t, "\n\t\t;;\n");
}

static void add_commands(struct ar_text *t)
{
	ar_text_add(t, "_agentrun_commands() {\n\tlocal -a commands\n\tcommands=(\n");
	for (size_t i = 0; i < ar_commands_n; i++) {
		ar_text_addf(t, "\t\t'%s:", ar_commands[i]->name);
		ar_completion_quote(t, ar_commands[i]->summary);
		ar_text_add(t, "'\n");
	}
	ar_text_add(t, "\t\t'help:show help, or that of one command'\n\t)\n"
		       "\t_describe command commands\n}\n\n");
}

void ar_completion_zsh(struct ar_text *t)
{
	ar_text_add(t, beginning);
	add_commands(t);
	ar_text_add(t, "_agentrun_command() {\n\tcase $words[1] in\n");
	for (size_t i = 0; i < ar_commands_n; i++)
		add_command(t, ar_commands[i]);
	ar_text_add(t, "\thelp | h) _agentrun_commands ;;\n\tesac\n}\n\n");
	ar_text_add(t, "_agentrun() {\n\tlocal curcontext=$curcontext state line\n"
		       "\ttypeset -A opt_args\n\t_arguments -C");
	add_options(t, NULL, &ar_global_options);
	ar_text_add(
		t,
		" \\\n\t\t'1:command:_agentrun_commands' \\\n\t\t'*::argument:_agentrun_command'\n"
		"}\n\n");
	ar_text_add(t, end);
}
