/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "life/attend.h"
#include "life/making.h"
#include "policy/merge.h"
#include "run/host-steps.h"

static int make(struct ar_making *m, const struct ar_context *ctx,
		const struct ar_create_args *args, bool await_start, struct ar_error *err)
{
	struct ar_asked asked = {
		.no_pivot = args->no_pivot,
		.no_new_keyring = args->no_new_keyring,
		.cgroup_disabled = ctx->cgroup_disabled,
	};
	int r = ar_id_check(args->id, err);

	if (r == 0)
		r = ar_making_read(m, ctx, args->bundle, args->id, err);
	if (r == 0)
		r = ar_making_decide(m, ctx, &asked, err);
	if (r == 0 && !await_start && !args->io.detach &&
	    m->effective->spec->process->terminal != AR_YES)
		r = ar_streams_open(m->effective, m->effective->spec->process, &m->streams,
				    m->run.streams, err);
	return r < 0 ? r : ar_making_walk(m, ctx, args, await_start, err);
}

/* Errors before there is a process read as they are; the rest is said with runc's words. */
int ar_life_create(const struct ar_context *ctx, const struct ar_create_args *args,
		   struct ar_error *err)
{
	_cleanup_making_ struct ar_making m;

	ar_making_init(&m);
	return make(&m, ctx, args, true, err);
}

/* The program runs: what the specification has after that. */
static int after_start(struct ar_making *m, struct ar_error *err)
{
	int r = ar_walk_finish(&m->plan, &m->run, err);

	return r < 0 ? r : ar_run_hooks(&m->run, AR_HOOK_POSTSTART, "running", err);
}

/* A manager that is not there is told nothing; the container runs all the same, as with runc. */
static void reach_manager(struct ar_making *m)
{
	struct ar_error err = { 0 };

	if (!m->run.notify_socket ||
	    ar_notify_connect(m->run.notify_socket, &m->run.notify, &err) == 0)
		return;
	ar_log(AR_LOG_WARN, "%s", err.text);
	ar_notify_close(&m->run.notify);
}

/* The same holds for one that has gone by the time there is something to tell. */
static void await_ready(struct ar_making *m)
{
	struct ar_error err = { 0 };

	if (ar_notify_wait(&m->run.notify, m->run.walk.pidfd, m->run.pid, &err) < 0)
		ar_log(AR_LOG_WARN, "%s", err.text);
}

static int run_attended(struct ar_making *m, const struct ar_context *ctx,
			const struct ar_create_args *args, int *ret_code, struct ar_error *err)
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	int r = ar_attend_begin(!args->no_subreaper, &signals, err);
	bool keep = args->keep;

	if (r == 0)
		r = make(m, ctx, args, false, err);
	if (r == 0) {
		/* the container is whole: exec, kill and delete may come while we only wait for its
		 * end */
		ar_dir_unlock(&m->dir);
		r = after_start(m, err);
		reach_manager(m);
		keep = keep && r == 0;
		if (r == 0)
			r = ar_making_attend(m, &signals, ret_code, err);
		/* it is kept also where its output could not be copied */
		if (!keep || (r < 0 && !ar_pidfd_ended(m->run.walk.pidfd, 0)))
			ar_making_undo(m);
	}
	ar_attend_end(&signals);
	return r;
}

int ar_life_run(const struct ar_context *ctx, const struct ar_create_args *args, int *ret_code,
		struct ar_error *err)
{
	_cleanup_making_ struct ar_making m;
	int r;

	ar_making_init(&m);
	if (!args->io.detach)
		return run_attended(&m, ctx, args, ret_code, err);
	r = make(&m, ctx, args, false, err);
	if (r < 0)
		return r;
	/* it is whole, and is to be found by other commands while we wait: by those of its hooks
	 * too */
	ar_dir_unlock(&m.dir);
	r = after_start(&m, err);
	if (r < 0) {
		ar_making_undo(&m);
		return r;
	}
	*ret_code = 0;
	reach_manager(&m);
	await_ready(&m);
	return 0;
}
