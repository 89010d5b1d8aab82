/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/hooks.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "run/hook-process.h"
#include "json/write.h"

/* How much of a hook's output an error quotes: with the rest of the sentence it fits struct
 * ar_error. */
#define QUOTE_MAX 800

static const struct {
	const char *name;
	size_t offset; /* of its list in struct ar_hooks */
	bool go_on;    /* a failure is only logged */
} kinds[AR_HOOK_KIND_COUNT] = {
	[AR_HOOK_PRESTART] = { "prestart", offsetof(struct ar_hooks, prestart), false },
	[AR_HOOK_CREATE_RUNTIME] = { "createRuntime", offsetof(struct ar_hooks, create_runtime),
				     false },
	[AR_HOOK_CREATE_CONTAINER] = { "createContainer",
				       offsetof(struct ar_hooks, create_container), false },
	[AR_HOOK_START_CONTAINER] = { "startContainer", offsetof(struct ar_hooks, start_container),
				      false },
	[AR_HOOK_POSTSTART] = { "poststart", offsetof(struct ar_hooks, poststart), false },
	[AR_HOOK_POSTSTOP] = { "poststop", offsetof(struct ar_hooks, poststop), true },
};

const char *ar_hook_kind_name(enum ar_hook_kind kind)
{
	return kinds[kind].name;
}

const struct ar_list *ar_hooks_of(const struct ar_hooks *hooks, enum ar_hook_kind kind)
{
	static const struct ar_list none;

	return hooks ? (const struct ar_list *)((const char *)hooks + kinds[kind].offset) : &none;
}

char *ar_hook_state_json(const struct ar_hook_state *state)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	const struct ar_map *annotations = state->annotations;
	char *json;

	ar_json_open(&w, '{');
	ar_json_kv(&w, "ociVersion", state->oci_version ? state->oci_version : AR_SPEC_VERSION);
	ar_json_kv(&w, "id", state->id);
	ar_json_kv(&w, "status", state->status);
	if (state->pid > 0)
		ar_json_kv_i64(&w, "pid", state->pid);
	ar_json_kv(&w, "bundle", state->bundle);
	if (annotations && annotations->n) {
		ar_json_key(&w, "annotations");
		ar_json_open(&w, '{');
		for (size_t i = 0; i < annotations->n; i++)
			ar_json_kv(&w, annotations->items[i].key, annotations->items[i].value);
		ar_json_close(&w, '}');
	}
	ar_json_close(&w, '}');
	json = strdup(ar_text_str(&w.out));
	ar_json_done(&w);
	if (!json)
		ar_no_memory();
	return json;
}

/* An output without the newlines at its end; of a long one the last max bytes: there the reason
 * stands. */
static const char *quote(struct ar_text *text, size_t max)
{
	const char *s;

	while (text->len > 0 && (text->s[text->len - 1] == '\n' || text->s[text->len - 1] == '\r'))
		text->s[--text->len] = '\0';
	s = ar_text_str(text);
	if (text->len > max)
		s += text->len - max;
	while (((unsigned char)*s & 0xc0) == 0x80)
		s++; /* the rest of a character that was cut */
	return s;
}

/* What one output leaves of the room is the other's. */
static size_t room_beside(const struct ar_text *other)
{
	return other->len < QUOTE_MAX / 2 ? QUOTE_MAX - other->len : QUOTE_MAX / 2;
}

/* "exit status 1", "signal: killed" */
static void say_how(int status, char *how, size_t size)
{
	const char *name = WIFSIGNALED(status) ? sigdescr_np(WTERMSIG(status)) : NULL;

	if (WIFEXITED(status))
		(void)snprintf(how, size, "exit status %d", WEXITSTATUS(status));
	else if (name)
		(void)snprintf(how, size, "signal: %c%s", tolower((unsigned char)name[0]),
			       name + 1);
	else
		(void)snprintf(how, size, "signal: signal %d", WTERMSIG(status));
}

static int judge(const struct ar_hook_process *process, struct ar_hook_result *result,
		 struct ar_error *err)
{
	const char *out, *errs;
	char how[64] = "";

	if (result->timed_out)
		return ar_refuse(err, ETIMEDOUT, "hook ran past specified timeout of %.1fs",
				 process->limit_ms / 1000.0);
	if (WIFEXITED(result->status) && WEXITSTATUS(result->status) == 0)
		return 0;
	say_how(result->status, how, sizeof(how));
	ar_debug("hook '%s': %s, stdout: %s, stderr: %s", process->path, how,
		 ar_text_str(&result->out), ar_text_str(&result->err));
	out = quote(&result->out, room_beside(&result->err));
	errs = quote(&result->err, room_beside(&result->out));
	return ar_refuse(err, ECANCELED, "%s, stdout: %s, stderr: %s", how, out, errs);
}

/* Milliseconds, -1: no bound. */
static int limit_of(const struct ar_hook *hook, const struct ar_hooks_where *where)
{
	int64_t seconds = where->limit_seconds ? where->limit_seconds : AR_HOOK_LIMIT_SECONDS;

	if (hook->timeout.set && hook->timeout.value > 0)
		seconds = hook->timeout.value;
	if (seconds < 0)
		return -1;
	return seconds > INT_MAX / 1000 ? INT_MAX : (int)seconds * 1000;
}

static char *const *environment_of(const struct ar_hook *hook, const struct ar_hooks_where *where)
{
	bool own = where->empty_is_none ? hook->env.n > 0 : hook->env.items != NULL;

	if (own)
		return (char *const *)hook->env.items;
	return where->env ? where->env : environ;
}

static int run_one(const struct ar_hook *hook, const char *json, const struct ar_hooks_where *where,
		   struct ar_error *err)
{
	char *just_path[] = { (char *)hook->path, NULL };
	struct ar_hook_process process = {
		.path = hook->path,
		/* execve(2) takes them as char *const, and does not write */
		.argv = hook->args.n ? (char *const *)hook->args.items : just_path,
		.env = environment_of(hook, where),
		.cwd = where->cwd,
		.input = json,
		.limit_ms = limit_of(hook, where),
	};
	_cleanup_hook_result_ struct ar_hook_result result = { 0 };
	int r;

	ar_debug("running hook '%s'", hook->path);
	r = ar_hook_process_run(&process, &result, err);
	return r < 0 ? r : judge(&process, &result, err);
}

int ar_hooks_run(enum ar_hook_kind kind, const struct ar_list *hooks,
		 const struct ar_hook_state *state, const struct ar_hooks_where *where,
		 struct ar_error *err)
{
	_cleanup_free_ char *json = NULL;
	unsigned int number = 0;

	if (!hooks->n)
		return 0;
	json = ar_hook_state_json(state);
	ar_list_foreach(const struct ar_hook, hook, hooks) {
		struct ar_error failure = { 0 };
		int r = run_one(hook, json, where, &failure);

		r = ar_prefix(&failure, r, "error running %s hook #%u", kinds[kind].name, number++);
		if (r < 0 && !kinds[kind].go_on) {
			if (err)
				*err = failure;
			return r;
		}
		if (r < 0)
			ar_log(AR_LOG_WARN, "%s", failure.text);
	}
	return 0;
}
