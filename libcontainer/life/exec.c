/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "kernel/probe.h"
#include "life/attend.h"
#include "life/container.h"
#include "life/streams.h"
#include "policy/merge.h"
#include "policy/trust.h"
#include "run/run.h"

/* --- the process that is asked --- */

static int parse_id(const char *text, const char *what, struct ar_opt_u64 *ret,
		    struct ar_error *err)
{
	if (ar_parse_u64(text, &ret->value) < 0 || ret->value > UINT32_MAX - 1)
		return ar_refuse(err, EINVAL, "%s '%s' is not a number from 0 to 4294967294", what,
				 text);
	ret->set = true;
	return 0;
}

/* uid[:gid], both in digits; without a gid the group stays the container's, as with runc, and is
 * never what else is in the text (CVE-2026-30892). */
static int parse_user(struct ar_arena *arena, const char *text, struct ar_user *ret,
		      struct ar_error *err)
{
	char *uid = ar_strdup(arena, text), *gid = strchr(uid, ':');
	int r;

	if (gid)
		*gid++ = '\0';
	r = parse_id(uid, "user", &ret->uid, err);
	if (!ret->gid.set)
		ret->gid = (struct ar_opt_u64){ true, 0 };
	return r < 0 || !gid ? r : parse_id(gid, "group", &ret->gid, err);
}

static struct ar_u64s with_room(struct ar_arena *arena, const struct ar_u64s *list, size_t more)
{
	struct ar_u64s all = { ar_alloc_array(arena, list->n + more + 1, sizeof(uint64_t)),
			       list->n };

	if (list->n)
		memcpy(all.items, list->items, list->n * sizeof(uint64_t));
	return all;
}

static int user_from_flags(struct ar_arena *arena, const struct ar_exec_args *args,
			   const struct ar_user *own, struct ar_process *p, struct ar_error *err)
{
	struct ar_user *user = ar_alloc(arena, sizeof(*user));
	struct ar_u64s *groups = &user->additional_gids;
	int r = 0;

	if (!args->user && !args->additional_gids.n)
		return 0;
	if (own)
		*user = *own;
	if (args->user)
		r = parse_user(arena, args->user, user, err);
	*groups = with_room(arena, groups, args->additional_gids.n);
	for (size_t i = 0; i < args->additional_gids.n && r == 0; i++) {
		struct ar_opt_u64 gid;

		r = parse_id(args->additional_gids.items[i], "additional group", &gid, err);
		groups->items[groups->n++] = gid.value;
	}
	p->user = user;
	return r;
}

/* As runc: --cap adds to every set but the inheritable one; to the ambient one only where something
 * is inheritable, without which nothing is ambient. */
static void caps_from_flags(struct ar_arena *arena, const struct ar_exec_args *args,
			    const struct ar_capabilities *own, struct ar_process *p)
{
	struct ar_capabilities *caps = ar_alloc(arena, sizeof(*caps));

	if (!args->caps.n)
		return;
	if (own)
		*caps = *own;
	caps->bounding = ar_strings_join(arena, &caps->bounding, &args->caps);
	caps->effective = ar_strings_join(arena, &caps->effective, &args->caps);
	caps->permitted = ar_strings_join(arena, &caps->permitted, &args->caps);
	if (caps->inheritable.n)
		caps->ambient = ar_strings_join(arena, &caps->ambient, &args->caps);
	p->capabilities = caps;
}

static int from_flags(struct ar_arena *arena, const struct ar_exec_args *args,
		      const struct ar_process *own, struct ar_process *p, struct ar_error *err)
{
	size_t n = 0;

	while (args->argv[n])
		n++;
	if (n == 0)
		return ar_refuse(err, EINVAL, "exec args cannot be empty");
	p->args = (struct ar_strings){ (const char **)args->argv, n };
	p->terminal = args->tty ? AR_YES : AR_NO;
	p->console_size = own->console_size;
	if (args->cwd && *args->cwd && args->cwd[0] != '/')
		return ar_refuse(err, EINVAL, "Cwd must be an absolute path");
	p->cwd = args->cwd;
	p->env = ar_strings_join(arena, &own->env, &args->env);
	p->selinux_label = args->process_label;
	p->apparmor_profile = args->apparmor;
	p->no_new_privileges = args->no_new_privs == AR_UNSET ? own->no_new_privileges
							      : args->no_new_privs;
	p->rlimits = own->rlimits;
	p->user = own->user;
	caps_from_flags(arena, args, own->capabilities, p);
	return user_from_flags(arena, args, own->user, p, err);
}

static int asked_process(struct ar_container *c, const struct ar_exec_args *args,
			 struct ar_process *p, struct ar_error *err)
{
	int r;

	if (!args->process_file)
		return from_flags(c->arena, args, c->effective->spec->process, p, err);
	r = ar_process_read(c->arena, AT_FDCWD, args->process_file,
			    ar_profile_reading(c->effective->profile), p, err);
	if (r == 0 && args->tty)
		p->terminal = AR_YES;
	return r;
}

/* The limits of a process in a user namespace are set in there. */
static int probe_caller(const struct ar_container *c, struct ar_caller *ret, struct ar_error *err)
{
	struct ar_trust trust;

	if (c->effective->profile == AR_PROFILE_COMPAT) {
		ret->umask = (struct ar_opt_u64){ true, umask(0) };
		(void)umask((mode_t)ret->umask.value); /* gives the 0 */
		return 0;
	}
	ar_trust_get(&trust);
	return ar_probe_caller(
		c->arena, trust.userns || ar_spec_namespace(c->effective->spec, "user"), ret, err);
}

/* --- the walk --- */

static int refuse_stopped(struct ar_error *err)
{
	return ar_refuse(err, EINVAL, "cannot exec in a stopped container");
}

static int check_status(const struct ar_container *c, const struct ar_exec_args *args,
			struct ar_error *err)
{
	if (c->status == AR_STATUS_STOPPED || c->status == AR_STATUS_CREATING || c->pidfd < 0)
		return refuse_stopped(err);
	if (c->status == AR_STATUS_PAUSED && !args->ignore_paused)
		return ar_refuse(
			err, EINVAL,
			"cannot exec in a paused container (use --ignore-paused to override)");
	return 0;
}

/* Of both versions. */
static int check_controller(const char *name, size_t len, struct ar_error *err)
{
	static const char *const known[] = { "blkio",	    "cpu",	  "cpuacct", "cpuset",
					     "devices",	    "dmem",	  "freezer", "hugetlb",
					     "io",	    "memory",	  "misc",    "net_cls",
					     "net_prio",    "perf_event", "pids",    "rdma",
					     "name=systemd" };

	for (size_t i = 0; i < AR_COUNT(known); i++)
		if (strlen(known[i]) == len && memcmp(known[i], name, len) == 0)
			return 0;
	return ar_refuse(err, EINVAL, "unknown controller %.*s in --cgroup", (int)len, name);
}

/* Those before the colon, each named once in all arguments; runc's words. */
static int check_controllers(struct ar_grow *seen, const char *asked, const char *colon,
			     struct ar_error *err)
{
	for (const char *p = asked; p <= colon;) {
		size_t len = strcspn(p, ",:");
		const char *name = ar_strndup(seen->arena, p, len);
		int r;

		if (!len)
			return ar_refuse(
				err, EINVAL,
				"invalid --cgroup argument: %s (empty <controller> prefix)", asked);
		if (ar_strings_have(&seen->list, name))
			return ar_refuse(err, EINVAL,
					 "invalid --cgroup argument(s): controller %s specified "
					 "multiple times",
					 name);
		r = check_controller(p, len, err);
		if (r < 0)
			return r;
		ar_grow_add(seen, name);
		p += len + 1;
	}
	return 0;
}

/* A cgroup below the container's: one "path", or "controller[,controller]:path" for some; in v2
 * there is one tree for all. */
static int sub_cgroup(struct ar_run *run, const struct ar_strings *asked, struct ar_error *err)
{
	struct ar_grow seen = { .arena = run->arena };
	const char *sub = NULL;

	for (size_t i = 0; i < asked->n; i++) {
		const char *argument = asked->items[i], *colon = strchr(argument, ':');
		const char *named = colon ? colon + 1 : argument,
			   *path = named + strspn(named, "/");
		int r;

		if (!colon && asked->n > 1)
			return ar_refuse(
				err, EINVAL,
				"invalid --cgroup argument: %s (missing <controller>: prefix)",
				argument);
		r = colon ? check_controllers(&seen, argument, colon, err) : 0;
		if (r < 0)
			return r;
		if (sub && !ar_streq(sub, path))
			return ar_refuse(err, EINVAL,
					 "invalid --cgroup argument(s): '%s' and '%s': all "
					 "controllers share one tree",
					 sub, path);
		sub = path;
	}
	run->unit_sub = sub;
	return ar_cgroup_open_sub(&run->cgroup, run->unit_sub, &run->cgroup_fd, err);
}

static int fill_run(struct ar_run *run, struct ar_container *c, const struct ar_exec_args *args,
		    const struct ar_process *process, struct ar_error *err)
{
	int r = 0;

	run->arena = c->arena;
	run->effective = c->effective;
	run->process = process;
	run->id = args->id;
	run->io = args->io;
	run->dir = &c->dir;
	run->record = c->record;
	run->target = c->pidfd;
	run->init_errors = "unable to start container process";
	/* it begins when the container is resumed, whenever that is; and see ar_making_walk() */
	if (args->ignore_paused || c->effective->profile == AR_PROFILE_COMPAT)
		run->walk.limit_ms = -1;
	run->use_cgroup = c->record->cgroup;
	if (run->use_cgroup)
		r = ar_cgroup_reopen(c->arena, c->record->cgroup_root, c->record->cgroup,
				     &run->cgroup, err);
	if (r == 0 && args->cgroups.n)
		r = run->use_cgroup
			    ? sub_cgroup(run, &args->cgroups, err)
			    : ar_refuse(err, EINVAL, "--cgroup: the container has no cgroup");
	if (r == 0)
		r = ar_run_open_proc(run, err);
	return r < 0 ? r : ar_walk_open(&run->walk, err);
}

static int walk(struct ar_run *run, const struct ar_exec_args *args, int *ret_code,
		struct ar_error *err)
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_streams streams = AR_STREAMS_INIT;
	struct ar_plan plan = { 0 };
	int r = args->io.detach ? 0 : ar_attend_begin(false, &signals, err);

	if (r < 0)
		return r;
	if (!args->io.detach && run->process->terminal != AR_YES)
		r = ar_streams_open(run->effective, run->process, &streams, run->streams, err);
	ar_plan_exec(&plan, run);
	if (r == 0)
		r = ar_walk_run(&plan, run, err);
	ar_run_close_streams(run);
	if (r == 0) {
		r = ar_walk_finish(&plan, run, err);
		/* what was said to have failed must not be executed later */
		if (r < 0)
			ar_walk_undo(&plan, plan.n, run);
	}
	/* with its init all that a process is born into goes: what of that failed says nothing */
	if (r < 0 && ar_pidfd_ended(run->target, 0))
		r = refuse_stopped(err);
	if (r == 0 && !args->io.detach) {
		const struct ar_attend a = {
			.signals = signals.fd,
			.pid = run->pid,
			.pidfd = run->walk.pidfd,
			.master = run->walk.received_fd,
			.streams = &streams,
			.in = 0,
			.out = 1,
			.whole = run->effective->profile == AR_PROFILE_COMPAT,
		};

		r = ar_attend(&a, ret_code, err);
		/* nobody is with it any more, if it runs still */
		if (r < 0)
			ar_walk_undo(&plan, plan.n, run);
	}
	ar_streams_close(&streams);
	if (!args->io.detach)
		ar_attend_end(&signals);
	return r;
}

int ar_life_exec(const struct ar_context *ctx, const struct ar_exec_args *args, int *ret_code,
		 struct ar_error *err)
{
	_cleanup_container_ struct ar_container c;
	struct ar_process asked = { 0 };
	const struct ar_process *process;
	struct ar_caller by = { 0 };
	struct ar_run run;
	int r = ar_container_open(&c, ctx, args->id, AR_LOCK_NONE, err);

	*ret_code = 0;
	if (r == 0)
		r = check_status(&c, args, err);
	if (r == 0)
		r = ar_container_read_effective(&c, err);
	if (r == 0)
		r = asked_process(&c, args, &asked, err);
	if (r == 0)
		r = probe_caller(&c, &by, err);
	if (r == 0)
		r = ar_merge_exec(c.arena, c.effective, &by, &asked, &process, NULL, err);
	if (r < 0)
		return r;
	ar_container_tell_capabilities(c.arena, process);
	ar_run_init(&run);
	r = fill_run(&run, &c, args, process, err);
	if (r == 0)
		r = ar_run_check_terminal(&run, args->io.detach, err);
	if (r == 0)
		r = walk(&run, args, ret_code, err);
	ar_run_done(&run);
	return r;
}
