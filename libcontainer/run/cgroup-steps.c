/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "run/host-steps.h"
#include "run/run.h"

/* A systemd that cannot be asked still notices that a scope is empty, within that time. */
#define SYSTEMD_NOTICES_MS 2000

const struct ar_resources *ar_run_resources(struct ar_run *run)
{
	const struct ar_resources *res = ar_run_linux(run)->resources;

	return run->effective->profile == AR_PROFILE_COMPAT
		       ? ar_resources_without_v1(run->arena, res)
		       : res;
}

static bool limits_asked(const struct ar_run *run)
{
	const struct ar_resources *res = ar_run_linux(run)->resources;

	if (!res)
		return false;
	if (res->cpu || res->block_io || res->hugepage_limits.n || res->rdma.n || res->unified.n)
		return true;
	return (res->pids && !run->effective->pids_default) ||
	       (res->memory && !run->effective->memory_default);
}

/* An unprivileged caller may be unable to make a cgroup. That is fine unless one was asked for, as
 * with runc. */
static int without_cgroup(struct ar_run *run, int r, struct ar_error *err)
{
	bool denied = r == -EACCES || r == -EPERM || r == -EROFS || r == -ENOENT;
	const char *asked = ar_run_linux(run)->cgroups_path;

	if (!denied || run->facts->host_root || (asked && *asked) || limits_asked(run))
		return r;
	ar_debug("no cgroup: %s", err->text);
	run->use_cgroup = false;
	ar_cgroup_close(&run->cgroup);
	run->record->cgroup = NULL;
	ar_run_not_applied(run, AR_CONTROL_PIDS_LIMIT, "no cgroup for this user");
	ar_run_not_applied(run, AR_CONTROL_MEMORY_LIMIT, "no cgroup for this user");
	return 0;
}

int ar_run_check_alone(struct ar_run *run, struct ar_error *err)
{
	run->cgroup.alone = run->effective->profile != AR_PROFILE_COMPAT;
	return run->cgroup.alone ? ar_cgroup_check_alone(&run->cgroup, err) : 0;
}

/* As with runc: where none is asked for, compat has one of the id beside the caller's own. */
static const char *cgroups_path(const struct ar_run *run)
{
	const char *asked = ar_run_linux(run)->cgroups_path;

	if (asked && *asked)
		return asked;
	return run->effective->profile == AR_PROFILE_COMPAT ? run->id : NULL;
}

/*
 * The path is on disk before the cgroup exists, so that "delete --force" finds it after a crash at
 * any point. One that others use is not: their processes would be killed by that.
 */
static int locate_cgroup(struct ar_run *run, struct ar_error *err)
{
	int r = 0;

	if (run->use_cgroup) {
		r = ar_cgroup_locate(run->arena, cgroups_path(run), run->id, &run->cgroup, err);
		if (r == 0)
			r = ar_cgroup_check_empty(&run->cgroup, err);
		if (r == 0)
			r = ar_run_check_alone(run, err);
		if (r < 0)
			r = without_cgroup(run, r, err);
		if (r < 0)
			return r;
	}
	if (run->use_cgroup) {
		run->record->cgroup = run->cgroup.path;
		run->record->cgroup_root = run->cgroup.root;
	}
	return ar_record_write(run->dir, run->record, err);
}
const struct ar_step ar_step_locate_cgroup = { "cgroup path", AR_HOST, AR_STEP_PLAIN, locate_cgroup,
					       NULL };

static int make_cgroup(struct ar_run *run, struct ar_error *err)
{
	int r;

	if (!run->use_cgroup)
		return 0;
	r = ar_cgroup_make(&run->cgroup, ar_run_resources(run), err);
	if (r < 0)
		r = without_cgroup(run, r, err);
	if (r == 0 && run->use_cgroup) {
		run->cgroup_made = true;
		run->cgroup_fd = fcntl(run->cgroup.fd, F_DUPFD_CLOEXEC, 3);
	}
	if (r == 0 && run->use_cgroup && run->cgroup_fd < 0)
		r = ar_fail(err, errno, "cgroup");
	return r;
}

/* The unit ends with its last process; a failed one stays until it is told to go. */
static int forget_unit(const struct ar_record *record, struct ar_error *err)
{
	_cleanup_systemd_ struct ar_systemd *systemd = NULL;
	int r = ar_systemd_open(ar_manager_from_name(record->manager), &systemd, err);

	return r < 0 ? r : ar_systemd_stop(systemd, record->unit, err);
}

/*
 * systemd has to see that the cgroup is empty: of one that is gone before that it believes for ever
 * that it runs.
 */
static int remove_unit(struct ar_cgroup *cgroup, const struct ar_record *record,
		       struct ar_error *err)
{
	struct ar_error left = { 0 };
	int r = ar_cgroup_end(cgroup, err), r2;

	if (r < 0)
		return r;
	r = forget_unit(record, err);
	if (r < 0 && !ar_cgroup_await_gone(cgroup, SYSTEMD_NOTICES_MS))
		ar_debug("cgroup '%s' is not removed by systemd", cgroup->path);
	r2 = ar_cgroup_remove(cgroup, &left);
	if (r2 < 0)
		*err = left; /* what is left in the kernel counts more */
	return r2 < 0 ? r2 : r;
}

int ar_container_remove_cgroup(struct ar_cgroup *cgroup, const struct ar_record *record,
			       struct ar_error *err)
{
	return record->unit ? remove_unit(cgroup, record, err) : ar_cgroup_remove(cgroup, err);
}

/* What cannot be removed stays on record, for "delete --force". One that was refused is not ours to
 * remove. */
void ar_run_remove_cgroup(struct ar_run *run)
{
	struct ar_error err = { 0 };

	if (!run->cgroup_made)
		return;
	if (run->leave_cgroup) {
		ar_cgroup_leave(&run->cgroup);
		return;
	}
	if (ar_container_remove_cgroup(&run->cgroup, run->record, &err) < 0) {
		run->left_behind = true;
		ar_log(AR_LOG_WARN, "container %s: %s", run->id, err.text);
	}
}
const struct ar_step ar_step_cgroup = { "cgroup", AR_HOST, AR_STEP_PLAIN, make_cgroup,
					ar_run_remove_cgroup };

/*
 * Asked again once init is in it: of two containers that are made at one time, one in the cgroup
 * above the other's, the one that is later at this point sees the other.
 */
static int check_still_alone(struct ar_run *run, struct ar_error *err)
{
	int r = run->use_cgroup ? ar_run_check_alone(run, err) : 0;

	run->leave_cgroup = r < 0; /* init ends first: the clone is undone before the cgroup */
	return r;
}
const struct ar_step ar_step_alone = { "cgroup of its own", AR_HOST, AR_STEP_BESIDE | AR_STEP_PLAIN,
				       check_still_alone, NULL };

static void note_limit(struct ar_run *run, enum ar_control control, bool missing, const char *why)
{
	if (missing)
		ar_run_not_applied(run, control, why);
	else
		ar_run_enforced(run, control);
}

static int limits(struct ar_run *run, struct ar_error *err)
{
	const struct ar_effective *e = run->effective;
	const struct ar_resources *res = ar_run_resources(run);
	struct ar_limit_default ours = { e->pids_default, e->memory_default, e->swap_default },
				missing = { 0 };
	int r;

	if (!run->use_cgroup)
		return limits_asked(run)
			       ? ar_refuse(err, EINVAL,
					   "limits are requested, but there is no cgroup to set "
					   "them in")
			       : 0;
	if (!res)
		return 0;
	r = ar_cgroup_limits_apply(&run->cgroup, res, &ours, &missing, err);
	if (r < 0)
		return r;
	if (res->pids)
		note_limit(run, AR_CONTROL_PIDS_LIMIT, missing.pids,
			   "the cgroup tree has no pids controller");
	if (res->memory)
		note_limit(run, AR_CONTROL_MEMORY_LIMIT, missing.memory,
			   "the cgroup tree has no memory controller");
	if (missing.pids && e->strength[AR_CONTROL_PIDS_LIMIT] == AR_REQUIRED)
		return ar_refuse(
			err, ENOTSUP,
			"a pids limit is required, but the cgroup tree has no pids controller");
	if (missing.memory && e->strength[AR_CONTROL_MEMORY_LIMIT] == AR_REQUIRED)
		return ar_refuse(
			err, ENOTSUP,
			"a memory limit is required, but the cgroup tree has no memory controller");
	return 0;
}
const struct ar_step ar_step_limits = { "limits", AR_HOST, AR_STEP_BESIDE | AR_STEP_PLAIN, limits,
					NULL };

#define RULE(type_, major_, minor_, access_)                                            \
	{                                                                               \
		.allow = AR_YES, .type = (type_), .major = { (major_) >= 0, (major_) }, \
		.minor = { (minor_) >= 0, (minor_) }, .access = (access_)               \
	}
/* What every container needs, after the bundle's own rules, as runc has it: "deny all" alone is
 * what engines send, and a bundle that says nothing of devices allows these alone. */
static const struct ar_device_rule default_rules[] = {
	RULE("c", -1, -1, "m"), RULE("b", -1, -1, "m"),	   RULE("c", 1, 3, "rwm"),
	RULE("c", 1, 5, "rwm"), RULE("c", 1, 7, "rwm"),	   RULE("c", 1, 8, "rwm"),
	RULE("c", 1, 9, "rwm"), RULE("c", 5, 0, "rwm"),	   RULE("c", 136, -1, "rwm"),
	RULE("c", 5, 2, "rwm"), RULE("c", 10, 200, "rwm"), /* /dev/net/tun */
};

/* The other profiles bring a whole list of their own. */
static struct ar_list rules_of(struct ar_run *run)
{
	const struct ar_resources *res = ar_run_linux(run)->resources;
	const struct ar_list asked = res ? res->devices : (struct ar_list){ NULL, 0 };
	struct ar_device_rule *all;

	if (run->effective->profile != AR_PROFILE_COMPAT)
		return asked;
	all = ar_alloc_array(run->arena, asked.n + AR_COUNT(default_rules), sizeof(*all));
	if (asked.n)
		memcpy(all, asked.items, asked.n * sizeof(*all));
	memcpy(all + asked.n, default_rules, sizeof(default_rules));
	return (struct ar_list){ .items = all, .n = asked.n + AR_COUNT(default_rules) };
}

static int devices_by_nodes(struct ar_run *run)
{
	ar_run_enforced_by(run, AR_CONTROL_DEVICES,
			   "by the nodes that are there, as nobody can make others; "
			   "this user may attach no device program");
	return 0;
}

static int device_rules(struct ar_run *run, struct ar_error *err)
{
	const struct ar_list rules = rules_of(run);
	/* in a user namespace nobody can make a node to open: the nodes that are bound are the
	 * allowed ones */
	bool no_nodes = run->in_userns || !run->facts->host_root;
	int r;

	/* a caller of compat that wants no cgroup gives up what needs one, as with crun */
	if (!run->use_cgroup && run->effective->profile == AR_PROFILE_COMPAT)
		return 0;
	if (!run->use_cgroup)
		return no_nodes ? devices_by_nodes(run)
				: ar_refuse(err, EINVAL, "device rules need a cgroup");
	r = ar_cgroup_devices_apply(&run->cgroup, &rules, &run->device_program, err);
	if ((r == -EPERM || r == -ENOSYS) && no_nodes) {
		ar_debug("device rules: %s", err->text);
		return devices_by_nodes(run);
	}
	return r;
}
const struct ar_step ar_step_device_rules = { "device rules", AR_HOST, AR_STEP_BESIDE, device_rules,
					      NULL };

static int container_cgroup(struct ar_run *run, struct ar_error *err)
{
	/* the caller named one below it */
	if (run->cgroup_fd >= 0)
		return 0;
	return ar_cgroup_open_sub(&run->cgroup, NULL, &run->cgroup_fd, err);
}
const struct ar_step ar_step_container_cgroup = { "cgroup", AR_HOST, AR_STEP_PLAIN,
						  container_cgroup, NULL };
