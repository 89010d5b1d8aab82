/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

_Static_assert(AR_CONTROL_COUNT <= AR_NOTES_MAX, "a note for every control");

void ar_run_init(struct ar_run *run)
{
	*run = (struct ar_run){
		.walk = AR_WALK_INIT,
		.cgroup = AR_CGROUP_INIT,
		.init_errors = "unable to start container process: error during container init",
		.cgroup_fd = -1,
		.target = -1,
		.mapped = -1,
		.console_sock = -1,
		.pidfd_sock = -1,
		.listener_sock = -1,
		.notify = AR_NOTIFY_INIT,
		.ns = AR_NS_SET_INIT,
		.proc = -1,
		.root_tree = -1,
		.notify_tree = -1,
		.fifo = -1,
		.result = -1,
		.root = -1,
		.own_proc = -1,
		.own_sys = -1,
		.null = -1,
		.tty = -1,
		.streams = { -1, -1, -1 },
	};
}

void ar_run_close_streams(struct ar_run *run)
{
	for (size_t i = 0; i < AR_COUNT(run->streams); i++)
		ar_close_fd(&run->streams[i]);
}

bool ar_run_has_mapped_streams(const struct ar_run *run)
{
	bool any = false;

	for (size_t i = 0; i < AR_COUNT(run->streams); i++)
		any = any || run->streams[i] >= 0;
	return any && ar_spec_namespace(run->effective->spec, "user");
}

void ar_run_close_trees(struct ar_run *run)
{
	ar_close_fd(&run->mapped);
	ar_close_fd(&run->root_tree);
	ar_close_fd(&run->notify_tree);
	for (size_t i = 0; i < run->n_mounts; i++)
		ar_close_fd(&run->mount_tree[i]);
}

void ar_run_done(struct ar_run *run)
{
	int *fds[] = { &run->cgroup_fd, &run->console_sock, &run->pidfd_sock, &run->listener_sock,
		       &run->proc,	&run->fifo,	    &run->result,     &run->root,
		       &run->own_proc,	&run->own_sys,	    &run->null,	      &run->tty };

	for (size_t i = 0; i < AR_COUNT(fds); i++)
		ar_close_fd(fds[i]);
	ar_run_close_streams(run);
	ar_run_close_trees(run);
	ar_notify_close(&run->notify);
	ar_ns_set_close(&run->ns);
	ar_walk_close(&run->walk);
	ar_cgroup_close(&run->cgroup);
	ar_systemd_close(run->systemd);
	run->systemd = NULL;
}

int ar_run_open_proc(struct ar_run *run, struct ar_error *err)
{
	struct statfs st;

	run->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->proc < 0 || fstatfs(run->proc, &st) < 0)
		return ar_fail(err, errno, "open /proc");
	if (st.f_type != PROC_SUPER_MAGIC)
		return ar_refuse(err, EINVAL, "/proc of the host is not a procfs");
	return 0;
}

int ar_run_check_terminal(const struct ar_run *run, bool leaves, struct ar_error *err)
{
	bool terminal = run->process->terminal == AR_YES;

	/* runc's words: callers know them */
	if (terminal && leaves && !run->io.console_socket)
		return ar_refuse(err, EINVAL,
				 "cannot allocate tty if runc will detach without "
				 "setting console socket");
	if (run->io.console_socket && (!terminal || !leaves))
		return ar_refuse(err, EINVAL,
				 "cannot use console socket if runc will not detach "
				 "or allocate tty");
	return 0;
}

static void note(struct ar_run *run, enum ar_control control, char result, const char *why)
{
	struct ar_note *n = &run->walk.shared->notes[control];

	n->result = result;
	snprintf(n->why, sizeof(n->why), "%.*s", (int)sizeof(n->why) - 1, why);
}

void ar_run_enforced(struct ar_run *run, enum ar_control control)
{
	note(run, control, 'y', "");
}

void ar_run_enforced_by(struct ar_run *run, enum ar_control control, const char *how)
{
	note(run, control, 'y', how);
}

void ar_run_relaxed(struct ar_run *run, enum ar_control control, const char *why)
{
	note(run, control, 'o', why);
}

void ar_run_not_applied(struct ar_run *run, enum ar_control control, const char *why)
{
	note(run, control, 'n', why);
}

int ar_run_cannot(struct ar_run *run, enum ar_control control, int r, struct ar_error *err)
{
	if (run->effective->strength[control] == AR_REQUIRED)
		return r;
	note(run, control, 'n', err->text);
	return 0;
}

/* The kernel has it not, or gives it to nobody like us: that will be so the next time. */
static bool is_lacking(int r)
{
	switch (-r) {
	case ENOSYS:
	case EOPNOTSUPP:
	case EINVAL:
	case ENOENT:
	case EPERM:
	case EACCES:
	case EROFS:
		return true;
	default:
		return false;
	}
}

int ar_run_lacks(struct ar_run *run, enum ar_control control, int r, struct ar_error *err)
{
	return is_lacking(r) ? ar_run_cannot(run, control, r, err) : r;
}

/* What could not be applied counts more than what an opt-out took off it. */
static struct ar_outcome outcome_of(struct ar_run *run, enum ar_control control)
{
	const struct ar_effective *e = run->effective;
	const struct ar_note *noted = &run->walk.shared->notes[control];
	const char *relaxed = ar_effective_relaxed(e, control),
		   *said = *noted->why ? ar_strdup(run->arena, noted->why) : NULL;
	struct ar_outcome out = { .control = ar_control_name(control), .result = "enforced" };

	if (e->strength[control] == AR_OFF)
		out.why = ar_effective_not_applied(e, control);
	if (out.why || (e->strength[control] != AR_OFF && noted->result == 'n')) {
		out.result = "not applied";
		/* where not even what policy left of it could be, that says more */
		if (noted->result == 'n')
			out.why = said;
	} else if (relaxed || noted->result == 'o') {
		out.result = "relaxed";
		out.why = relaxed ? relaxed : said;
	} else if (e->strength[control] == AR_OFF) {
		out.result = "off";
	} else if (noted->result == 'y') {
		out.why = said;
	} else if (e->strength[control] != AR_REQUIRED) {
		out.result = "not applied";
		out.why = "no step applied it";
	} /* a required control that failed would have ended the walk */
	return out;
}

void ar_run_outcomes(struct ar_run *run, struct ar_list *ret)
{
	struct ar_outcome *out = ar_alloc_array(run->arena, AR_CONTROL_COUNT, sizeof(*out));
	size_t n = 0;

	/* compat has no controls */
	if (run->effective->profile != AR_PROFILE_COMPAT)
		while (n < AR_CONTROL_COUNT) {
			out[n] = outcome_of(run, (enum ar_control)n);
			n++;
		}
	*ret = (struct ar_list){ .items = out, .n = n };
}

const struct ar_mount *ar_run_mount_on(const struct ar_run *run, const char *destination)
{
	const struct ar_mount *found = NULL;

	ar_list_foreach(const struct ar_mount, m, &run->effective->spec->mounts)
		if (ar_streq(m->destination, destination))
			found = m;
	return found;
}
