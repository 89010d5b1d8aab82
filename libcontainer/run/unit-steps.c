/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "run/host-steps.h"
#include "run/run.h"
#include "spec/mount-options.h"

/*
 * A container whose cgroup is made by systemd. The unit's name and its cgroup's path are on disk
 * before systemd is asked for it. A scope lives as long as processes are in it, and is made around
 * one: init is born in our own cgroup, waits for its turn, and takes its first step in the unit.
 */

static int locate_unit(struct ar_run *run, struct ar_error *err)
{
	const char *path;
	int r = ar_unit_choose(run->arena, ar_run_linux(run)->cgroups_path, run->id,
			       run->manager == AR_MANAGER_USER, &run->unit, err);

	if (r == 0)
		r = ar_systemd_open(run->manager, &run->systemd, err);
	if (r < 0)
		return r;
	path = ar_printf(run->arena, "%s%s", ar_systemd_cgroup(run->systemd), run->unit.path);
	r = ar_cgroup_at(run->arena, path, &run->cgroup, err);
	/* before it is on record, by which it would be removed */
	if (r == 0)
		r = ar_cgroup_check_unused(&run->cgroup, err);
	if (r == 0)
		r = ar_run_check_alone(run, err);
	if (r < 0)
		return r;
	run->record->cgroup = run->cgroup.path;
	run->record->cgroup_root = run->cgroup.root;
	run->record->unit = run->unit.name;
	run->record->manager = ar_manager_name(run->manager);
	return ar_record_write(run->dir, run->record, err);
}
const struct ar_step ar_step_locate_unit = { "systemd unit", AR_HOST, AR_STEP_PLAIN, locate_unit,
					     NULL };

/* --- properties --- */

static void add(struct ar_run *run, struct ar_properties *p, const char *name,
		struct ar_variant value)
{
	ar_property_add(run->arena, p, name, value);
}

static struct ar_variant list_of(struct ar_run *run, const char *type, struct ar_variant member)
{
	return (struct ar_variant){
		.type = 'a',
		.of = type,
		.items = ar_memdup(run->arena, &member, sizeof(member)),
		.n = 1,
	};
}

/* A slice is no place for processes to systemd: init is put into it afterwards. */
static void add_kind(struct ar_run *run, struct ar_properties *p)
{
	const struct ar_variant pid = { .type = 'u', .u = (uint64_t)run->pid };

	if (run->unit.is_slice) {
		add(run, p, "Wants", list_of(run, "s", ar_variant_text(run->unit.slice)));
		return;
	}
	add(run, p, "Slice", ar_variant_text(run->unit.slice));
	add(run, p, "Delegate", ar_variant_flag(true));
	add(run, p, "PIDs", list_of(run, "u", pid));
}

/* What the bundle asks for, and then the limits: these have the last word. */
static int properties(struct ar_run *run, struct ar_properties *p, struct ar_error *err)
{
	static const char *const accounting[] = { "MemoryAccounting", "CPUAccounting",
						  "IOAccounting", "TasksAccounting" };
	const struct ar_resources *resources = ar_run_resources(run);
	int r;

	add(run, p, "Description",
	    ar_variant_text(ar_printf(run->arena, "agentrun container %s", run->id)));
	add_kind(run, p);
	for (size_t i = 0; i < AR_COUNT(accounting); i++)
		add(run, p, accounting[i], ar_variant_flag(true));
	/* it is stopped by who started it, not by the shutdown of the host's services */
	add(run, p, "DefaultDependencies", ar_variant_flag(false));
	r = ar_properties_of_annotations(run->arena, &run->effective->spec->annotations, p, err);
	if (r == 0 && resources)
		r = ar_properties_of_resources(run->arena, resources,
					       ar_systemd_version(run->systemd),
					       run->unit.is_slice ? AR_SLICE_START : AR_UNIT_START,
					       p, err);
	return r;
}

/* --- the unit --- */

/* By what the kernel says, not by what systemd was asked for. */
static int check_inside(struct ar_run *run, struct ar_error *err)
{
	const char *sub = NULL;
	int r = ar_cgroup_sub_of(run->arena, &run->cgroup, run->pid, &sub, err);

	if (r == 0 && sub)
		r = ar_refuse(err, EXDEV, "process %d is in '%s' below it", run->pid, sub);
	return ar_prefix(err, r, "unit '%s' was not made around the container's init",
			 run->unit.name);
}

static bool shows_cgroup_writable(const struct ar_run *run)
{
	ar_list_foreach(const struct ar_mount, m, &run->effective->spec->mounts) {
		struct ar_mount_options options;

		ar_mount_options_parse(run->arena, &m->options, &options);
		if (ar_streq(m->source, "cgroup") && !options.ro &&
		    ar_streq(ar_path_absolute(run->arena, m->destination), "/sys/fs/cgroup"))
			return true;
	}
	return false;
}

/* The host's number of a user of the container; false: it has none. */
static bool host_user(const struct ar_run *run, uint64_t user, uid_t *ret)
{
	*ret = (uid_t)user;
	if (!ar_spec_namespace(run->effective->spec, "user"))
		return true;
	ar_list_foreach(const struct ar_id_mapping, map, &run->uid_mappings) {
		uint64_t offset = user - map->container_id.value; /* huge for one below it */

		if (user < map->container_id.value || offset >= map->size.value)
			continue;
		*ret = (uid_t)(map->host_id.value + offset);
		return true;
	}
	return false;
}

/*
 * As runc, with systemd alone: who has a cgroup namespace of its own and may write to what it sees
 * there, as systemd in a container with a user namespace, is the owner of its cgroup.
 */
static int delegate(const struct ar_run *run, struct ar_error *err)
{
	const struct ar_process *process = run->effective->spec->process;
	uid_t uid;

	if (run->effective->profile != AR_PROFILE_COMPAT || !run->facts->host_root ||
	    !(run->ns.fresh & CLONE_NEWCGROUP) || !shows_cgroup_writable(run) ||
	    !host_user(run, process && process->user ? process->user->uid.value : 0, &uid))
		return 0;
	return ar_cgroup_delegate(&run->cgroup, uid, err);
}

static int start_unit(struct ar_run *run, struct ar_error *err)
{
	struct ar_properties p = { 0 };
	int r = properties(run, &p, err);

	if (r < 0)
		return r;
	r = ar_systemd_start(run->systemd, run->unit.name, &p, &run->cgroup_made, err);
	if (r < 0)
		return r;
	ar_systemd_close(run->systemd);
	run->systemd = NULL;
	r = ar_cgroup_open_made(&run->cgroup, err);
	if (r == 0 && run->unit.is_slice)
		r = ar_cgroup_enter(&run->cgroup, NULL, run->pid, err);
	if (r == 0)
		r = check_inside(run, err);
	return r < 0 ? r : delegate(run, err);
}

/*
 * The unit's cgroup may exist although systemd never said that its job was done. Init is killed
 * first: it ignores signals for now, and systemd would wait for it until its timeout.
 */
static void undo_unit(struct ar_run *run)
{
	struct ar_cgroup now __attribute__((cleanup(ar_cgroup_close))) = AR_CGROUP_INIT;
	struct ar_error ignored;

	ar_step_clone.undo(run);
	if (run->systemd && run->cgroup_made && run->cgroup.fd < 0 &&
	    ar_cgroup_reopen(run->arena, run->cgroup.root, run->cgroup.path, &now, &ignored) == 0)
		run->cgroup.fd = ar_steal_fd(&now.fd);
	ar_run_remove_cgroup(run);
}

const struct ar_step ar_step_unit = { "systemd unit", AR_HOST, AR_STEP_PLAIN, start_unit,
				      undo_unit };

/* --- exec --- */

/*
 * Without rights over a cgroup that is above both, a process can be put into the container's only
 * by systemd: that of a user who has logged in, say.
 */
static int enter_unit(struct ar_run *run, struct ar_error *err)
{
	_cleanup_systemd_ struct ar_systemd *systemd = NULL;
	const char *sub;
	int r;

	if (!run->enter_unit)
		return 0;
	r = ar_systemd_open(ar_manager_from_name(run->record->manager), &systemd, err);
	if (r == 0)
		r = ar_systemd_attach(systemd, run->record->unit, run->unit_sub, run->pid, err);
	if (r < 0)
		return r;
	r = ar_cgroup_sub_of(run->arena, &run->cgroup, run->pid, &sub, err);
	return ar_prefix(err, r, "systemd has not moved the process into unit '%s'",
			 run->record->unit);
}
const struct ar_step ar_step_unit_enter = { "systemd unit", AR_HOST, AR_STEP_PLAIN, enter_unit,
					    NULL };
