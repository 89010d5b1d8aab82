/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/last-mile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/attributes.h"
#include "kernel/landlock.h"
#include "kernel/tty.h"
#include "run/listener.h"
#include "run/passed.h"
#include "run/program.h"
#include "run/run.h"

/* --- the terminal --- */

int ar_step_terminal_open(struct ar_run *run, struct ar_error *err)
{
	const struct ar_console_size *size = run->process->console_size;
	_cleanup_fd_ int master = -1;
	int r;

	r = ar_tty_open(run->root, size ? size->height.value : 0, size ? size->width.value : 0,
			&master, &run->tty, err);
	if (r < 0)
		return r;
	if (run->console_sock >= 0)
		return ar_tty_send(run->console_sock, master, err);
	/* no console socket: the runtime itself attends to the terminal, which passes what comes as
	 * it is */
	r = ar_tty_clear_onlcr(master, err);
	if (r < 0)
		return r;
	/* from the beginning, not only when it is attended to */
	ar_tty_copy_size(STDIN_FILENO, master);
	run->walk.sent_fd = ar_steal_fd(&master);
	return 0;
}

const struct ar_step ar_step_terminal = { "terminal", AR_INIT, 0, ar_step_terminal_open, NULL };

static int session(struct ar_run *run, struct ar_error *err)
{
	if (setsid() < 0 && errno != EPERM) /* EPERM: it leads a session already */
		return ar_fail(err, errno, "setsid");
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (run->streams[i] >= 0 && dup2(run->streams[i], i) < 0)
			return ar_fail(err, errno, "standard stream %d", i);
	return run->tty >= 0 ? ar_tty_adopt(run->tty, err) : 0;
}

/* --- what needs rights --- */

static int keyring(struct ar_run *run, struct ar_error *err)
{
	struct ar_keyring k = {
		.id = run->id,
		.label = run->process->selinux_label,
		.proc = run->proc,
		.user_ns = run->in_userns,
	};
	int r = ar_keyring_join(&k, err);

	if (r == 0) {
		ar_run_enforced(run, AR_CONTROL_KEYRING);
		return 0;
	}
	/* a kernel without keyrings has none to inherit */
	if (r == -ENOSYS && run->effective->profile == AR_PROFILE_COMPAT)
		return 0;
	return ar_run_lacks(run, AR_CONTROL_KEYRING, r, err);
}

static int limits(struct ar_run *run, struct ar_error *err)
{
	return ar_rlimits_apply(&run->process->rlimits, err);
}

/*
 * Init has the CPUs of its cgroup, not those that the caller happens to be bound to (runtime-spec
 * config.md); what exec is to have instead is for exec alone.
 */
static int affinity(const struct ar_run *run, struct ar_error *err)
{
	const struct ar_exec_cpu_affinity *asked =
		run->target >= 0 ? run->process->exec_cpu_affinity : NULL;

	if (asked)
		return ar_affinity_apply(asked->final, err);
	ar_affinity_reset();
	return 0;
}

/*
 * Nobody asked for what the caller happens to have: in compat it is inherited, as with runc. Also
 * before what is asked for: its flags may ask to keep what there is.
 */
static int restrain(const struct ar_run *run, struct ar_error *err)
{
	int r;

	if (run->effective->profile == AR_PROFILE_COMPAT)
		return 0;
	r = ar_scheduler_restrain(err);
	if (r == 0)
		r = ar_io_priority_restrain(err);
	return r < 0 ? r : ar_personality_reset(err);
}

static int scheduling(struct ar_run *run, struct ar_error *err)
{
	const struct ar_process *p = run->process;
	const struct ar_linux *linux = ar_run_linux(run);
	int r = affinity(run, err);

	if (r == 0)
		r = restrain(run, err);
	if (r == 0)
		r = ar_scheduler_apply(p->scheduler, err);
	if (r == 0)
		r = ar_io_priority_apply(p->io_priority, err);
	if (r == 0)
		r = ar_memory_policy_apply(linux->memory_policy, err);
	if (r == 0)
		r = ar_personality_apply(linux->personality, err);
	return r;
}

static int labels(struct ar_run *run, struct ar_error *err)
{
	int r = ar_selinux_apply(run->proc, run->process->selinux_label, err);

	if (r == 0)
		r = ar_apparmor_apply(run->proc, run->process->apparmor_profile, err);
	return r;
}

/*
 * The working directory must be one of the container's: no magic link of /proc may lead there
 * (CVE-2024-21626). The first try is made with the rights of root, as runc does: a user may be put
 * where it could not go. What is closed to root, as on a network's file system, the user tries.
 */
static int enter_directory(const char *cwd, struct ar_error *err)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_MAGICLINKS };
	_cleanup_fd_ int fd = ar_sys_openat2(AT_FDCWD, cwd, &how);

	if (fd < 0)
		return ar_fail(err, errno, "working directory '%s'", cwd);
	if (fchdir(fd) < 0)
		return ar_fail(err, errno, "working directory '%s'", cwd);
	return 0;
}

static int directory(struct ar_run *run, struct ar_error *err)
{
	int r = enter_directory(run->process->cwd, err);

	run->at_work = r == 0;
	return r == -EACCES ? 0 : r;
}

static int no_new_privileges(struct ar_run *run, struct ar_error *err)
{
	(void)run; /* the plan has decided */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return ar_fail(err, errno, "set");
	/* read back: what the kernel says, not what we asked */
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return ar_refuse(err, EPERM, "not in force after it was set");
	return 0;
}

/* In a user namespace that we may have been started in, too. */
static bool setgroups_denied(const struct ar_run *run)
{
	char answer[8] = "";
	_cleanup_fd_ int fd = openat(run->proc, "self/setgroups", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, answer, sizeof(answer) - 1) > 0 &&
	       ar_starts_with(answer, "deny");
}

/* By the configuration, not by what was compiled: a plan stands before its first step. */
static bool filtered(const struct ar_run *run)
{
	return run->effective->builtin_seccomp || ar_run_linux(run)->seccomp;
}

static bool no_new_privs(const struct ar_run *run)
{
	return run->process->no_new_privileges == AR_YES;
}

/* A filter needs no_new_privs, or this for as long as it takes (seccomp(2)). */
static struct ar_cap_sets with_right_to_filter(struct ar_cap_sets caps)
{
	/* what is ambient must be permitted, and by the caller */
	caps.ambient &= caps.permitted;
	caps.permitted |= UINT64_C(1) << CAP_SYS_ADMIN;
	caps.effective |= UINT64_C(1) << CAP_SYS_ADMIN;
	return caps;
}

/* See hide() in host-steps.c. */
static int become(struct ar_run *run, struct ar_error *err)
{
	int r = ar_ids_apply(run->process->user, setgroups_denied(run), err);

	if (r < 0)
		return r;
	r = ar_process_hide();
	return r < 0 ? ar_fail(err, -r, "dumpable") : 0;
}

/* The order is the kernel's: the bounding set while CAP_SETPCAP is held, the ids, then what is
 * left. */
static int user(struct ar_run *run, struct ar_error *err)
{
	struct ar_cap_sets now;
	int r;

	ar_caps_parse(run->process->capabilities, &run->caps);
	now = filtered(run) && !no_new_privs(run) ? with_right_to_filter(run->caps) : run->caps;
	r = ar_caps_bound(&run->caps, err);
	if (r == 0)
		r = ar_caps_keep(err);
	if (r == 0)
		r = become(run, err);
	if (r == 0)
		r = ar_caps_apply(&now, err);
	if (r == 0)
		r = ar_caps_verify(run->proc, &now, err);
	if (r == 0)
		ar_run_enforced(run, AR_CONTROL_CAPABILITIES);
	return r;
}

static int landlock(struct ar_run *run, struct ar_error *err)
{
	int abi = ar_landlock_abi(), r;

	r = abi ? ar_landlock_scope(abi, run->root, run->effective->landlock_signals, err)
		: ar_refuse(err, ENOSYS, "this kernel has no Landlock");
	if (r < 0)
		return ar_run_lacks(run, AR_CONTROL_LANDLOCK, r, err);
	/* of a kernel that keeps only memory apart policy has said so */
	if (r == 0)
		ar_run_enforced(run, AR_CONTROL_LANDLOCK);
	return 0;
}

/* --- nothing of the host's may be open any more --- */

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * Close all but standard streams, the caller's passed descriptors and our own pipes: a directory of
 * the host that is still open at the exec could be walked through /proc/self/fd (CVE-2024-21626).
 * Close-on-exec would be too late.
 */
static int close_descriptors(struct ar_run *run, struct ar_error *err)
{
	int keep[] = { run->walk.channel, run->walk.sent_fd, run->fifo, run->result,
		       run->listener_sock };
	unsigned int next = 3 + run->io.listen_fds + run->io.preserve_fds;

	if (run->effective->profile != AR_PROFILE_COMPAT) {
		int r = ar_passed_check(next, err);

		if (r < 0)
			return r;
	}
	qsort(keep, AR_COUNT(keep), sizeof(*keep), ascending);
	for (size_t i = 0; i < AR_COUNT(keep); i++) {
		if (keep[i] < (int)next)
			continue; /* -1, or one of those that stay anyway */
		if (keep[i] > (int)next &&
		    ar_sys_close_range(next, (unsigned int)keep[i] - 1, 0) < 0)
			return ar_fail(err, errno, "close_range");
		next = (unsigned int)keep[i] + 1;
	}
	if (ar_sys_close_range(next, UINT_MAX, 0) < 0)
		return ar_fail(err, errno, "close_range");
	run->proc = run->root = run->own_proc = run->own_sys = run->null = run->tty = -1;
	return 0;
}

static int find_program(struct ar_run *run, struct ar_error *err)
{
	char where[PATH_MAX];
	int r = run->at_work ? 0 : enter_directory(run->process->cwd, err);

	if (r < 0)
		return r;
	/* the kernel says "(unreachable)" of a directory outside our root */
	if (!getcwd(where, sizeof(where)) || where[0] != '/')
		return ar_refuse(err, EPERM, "the working directory '%s' is outside the container",
				 run->process->cwd);
	r = ar_program_environment(run->arena, run->process, run->io.listen_fds, &run->program,
				   err);
	return r < 0 ? r : ar_program_find(run->arena, run->process, &run->program, err);
}

/*
 * From here on descriptors are opened only by startContainer hooks and to send a listener of
 * seccomp's; those of ours that are open stay so, whatever their number.
 */
static int limit_descriptors(struct ar_run *run, struct ar_error *err)
{
	return ar_rlimits_apply_nofile(&run->process->rlimits, err);
}

static int install_notifying(struct ar_run *run, struct ar_error *err)
{
	_cleanup_free_ char *message =
		ar_listener_message(run, run->target < 0 ? "creating" : "running");
	struct ar_listener listener = {
		.sock = run->listener_sock,
		.message = message,
		.len = strlen(message),
	};
	int fd = -1, r = ar_listener_start(&listener, err), sent;

	if (r < 0)
		return r;
	r = ar_filters_install(&run->filters, &fd, err);
	sent = ar_listener_finish(&listener, fd, r < 0 ? NULL : err);
	return r < 0 ? r : sent;
}

static int seccomp(struct ar_run *run, struct ar_error *err)
{
	_cleanup_fd_ int listener = -1;

	if (!run->filters.n)
		return ar_refuse(err, ENOENT, "the filters of the container are missing");
	if (run->listener_sock >= 0)
		return install_notifying(run, err);
	return ar_filters_install(&run->filters, &listener, err);
}

/*
 * Without no_new_privs. What the program is not allowed we must not need any more, for the filter
 * holds for us too: all that is left is to give up the right that it was installed by, hand over
 * and execute. The set is not read back, which the filter may refuse: even if that call did
 * nothing, the kernel makes the permitted set of what is executed from the bounding, inheritable
 * and ambient ones, which were verified.
 */
static int seccomp_by_right(struct ar_run *run, struct ar_error *err)
{
	struct ar_cap_sets caps;
	int r = ar_caps_held(&caps, err);

	if (r == 0)
		r = ar_walk_send_fd(run, err);
	if (r == 0)
		r = seccomp(run, err);
	if (r < 0)
		return r;
	caps.permitted &= run->caps.permitted;
	caps.effective &= run->caps.effective;
	return ar_caps_set(&caps, err);
}

/*
 * What the kernel does not execute is told where the program's own errors go, too: when nobody
 * stays with the container, that is where one looks. By write(2) alone, as the filter may have it.
 */
static void tell_program_errors(const struct ar_run *run, const struct ar_error *err)
{
	char line[sizeof(err->text) + 1];
	int n = snprintf(line, sizeof(line), "%s\n", err->text);

	if ((run->await_start || run->io.detach) && n > 0)
		(void)!write(STDERR_FILENO, line, (size_t)n); /* it is told to the caller anyway */
}

static int execute(struct ar_run *run, struct ar_error *err)
{
	int r = ar_program_execute(&run->program, err);

	tell_program_errors(run, err);
	return r;
}

void ar_last_mile_add(struct ar_plan *plan, const struct ar_run *run)
{
	static const struct ar_step steps[] = {
		{ "session", AR_INIT, 0, session, NULL },
		{ "limits", AR_INIT, 0, limits, NULL },
		{ "scheduling", AR_INIT, 0, scheduling, NULL },
		{ "security labels", AR_INIT, 0, labels, NULL },
		{ "working directory", AR_INIT, AR_STEP_PLAIN, directory, NULL },
	};
	static const struct ar_step become = { "user and capabilities", AR_INIT, 0, user, NULL };
	static const struct ar_step with_keyring = { "session keyring", AR_INIT, 0, keyring, NULL };
	static const struct ar_step nnp = { "no_new_privs", AR_INIT, 0, no_new_privileges, NULL };
	static const struct ar_step domain = { "landlock", AR_INIT, 0, landlock, NULL };
	static const struct ar_step close_all = { "descriptors", AR_INIT, 0, close_descriptors,
						  NULL };
	static const struct ar_step few = { "limit of descriptors", AR_INIT, 0, limit_descriptors,
					    NULL };
	static const struct ar_step find = { "program", AR_INIT, AR_STEP_PLAIN, find_program,
					     NULL };
	static const struct ar_step filter = { "seccomp", AR_INIT, 0, seccomp_by_right, NULL };

	if (run->effective->new_keyring)
		ar_plan_add(plan, &with_keyring);
	for (size_t i = 0; i < AR_COUNT(steps); i++)
		ar_plan_add(plan, &steps[i]);
	ar_plan_add(plan, &become);
	/* after the ids: with no_new_privs a change of them would lose nothing, but labels must be
	 * asked before */
	if (no_new_privs(run))
		ar_plan_add(plan, &nnp);
	if (run->effective->landlock_scope)
		ar_plan_add(plan, &domain);
	ar_plan_add(plan, &close_all);
	ar_plan_add(plan, &find);
	ar_plan_add(plan, &few);
	/* not as late as with no_new_privs: the right to it would be held until "start" */
	if (filtered(run) && !no_new_privs(run))
		ar_plan_add(plan, &filter);
}

void ar_last_mile_add_end(struct ar_plan *plan, const struct ar_run *run)
{
	static const struct ar_step filter = { "seccomp", AR_INIT, 0, seccomp, NULL };
	static const struct ar_step end = { "program", AR_INIT, AR_STEP_PLAIN, execute, NULL };

	if (filtered(run) && no_new_privs(run))
		ar_plan_add(plan, &filter);
	ar_plan_add(plan, &end);
}
