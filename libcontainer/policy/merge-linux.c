/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/path.h"
#include "base/sys.h"
#include "policy/engines.h"
#include "policy/merging.h"
#include "spec/mount-options.h"

/* --- paths --- */

static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/dynamic_debug",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/lock_stat",
	"/proc/pagetypeinfo",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/slabinfo",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/vmallocinfo",
	"/proc/config.gz",
	"/proc/kallsyms",
	"/proc/kpagecgroup",
	"/proc/kpagecount",
	"/proc/kpageflags",
	"/proc/mtrr",
	"/proc/sysrq-trigger",
	"/sys/firmware",
	"/sys/devices/virtual/dmi",
	"/sys/devices/virtual/powercap",
	"/sys/kernel/debug",
	"/sys/kernel/slab",
	"/sys/kernel/tracing",
	"/sys/kernel/security",
	"/sys/fs/bpf",
	"/sys/hypervisor",
	"/sys/devices/system/cpu/cpu*/thermal_throttle",
	/* file systems that are mounted in the host's sysfs, and in no other */
	"/sys/fs/fuse",
	"/sys/fs/pstore",
	"/sys/kernel/config",
};
#define OF_HOSTS_SYS 3u
static const char *const readonly[] = { "/proc/bus",	 "/proc/driver",   "/proc/fs",
					"/proc/irq",	 "/proc/pressure", "/proc/sys",
					"/sys/fs/cgroup" };

/* asked, then what of ours and of a tightening it lacks. */
static struct ar_strings join_paths(struct ar_merging *m, const char *path,
				    const struct ar_strings *asked, const char *const *ours,
				    size_t n, const struct ar_strings *tighten)
{
	struct ar_grow all = { .arena = m->arena }, added = { .arena = m->arena };

	for (size_t i = 0; i < asked->n; i++)
		ar_grow_add(&all, asked->items[i]);
	for (size_t i = 0; i < n; i++)
		if (!ar_strings_have(asked, ours[i]) && !ar_opted_out(m, path, ours[i], ours[i]))
			ar_grow_add(&added, ours[i]);
	for (size_t i = 0; i < added.list.n; i++)
		ar_grow_add(&all, added.list.items[i]);
	for (size_t i = 0; i < tighten->n; i++)
		ar_grow_add(&all, tighten->items[i]);
	if (added.list.n)
		ar_decide(m, path, asked->n ? ar_printf(m->arena, "%zu paths", asked->n) : "",
			  ar_printf(m->arena, "and %s", ar_join(m->arena, &added.list, 32)));
	return all.list;
}

/* Only the owner of a network namespace may mount its sysfs: to others the host's is shown, as
 * rootless engines may ask for it themselves. */
static bool may_show_hosts_sys(const struct ar_merging *m)
{
	const struct ar_namespace *net = ar_spec_namespace(m->to, "network");
	bool joined = !net || ar_namespace_is_joined(net);

	ar_list_foreach(const struct ar_mount, mount, &m->from->mounts)
		if (ar_mount_wants_bind(mount) &&
		    ar_streq(ar_path_absolute(m->arena, mount->destination), "/sys"))
			return true;
	return joined && (!m->facts->host_root || ar_spec_namespace(m->to, "user"));
}

static void merge_paths(struct ar_merging *m)
{
	const struct ar_linux *from = m->from->linux;
	struct ar_linux *to = m->to->linux;
	size_t n = AR_COUNT(masked) - (may_show_hosts_sys(m) ? 0 : OF_HOSTS_SYS);

	to->masked_paths = join_paths(m, "linux.maskedPaths", &from->masked_paths, masked, n,
				      &m->tighten.masked_paths);
	to->readonly_paths = join_paths(m, "linux.readonlyPaths", &from->readonly_paths, readonly,
					AR_COUNT(readonly), &m->tighten.readonly_paths);
}

/* --- sysctl --- */

/* Kubernetes' safe set, which is also what Docker and podman send of themselves. */
static const char *const sysctls[] = {
	"kernel.shm_rmid_forced",	    "net.ipv4.ip_local_port_range",
	"net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.ping_group_range",	    "net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl",	    "net.ipv4.tcp_keepalive_probes",
	"net.ipv4.tcp_keepalive_time",	    "net.ipv4.tcp_rmem",
	"net.ipv4.tcp_syncookies",	    "net.ipv4.tcp_wmem",
};

static bool sysctl_allowed(struct ar_merging *m, const char *key)
{
	char *dotted = ar_strdup(m->arena, key);

	for (char *c = dotted; *c; c++)
		if (*c == '/')
			*c = '.';
	for (size_t i = 0; i < AR_COUNT(sysctls); i++)
		if (ar_streq(dotted, sysctls[i]))
			return true;
	return false;
}

static void merge_sysctl(struct ar_merging *m)
{
	static const char path[] = "linux.sysctl";
	const struct ar_map *asked = &m->from->linux->sysctl;
	struct ar_map got = { ar_alloc_array(m->arena, asked->n + 1, sizeof(struct ar_pair)), 0 };

	for (size_t i = 0; i < asked->n; i++) {
		const struct ar_pair *p = &asked->items[i];

		const char *field = ar_printf(m->arena, "%s[%s]", path, p->key);

		if (sysctl_allowed(m, p->key) || ar_opted_out_as(m, path, field, p->value, p->key))
			got.items[got.n++] = *p;
		else
			ar_decide_as(m, path, field, p->value, "left out", NULL);
	}
	m->to->linux->sysctl = got;
}

/* --- seccomp --- */

/* The bundle's own filter, without what takes protection away. */
static void merge_filter(struct ar_merging *m, const struct ar_seccomp *asked)
{
	static const char path[] = "linux.seccomp.flags";
	struct ar_seccomp *s = ar_memdup(m->arena, asked, sizeof(*s));
	struct ar_grow flags = { .arena = m->arena };

	for (size_t i = 0; i < asked->flags.n; i++) {
		const char *flag = asked->flags.items[i];

		if (!ar_streq(flag, "SECCOMP_FILTER_FLAG_SPEC_ALLOW") ||
		    ar_opted_out(m, path, flag, flag))
			ar_grow_add(&flags, flag);
		else
			ar_decide(m, path, flag, "left out");
	}
	s->flags = flags.list;
	m->to->linux->seccomp = s;
}

/*
 * Calls that opt-outs name are allowed beside the list, whatever their arguments. Nobody asks for
 * them by name: every opt-out that holds for the container counts.
 */
static void allow_calls(struct ar_merging *m)
{
	struct ar_grow calls = { .arena = m->arena };

	ar_list_foreach(const struct ar_opt_out, o, &m->config->opt_outs) {
		if (o->path && ar_streq(o->control, ar_control_name(AR_CONTROL_SECCOMP)) &&
		    !ar_strings_have(&calls.list, o->path) &&
		    ar_opted_out_as(m, "seccomp", "seccomp", o->path, o->path))
			ar_grow_add(&calls, o->path);
	}
	m->out->seccomp_allowed = calls.list;
}

/* The profile's own list, above the bundle's. */
static void merge_seccomp(struct ar_merging *m)
{
	const struct ar_seccomp *asked = m->from->linux->seccomp;

	if (asked)
		merge_filter(m, asked);
	if (ar_opted_out_as(m, "seccomp", "linux.seccomp",
			    asked ? "the bundle's filter alone" : "no filter", NULL)) {
		if (!asked)
			m->out->strength[AR_CONTROL_SECCOMP] = AR_OFF;
		return;
	}
	m->out->builtin_seccomp = true;
	allow_calls(m);
	if (asked)
		ar_decide_as(m, "linux.seccomp.defaultAction", "linux.seccomp",
			     "the bundle's filter", "and the profile's own list", NULL);
	else
		ar_decide_as(m, "seccomp", "linux.seccomp", "", "the profile's own list", NULL);
}

/* --- memfd ------------------------------------------------------------------------------- */

/* The rules without the call: what is left unsaid is the filter's default. */
static struct ar_list without_call(struct ar_merging *m, const struct ar_list *rules,
				   const char *call)
{
	struct ar_syscall_rule *copy = ar_alloc_array(m->arena, rules->n + 1, sizeof(*copy));
	size_t n = 0;

	ar_list_foreach(const struct ar_syscall_rule, rule, rules) {
		struct ar_grow names = { .arena = m->arena };

		for (size_t i = 0; i < rule->names.n; i++)
			if (!ar_streq(rule->names.items[i], call))
				ar_grow_add(&names, rule->names.items[i]);
		if (!names.list.n)
			continue;
		copy[n] = *rule;
		copy[n++].names = names.list;
	}
	return (struct ar_list){ copy, n }; /* with room for one more */
}

/* Without the sysctl the call itself goes: programs in memory would run beside every noexec. */
static void deny_memfd(struct ar_merging *m, const char *why)
{
	static const char *call[] = { "memfd_create", NULL };
	static const struct ar_seccomp open = { .default_action = "SCMP_ACT_ALLOW" };
	const struct ar_seccomp *asked = m->to->linux->seccomp ? m->to->linux->seccomp : &open;
	struct ar_seccomp *s = ar_memdup(m->arena, asked, sizeof(*s));
	struct ar_syscall_rule *rules;

	s->syscalls = without_call(m, &asked->syscalls, call[0]);
	rules = s->syscalls.items;
	if (!ar_streq(s->default_action, "SCMP_ACT_ERRNO"))
		rules[s->syscalls.n++] = (struct ar_syscall_rule){ .names = { call, 1 },
								   .action = "SCMP_ACT_ERRNO" };
	m->to->linux->seccomp = s;
	m->out->strength[AR_CONTROL_MEMFD_NOEXEC] = AR_OFF;
	ar_decide_as(m, "memfd-noexec", "linux.seccomp[memfd_create]", "", "denied", why);
}

/*
 * vm.memfd_noexec belongs to a pid namespace (Linux 6.3; level 2 denies what it says only since
 * 6.6) and is written by its first process.
 */
static void merge_memfd(struct ar_merging *m)
{
	const struct ar_namespace *pid = ar_spec_namespace(m->from, "pid");

	if (ar_opted_out(m, "memfd-noexec", "none", NULL))
		m->out->strength[AR_CONTROL_MEMFD_NOEXEC] = AR_OFF;
	else if (!m->facts->memfd_noexec)
		deny_memfd(m, "this kernel's vm.memfd_noexec denies nothing");
	else if (!pid || ar_namespace_is_joined(pid))
		deny_memfd(m, "vm.memfd_noexec is set by the first process of a pid namespace");
	else
		m->out->memfd_noexec = true;
}

/* --- the rest --- */

/*
 * Where engines and systemd keep the cgroups of others: made by whoever comes first, and later the
 * parent of them all. A relative path may lead to the same, from a cgroup at the root.
 */
static const char *const cgroup_parents[] = {
	"/agentrun",
	"/buildkit",
	"/default", /* containerd: its namespaces */
	"/docker",
	"/garden",
	"/init.scope",
	"/k8s.io",
	"/kubelet",
	"/**/kubepods",
	"/**/kubepods/besteffort",
	"/**/kubepods/burstable",
	"/**/kubepods/guaranteed",
	"/**/kubepods/**/pod*",
	"/libpod_parent",
	"/lxc",
	"/machine",
	"/moby",
	"/podruntime",
	"/system",
	"/user",
	"/**/*.slice", /* as cgroupfs has it, or the name of a unit */
};

static bool is_cgroup_parent(struct ar_merging *m, const char *asked)
{
	const char *path = ar_path_absolute(m->arena, asked);

	for (size_t i = 0; i < AR_COUNT(cgroup_parents); i++)
		if (ar_shape_matches(cgroup_parents[i], path))
			return true;
	return false;
}

static void judge_cgroups_path(struct ar_merging *m)
{
	static const char path[] = "linux.cgroupsPath";
	const char *asked = m->from->linux->cgroups_path, *reason = NULL;

	if (!asked || !*asked)
		return;
	for (const char *at = asked; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (ar_starts_with(at, "..") && (at[2] == '/' || at[2] == '\0' || at[2] == ':'))
			reason = "'..' leads out of it";
	}
	if (asked[strspn(asked, "/.")] == '\0')
		reason = reason ? reason : "it is the root of the cgroup tree";
	if (!reason && is_cgroup_parent(m, asked))
		reason = "it is the parent of other cgroups, over which the container would "
			 "have power";
	if (reason)
		ar_refused(m, path, path, asked, NULL, reason);
}

static bool has_slave_binds(struct ar_merging *m)
{
	ar_list_foreach(const struct ar_mount, mount, &m->to->mounts) {
		struct ar_mount_options options;

		ar_mount_options_parse(m->arena, &mount->options, &options);
		if (options.bind && (options.propagation & MS_SLAVE))
			return true;
	}
	return false;
}

/*
 * The root, and the tree that binds are taken from: one cannot be a slave of what is private
 * already, so that a bind that may be one makes the root follow where nothing is said of it.
 */
static void merge_propagation(struct ar_merging *m)
{
	static const char path[] = "linux.rootfsPropagation";
	const char *asked = m->from->linux->rootfs_propagation, *want = "rprivate";
	const char *reason = ar_mounts_later;

	if (!asked)
		asked = "";
	if (ar_streq(asked, "shared") || ar_streq(asked, "rshared")) {
		ar_refused(m, path, path, asked, NULL, NULL);
		return;
	}
	if (ar_streq(asked, "unbindable") || ar_streq(asked, "runbindable"))
		return; /* private, and more */
	if (m->profile != AR_PROFILE_STRICT &&
	    (ar_streq(asked, "slave") || ar_streq(asked, "rslave"))) {
		want = "rslave";
		reason = NULL; /* what is mounted below would stay shared */
	} else if (!*asked && has_slave_binds(m)) {
		want = "rslave";
		reason = "a bind is to be a slave";
	}
	m->to->linux->rootfs_propagation = want;
	if (!ar_streq(asked, want))
		ar_decide_as(m, path, path, asked, want, reason);
}

static void merge_personality(struct ar_merging *m)
{
	const struct ar_personality *asked = m->from->linux->personality;
	struct ar_personality *p;

	if (!asked)
		return;
	p = ar_memdup(m->arena, asked, sizeof(*p));
	if (asked->flags.n) {
		ar_decide(m, "linux.personality.flags", ar_join(m->arena, &asked->flags, 8),
			  "none");
		p->flags = (struct ar_strings){ NULL, 0 };
	}
	m->to->linux->personality = p;
	if (m->profile == AR_PROFILE_STRICT && !ar_streq(asked->domain, "LINUX")) {
		ar_decide(m, "linux.personality.domain", asked->domain, "the native one");
		m->to->linux->personality = NULL;
	}
}

void ar_merge_linux(struct ar_merging *m)
{
	judge_cgroups_path(m);
	merge_propagation(m);
	merge_paths(m);
	merge_sysctl(m);
	merge_seccomp(m);
	merge_memfd(m);
	merge_personality(m);
}
