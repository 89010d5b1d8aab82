/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/passwd.h"
#include "base/str.h"

#define PASSWD_MAX (1 << 20)

static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

struct entry {
	const char *text;
	size_t name_len, at;
};

/* By name, then as they came. */
static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	size_t len = x->name_len < y->name_len ? x->name_len : y->name_len;
	int r = memcmp(x->text, y->text, len);

	if (r == 0)
		r = (x->name_len > y->name_len) - (x->name_len < y->name_len);
	return r ? r : (x->at > y->at) - (x->at < y->at);
}

/* For each entry of env whether a later one takes its place. */
static bool *overridden(struct ar_arena *arena, const struct ar_strings *env)
{
	struct entry *sorted = ar_alloc_array(arena, env->n + 1, sizeof(*sorted));
	bool *out = ar_alloc_array(arena, env->n + 1, sizeof(*out));

	for (size_t i = 0; i < env->n; i++)
		sorted[i] = (struct entry){ .text = env->items[i],
					    .name_len = name_length(env->items[i]),
					    .at = i };
	qsort(sorted, env->n, sizeof(*sorted), compare);
	for (size_t i = 0; i + 1 < env->n; i++)
		out[sorted[i].at] = sorted[i].name_len == sorted[i + 1].name_len &&
				    !memcmp(sorted[i].text, sorted[i + 1].text, sorted[i].name_len);
	return out;
}

static const char *variable(const struct ar_strings *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = env->n; i-- > 0;)
		if (name_length(env->items[i]) == len && !strncmp(env->items[i], name, len) &&
		    env->items[i][len])
			return env->items[i] + len + 1;
	return NULL;
}

/* The user's as the container's passwd(5) has it; "/" when there is none, as runc. */
static const char *home_of(struct ar_arena *arena, uint64_t uid)
{
	struct ar_passwd user;
	struct ar_error ignored;
	char *text;
	size_t len;

	if (ar_file_read(arena, AT_FDCWD, "/etc/passwd", PASSWD_MAX, &text, &len, &ignored) < 0)
		return "/";
	return ar_passwd_next(&text, uid, &user) && *user.home ? user.home : "/";
}

int ar_program_environment(struct ar_arena *arena, const struct ar_process *process,
			   unsigned int listen_fds, struct ar_program *ret, struct ar_error *err)
{
	const struct ar_strings *env = &process->env;
	char **out = ar_alloc_array(arena, env->n + 4, sizeof(*out));
	const bool *dropped = overridden(arena, env);
	const char *home = variable(env, "HOME");
	size_t n = 0;

	for (size_t i = 0; i < env->n; i++) {
		if (!strchr(env->items[i], '='))
			return ar_refuse(err, EINVAL,
					 "invalid environment variable: \"%s\": missing '='",
					 env->items[i]);
		if (env->items[i][0] == '=')
			return ar_refuse(
				err, EINVAL,
				"invalid environment variable: \"%s\": name cannot be empty",
				env->items[i]);
		/* one without a value is not kept beside the one that is added */
		if (!dropped[i] && !ar_streq(env->items[i], "HOME="))
			out[n++] = ar_strdup(arena, env->items[i]);
	}
	if (!home || !*home)
		out[n++] = ar_printf(arena, "HOME=%s",
				     home_of(arena, process->user ? process->user->uid.value : 0));
	if (listen_fds) {
		out[n++] = ar_printf(arena, "LISTEN_FDS=%u", listen_fds);
		out[n++] = ar_strdup(arena, "LISTEN_PID=1");
	}
	ret->envp = out;
	return 0;
}

/* 0 when it can be executed by us; else -errno. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* asks for the effective ids, and knows of noexec mounts */
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : -EACCES;
}

static int not_executable(const char *name, int r, struct ar_error *err)
{
	/* both words: one engine looks for the first, another for the second, and both mean exit
	 * code 126 */
	if (r == -EISDIR)
		return ar_refuse(err, EISDIR, "exec: \"%s\": is a directory: permission denied",
				 name);
	if (r == -ENOENT)
		return ar_refuse(err, ENOENT, "exec: \"%s\": stat %s: no such file or directory",
				 name, name);
	return ar_refuse(err, -r, "exec: \"%s\": %s", name, ar_errno_text(-r));
}

/*
 * As Go's os/exec: what is no program that may be executed is passed over, and the first one found
 * is not executed where its directory is relative.
 */
static int search(struct ar_arena *arena, const char *name, const char *path, const char **ret,
		  struct ar_error *err)
{
	char full[PATH_MAX];

	for (const char *p = path && *path ? path : NULL; p;) {
		size_t len = strcspn(p, ":");

		if (snprintf(full, sizeof(full), "%.*s%s%s", (int)len, p, len ? "/" : "./", name) <
			    (int)sizeof(full) &&
		    executable(full) == 0) {
			if (*p != '/')
				return ar_refuse(
					err, EINVAL,
					"exec: \"%s\": cannot run executable found relative to current directory",
					name);
			*ret = ar_strdup(arena, full);
			return 0;
		}
		p = p[len] ? p + len + 1 : NULL;
	}
	return ar_refuse(err, ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
}

int ar_program_find(struct ar_arena *arena, const struct ar_process *process,
		    struct ar_program *ret, struct ar_error *err)
{
	const char *name = process->args.n ? process->args.items[0] : "";
	int r;

	ret->argv = (char *const *)process->args.items;
	if (!strchr(name, '/'))
		return search(arena, name, variable(&process->env, "PATH"), &ret->path, err);
	r = executable(name);
	if (r < 0)
		return not_executable(name, r, err);
	ret->path = name;
	return 0;
}

int ar_program_execute(const struct ar_program *program, struct ar_error *err)
{
	execve(program->path, program->argv, program->envp);
	/* the file was there a moment ago: what is missing is the interpreter it names */
	if (errno == ENOENT)
		return ar_refuse(err, ENOENT, "exec %s: no such file or directory", program->path);
	return ar_fail(err, errno, "exec %s", program->path);
}
