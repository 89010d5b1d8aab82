/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "help.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "command.h"
#include "version.h"

static const char version_text[] = "agentrun version " AR_VERSION "\n"
				   "commit: " AR_COMMIT "\n"
				   "spec: " AR_SPEC_VERSION "\n";

static const char about[] =
	"agentrun runs containers from bundles of the Open Container Initiative: a directory with a\n"
	"file config.json and a root filesystem. It takes runc's command line, so engines can use it in\n"
	"runc's place. Unlike runc it hardens every container by default: the profile says how far, and\n"
	"\"agentrun explain\" shows what a bundle asks for, what it gets and why.\n"
	"\n"
	"To run the bundle in the current directory:\n"
	"\n"
	"    # agentrun run <container-id>\n"
	"\n"
	"\"<container-id>\" is a name of your choice that no other container of this host has.\n";

static void add_option_names(struct ar_text *t, const struct ar_option *option)
{
	const char *value = ar_option_is_switch(option) ? "" : " value";

	ar_text_addf(t, "--%s%s", option->name, value);
	if (option->letter)
		ar_text_addf(t, ", -%c%s", option->letter, value);
}

static size_t names_width(const struct ar_option *option)
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	add_option_names(&t, option);
	return t.len;
}

static void add_line(struct ar_text *t, const char *left, size_t width, const char *right)
{
	ar_text_addf(t, "   %-*s  %s", (int)width, left, right);
}

static void add_options(struct ar_text *t, const char *title, const struct ar_option_table *table)
{
	size_t width = strlen("--help, -h");

	for (size_t i = 0; i < table->n; i++) {
		size_t w = table->options[i].hidden ? 0 : names_width(&table->options[i]);

		width = w > width ? w : width;
	}
	ar_text_addf(t, "\n%s:\n", title);
	for (size_t i = 0; i < table->n; i++) {
		const struct ar_option *option = &table->options[i];
		_cleanup_text_ struct ar_text names = AR_TEXT_INIT;

		if (option->hidden)
			continue;
		add_option_names(&names, option);
		add_line(t, ar_text_str(&names), width, option->help);
		if (option->fallback)
			ar_text_addf(t, " (default: \"%s\")", option->fallback);
		ar_text_add(t, "\n");
	}
	add_line(t, "--help, -h", width, "show help\n");
}

static void add_commands(struct ar_text *t)
{
	ar_text_add(t, "\nCOMMANDS:\n");
	for (size_t i = 0; i < ar_commands_n; i++) {
		add_line(t, ar_commands[i]->name, strlen("checkpoint"), ar_commands[i]->summary);
		ar_text_add(t, "\n");
	}
	add_line(t, "help, h", strlen("checkpoint"), "show this help, or that of one command\n");
}

static void add_tool(struct ar_text *t)
{
	ar_text_addf(
		t,
		"NAME:\n   agentrun - hardened container runtime for the Open Container Initiative\n\n%s",
		about);
	ar_text_add(
		t,
		"\nUSAGE:\n   agentrun [global options] command [command options] [arguments...]\n");
	ar_text_addf(t, "\nVERSION:\n   %s\n", AR_VERSION);
	add_commands(t);
	add_options(t, "GLOBAL OPTIONS", &ar_global_options);
}

static void add_command(struct ar_text *t, const struct ar_command *command)
{
	ar_text_addf(t, "NAME:\n   agentrun %s - %s\n", command->name, command->summary);
	ar_text_addf(t, "\nUSAGE:\n   agentrun %s [command options]%s%s\n", command->name,
		     *command->arguments ? " " : "", command->arguments);
	if (command->text)
		ar_text_addf(t, "\nDESCRIPTION:\n%s", command->text);
	add_options(t, "OPTIONS", command->table);
}

/* A help text that cannot be written has no other place to complain to. */
static void print(const char *s, size_t len)
{
	(void)ar_write_all(STDOUT_FILENO, s, len);
}

void ar_help(const struct ar_command *command, const char *heading)
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	if (heading)
		ar_text_addf(&t, "%s\n\n", heading);
	if (command)
		add_command(&t, command);
	else
		add_tool(&t);
	print(ar_text_str(&t), t.len);
}

void ar_version(void)
{
	print(version_text, sizeof(version_text) - 1);
}
