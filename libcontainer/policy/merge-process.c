/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/merging.h"

/* --- capabilities --- */

/* What of asked may be had: within the ceiling, and not dropped by a tightening. */
static struct ar_strings within(struct ar_merging *m, const struct ar_strings *asked,
				const struct ar_process_ceiling *ceiling)
{
	struct ar_grow g = { .arena = m->arena };

	for (size_t i = 0; i < asked->n; i++) {
		const char *cap = asked->items[i];

		if (ar_strings_have(&m->tighten.drop_capabilities, cap))
			continue;
		if (ar_strings_have(ceiling->capabilities, cap) ||
		    ar_opted_out_as(m, ceiling->capabilities_path, "process.capabilities", cap,
				    cap))
			ar_grow_add(&g, cap);
	}
	return g.list;
}

/* What of asked was not granted, each once. */
static void add_lost(struct ar_grow *lost, const struct ar_strings *asked,
		     const struct ar_strings *granted)
{
	for (size_t i = 0; i < asked->n; i++)
		if (!ar_strings_have(granted, asked->items[i]) &&
		    !ar_strings_have(&lost->list, asked->items[i]))
			ar_grow_add(lost, asked->items[i]);
}

static void hold_capabilities(struct ar_merging *m, struct ar_process *p,
			      const struct ar_process_ceiling *ceiling)
{
	static const struct ar_capabilities none;
	const struct ar_capabilities *asked = p->capabilities ? p->capabilities : &none;
	struct ar_capabilities *caps = ar_alloc(m->arena, sizeof(*caps));
	struct ar_grow lost = { .arena = m->arena };

	caps->bounding = within(m, &asked->bounding, ceiling);
	caps->permitted = within(m, &asked->permitted, ceiling);
	caps->effective = within(m, &asked->effective, ceiling);
	add_lost(&lost, &asked->bounding, &caps->bounding);
	add_lost(&lost, &asked->permitted, &caps->permitted);
	add_lost(&lost, &asked->effective, &caps->effective);
	if (lost.list.n)
		ar_decide_as(m, ceiling->capabilities_path, "process.capabilities",
			     ar_join(m->arena, &lost.list, 64), "left out", NULL);
	if (asked->inheritable.n)
		ar_decide(m, "process.capabilities.inheritable",
			  ar_join(m->arena, &asked->inheritable, 64), "none");
	if (asked->ambient.n)
		ar_decide(m, "process.capabilities.ambient", ar_join(m->arena, &asked->ambient, 64),
			  "none");
	p->capabilities = caps;
}

/* --- groups --- */

/* The id on the host of a group of the container. */
static uint64_t host_gid(const struct ar_merging *m, uint64_t gid)
{
	ar_list_foreach(const struct ar_id_mapping, map, &m->to->linux->gid_mappings)
		if (gid >= map->container_id.value &&
		    gid - map->container_id.value < map->size.value)
			return map->host_id.value + (gid - map->container_id.value);
	return gid;
}

static bool is_privileged(const struct ar_merging *m, uint64_t gid)
{
	const struct ar_namespace *user = ar_spec_namespace(m->to, "user");
	/* find_privileged() has them as the container has */
	bool joined = user && ar_namespace_is_joined(user);
	uint64_t host = host_gid(m, gid);

	for (size_t i = 0; i < m->out->privileged_gids.n; i++) {
		uint64_t privileged = m->out->privileged_gids.items[i];

		if (privileged == (joined ? gid : host))
			return true;
	}
	return false;
}

static bool are_groups_unknown(const struct ar_merging *m)
{
	const struct ar_u64s *gids = &m->out->privileged_gids;

	return gids->n > 0 && gids->items[gids->n - 1] == AR_GROUPS_ALL;
}

static void hold_groups(struct ar_merging *m, struct ar_process *p)
{
	static const char path[] = "process.user.additionalGids";
	const struct ar_u64s *asked = &p->user->additional_gids;
	struct ar_u64s got = { ar_alloc_array(m->arena, asked->n + 1, sizeof(uint64_t)), 0 };
	bool unknown = are_groups_unknown(m);

	for (size_t i = 0; i < asked->n; i++) {
		const char *gid = ar_printf(m->arena, "%" PRIu64, asked->items[i]);

		if (!(unknown || is_privileged(m, asked->items[i])) ||
		    ar_opted_out(m, path, gid, gid))
			got.items[got.n++] = asked->items[i];
		else
			ar_decide_as(m, path, path, gid, "left out",
				     unknown ? "the host's groups cannot be read" : NULL);
	}
	if (got.n != asked->n) {
		struct ar_user *user = ar_memdup(m->arena, p->user, sizeof(*user));

		user->additional_gids = got;
		p->user = user;
	}
}

/* --- rlimits --- */

#define NICE_NORMAL 20u /* nice 0: setrlimit(2) */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The most that each may be, UINT64_MAX: anything. RLIMIT_AS is never set: it breaks sanitizers and
 * runtimes. */
static uint64_t rlimit_ceiling(const struct ar_merging *m, const char *type,
			       const struct ar_process_ceiling *ceiling)
{
	const struct ar_list *const most[] = { ceiling->rlimits, &m->caller->rlimits };
	uint64_t max = UINT64_MAX;

	if (ar_streq(type, "RLIMIT_CORE"))
		max = 0; /* core_pattern is the host's: a dump leaves the container */
	else if (ar_streq(type, "RLIMIT_NOFILE"))
		max = ceiling->nofile;
	else if (ar_streq(type, "RLIMIT_RTPRIO"))
		max = 0;
	else if (ar_streq(type, "RLIMIT_NICE"))
		max = NICE_NORMAL;
	for (size_t i = 0; i < AR_COUNT(most); i++)
		ar_list_foreach(const struct ar_rlimit, limit, most[i])
			if (ar_streq(limit->type, type))
				max = least(max, limit->hard.value);
	return max;
}

static const char *rlimit_text(struct ar_merging *m, uint64_t soft, uint64_t hard)
{
	char s[2][24];
	const uint64_t v[2] = { soft, hard };

	for (int i = 0; i < 2; i++)
		if (v[i] == UINT64_MAX)
			memcpy(s[i], "unlimited", sizeof("unlimited"));
		else
			(void)snprintf(s[i], sizeof(s[i]), "%" PRIu64, v[i]); /* 20 digits fit */
	return ar_streq(s[0], s[1]) ? ar_strdup(m->arena, s[0])
				    : ar_printf(m->arena, "%s:%s", s[0], s[1]);
}

static void hold_rlimit(struct ar_merging *m, struct ar_rlimit *limit,
			const struct ar_process_ceiling *ceiling)
{
	const char *field = ar_printf(m->arena, "process.rlimits[%s]", limit->type), *asked;
	uint64_t max = rlimit_ceiling(m, limit->type, ceiling);

	if (limit->soft.value <= max && limit->hard.value <= max)
		return;
	asked = rlimit_text(m, limit->soft.value, limit->hard.value);
	if (ar_opted_out(m, "process.rlimits", asked, limit->type))
		return;
	limit->soft = (struct ar_opt_u64){ true, least(limit->soft.value, max) };
	limit->hard = (struct ar_opt_u64){ true, least(limit->hard.value, max) };
	ar_decide_as(m, "process.rlimits", field, asked,
		     rlimit_text(m, limit->soft.value, limit->hard.value), NULL);
}

static void add_rlimit(struct ar_merging *m, struct ar_list *list, const char *type, uint64_t soft,
		       uint64_t hard)
{
	struct ar_rlimit *limits = list->items; /* room was kept */

	limits[list->n++] =
		(struct ar_rlimit){ .type = type, .soft = { true, soft }, .hard = { true, hard } };
	ar_decide_as(m, "process.rlimits", ar_printf(m->arena, "process.rlimits[%s]", type), "",
		     rlimit_text(m, soft, hard), NULL);
}

/*
 * What is inherited from the engine, whose own is often unlimited. It is recorded even where
 * nothing is changed: who starts an exec later may have more.
 */
static void add_nofile(struct ar_merging *m, struct ar_list *list, uint64_t max)
{
	const struct ar_caller *by = m->caller;
	struct ar_rlimit *limits = list->items; /* room was kept */

	if (by->nofile_hard > max)
		add_rlimit(m, list, "RLIMIT_NOFILE", least(by->nofile_soft, max), max);
	else if (by->nofile_hard)
		limits[list->n++] = (struct ar_rlimit){ .type = "RLIMIT_NOFILE",
							.soft = { true, by->nofile_soft },
							.hard = { true, by->nofile_hard } };
}

static bool has_rlimit(const struct ar_list *list, const char *type)
{
	ar_list_foreach(const struct ar_rlimit, limit, list)
		if (ar_streq(limit->type, type))
			return true;
	return false;
}

static void hold_rlimits(struct ar_merging *m, struct ar_process *p,
			 const struct ar_process_ceiling *ceiling)
{
	struct ar_rlimit *limits = ar_alloc_array(m->arena, p->rlimits.n + 4, sizeof(*limits));
	struct ar_list list = { limits, p->rlimits.n };

	if (list.n)
		memcpy(limits, p->rlimits.items, list.n * sizeof(*limits));
	for (size_t i = 0; i < list.n; i++)
		hold_rlimit(m, &limits[i], ceiling);
	if (!has_rlimit(&list, "RLIMIT_CORE"))
		add_rlimit(m, &list, "RLIMIT_CORE", 0, 0);
	if (!has_rlimit(&list, "RLIMIT_NOFILE"))
		add_nofile(m, &list, ceiling->nofile);
	/* nearly nobody has these to pass on */
	if (!has_rlimit(&list, "RLIMIT_RTPRIO") && m->caller->rtprio_hard > 0)
		add_rlimit(m, &list, "RLIMIT_RTPRIO", 0, 0);
	if (!has_rlimit(&list, "RLIMIT_NICE") && m->caller->nice_hard > NICE_NORMAL)
		add_rlimit(m, &list, "RLIMIT_NICE", NICE_NORMAL, NICE_NORMAL);
	p->rlimits = list;
}

/* --- labels --- */

/* The type of an SELinux label (user:role:type:level), in place; false when there is none. */
static bool selinux_type(const char *label, const char **ret, size_t *ret_len)
{
	const char *at = label;

	for (int i = 0; i < 2; i++) {
		at = strchr(at, ':');
		if (!at)
			return false;
		at++;
	}
	*ret = at;
	*ret_len = strcspn(at, ":");
	return true;
}

static bool is_unconfined_label(const char *label)
{
	static const char *const types[] = { "spc_t", "unconfined_t", "unconfined_service_t",
					     "unconfined" };
	const char *type;
	size_t len;

	if (ar_streq(label, "unconfined"))
		return true;
	if (!selinux_type(label, &type, &len))
		return false;
	for (size_t i = 0; i < AR_COUNT(types); i++)
		if (strlen(types[i]) == len && strncmp(type, types[i], len) == 0)
			return true;
	return false;
}

/*
 * Types that policies have for containers that confine: container_t and its kin, those of virtual
 * machines, and udica's (NAME.process). Not those of engines, nor of containers that see logs or
 * devices of the host.
 */
static bool is_container_label(const char *label)
{
	static const char *const patterns[] = { "container_t",	    "container_init_t",
						"container_kvm_t",  "container_userns_t",
						"svirt_lxc_net_t",  "svirt_kvm_net_t",
						"svirt_qemu_net_t", "svirt_t",
						"svirt_tcg_t",	    "*.process" };
	char type[256];
	const char *at;
	size_t len;

	if (!selinux_type(label, &at, &len) || len >= sizeof(type))
		return false;
	memcpy(type, at, len);
	type[len] = '\0';
	for (size_t i = 0; i < AR_COUNT(patterns); i++)
		if (fnmatch(patterns[i], type, 0) == 0)
			return true;
	return false;
}

/*
 * Engines give each container two categories, which keep them apart: a range, or more of them, is
 * several containers' at once.
 */
static bool has_wide_level(const char *label)
{
	const char *level = label;
	size_t commas = 0;

	for (int i = 0; i < 3; i++) {
		level = strchr(level, ':');
		if (!level)
			return false;
		level++;
	}
	for (const char *c = level; *c; c++)
		commas += *c == ',';
	return commas > 1 || strpbrk(level, ".-");
}

static bool is_unknown_profile(const struct ar_facts *facts)
{
	return ar_streq(facts->apparmor_asked, AR_APPARMOR_UNKNOWN);
}

/*
 * Whether a profile of that name may confine nothing: one that is loaded and not enforced, as the
 * "unconfined" ones of distributions; a stack, a name of another policy namespace, or blanks that
 * the kernel would cut off. What is not loaded is the kernel's to refuse.
 */
static bool is_loose_profile(const struct ar_facts *facts, const char *name)
{
	size_t len = strlen(name);

	if (ar_streq(name, "unconfined") || name[0] == ':' || strstr(name, "//&") ||
	    strcspn(name, " \t\n\r\v\f") != len)
		return true;
	return facts && facts->apparmor_asked && !ar_streq(facts->apparmor_asked, "enforce") &&
	       !ar_streq(facts->apparmor_asked, "kill") && !is_unknown_profile(facts);
}

static void hold_labels(struct ar_merging *m, struct ar_process *p,
			const struct ar_process_ceiling *c)
{
	bool exec = c->own_labels,
	     own = exec && c->selinux; /* every other gives way to the container's label */
	const char *apparmor = exec ? "exec.apparmor" : "process.apparmorProfile";
	const char *selinux = exec ? "exec.process-label" : "process.selinuxLabel";
	const char *asked = p->apparmor_profile ? p->apparmor_profile : "",
		   *label = p->selinux_label ? p->selinux_label : "";

	if (*asked == '\0' || is_loose_profile(m->facts, asked) ||
	    (exec && c->apparmor && !ar_streq(asked, c->apparmor))) {
		if ((*asked || c->apparmor) &&
		    !(*asked && ar_opted_out(m, apparmor, asked, asked))) {
			p->apparmor_profile = c->apparmor;
			if (*asked || !exec)
				ar_decide(m, apparmor, asked,
					  c->apparmor ? c->apparmor : "none: no profile is loaded");
		}
	}
	if (*label && (is_unconfined_label(label) || (own && !ar_streq(label, c->selinux)))) {
		if (!ar_opted_out(m, selinux, label, label)) {
			p->selinux_label = c->selinux;
			ar_decide(m, selinux, label, c->selinux ? c->selinux : "none");
		}
	} else if (*label && !own && !is_container_label(label)) {
		ar_refused(m, selinux, selinux, label, label, "its type is not one for containers");
	} else if (*label && !own && has_wide_level(label)) {
		ar_refused(m, selinux, selinux, label, label,
			   "its level is that of several containers");
	} else if (!*label && exec) {
		p->selinux_label = c->selinux;
	}
}

/* --- priorities --- */

static void hold_scheduler(struct ar_merging *m, struct ar_process *p)
{
	static const char *const realtime[] = { "SCHED_FIFO", "SCHED_RR", "SCHED_DEADLINE" };
	const struct ar_scheduler *s = p->scheduler;

	if (!s)
		return;
	for (size_t i = 0; i < AR_COUNT(realtime); i++)
		if (ar_streq(s->policy, realtime[i])) {
			if (ar_opted_out(m, "process.scheduler", s->policy, s->policy))
				return;
			ar_decide(m, "process.scheduler", s->policy, "SCHED_OTHER");
			p->scheduler = NULL;
			return;
		}
	if (s->nice.set && s->nice.value < 0) {
		const char *asked = ar_printf(m->arena, "nice %" PRId64, s->nice.value);
		struct ar_scheduler *normal;

		if (ar_opted_out(m, "process.scheduler", asked, s->policy))
			return;
		normal = ar_memdup(m->arena, s, sizeof(*s));
		normal->nice.value = 0;
		p->scheduler = normal;
		ar_decide(m, "process.scheduler", asked, "nice 0");
	}
}

/* The normal priority of the best-effort class: ioprio_set(2). */
#define IO_NORMAL 4

static void hold_io_priority(struct ar_merging *m, struct ar_process *p)
{
	const struct ar_io_priority *io = p->io_priority;
	const char *asked;

	if (!io)
		return;
	asked = ar_printf(m->arena, "%s %" PRId64, io->class_name ? io->class_name : "",
			  io->priority.value);
	if (ar_streq(io->class_name, "IOPRIO_CLASS_IDLE") ||
	    (ar_streq(io->class_name, "IOPRIO_CLASS_BE") && io->priority.value >= IO_NORMAL) ||
	    ar_opted_out(m, "process.ioPriority", asked, io->class_name))
		return;
	ar_decide(m, "process.ioPriority", asked, "the normal one");
	p->io_priority = NULL;
}

static void hold_oom_score(struct ar_merging *m, struct ar_process *p)
{
	int64_t asked = p->oom_score_adj.value;

	if (p->oom_score_adj.set && asked < 0) {
		const char *text = ar_printf(m->arena, "%" PRId64, asked);

		if (ar_opted_out(m, "process.oomScoreAdj", text, NULL))
			return;
		p->oom_score_adj.value = 0;
		ar_decide(m, "process.oomScoreAdj", text, "0");
	} else if (!p->oom_score_adj.set && m->caller->oom_score_adj != 0) {
		/* inherited from the engine, which the kernel may be told to spare; recorded for
		 * execs by others */
		p->oom_score_adj = (struct ar_opt_i64){ true, m->caller->oom_score_adj };
		if (m->caller->oom_score_adj < 0) {
			p->oom_score_adj.value = 0;
			ar_decide(m, "process.oomScoreAdj", "", "0");
		}
	}
}

/* --- together --- */

void ar_hold_process(struct ar_merging *m, struct ar_process *p,
		     const struct ar_process_ceiling *ceiling)
{
	const char *nnp = ceiling->own_labels ? "exec.no-new-privs" : "process.noNewPrivileges";
	const char *asked = p->no_new_privileges == AR_YES ? "true" : "false";

	if (!p->user) {
		p->user = ar_alloc(m->arena, sizeof(*p->user));
		p->user->uid = p->user->gid = (struct ar_opt_u64){ true, 0 };
	}
	hold_capabilities(m, p, ceiling);
	hold_groups(m, p);
	hold_rlimits(m, p, ceiling);
	hold_labels(m, p, ceiling);
	hold_scheduler(m, p);
	hold_io_priority(m, p);
	hold_oom_score(m, p);
	if (p->no_new_privileges != AR_YES && !ar_opted_out(m, nnp, asked, NULL)) {
		p->no_new_privileges = AR_YES;
		ar_decide(m, nnp, asked, "true");
	}
}

/* The label of a container whose own was missing: the one asked with the type of ordinary
 * containers. */
static const char *confined_label(struct ar_merging *m, const char *label)
{
	const char *type;
	size_t len;

	if (!m->facts->selinux || !label || !selinux_type(label, &type, &len))
		return NULL;
	return ar_printf(m->arena, "%.*scontainer_t%s", (int)(type - label), label, type + len);
}

/*
 * A profile of which nobody can tell whether it confines is better than none, and there is no other
 * where the list cannot be read: it stays, but nothing is said to be held by it.
 */
static void judge_label(struct ar_merging *m, const struct ar_process *p)
{
	static const char path[] = "process.apparmorProfile",
			  why[] = "the host's list of profiles cannot be read";

	if (p->selinux_label)
		return;
	if (!p->apparmor_profile) {
		ar_nothing_held(m, AR_CONTROL_LSM,
				"the container has no label, and no engine's profile is loaded");
	} else if (is_unknown_profile(m->facts)) {
		ar_decide_as(m, path, path, p->apparmor_profile,
			     "the same, which may confine nothing", why);
		ar_nothing_held(m, AR_CONTROL_LSM, why);
	}
}

/*
 * The privileged groups of the host; where a user namespace is joined, the ids by which it has
 * them. Without root nobody has looked at that: the mappings beside its path must be its own, but
 * may be left out.
 */
static void find_privileged(struct ar_merging *m)
{
	const struct ar_facts *f = m->facts;
	const struct ar_namespace *user = ar_spec_namespace(m->to, "user");
	bool joined = user && ar_namespace_is_joined(user), known = joined && f->host_root;
	const struct ar_list *maps = known ? &f->joined_gids : &m->to->linux->gid_mappings;
	struct ar_u64s *gids = &m->out->privileged_gids;

	gids->items = ar_alloc_array(m->arena, f->n_groups * (1 + maps->n) + 1, sizeof(uint64_t));
	for (size_t i = 0; i < f->n_groups; i++) {
		uint64_t gid = f->groups[i].gid;

		if (!known)
			gids->items[gids->n++] = gid;
		if (!joined)
			continue;
		ar_list_foreach(const struct ar_id_mapping, map, maps)
			if (gid >= map->host_id.value && gid - map->host_id.value < map->size.value)
				gids->items[gids->n++] =
					map->container_id.value + (gid - map->host_id.value);
	}
	if (f->groups_unknown)
		gids->items[gids->n++] = AR_GROUPS_ALL;
}

void ar_merge_process(struct ar_merging *m)
{
	static const struct ar_list none;
	struct ar_process *p = m->to->process;
	const struct ar_process_ceiling ceiling = {
		.capabilities = &m->values.capabilities,
		.capabilities_path = "process.capabilities.bounding",
		.nofile = m->values.nofile_ceiling,
		.rlimits = &none,
		.apparmor = m->facts->apparmor ? m->facts->apparmor_default : NULL,
		.selinux = confined_label(m, p->selinux_label),
	};

	find_privileged(m);
	ar_hold_process(m, p, &ceiling);
	judge_label(m, p);
}
