/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "policy/merging.h"

/* A further process of a container: held to the profile the container was created with. */

/* The container's limits of the types that the caller left out stay with those he asks for. */
static struct ar_list with_own_rlimits(struct ar_arena *arena, const struct ar_list *asked,
				       const struct ar_list *own)
{
	struct ar_rlimit *all = ar_alloc_array(arena, asked->n + own->n + 1, sizeof(*all));
	size_t n = 0;

	ar_list_foreach(const struct ar_rlimit, limit, asked)
		all[n++] = *limit;
	ar_list_foreach(const struct ar_rlimit, limit, own) {
		bool found = false;

		ar_list_foreach(const struct ar_rlimit, other, asked)
			found = found || ar_streq(other->type, limit->type);
		if (!found)
			all[n++] = *limit;
	}
	return (struct ar_list){ all, n };
}

/* What the caller left out is the container's, in every profile. */
static struct ar_process *inherit(struct ar_arena *arena, const struct ar_process *own,
				  const struct ar_process *asked)
{
	struct ar_process *p = ar_memdup(arena, asked, sizeof(*p));

	if (!p->cwd || !*p->cwd)
		p->cwd = own->cwd;
	if (!p->capabilities)
		p->capabilities = own->capabilities;
	if (!p->apparmor_profile || !*p->apparmor_profile)
		p->apparmor_profile = own->apparmor_profile;
	if (!p->selinux_label || !*p->selinux_label)
		p->selinux_label = own->selinux_label;
	if (!p->oom_score_adj.set)
		p->oom_score_adj = own->oom_score_adj;
	if (!p->scheduler)
		p->scheduler = own->scheduler;
	if (!p->io_priority)
		p->io_priority = own->io_priority;
	if (!p->exec_cpu_affinity)
		p->exec_cpu_affinity = own->exec_cpu_affinity;
	return p;
}

/* The rest, in a hardened profile. */
static void inherit_rest(struct ar_arena *arena, const struct ar_process *own, struct ar_process *p)
{
	if (!p->user)
		p->user = own->user;
	if (p->env.n == 0)
		p->env = own->env;
	p->rlimits = with_own_rlimits(arena, &p->rlimits, &own->rlimits);
	if (p->no_new_privileges == AR_UNSET)
		p->no_new_privileges = own->no_new_privileges;
}

/* As runc: without a user it is root, and the umask is the container's in any case; where its
 * bundle names none, the caller's. */
static void complete_user(struct ar_arena *arena, const struct ar_process *own,
			  const struct ar_caller *by, struct ar_process *p)
{
	static const struct ar_user root = { .uid = { true, 0 }, .gid = { true, 0 } };
	struct ar_user *user = ar_memdup(arena, p->user ? p->user : &root, sizeof(*user));

	user->umask = own->user && own->user->umask.set ? own->user->umask : by->umask;
	p->user = user;
}

/* What the container was given counts, not what its configuration says by now. */
static uint64_t own_nofile(const struct ar_process *own, uint64_t otherwise)
{
	ar_list_foreach(const struct ar_rlimit, limit, &own->rlimits)
		if (ar_streq(limit->type, "RLIMIT_NOFILE"))
			return limit->hard.value;
	return otherwise;
}

/*
 * A score that was not asked for is the container's, unless the caller's is higher and it has no
 * right to lower it: such a process ends before its container.
 */
static void inherit_oom_score(struct ar_process *p, const struct ar_process *asked,
			      const struct ar_caller *by)
{
	if (!asked->oom_score_adj.set && p->oom_score_adj.set && !by->may_raise &&
	    by->oom_score_adj > p->oom_score_adj.value)
		p->oom_score_adj.value = by->oom_score_adj;
}

int ar_merge_exec(struct ar_arena *arena, const struct ar_effective *container,
		  const struct ar_caller *by, const struct ar_process *asked,
		  const struct ar_process **ret, struct ar_list *decisions, struct ar_error *err)
{
	const struct ar_process *own = container->spec->process;
	static const struct ar_strings none;
	struct ar_process_ceiling ceiling = { .capabilities_path = "exec.cap", .own_labels = true };
	struct ar_merging m;
	struct ar_process *p;

	if (!own)
		return ar_refuse(err, EINVAL, "the container has no process to take settings from");
	p = inherit(arena, own, asked);
	if (decisions)
		*decisions = (struct ar_list){ NULL, 0 };
	if (container->profile != AR_PROFILE_COMPAT)
		inherit_rest(arena, own, p);
	complete_user(arena, own, by, p);
	if (container->profile != AR_PROFILE_COMPAT) {
		ar_merging_begin(&m, arena, container, &ar_config_default);
		m.caller = by;
		inherit_oom_score(p, asked, by);
		ceiling.capabilities = own->capabilities ? &own->capabilities->bounding : &none;
		ceiling.nofile = own_nofile(own, m.values.nofile_ceiling);
		ceiling.rlimits = &own->rlimits;
		ceiling.apparmor = own->apparmor_profile;
		ceiling.selinux = own->selinux_label;
		ar_hold_process(&m, p, &ceiling);
		if (decisions)
			*decisions = ar_decisions(&m);
		if (m.refusals) {
			*err = m.refusal;
			return -EPERM;
		}
	}
	*ret = p;
	return 0;
}
