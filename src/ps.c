/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "command.h"
#include "kernel/cgroup.h"
#include "output.h"
#include "json/write.h"

#define PS_OUTPUT_MAX (64u << 20)

struct options {
	const char *format;
};

static const struct ar_option options[] = {
	{ "format", 'f', AR_OPTION_STRING, false, offsetof(struct options, format), "table",
	  "table or json" },
};
/* options behind the container's name are those of ps(1) */
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_FIRST, options);

struct pids {
	pid_t *items; /* ascending */
	size_t n;
};

static int find_pids(struct ar_call *call, struct pids *ret, struct ar_error *err)
{
	_cleanup_cgroup_ struct ar_cgroup cgroup = AR_CGROUP_INIT;
	struct ar_view view = { 0 };
	int r;

	r = ar_life_view(&call->context, call->arena, call->words.argv[0], &view, err);
	if (r < 0 || view.status == AR_STATUS_STOPPED)
		return r;
	if (!view.record->cgroup)
		return ar_refuse(
			err, ENOTSUP,
			"the container has no cgroup of its own, which would tell its processes");
	r = ar_cgroup_reopen(call->arena, view.record->cgroup_root, view.record->cgroup, &cgroup,
			     err);
	if (r < 0 || cgroup.fd < 0)
		return r;
	return ar_cgroup_pids(call->arena, &cgroup, &ret->items, &ret->n, err);
}

static int print_json(const struct pids *pids, struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	_cleanup_text_ struct ar_text out = AR_TEXT_INIT;

	ar_json_open(&w, '[');
	for (size_t i = 0; i < pids->n; i++)
		ar_json_i64(&w, pids->items[i]);
	ar_json_close(&w, ']');
	ar_text_addf(&out, "%s\n", pids->n > 0 ? ar_text_str(&w.out) : "null");
	ar_json_done(&w);
	return ar_print(ar_text_str(&out), out.len, err);
}

/* In the child: ps(1) with the caller's arguments. Its errors go where its output goes, as with
 * runc. */
static void exec_ps(const struct ar_call *call, int out)
{
	static char program[] = "ps", everything[] = "-ef";
	static char *const fallback[] = { program, everything, NULL };
	char **argv = call->words.argv;

	/* argv[0] is the container's name: the place of the program's */
	argv[0] = program;
	if (dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
		execvp(program, call->words.argc > 1 ? argv : fallback);
	_exit(127);
}

static int wait_for(pid_t pid, const char *output, struct ar_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return ar_fail(err, errno, "wait for ps");
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && *output == '\0')
		return ar_refuse(err, ENOENT, "exec: \"ps\": executable file not found in $PATH");
	if (WIFSIGNALED(status))
		return ar_refuse(err, EIO, "ps: signal %d: %s", WTERMSIG(status), output);
	return ar_refuse(err, EIO, "ps: exit status %d: %s", WEXITSTATUS(status), output);
}

static int read_ps(struct ar_call *call, char **ret, struct ar_error *err)
{
	_cleanup_fd_ int from = -1, to = -1;
	struct ar_error waited = { 0 };
	int fds[2], r, r_wait;
	size_t len;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return ar_fail(err, errno, "make a pipe for ps");
	from = fds[0];
	to = fds[1];
	pid = fork();
	if (pid < 0)
		return ar_fail(err, errno, "start ps");
	if (pid == 0)
		exec_ps(call, to);
	ar_close_fd(&to);
	*ret = ar_strdup(call->arena, "");
	r = ar_file_read_fd(call->arena, from, "output of ps", PS_OUTPUT_MAX, ret, &len, err);
	ar_close_fd(&from);
	r_wait = wait_for(pid, *ret, &waited);
	if (r == 0 && r_wait < 0)
		return ar_refuse(err, EIO, "%s", waited.text);
	return r;
}

/* The field of that number in a line of blank-separated ones, NULL: it has not so many. */
static const char *field(const char *line, size_t number)
{
	for (;;) {
		line += strspn(line, " \t");
		if (*line == '\0' || number-- == 0)
			break;
		line += strcspn(line, " \t");
	}
	return *line ? line : NULL;
}

static int find_pid_column(const char *header, size_t *ret, struct ar_error *err)
{
	const char *at;

	for (*ret = 0; (at = field(header, *ret)); (*ret)++) {
		if (strcspn(at, " \t") == 3 && strncmp(at, "PID", 3) == 0)
			return 0;
	}
	return ar_refuse(err, EINVAL, "couldn't find PID field in ps output");
}

static bool is_listed(const struct pids *pids, const char *at)
{
	long pid = at ? strtol(at, NULL, 10) : 0;

	for (size_t i = 0; i < pids->n; i++) {
		if (pids->items[i] == pid)
			return true;
	}
	return false;
}

static int print_table(struct ar_call *call, const struct pids *pids, struct ar_error *err)
{
	_cleanup_text_ struct ar_text out = AR_TEXT_INIT;
	char *output, *line, *rest = NULL;
	size_t column;
	int r;

	r = read_ps(call, &output, err);
	if (r < 0)
		return r;
	line = strtok_r(output, "\n", &rest);
	r = find_pid_column(line ? line : "", &column, err);
	if (r < 0)
		return r;
	ar_text_addf(&out, "%s\n", line);
	while ((line = strtok_r(NULL, "\n", &rest))) {
		if (is_listed(pids, field(line, column)))
			ar_text_addf(&out, "%s\n", line);
	}
	return ar_print(ar_text_str(&out), out.len, err);
}

static int run(struct ar_call *call, struct ar_error *err)
{
	const struct options *asked = call->options;
	bool json = strcmp(asked->format, "json") == 0;
	struct pids pids = { 0 };
	int r;

	if (!json && strcmp(asked->format, "table") != 0)
		return ar_refuse(err, EINVAL, "invalid format option");
	r = find_pids(call, &pids, err);
	if (r < 0)
		return r;
	return json ? print_json(&pids, err) : print_table(call, &pids, err);
}

const struct ar_command ar_command_ps = {
	.name = "ps",
	.summary = "show the processes of a container",
	.arguments = "<container-id> [ps options]",
	.text = "The table is what ps(1) prints, with the options given (default: -ef), without the\n"
		"processes outside the container. Process ids are those that the caller sees.\n",
	.table = &table,
	.options_size = sizeof(struct options),
	.min_words = 1,
	.max_words = -1,
	.flags = AR_COMMAND_LOOKS_FIRST,
	.run = run,
};
