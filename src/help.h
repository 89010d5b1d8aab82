/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct ar_command;

/*
 * Print heading (NULL: none) and the help text of a command, NULL: of the tool, to standard output.
 */
void ar_help(const struct ar_command *command, const char *heading);
/* What --version says. */
void ar_version(void);
