/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/init-steps.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "kernel/attributes.h"
#include "kernel/ns.h"
#include "run/run.h"

/* --- a process of the host becomes init --- */

/* Our pid as the host has it, for a listener of seccomp's: its procfs knows us by that name. */
static pid_t own_pid(const struct ar_run *run)
{
	char text[16] = "";
	int64_t pid = 0;

	if (readlinkat(run->proc, "self", text, sizeof(text) - 1) > 0)
		(void)ar_parse_i64(text, &pid); /* the kernel writes a number */
	return (pid_t)pid;
}

static void go_on(int signo)
{
	(void)signo;
}

/*
 * What cannot be written fails, and does not end us: that the program cannot be executed is told to
 * its errors, and then to the caller. execve(2) makes the default of it.
 */
static void outlive_writes(void)
{
	(void)signal(SIGPIPE, go_on); /* valid signals */
	(void)signal(SIGXFSZ, go_on);
}

static void end_by_signal(int signo)
{
	_exit(128 + signo);
}

/*
 * One that waits for "start" can be asked to end: to the first process of a pid namespace the
 * kernel brings no signal without a handler. Set up now, for a filter may keep us from that later;
 * execve(2) makes the default of it.
 */
static void end_when_asked(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	for (size_t i = 0; i < AR_COUNT(ends); i++)
		(void)signal(ends[i], end_by_signal); /* valid signals */
}

/* In a user namespace we are nobody until we take an id of it. */
static int become_root(struct ar_error *err)
{
	int r;

	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return ar_fail(err, errno, "become root of the user namespace (is id 0 mapped?)");
	r = ar_process_hide();
	return r < 0 ? ar_fail(err, -r, "dumpable") : 0;
}

static int settle(struct ar_run *run, struct ar_error *err)
{
	int r = 0;

	/* while /proc/self belongs to us: a process that is not dumpable has its files owned by
	 * root */
	if (!run->oom_score_set)
		r = ar_oom_score_apply(run->proc, &run->process->oom_score_adj, err);
	if (r < 0)
		return r;
	r = ar_signals_reset();
	if (r < 0)
		return ar_fail(err, -r, "unblock signals");
	outlive_writes();
	if (run->await_start)
		end_when_asked();
	/* see hide() in host-steps.c */
	r = ar_process_hide();
	if (r < 0)
		return ar_fail(err, -r, "dumpable");
	run->pid = own_pid(run);
	return run->in_userns ? become_root(err) : 0;
}
const struct ar_step ar_step_settle = { "settle", AR_INIT, 0, settle, NULL };

static int enter(struct ar_run *run, struct ar_error *err)
{
	int r = ar_ns_enter_cgroup(&run->ns, err);

	if (r == 0)
		r = ar_ns_enter_mount(&run->ns, err);
	if (r < 0)
		return r;
	if (chdir("/") < 0)
		return ar_fail(err, errno, "enter the container's root");
	run->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return run->root < 0 ? ar_fail(err, errno, "open the container's root") : 0;
}
const struct ar_step ar_step_enter = { "mount namespace", AR_INIT, 0, enter, NULL };

static int cgroup_namespace(struct ar_run *run, struct ar_error *err)
{
	return ar_ns_enter_cgroup(&run->ns, err);
}
const struct ar_step ar_step_cgroup_namespace = { "cgroup namespace", AR_INIT, 0, cgroup_namespace,
						  NULL };

static int names(struct ar_run *run, struct ar_error *err)
{
	const struct ar_spec *spec = run->effective->spec;

	if (spec->hostname && *spec->hostname &&
	    sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return ar_fail(err, errno, "hostname '%s'", spec->hostname);
	if (spec->domainname && *spec->domainname &&
	    setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return ar_fail(err, errno, "domainname '%s'", spec->domainname);
	return 0;
}
const struct ar_step ar_step_names = { "names", AR_INIT, 0, names, NULL };

static int loopback(struct ar_run *run, struct ar_error *err)
{
	(void)run; /* the network namespace is ours */
	return ar_ns_loopback_up(err);
}
const struct ar_step ar_step_loopback = { "loopback", AR_INIT, 0, loopback, NULL };

static int sysctl(struct ar_run *run, struct ar_error *err)
{
	return ar_sysctls_apply(run->proc, run->effective->spec, err);
}
const struct ar_step ar_step_sysctl = { "sysctl", AR_INIT, 0, sysctl, NULL };

static int memfd(struct ar_run *run, struct ar_error *err)
{
	int r = ar_sysctl_write(run->proc, "vm.memfd_noexec", "2", err);

	if (r < 0)
		return ar_run_lacks(run, AR_CONTROL_MEMFD_NOEXEC, r, err);
	ar_run_enforced(run, AR_CONTROL_MEMFD_NOEXEC);
	return 0;
}
const struct ar_step ar_step_memfd = { "memfd_noexec", AR_INIT, 0, memfd, NULL };

/* --- the end of create --- */

static int ready(struct ar_run *run, struct ar_error *err)
{
	(void)run, (void)err; /* that it is reached is all */
	return 0;
}
const struct ar_step ar_step_ready = { "ready", AR_INIT, 0, ready, NULL };

static int await_start(struct ar_run *run, struct ar_error *err)
{
	ssize_t n;
	char go;

	/* from here on "start" is who listens */
	ar_close_fd(&run->walk.channel);
	run->walk.channel = ar_steal_fd(&run->result);
	do
		n = read(run->fifo, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return ar_fail(err, n < 0 ? errno : EPIPE, "wait for start");
	ar_close_fd(&run->fifo);
	return 0;
}
const struct ar_step ar_step_await_start = { "await start", AR_INIT, 0, await_start, NULL };

/* Before the filter, which may keep even write(2) from the program. What fails from here on is told
 * all the same, as far as the filter lets it. */
static int announce(struct ar_run *run, struct ar_error *err)
{
	return ar_walk_announce(run, err);
}
const struct ar_step ar_step_announce = { "announce", AR_INIT, 0, announce, NULL };
