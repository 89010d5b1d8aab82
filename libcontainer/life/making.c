/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/making.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/probe.h"
#include "kernel/sched.h"
#include "life/attend.h"
#include "life/container.h"
#include "policy/merge.h"
#include "run/host-steps.h"

#define CONFIG_MAX (16u << 20)
#define POLICY_MAX (1u << 20)

void ar_making_init(struct ar_making *m)
{
	*m = (struct ar_making){ .arena = ar_arena_new(),
				 .bundle_fd = -1,
				 .dir = AR_DIR_INIT,
				 .streams = AR_STREAMS_INIT };
	ar_run_init(&m->run);
	m->run.arena = m->arena;
}

void ar_making_done(struct ar_making *m)
{
	ar_run_done(&m->run);
	ar_streams_close(&m->streams);
	ar_dir_close(&m->dir);
	ar_facts_done(m->facts);
	ar_close_fd(&m->bundle_fd);
	ar_arena_free(m->arena);
}

static int open_bundle(struct ar_making *m, const char *bundle, struct ar_error *err)
{
	char real[PATH_MAX];

	if (!realpath(bundle ? bundle : ".", real))
		return ar_fail(err, errno, "bundle '%s'", bundle ? bundle : ".");
	m->bundle = ar_strdup(m->arena, real);
	m->bundle_fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return m->bundle_fd < 0 ? ar_fail(err, errno, "bundle '%s'", real) : 0;
}

int ar_making_read(struct ar_making *m, const struct ar_context *ctx, const char *bundle,
		   const char *id, struct ar_error *err)
{
	int r = open_bundle(m, bundle, err);

	if (r == 0)
		r = ar_file_read(m->arena, m->bundle_fd, "config.json", CONFIG_MAX, &m->config,
				 &m->config_len, err);
	if (r == -ENOENT && m->bundle_fd >= 0)
		return ar_refuse(err, ENOENT, "JSON specification file config.json not found");
	if (r == 0)
		r = ar_spec_parse(m->arena, "config.json", m->config, m->config_len,
				  ar_profile_reading(ctx->profile), &m->spec, err);
	if (r < 0)
		return r;
	if (!m->spec->process)
		return ar_refuse(err, EINVAL,
				 "config.json: process is required to create a container");
	return ar_probe(m->arena, m->spec, ctx->profile, m->bundle_fd, m->bundle, id, ctx->root,
			ctx->config, &m->facts, err);
}

/* Of later processes: what is wrong is said now, as by runc. */
static int check_affinity(const struct ar_exec_cpu_affinity *asked, struct ar_error *err)
{
	int r = asked ? ar_affinity_check(asked->initial, err) : 0;

	return r == 0 && asked ? ar_affinity_check(asked->final, err) : r;
}

/* What the configuration may hold and this backend does not do: named, never dropped. */
static int refuse_unsupported(const struct ar_spec *spec, struct ar_error *err)
{
	if (spec->vm)
		return ar_refuse(
			err, ENOTSUP,
			"vm: this backend runs containers on the host's kernel and has no virtual machine");
	return 0;
}

/* The bundle's own wishes, which only tighten. */
static int read_policy(struct ar_making *m, struct ar_asked *asked, struct ar_error *err)
{
	struct ar_error why;
	char *text;
	size_t len;
	int r;

	if (asked->profile == AR_PROFILE_COMPAT)
		return 0;
	r = ar_file_read(m->arena, m->bundle_fd, "agentrun.json", POLICY_MAX, &text, &len, &why);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		*err = why;
		return r;
	}
	asked->bundle_policy = text;
	return 0;
}

/* Of the text that was parsed, whatever stands in the file by now. */
static const char *digest(struct ar_making *m, enum ar_profile profile)
{
	char hex[65];

	if (profile == AR_PROFILE_COMPAT)
		return NULL; /* nothing was decided that it could vouch for */
	ar_sha256(m->config, m->config_len, hex);
	return ar_printf(m->arena, "sha256:%s", hex);
}

int ar_making_decide(struct ar_making *m, const struct ar_context *ctx, struct ar_asked *asked,
		     struct ar_error *err)
{
	int r;

	asked->profile = ctx->profile;
	r = refuse_unsupported(m->spec, err);
	if (r == 0)
		r = check_affinity(m->spec->process->exec_cpu_affinity, err);
	if (r == 0)
		r = read_policy(m, asked, err);
	asked->digest = digest(m, asked->profile);
	if (r == 0)
		r = ar_merge(m->arena, m->spec, ctx->config, m->facts, asked, &m->effective, err);
	if (r == 0)
		ar_container_tell_capabilities(m->arena, m->effective->spec->process);
	return r;
}

/* RFC 3339 with nanoseconds, UTC; without zeros at the end, as runc's. */
static char *now(struct ar_arena *arena)
{
	struct timespec ts;
	struct tm tm;
	char text[32], fraction[16];
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	len = (size_t)snprintf(fraction, sizeof(fraction), ".%09ld", ts.tv_nsec);
	while (len > 0 && (fraction[len - 1] == '0' || fraction[len - 1] == '.'))
		if (fraction[--len] == '.')
			break;
	return ar_printf(arena, "%s%.*sZ", text, (int)len, fraction);
}

static void fill_record(struct ar_making *m, const char *id)
{
	m->record = (struct ar_record){
		.version = { true, 1 },
		.id = id,
		/* of the state itself, as runc has it; config.json keeps its own */
		.oci_version = AR_SPEC_VERSION,
		.bundle = m->bundle,
		.rootfs = m->facts->root.resolved,
		.hostname = m->effective->spec->hostname,
		.namespaces = m->effective->spec->linux ? m->effective->spec->linux->namespaces
							: (struct ar_list){ 0 },
		.created = now(m->arena),
		.owner = { true, geteuid() },
		.profile = ar_profile_name(m->effective->profile),
		.backend = "native",
		.digest = m->effective->digest,
		.annotations = m->effective->spec->annotations,
	};
}

/* Of the first process alone: not in the record, so that no "exec" inherits it. */
static const struct ar_process *with_notify_socket(struct ar_arena *arena,
						   const struct ar_process *process)
{
	struct ar_process *p = ar_memdup(arena, process, sizeof(*p));

	p->env = ar_strings_with(arena, &p->env, AR_NOTIFY_VARIABLE);
	return p;
}

static void fill_run(struct ar_making *m, const struct ar_context *ctx,
		     const struct ar_create_args *args, bool await_start)
{
	struct ar_run *run = &m->run;

	run->effective = m->effective;
	run->process = m->effective->spec->process;
	if (args->notify_socket)
		run->process = with_notify_socket(m->arena, run->process);
	run->notify_socket = args->notify_socket;
	run->notify.exact = m->effective->profile != AR_PROFILE_COMPAT;
	run->state_path = ar_printf(m->arena, "%s/%s", ctx->root, args->id);
	run->facts = m->facts;
	run->id = args->id;
	run->io = args->io;
	run->await_start = await_start;
	run->use_cgroup = !ctx->cgroup_disabled;
	run->use_systemd = run->use_cgroup && ctx->cgroup_systemd;
	run->manager = ctx->manager;
	run->dir = &m->dir;
	run->record = &m->record;
}

/*
 * Unless something of the container is left: then the record is what "delete --force" finds it by.
 */
static void remove_state(struct ar_making *m)
{
	struct ar_error err = { 0 };
	int r;

	ar_close_fd(&m->bundle_fd); /* where descriptors have run out there is one again */
	if (m->run.left_behind)
		return;
	r = ar_dir_remove(&m->dir, m->run.id, &err);
	if (r < 0)
		ar_log(AR_LOG_WARN, "container %s: %s", m->run.id, err.text);
	/* -ESTALE: somebody else has removed it */
	m->run.left_behind = r == -ESTALE || (r < 0 && ar_record_exists(&m->dir));
	ar_dir_unlock(&m->dir);
}

/*
 * Last, when all else is gone (config.md): by "delete --force", if something of the container is
 * left for that. What fails is logged.
 */
static void poststop(struct ar_making *m)
{
	struct ar_error err = { 0 };

	if (m->run.left_behind)
		return;
	m->run.pid = 0;
	m->record.pid.value = 0;
	(void)ar_run_hooks(&m->run, AR_HOOK_POSTSTOP, "stopped", &err); /* has logged it */
}

/* How long init may take: hooks that it runs have bounds of their own, which come on top. */
static int init_limit(const struct ar_hooks *hooks, int limit_ms)
{
	const enum ar_hook_kind kinds[] = { AR_HOOK_CREATE_CONTAINER, AR_HOOK_START_CONTAINER };

	for (size_t i = 0; i < AR_COUNT(kinds); i++) {
		ar_list_foreach(const struct ar_hook, hook, ar_hooks_of(hooks, kinds[i])) {
			int64_t s = hook->timeout.set ? hook->timeout.value : AR_HOOK_LIMIT_SECONDS;

			if (s > (INT_MAX - limit_ms) / 1000)
				return -1;
			limit_ms += (int)s * 1000;
		}
	}
	return limit_ms;
}

void ar_making_fail(struct ar_making *m)
{
	remove_state(m);
	if (m->run.hooks_ran)
		poststop(m);
}

int ar_making_prepare(struct ar_making *m, const struct ar_context *ctx,
		      const struct ar_create_args *args, bool await_start, struct ar_error *err)
{
	int r;

	m->state_root = ctx->root;
	fill_record(m, args->id);
	fill_run(m, ctx, args, await_start);
	r = ar_run_check_terminal(&m->run, args->io.detach || await_start, err);
	if (r == 0)
		r = ar_run_open_proc(&m->run, err);
	if (r == 0)
		r = ar_walk_open(&m->run.walk, err);
	if (r == 0)
		r = ar_dir_create(ctx->root, args->id, &m->dir, err);
	return r;
}

int ar_making_walk(struct ar_making *m, const struct ar_context *ctx,
		   const struct ar_create_args *args, bool await_start, struct ar_error *err)
{
	int r = ar_making_prepare(m, ctx, args, await_start, err);

	if (r < 0)
		return r;
	/* a caller of compat has limits of its own, as it has with runc, which knows none */
	m->run.walk.limit_ms =
		m->effective->profile == AR_PROFILE_COMPAT
			? -1
			: init_limit(m->effective->spec->hooks, m->run.walk.limit_ms);
	ar_plan_create(&m->plan, &m->run);
	r = ar_walk_run(&m->plan, &m->run, err);
	if (r == 0)
		return 0;
	ar_making_fail(m);
	return r;
}

/*
 * While the caller took the rest of the output, another container may have come with the same
 * cgroupsPath: by that path it is looked for, for ours may be gone.
 */
static void leave_to_others(struct ar_making *m)
{
	_cleanup_cgroup_ struct ar_cgroup now = AR_CGROUP_INIT;
	enum ar_occupants who;
	struct ar_error ignored;

	if (!m->run.cgroup_made)
		return;
	ar_step_clone.undo(&m->run); /* its init, unless it has ended */
	if (ar_cgroup_reopen(m->arena, m->run.cgroup.root, m->run.cgroup.path, &now, &ignored) < 0)
		return; /* what is wrong is told when it is removed */
	/* with an error they are others' */
	(void)ar_container_occupants(m->state_root, &m->record, m->effective, &now, &who, &ignored);
	if (who == AR_OCCUPANTS_OTHERS) {
		ar_container_tell_others(m->run.id, &now);
		m->run.cgroup_made = false;
	}
	m->run.cgroup.spare = who == AR_OCCUPANTS_NONE;
}

void ar_making_undo(struct ar_making *m)
{
	struct ar_error err = { 0 };
	int r = ar_dir_lock(&m->dir, m->run.id, &err);

	/* a "delete --force" was faster: there is nothing left, and no hook to run again */
	if (r == -ESTALE)
		return;
	if (r < 0)
		ar_log(AR_LOG_WARN, "container %s: %s", m->run.id, err.text);
	leave_to_others(m);
	ar_walk_undo(&m->plan, m->plan.n, &m->run);
	remove_state(m);
	poststop(m);
}

int ar_making_attend(struct ar_making *m, const struct ar_attend_signals *signals, int *ret_code,
		     struct ar_error *err)
{
	const struct ar_attend a = {
		.signals = signals->fd,
		.pid = m->run.pid,
		.pidfd = m->run.walk.pidfd,
		.master = m->run.walk.received_fd,
		.streams = &m->streams,
		.notify = &m->run.notify,
		.in = 0,
		.out = 1,
	};

	/* a source that is unmounted on the host is busy no longer than in the container */
	ar_facts_done(m->facts);
	ar_close_fd(&m->bundle_fd);
	ar_run_close_trees(&m->run);
	ar_run_close_streams(&m->run);
	return ar_attend(&a, ret_code, err);
}
