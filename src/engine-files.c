/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "policy/config.h"
#include "policy/hostpaths.h"

#define FILE_MAX (256u << 10)

const char *ar_engine_read(struct ar_visit *v, const char *area, const char *path)
{
	struct ar_error err;
	char *text;
	size_t len;
	int r = ar_file_read(v->arena, AT_FDCWD, path, FILE_MAX, &text, &len, &err);

	if (r == 0)
		return text;
	if (r != -ENOENT)
		ar_visit_add(v, area, "configuration", AR_VERDICT_FAILURE, NULL, "%s", err.text);
	return NULL;
}

static void append(struct ar_arena *arena, struct ar_toml *all, const struct ar_toml *more)
{
	struct ar_toml_entry *entries = ar_alloc_array(arena, all->n + more->n, sizeof(*entries));

	if (all->n > 0)
		memcpy(entries, all->entries, all->n * sizeof(*entries));
	if (more->n > 0)
		memcpy(entries + all->n, more->entries, more->n * sizeof(*entries));
	all->entries = entries;
	all->n += more->n;
}

void ar_engine_read_toml(struct ar_visit *v, const char *area, const char *pattern,
			 struct ar_toml *ret)
{
	glob_t found = { 0 };

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *path = found.gl_pathv[i];
			const char *text = ar_engine_read(v, area, path);
			struct ar_toml toml;
			struct ar_error err;

			if (!text)
				continue;
			if (ar_toml_parse(v->arena, path, text, &toml, &err) == 0)
				append(v->arena, ret, &toml);
			else
				ar_visit_add(v, area, "configuration", AR_VERDICT_FAILURE, NULL,
					     "%s", err.text);
		}
	}
	globfree(&found);
}

bool ar_engine_is_ours(const char *program)
{
	static const char *const names[] = { "agentrun", "agentrun-compat", "agentrun-strict" };
	const char *slash = strrchr(program, '/');

	for (size_t i = 0; i < AR_COUNT(names); i++) {
		if (strcmp(slash ? slash + 1 : program, names[i]) == 0)
			return true;
	}
	return false;
}

void ar_engine_check_runtime(struct ar_visit *v, const char *area, const char *name,
			     const char *program)
{
	const char *label = ar_printf(v->arena, "runtime %s", name);

	if (ar_host_program(v->arena, program)) {
		ar_visit_add(v, area, label, AR_VERDICT_OK, NULL, "%s", program);
		return;
	}
	ar_visit_add(v, area, label, AR_VERDICT_FAILURE,
		     "name the file where agentrun is installed: command -v agentrun",
		     "%s: missing, or not executable", program);
}

void ar_engine_check_data(struct ar_visit *v, const char *area, const char *root)
{
	if (!root || !*root || v->host->euid != 0 || !v->config ||
	    ar_path_in(root, &ar_engine_trees) || ar_path_in(root, &v->config->engine_roots))
		return;
	ar_visit_add(v, area, "data root", AR_VERDICT_WARNING,
		     ar_printf(v->arena, "add it to engine-roots of %s; see agentrun-policy(5)",
			       AR_CONFIG_FILE),
		     "%s is not known as an engine's: containers can bind what lies there", root);
}

void ar_engine_absent(struct ar_visit *v, const char *area, const char *program,
		      const char *snippet)
{
	if (!ar_host_program(v->arena, program))
		ar_visit_add(v, area, program, AR_VERDICT_NOTE, NULL, "not installed");
	else
		ar_visit_add(v, area, "runtimes", AR_VERDICT_WARNING,
			     ar_printf(v->arena, "add what %s/%s has", AR_SNIPPETS, snippet),
			     "its configuration does not name agentrun");
}
