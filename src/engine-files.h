/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "doctor.h"
#include "spec/field.h"
#include "toml.h"

/* What the engines' areas of "agentrun doctor" have in common. */

/* Where "make install" and the Debian package put what an engine's configuration needs. */
#define AR_SNIPPETS AR_DATADIR "/agentrun/engines"

/* Text of a file, in arena; NULL when it is not there. What cannot be read for another reason is
 * found as a failure of that area. */
const char *ar_engine_read(struct ar_visit *v, const char *area, const char *path);
/*
 * The same for TOML files, pattern as glob(7) has it: their entries one file behind the other, in
 * *ret. A file that is no TOML is found as a failure.
 */
void ar_engine_read_toml(struct ar_visit *v, const char *area, const char *pattern,
			 struct ar_toml *ret);
/* Whether a program, by its file's name, is agentrun under one of its names. */
bool ar_engine_is_ours(const char *program);
/* Report whether the program of that runtime can be executed. */
void ar_engine_check_runtime(struct ar_visit *v, const char *area, const char *name,
			     const char *program);
/* Warn of a data root, NULL being the engine's usual one, whose files policy does not know as an
 * engine's. Those of users' own engines are known by their place in a home. */
void ar_engine_check_data(struct ar_visit *v, const char *area, const char *root);
/* Find that the engine is not there, or that it names no agentrun; snippet: the file to look at. */
void ar_engine_absent(struct ar_visit *v, const char *area, const char *program,
		      const char *snippet);
