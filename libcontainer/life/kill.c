/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/cgroup.h"
#include "life/container.h"

/*
 * Whether pid is the first process of a pid namespace, so that the kernel ends all of the namespace
 * with it. It is not when the container shares its pid namespace with the host or joined another
 * one's.
 */
static bool is_first_of_namespace(pid_t pid)
{
	char path[32], status[4096];
	const char *line, *end, *last;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid); /* fits */
	r = ar_file_peek(AT_FDCWD, path, status, sizeof(status));
	line = r == 0 ? strstr(status, "\nNSpid:") : NULL;
	if (!line)
		return false;
	line++;
	end = line + strcspn(line, "\n");
	/* its number in every namespace it is seen in, its own last */
	for (last = end; last > line && last[-1] != '\t'; last--)
		;
	return end - last == 1 && *last == '1';
}

/* Signal all processes of the container. *ret_any: there were some. */
static int signal_cgroup(const struct ar_container *c, int signo, bool *ret_any,
			 struct ar_error *err)
{
	_cleanup_cgroup_ struct ar_cgroup cgroup = AR_CGROUP_INIT;
	const struct ar_record *record = c->record;
	pid_t *pids;
	size_t n = 0;
	int r;

	*ret_any = false;
	if (!record->cgroup)
		return 0;
	r = ar_cgroup_reopen(c->arena, record->cgroup_root, record->cgroup, &cgroup, err);
	if (r < 0 || cgroup.fd < 0)
		return r;
	r = ar_cgroup_pids(c->arena, &cgroup, &pids, &n, err);
	if (r == 0 && n > 0)
		r = ar_cgroup_signal(&cgroup, signo, err);
	*ret_any = n > 0;
	return r;
}

static int signal_init(int pidfd, int signo, struct ar_error *err)
{
	if (ar_sys_pidfd_send_signal(pidfd, signo, NULL, 0) == 0)
		return 0;
	if (errno == ESRCH)
		/* engines look for these words */
		return ar_refuse(err, ESRCH, "unable to signal init: os: process already finished");
	return ar_fail(err, errno, "unable to signal init");
}

/*
 * Whether processes of a container that has no init, not of another one, are in its cgroup; 1: yes.
 */
static int has_left(struct ar_container *c, const char *root, struct ar_error *err)
{
	_cleanup_cgroup_ struct ar_cgroup cgroup = AR_CGROUP_INIT;
	const struct ar_record *record = c->record;
	enum ar_occupants who;
	int r;

	if (!record->cgroup)
		return 0;
	r = ar_cgroup_reopen(c->arena, record->cgroup_root, record->cgroup, &cgroup, err);
	if (r < 0 || ar_cgroup_await_empty(&cgroup, 0) == 0)
		return r;
	if (c->status == AR_STATUS_STOPPED)
		r = ar_container_read_effective(c, err);
	if (r == 0)
		r = ar_container_occupants(root, record, c->effective, &cgroup, &who, err);
	return r < 0 ? r : who == AR_OCCUPANTS_ITS;
}

/* Processes outlive the first one where they have no pid namespace of their own. */
static int kill_stopped(struct ar_container *c, const char *root, int signo, bool all,
			struct ar_error *err)
{
	int r = signo == SIGKILL ? has_left(c, root, err) : 0;
	bool any = false;

	if (r > 0)
		r = signal_cgroup(c, signo, &any, err);
	if (r < 0 || any || all)
		return r;
	return ar_refuse(err, ESRCH, "container not running");
}

int ar_container_kill(const struct ar_container *c, int signo, struct ar_error *err)
{
	bool any;
	int r;

	if (signo != SIGKILL || is_first_of_namespace((pid_t)c->record->pid.value))
		return signal_init(c->pidfd, signo, err);
	r = signal_cgroup(c, signo, &any, err);
	if (r < 0)
		return ar_prefix(err, r, "unable to kill all processes");
	/* and the first one in any case: it may be elsewhere, or there is no cgroup */
	(void)ar_sys_pidfd_send_signal(c->pidfd, signo, NULL, 0); /* gone already is fine */
	return 0;
}

int ar_life_kill(const struct ar_context *ctx, const char *id, int signo, bool all,
		 struct ar_error *err)
{
	_cleanup_container_ struct ar_container c;
	int r = ar_container_open(&c, ctx, id, AR_LOCK_NONE, err);

	if (r < 0)
		return r;
	if (c.pidfd < 0)
		return kill_stopped(&c, ctx->root, signo, all, err);
	return ar_container_kill(&c, signo, err);
}
