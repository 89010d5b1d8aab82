/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "completion.h"

#include <stddef.h>

#include "base/str.h"
#include "command.h"

/*
 * Finds the command, the words before it and what stands before the cursor. bash makes "=" a word
 * of its own. The parts between are written from the tables:
 *
 *   _agentrun_skip WORD     whether this option before the command has a value
 *   _agentrun_list COMMAND  sets options, words
 *   _agentrun_value OPTION  of "COMMAND OPTION": prints candidates
 */
static const char beginning[] =
	"# Completion of agentrun for bash, printed by: agentrun completion bash\n"
	"\n"
	"_agentrun_ids() {\n"
	"\t\"${COMP_WORDS[0]}\" \"${_agentrun_root[@]}\" list --quiet 2>/dev/null\n"
	"}\n"
	"\n";

static const char end[] =
	"_agentrun() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command='' options='' words='' answer i _agentrun_root=()\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t= | -*) ;;\n"
	"\t\t*)\n"
	"\t\t\tcommand=${COMP_WORDS[i]}\n"
	"\t\t\tbreak\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\t\tif _agentrun_skip \"${COMP_WORDS[i]}\"; then\n"
	"\t\t\tlocal option=${COMP_WORDS[i]}\n"
	"\t\t\t((i++))\n"
	"\t\t\tif [ \"${COMP_WORDS[i]}\" = = ]; then ((i++)); fi\n"
	"\t\t\tif [ \"$option\" = --root ]; then _agentrun_root=(--root \"${COMP_WORDS[i]}\"); fi\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif [ \"$cur\" = = ]; then\n"
	"\t\tcur=\n"
	"\telif [ \"$prev\" = = ]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\t_agentrun_list \"$command\"\n"
	"\tif answer=$(_agentrun_value \"$command $prev\"); then\n"
	"\t\tcase $answer in\n"
	"\t\t@files) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	"\t\t@folders) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	"\t\t*) mapfile -t COMPREPLY < <(compgen -W \"$answer\" -- \"$cur\") ;;\n"
	"\t\tesac\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	"\telse\n"
	"\t\tif [ \"$words\" = @ids ]; then words=$(_agentrun_ids); fi\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"\n"
	"complete -o filenames -F _agentrun agentrun agentrun-compat agentrun-strict\n";

static void add_skip(struct ar_text *t)
{
	ar_text_add(t, "_agentrun_skip() {\n\tcase $1 in\n\t");
	for (size_t i = 0; i < ar_global_options.n; i++) {
		const struct ar_option *option = &ar_global_options.options[i];

		if (!ar_option_is_switch(option))
			ar_text_addf(t, "--%s | ", option->name);
	}
	ar_text_add(t, "-) return 0 ;;\n\t*) return 1 ;;\n\tesac\n}\n\n");
}

static void add_options(struct ar_text *t, const struct ar_option_table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct ar_option *option = &table->options[i];

		if (option->hidden)
			continue;
		ar_text_addf(t, "--%s ", option->name);
		if (option->letter)
			ar_text_addf(t, "-%c ", option->letter);
	}
	ar_text_add(t, "--help -h");
}

static void add_commands(struct ar_text *t)
{
	for (size_t i = 0; i < ar_commands_n; i++)
		ar_text_addf(t, "%s ", ar_commands[i]->name);
}

static void add_list(struct ar_text *t)
{
	ar_text_add(t, "_agentrun_list() {\n\tcase $1 in\n\t'')\n\t\toptions='");
	add_options(t, &ar_global_options);
	ar_text_add(t, "'\n\t\twords='");
	add_commands(t);
	ar_text_add(t, "help'\n\t\t;;\n\thelp | h)\n\t\twords='");
	add_commands(t);
	ar_text_add(t, "'\n\t\t;;\n");
	for (size_t i = 0; i < ar_commands_n; i++) {
		const struct ar_command *command = ar_commands[i];
		struct ar_completion arguments = ar_completion_of_arguments(command);

		ar_text_addf(t, "\t%s)\n\t\toptions='", command->name);
		add_options(t, command->table);
		ar_text_add(t, "'\n");
		if (arguments.kind == AR_VALUES_IDS)
			ar_text_add(t, "\t\twords=@ids\n");
		else if (arguments.kind == AR_VALUES_WORDS)
			ar_text_addf(t, "\t\twords='%s'\n", arguments.words);
		ar_text_add(t, "\t\t;;\n");
	}
	ar_text_add(t, "\tesac\n}\n\n");
}

static void add_values(struct ar_text *t, const struct ar_command *command,
		       const struct ar_option_table *table)
{
	static const char *const
		answers[] = { [AR_VALUES_FILES] = "@files", [AR_VALUES_FOLDERS] = "@folders" };
	const char *name = command ? command->name : "";

	for (size_t i = 0; i < table->n; i++) {
		const struct ar_option *option = &table->options[i];
		struct ar_completion value = ar_completion_of_option(command, option);

		if (option->hidden || ar_option_is_switch(option))
			continue;
		ar_text_addf(t, "\t'%s --%s'", name, option->name);
		if (option->letter)
			ar_text_addf(t, " | '%s -%c'", name, option->letter);
		if (value.kind == AR_VALUES_WORDS)
			ar_text_addf(t, ") echo '%s' ;;\n", value.words);
		else if (value.kind == AR_VALUES_NONE)
			ar_text_add(t, ") ;;\n");
		else
			ar_text_addf(t, ") echo %s ;;\n", answers[value.kind]);
	}
}

void ar_completion_bash(struct ar_text *t)
{
	ar_text_add(t, beginning);
	add_skip(t);
	add_list(t);
	ar_text_add(t, "_agentrun_value() {\n\tcase $1 in\n");
	add_values(t, NULL, &ar_global_options);
	for (size_t i = 0; i < ar_commands_n; i++)
		add_values(t, ar_commands[i], ar_commands[i]->table);
	ar_text_add(t, "\t*) return 1 ;;\n\tesac\n}\n\n");
	ar_text_add(t, end);
}
