/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of create and run, in order. Both processes hold this list:
 *
 *   agentrun (host)                         init (the container's first process)
 *   ---------------                         ------------------------------------
 *   what may fail without a trace first
 *   cgroup: path to disk, then the cgroup
 *   clone3 into it  ----------------------> born in its namespaces
 *     (systemd: clone3, then the unit around it, while it waits)
 *   id mappings     --hand-over-----------> settle
 *   (beside: limits, device rules, files)   root, mounts, devices, terminal
 *   prestart, createRuntime hooks  <------> (only when there are such hooks)
 *                                           createContainer hooks
 *                                           names, sysctl
 *                                           paths masked, root read-only, pivot_root
 *                                           the last mile: rights are given up
 *   record "created", pid file  <---------- ready
 *                                           await start (create) or go on (run)
 *                                           startContainer hooks, seccomp, execve
 */
#include <sched.h>

#include "run/host-steps.h"
#include "run/init-steps.h"
#include "run/last-mile.h"
#include "run/notify-steps.h"
#include "run/run.h"

static bool has_namespace(const struct ar_run *run, const char *type, bool fresh)
{
	const struct ar_namespace *ns = ar_spec_namespace(run->effective->spec, type);

	return ns && !(fresh && ar_namespace_is_joined(ns));
}

static bool has_hooks(const struct ar_run *run, enum ar_hook_kind kind)
{
	return ar_hooks_of(run->effective->spec->hooks, kind)->n > 0;
}

static void host_before_clone(struct ar_plan *plan, const struct ar_run *run)
{
	ar_plan_add(plan, &ar_step_namespaces);
	ar_plan_add(plan, &ar_step_filters);
	ar_plan_add(plan, &ar_step_trees);
	if (run->io.console_socket || run->io.pidfd_socket)
		ar_plan_add(plan, &ar_step_sockets);
	if (run->notify_socket)
		ar_plan_add(plan, &ar_step_notify_make);
	if (run->await_start)
		ar_plan_add(plan, &ar_step_fifo);
	if (run->use_systemd) {
		/* a scope is made of processes: init is born first, and waits until it is in it */
		ar_plan_add(plan, &ar_step_locate_unit);
		ar_plan_add(plan, &ar_step_clone);
		ar_plan_add(plan, &ar_step_unit);
		return;
	}
	ar_plan_add(plan, &ar_step_locate_cgroup);
	ar_plan_add(plan, &ar_step_cgroup);
	ar_plan_add(plan, &ar_step_clone);
}

static void host_after_clone(struct ar_plan *plan, const struct ar_run *run)
{
	const struct ar_linux *linux = ar_run_linux(run);

	if (has_namespace(run, "user", true))
		ar_plan_add(plan, &ar_step_idmap);
	if (ar_run_has_mapped_streams(run))
		ar_plan_add(plan, &ar_step_streams);
	/* while init goes ahead; it executes nothing before "created", which comes after these */
	if (!run->use_systemd && run->effective->profile != AR_PROFILE_COMPAT)
		ar_plan_add(plan, &ar_step_alone);
	ar_plan_add(plan, &ar_step_limits);
	ar_plan_add(plan, &ar_step_device_rules);
	ar_plan_add(plan, &ar_step_save);
	/* after their configuration is on disk: delete undoes what a dead create has left */
	if (linux->intel_rdt)
		ar_plan_add(plan, &ar_step_rdt);
	if (linux->net_devices.n)
		ar_plan_add(plan, &ar_step_net_devices);
}

static void init_surroundings(struct ar_plan *plan, const struct ar_run *run)
{
	/*
	 * the parameter belongs to root of the host, which is what we still are in a user namespace
	 */
	if (run->effective->memfd_noexec)
		ar_plan_add(plan, &ar_step_memfd);
	ar_plan_add(plan, &ar_step_settle);
	if (has_namespace(run, "cgroup", false))
		ar_plan_add(plan, &ar_step_cgroup_namespace);
	if (has_namespace(run, "network", true))
		ar_plan_add(plan, &ar_step_loopback);
	ar_plan_add(plan, &ar_step_attach_root);
	/* before the bundle's mounts, some of which may lie in it */
	if (run->effective->home)
		ar_plan_add(plan, &ar_step_home);
	ar_plan_add(plan, &ar_step_mounts);
	if (run->notify_socket)
		ar_plan_add(plan, &ar_step_notify_mount);
	ar_plan_add(plan, &ar_step_devices);
	ar_plan_add(plan, &ar_step_working_directory);
}

void ar_plan_create(struct ar_plan *plan, const struct ar_run *run)
{
	const struct ar_linux *linux = ar_run_linux(run);

	host_before_clone(plan, run);
	host_after_clone(plan, run);
	init_surroundings(plan, run);
	/* hooks find the mounts in place and the root still writable */
	if (has_hooks(run, AR_HOOK_PRESTART) || has_hooks(run, AR_HOOK_CREATE_RUNTIME) ||
	    has_hooks(run, AR_HOOK_CREATE_CONTAINER)) /* these are put on record there */
		ar_plan_add(plan, &ar_step_host_hooks);
	if (has_hooks(run, AR_HOOK_CREATE_CONTAINER))
		ar_plan_add(plan, &ar_step_container_hooks);
	/* a hook may have brought the network interface that is spoken of */
	if (run->effective->spec->hostname || run->effective->spec->domainname)
		ar_plan_add(plan, &ar_step_names);
	if (linux->sysctl.n)
		ar_plan_add(plan, &ar_step_sysctl);
	/* before pivot_root, while the host's null device can be bound */
	if (linux->masked_paths.n || linux->readonly_paths.n)
		ar_plan_add(plan, &ar_step_masks);
	ar_plan_add(plan, &ar_step_readonly);
	ar_plan_add(plan, &ar_step_pivot);
	if (run->effective->profile != AR_PROFILE_COMPAT)
		ar_plan_add(plan, &ar_step_verify);
	ar_last_mile_add(plan, run);
	ar_plan_add(plan, &ar_step_ready);
	ar_plan_add(plan, &ar_step_created);
	if (run->await_start)
		ar_plan_add(plan, &ar_step_await_start);
	if (has_hooks(run, AR_HOOK_START_CONTAINER))
		ar_plan_add(plan, &ar_step_start_hooks);
	if (run->await_start)
		ar_plan_add(plan, &ar_step_announce);
	ar_last_mile_add_end(plan, run);
}
