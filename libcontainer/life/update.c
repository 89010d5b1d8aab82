/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/cgroup-systemd.h"
#include "kernel/cgroup-unit.h"
#include "kernel/cgroup.h"
#include "kernel/probe.h"
#include "kernel/rdt.h"
#include "life/container.h"
#include "policy/merge.h"
#include "policy/rules.h"
#include "policy/update.h"
#include "state/effective.h"

/* An update while it runs. */
struct updating {
	struct ar_container *c;
	struct ar_asked_limits asked;
	const struct ar_resources *old, *new; /* all of them, before and after */
	struct ar_list decisions;
};

static const struct ar_resources *resources_of(const struct ar_effective *effective)
{
	return effective->spec->linux ? effective->spec->linux->resources : NULL;
}

/*
 * systemd writes what it is told, in its own units of measure, and what it was told before, when it
 * sees a reason: so it has to know. What it does not know, and exact values, come from us after it.
 */
static int tell_systemd(const struct updating *u, const struct ar_resources *resources,
			struct ar_error *err)
{
	_cleanup_systemd_ struct ar_systemd *systemd = NULL;
	const struct ar_record *record = u->c->record;
	struct ar_properties properties = { 0 };
	int r = ar_systemd_open(ar_manager_from_name(record->manager), &systemd, err);

	if (r == 0)
		r = ar_properties_of_resources(u->c->arena, resources, ar_systemd_version(systemd),
					       AR_UNIT_CHANGE, &properties, err);
	return r < 0 || !properties.n ? r : ar_systemd_set(systemd, record->unit, &properties, err);
}

static int apply(const struct updating *u, const struct ar_cgroup *cgroup,
		 const struct ar_resources *resources, const struct ar_limit_default *defaults,
		 struct ar_error *err)
{
	int r = ar_cgroup_limits_apply(cgroup, resources, defaults, NULL, err);

	/* first of all what the kernel says to it; again, for systemd may have rounded */
	if (r == 0 && u->c->record->unit)
		r = tell_systemd(u, resources, err);
	if (r == 0 && u->c->record->unit)
		r = ar_cgroup_limits_apply(cgroup, resources, defaults, NULL, err);
	return r;
}

/* What is remembered is what was asked. */
static const struct ar_resources *written(const struct updating *u, const struct ar_resources *all)
{
	return u->c->effective->profile == AR_PROFILE_COMPAT
		       ? ar_resources_without_v1(u->c->arena, all)
		       : all;
}

/*
 * All limits are written, not only the new ones: swap follows from memory, and what somebody
 * changed behind our back comes right again. A limit that nobody asked for, now or before, may be
 * missing as at create.
 */
static int write_limits(const struct updating *u, struct ar_error *err)
{
	_cleanup_cgroup_ struct ar_cgroup cgroup = AR_CGROUP_INIT;
	const struct ar_effective *e = u->c->effective;
	struct ar_limit_default defaults = {
		.pids = e->pids_default && !u->asked.pids,
		.memory = e->memory_default && !u->asked.memory,
		.swap = e->swap_default && !u->asked.swap,
	};
	struct ar_error ignored;
	int r = ar_container_cgroup(u->c, "to limit", &cgroup, err);

	if (r < 0)
		return r;
	r = apply(u, &cgroup, written(u, u->new), &defaults, err);
	if (r < 0 && u->old) {
		/* not half of it: some may be written already */
		defaults = (struct ar_limit_default){ true, true, true };
		if (apply(u, &cgroup, written(u, u->old), &defaults, &ignored) < 0)
			ar_debug("the old limits cannot be restored: %s", ignored.text);
	}
	return r;
}

/*
 * A control that was only a default and "not applied" is enforced once it was asked for and
 * written.
 */
static void note_outcome(const struct updating *u, enum ar_control control)
{
	struct ar_outcome *outcome = u->c->record->outcomes.items;

	if (ar_effective_relaxed(u->c->effective, control))
		return; /* a limit of its own does not take the opt-out back */
	for (size_t i = 0; i < u->c->record->outcomes.n; i++) {
		if (ar_streq(outcome[i].control, ar_control_name(control)))
			outcome[i] =
				(struct ar_outcome){ ar_control_name(control), "enforced", NULL };
	}
}

/* They are in force and remembered: a record that cannot be written takes nothing back. */
static void note_outcomes(const struct updating *u)
{
	const struct ar_container *c = u->c;
	struct ar_error err;

	if (u->asked.pids)
		note_outcome(u, AR_CONTROL_PIDS_LIMIT);
	if (u->asked.memory)
		note_outcome(u, AR_CONTROL_MEMORY_LIMIT);
	if (ar_record_write(&c->dir, c->record, &err) < 0)
		ar_log(AR_LOG_WARN, "container %s: %s", c->record->id, err.text);
}

/*
 * Remembered before they are written, and forgotten where the kernel refuses them: on a file system
 * without room nothing has changed.
 */
static int change(const struct updating *u, const struct ar_effective *before, struct ar_error *err)
{
	const struct ar_container *c = u->c;
	struct ar_error ignored;
	int r = ar_effective_save(
		c->dir.fd,
		ar_effective_update(c->arena, c->effective, u->new, &u->asked, &u->decisions), err);

	if (r < 0)
		return r;
	r = write_limits(u, err);
	if (r == 0)
		note_outcomes(u);
	else if (ar_effective_save(c->dir.fd, before, &ignored) < 0)
		ar_log(AR_LOG_WARN, "container %s: %s", c->record->id, ignored.text);
	return r;
}

/* Swap is asked for only by who updates: policy sets one beside every limit on memory. */
static struct ar_asked_limits asked_limits(const struct ar_resources *resources,
					   const struct ar_resources *held)
{
	return (struct ar_asked_limits){
		.pids = held->pids && held->pids->limit.set && held->pids->limit.value != 0,
		.memory = held->memory && held->memory->limit.set && held->memory->limit.value != 0,
		.swap = resources->memory && resources->memory->swap.set &&
			resources->memory->swap.value != 0,
	};
}

/* --- Intel RDT --- */

static const struct ar_intel_rdt *rdt_of(const struct ar_effective *effective)
{
	return effective->spec->linux ? effective->spec->linux->intel_rdt : NULL;
}

/* runc's words; root: -ENOENT when resctrl is not mounted. */
static int check_rdt(int root, const struct ar_intel_rdt *asked, struct ar_error *err)
{
	if (asked->l3_cache_schema && !(root >= 0 && ar_rdt_divides(root, "L3")))
		return ar_refuse(err, ENOTSUP, "Intel RDT/CAT: l3 cache schema is not enabled");
	if (asked->mem_bw_schema && !(root >= 0 && ar_rdt_divides(root, "MB")))
		return ar_refuse(err, ENOTSUP,
				 "Intel RDT/MBA: memory bandwidth schema is not enabled");
	return 0;
}

/* A profile that lets no bundle ask lets no update ask, unless an opt-out has let the bundle. */
static int open_rdt(struct ar_container *c, const struct ar_intel_rdt *asked, int *ret_root,
		    struct ar_error *err)
{
	struct ar_error ignored;
	int r;

	if (c->effective->profile != AR_PROFILE_COMPAT && !rdt_of(c->effective))
		return ar_refuse(err, EPERM, "linux.intelRdt is refused by the %s profile: %s",
				 ar_profile_name(c->effective->profile),
				 ar_rule_find("linux.intelRdt")->reason);
	r = ar_rdt_open(c->arena, ret_root, &ignored);
	if (r < 0 && r != -ENOENT)
		return ar_refuse(err, -r, "%s", ignored.text);
	return check_rdt(*ret_root, asked, err);
}

/* Only what is new is written; a class of others is not changed, as at create. */
static int write_rdt(const struct ar_container *c, int root, const struct ar_intel_rdt *asked,
		     struct ar_error *err)
{
	struct ar_intel_rdt new = *asked;

	new.clos_id = rdt_of(c->effective)->clos_id;
	return ar_prefix(err,
			 ar_rdt_apply(root, &new, c->record->id, (pid_t)c->record->pid.value, err),
			 "intelRdt");
}

static int asked_resources(const struct ar_container *c, const struct ar_update_args *args,
			   const struct ar_resources **ret, struct ar_error *err)
{
	struct ar_resources *read;

	*ret = args->resources;
	if (!args->text)
		return 0;
	*ret = read = ar_alloc(c->arena, sizeof(*read));
	return ar_resources_parse(c->arena, args->name, args->text, args->len,
				  ar_profile_reading(c->effective->profile), read, err);
}

static int update(struct ar_container *c, const struct ar_context *ctx,
		  const struct ar_update_args *args, struct ar_error *err)
{
	_cleanup_fd_ int rdt_root = -1;
	struct updating u = { .c = c };
	const struct ar_effective *before;
	const struct ar_resources *resources = NULL, *held;
	const struct ar_intel_rdt *rdt = args->rdt;
	int r;

	if (c->status == AR_STATUS_STOPPED || c->status == AR_STATUS_CREATING)
		return ar_refuse(err, EINVAL, "container not running");
	r = ar_container_read_effective(c, err);
	if (r == 0)
		r = asked_resources(c, args, &resources, err);
	if (r == 0 && rdt)
		r = open_rdt(c, rdt, &rdt_root, err);
	if (r == 0)
		r = ar_merge_update(c->arena, c->effective, ctx->config, ar_probe_memory(),
				    resources, &held, &u.decisions, err);
	if (r < 0)
		return r;
	u.asked = asked_limits(resources, held);
	u.old = resources_of(c->effective);
	u.new = ar_resources_overlay(c->arena, u.old, held);
	before = c->effective;
	/* before its class is made: delete removes what the record has */
	if (rdt)
		c->effective = ar_effective_rdt(c->arena, c->effective, rdt);
	r = change(&u, before, err);
	return r < 0 || !rdt ? r : write_rdt(c, rdt_root, rdt, err);
}

int ar_life_update(const struct ar_context *ctx, const struct ar_update_args *args,
		   struct ar_error *err)
{
	_cleanup_container_ struct ar_container c;
	int r = ar_container_open(&c, ctx, args->id, AR_LOCK_EXCLUSIVE, err);

	return r < 0 ? r : update(&c, ctx, args, err);
}
