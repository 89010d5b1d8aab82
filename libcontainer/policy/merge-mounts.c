/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/path.h"
#include "base/sys.h"
#include "policy/hostpaths.h"
#include "policy/merge-binds.h"
#include "policy/mount-flags.h"

/*
 * The mounts: the bundle's own in their order, each judged and tightened, and ours before them, so
 * that what the bundle puts into /run stays visible.
 */

#define NOTHING_RUNS (AR_WANT_NOSUID | AR_WANT_NODEV | AR_WANT_NOEXEC)

static const char *const scratch_modes[AR_SCRATCH_COUNT] = { "mode=1777", "mode=1777", "mode=755" };

/* Of SELinux, for any file system. */
#define LABELS "context fscontext defcontext rootcontext"
#define TMPFS_DATA LABELS " gid inode32 inode64 mode noswap nr_inodes size uid"

/* What may be mounted besides binds, where, with which flags, and what it may be told. */
static const struct fs_rule {
	const char *type;
	const char *place; /* only there, and once; NULL: anywhere */
	unsigned int want;
	const char *data; /* options of its own */
} fs_rules[] = {
	{ "proc", "/proc", NOTHING_RUNS, "gid hidepid subset" },
	{ "sysfs", "/sys", NOTHING_RUNS | AR_WANT_RO, LABELS },
	{ "cgroup", "/sys/fs/cgroup", NOTHING_RUNS | AR_WANT_RO, "" },
	{ "cgroup2", "/sys/fs/cgroup", NOTHING_RUNS | AR_WANT_RO, "" },
	{ "devpts", "/dev/pts", AR_WANT_NOSUID | AR_WANT_NOEXEC,
	  LABELS " gid max mode newinstance ptmxmode uid" },
	{ "mqueue", "/dev/mqueue", NOTHING_RUNS, LABELS },
	{ "tmpfs", "/dev", AR_WANT_NOSUID | AR_WANT_NOEXEC, TMPFS_DATA },
	{ "tmpfs", NULL, NOTHING_RUNS, TMPFS_DATA },
};
/* An inode takes about that much of the kernel's memory. */
#define INODE_SIZE 1024

/* Files of /proc that engines may cover with a file of their own (lxcfs). Compat has runc's list,
 * in run/mount-target.c, where /proc/sys/kernel/ns_last_pid is for CRIU. */
static const char *const proc_files[] = {
	"/proc/cpuinfo", "/proc/diskstats",
	"/proc/meminfo", "/proc/stat",
	"/proc/swaps",	 "/proc/uptime",
	"/proc/loadavg", "/proc/slabinfo",
	"/proc/net/dev", "/proc/sys/crypto/fips_enabled",
};
/* Nodes that the runtime makes and programs rely on. */
static const char *const dev_files[] = { "/dev/null",	 "/dev/zero", "/dev/full", "/dev/random",
					 "/dev/urandom", "/dev/tty",  "/dev/ptmx", "/dev/console" };

/*
 * One mount of the bundle on its way. It comes to stand at the target, or at the destination as it
 * is written, where another mount covers the links of the image by then: what holds for one of both
 * places holds for it.
 */
struct work {
	struct ar_merging *m;
	const struct ar_mount *asked;
	struct ar_mount_options options;
	const char *destination; /* clean */
	const char *target;	 /* links of the root resolved */
	struct ar_mount to;
	bool made_readonly; /* by policy, though the bundle asks to write */
	bool late;	    /* and not before what is mounted into it has its place */
};

/* The list that becomes effective. */
struct tray {
	struct ar_mount *mounts;
	int *sources;
	bool *made_readonly, *late; /* of struct work */
	const char **targets;
	size_t n;
};

static bool goes_within(const struct work *w, const char *dir)
{
	return ar_path_within(w->target, dir) || ar_path_within(w->destination, dir);
}

static const char *field_of(const struct work *w, const char *member)
{
	return ar_printf(w->m->arena, "mounts[%s].%s", w->destination, member);
}

static bool in_table(const char *path, const char *const *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ar_streq(path, table[i]))
			return true;
	return false;
}

/* Which place of scratch a target is, or AR_SCRATCH_COUNT. */
static enum ar_scratch scratch_at(const struct ar_merging *m, const char *target)
{
	for (int s = 0; s < AR_SCRATCH_COUNT; s++)
		if (ar_streq(target, ar_scratch_paths[s]) ||
		    ar_streq(target, m->facts->scratch_target[s]))
			return (enum ar_scratch)s;
	return AR_SCRATCH_COUNT;
}

/* Why no mount of that kind may stand at t: nothing may hide or imitate /proc, /sys, /dev. */
static const char *place_reason(const struct work *w, const char *t, bool bind, const char *type)
{
	bool cgroup = ar_streq(t, "/sys/fs/cgroup");

	if (ar_streq(t, "/"))
		return "it would hide the container's root";
	if (ar_path_within(t, "/proc") &&
	    !(!bind && ar_streq(type, "proc") && ar_streq(t, "/proc")) &&
	    !(bind && in_table(t, proc_files, AR_COUNT(proc_files))))
		return "/proc must be the kernel's own";
	if (ar_path_within(t, "/sys") && bind &&
	    !((ar_streq(t, "/sys") || cgroup) && !w->m->facts->host_root))
		return "/sys must be the kernel's own";
	if (ar_path_within(t, "/sys") && !bind &&
	    !(ar_streq(t, "/sys") && ar_streq(type, "sysfs")) &&
	    !(cgroup && ar_starts_with(type, "cgroup")))
		return "/sys must be the kernel's own";
	if (ar_streq(t, "/dev") && (bind || !ar_streq(type, "tmpfs")))
		return "/dev must be a tmpfs of the container's own";
	if (in_table(t, dev_files, AR_COUNT(dev_files)))
		return "the node must be the kernel's own";
	if (ar_path_within(t, "/dev/pts") && !(ar_streq(type, "devpts") && ar_streq(t, "/dev/pts")))
		return "terminals must be the container's own";
	return NULL;
}

static bool refused_place(const struct work *w, bool bind, const char *type)
{
	const char *reason = place_reason(w, w->target, bind, type);

	if (!reason)
		reason = place_reason(w, w->destination, bind, type);
	return reason && ar_refused(w->m, "mounts[].destination", field_of(w, "destination"),
				    w->destination, w->destination, reason);
}

static bool refused_options(const struct work *w)
{
	struct ar_merging *m = w->m;

	if (w->options.remount)
		return ar_refused(m, "mounts[].options", field_of(w, "options"), "remount", NULL,
				  "it would change a mount that was made before");
	if (w->options.propagation & MS_SHARED)
		return ar_refused(m, "linux.rootfsPropagation", field_of(w, "options"), "shared",
				  NULL, NULL);
	return false;
}

static bool refused_mappings(const struct work *w)
{
	const struct ar_mount *a = w->asked;
	const struct ar_linux *l = w->m->to->linux;

	if (a->uid_mappings.n && !ar_mappings_equal(&a->uid_mappings, &l->uid_mappings))
		return ar_refused(w->m, "mounts[].uidMappings", field_of(w, "uidMappings"), "",
				  w->destination, NULL);
	if (a->gid_mappings.n && !ar_mappings_equal(&a->gid_mappings, &l->gid_mappings))
		return ar_refused(w->m, "mounts[].gidMappings", field_of(w, "gidMappings"), "",
				  w->destination, NULL);
	return false;
}

/* Put the flags in force and say so once. reason NULL: the rule's. */
static void tighten(struct work *w, unsigned int want, bool recursive, const char *reason)
{
	struct ar_merging *m = w->m;
	struct ar_strings got = ar_mount_tighten(m->arena, &w->to.options, want, recursive);

	if (got.items != w->to.options.items) {
		struct ar_strings lost = ar_options_lost(m->arena, &w->to.options, &got);
		struct ar_strings added = ar_options_lost(m->arena, &got, &w->to.options);

		ar_decide_as(m, "mounts[].options", field_of(w, "options"),
			     ar_join(m->arena, &lost, 32), ar_join(m->arena, &added, 32), reason);
	}
	w->to.options = got;
}

/*
 * What the host mounts later below the source of a bind was judged by nobody: it appears only where
 * that is asked, and in no strict container. Of several words the last one counts, and stays alone.
 */
static void hold_propagation(struct work *w, bool bind)
{
	struct ar_merging *m = w->m;
	unsigned long asked = w->options.propagation;
	const char *want = "rprivate";
	struct ar_strings got, lost;

	if (!bind && !asked)
		return;
	if ((asked & MS_SLAVE) && m->profile != AR_PROFILE_STRICT)
		want = asked & MS_REC ? "rslave" : "slave";
	else if (asked & MS_UNBINDABLE)
		want = "runbindable";
	got = ar_mount_propagating(m->arena, &w->to.options, want);
	lost = ar_options_lost(m->arena, &w->to.options, &got);
	if (got.items != w->to.options.items)
		ar_decide_as(m, "linux.rootfsPropagation", field_of(w, "options"),
			     ar_join(m->arena, &lost, 8), want, ar_mounts_later);
	w->to.options = got;
}

/*
 * Why a type with a place of its own is refused elsewhere; NULL: it has none. What masks and
 * protects /proc and /sys does so at these paths alone.
 */
static const char *misplaced(struct ar_merging *m, const char *type)
{
	for (size_t i = 0; i < AR_COUNT(fs_rules); i++)
		if (ar_streq(type, fs_rules[i].type))
			return ar_printf(m->arena, "a second one beside %s escapes its protection",
					 fs_rules[i].place);
	return NULL;
}

/* Leave out what a file system is told beyond what is known to be harmless. */
static void know_data(struct work *w, const char *known)
{
	struct ar_merging *m = w->m;
	struct ar_strings got = ar_mount_known(m->arena, &w->to.options, known,
					       m->values.tmpfs_ceiling / INODE_SIZE);
	struct ar_strings lost = ar_options_lost(m->arena, &w->to.options, &got);
	struct ar_strings added = ar_options_lost(m->arena, &got, &w->to.options);

	if (lost.n)
		ar_decide_as(m, "mounts[].options", field_of(w, "options"),
			     ar_join(m->arena, &lost, 8),
			     added.n ? ar_join(m->arena, &added, 8) : "left out",
			     added.n ? "only options that limit the mount are taken"
				     : "it is not known to only limit the mount");
	w->to.options = got;
}

/* A file system other than a bind. False: refused. */
static bool merge_fs(struct work *w, const struct tray *tray)
{
	struct ar_merging *m = w->m;
	const char *type = w->asked->type ? w->asked->type : "";
	const struct fs_rule *rule = NULL;
	bool changed = false;

	for (size_t i = 0; i < AR_COUNT(fs_rules) && !rule; i++)
		if (ar_streq(type, fs_rules[i].type) &&
		    (!fs_rules[i].place || (ar_streq(w->target, fs_rules[i].place) &&
					    ar_streq(w->destination, fs_rules[i].place))))
			rule = &fs_rules[i];
	if (!rule) {
		if (ar_refused(m, "mounts[].type", field_of(w, "type"), type, w->destination,
			       misplaced(m, type)))
			return false;
		tighten(w, AR_WANT_NOSUID | AR_WANT_NODEV, false, NULL); /* as a bind */
		return true;
	}
	for (size_t i = 0; rule->place && i < tray->n; i++)
		if (ar_streq(tray->targets[i], w->target) &&
		    ar_refused(m, "mounts[].type", field_of(w, "type"), type, w->destination,
			       "it is mounted there already"))
			return false;
	know_data(w, rule->data);
	if (ar_streq(type, "tmpfs")) {
		/* a shared memory of the size the engine chose is part of what programs are told */
		bool shm = ar_streq(w->target, "/dev/shm");
		struct ar_strings asked = w->to.options, lost;

		w->to.options = ar_mount_sized(m->arena, &asked, m->values.scratch_size,
					       shm ? UINT64_MAX : m->values.tmpfs_ceiling,
					       &changed);
		lost = ar_options_lost(m->arena, &asked, &w->to.options);
		if (changed)
			ar_decide_as(m, "mounts[].options", field_of(w, "size"),
				     ar_join(m->arena, &lost, 4),
				     w->to.options.items[w->to.options.n - 1], "a tmpfs is memory");
	}
	tighten(w, rule->want, false, NULL);
	return true;
}

static bool is_writable(const struct work *w)
{
	return !((w->options.attr_set | w->options.rec_set) & MOUNT_ATTR_RDONLY);
}

/* A device of the host is left out, wherever below /dev it was to stand: rootless engines bind
 * every node for --privileged, the default ones too, which the container has of its own. */
static bool left_out(struct work *w, const struct ar_source *source,
		     const struct ar_bind_verdict *v)
{
	const char *shown = ar_source_shown(source);

	if (v->fate != AR_BIND_DROP ||
	    ar_opted_out_as(w->m, "linux.devices", field_of(w, "source"), shown, shown))
		return false;
	ar_decide_as(w->m, "linux.devices", field_of(w, "source"), shown, "left out", v->reason);
	return true;
}

/* What the host has mounted read-only or noexec is not to be written or executed by way of a copy
 * of that mount. */
static void keep_host_flags(struct work *w, const struct ar_source *source)
{
	struct ar_merging *m = w->m;
	uint64_t below = w->options.recursive ? source->attr_below : 0;
	struct ar_strings got =
		ar_mount_keeping(m->arena, &w->to.options, source->attr, source->attr | below);
	struct ar_strings lost = ar_options_lost(m->arena, &w->to.options, &got);

	if (lost.n)
		ar_decide_as(m, "mounts[].options", field_of(w, "options"),
			     ar_join(m->arena, &lost, 8), "left out",
			     "the host's own mount has flags against it");
	w->to.options = got;
}

/* False: refused. */
static bool merge_bind(struct work *w, const struct ar_source *source, struct ar_bind_verdict v)
{
	struct ar_merging *m = w->m;
	bool writable = is_writable(w);
	bool in_proc = goes_within(w, "/proc"), in_dev = goes_within(w, "/dev");
	unsigned int want = AR_WANT_NOSUID | AR_WANT_NODEV;
	const char *shown = ar_source_shown(source);

	if (v.fate == AR_BIND_REFUSE) {
		if (ar_refused(m, "mounts[].source", field_of(w, "source"), shown, shown, v.reason))
			return false;
	} else if (v.fate == AR_BIND_DROP) {
		want &= ~AR_WANT_NODEV; /* an opt-out has let it in */
	} else if (v.fate == AR_BIND_READ_ONLY && v.firm) {
		want |= AR_WANT_RO;
	} else if (v.fate == AR_BIND_READ_ONLY &&
		   !ar_opted_out_as(m, "mounts[].options", field_of(w, "options"), shown, shown)) {
		want |= AR_WANT_RO;
	}
	if (v.note)
		ar_decide_as(m, "mounts[].source", field_of(w, "source"), shown, "read-only",
			     v.note);
	if (!writable || in_proc)
		want |= AR_WANT_RO;
	if (in_dev || scratch_at(m, w->target) != AR_SCRATCH_COUNT ||
	    scratch_at(m, w->destination) != AR_SCRATCH_COUNT)
		want |= AR_WANT_NOEXEC;
	if (!w->options.bind) {
		/* the type alone made it a bind: say so, as every reader of the effective
		 * configuration expects */
		const char *bind = "bind";

		w->to.options =
			ar_strings_join(m->arena, &(struct ar_strings){ &bind, 1 }, &w->to.options);
	}
	keep_host_flags(w, source);
	w->made_readonly = want & AR_WANT_RO && writable;
	w->late = w->made_readonly && !(source->attr & MOUNT_ATTR_RDONLY) &&
		  ar_bind_takes_mount_points(m, source, w->destination);
	tighten(w, want, w->options.recursive, w->made_readonly ? v.reason : NULL);
	return true;
}

/* Any other file system would be filled with what the image has there, and writable until then. */
static void leave_copyup(struct work *w)
{
	static const char option[] = "tmpcopyup";
	struct ar_grow got = { .arena = w->m->arena };

	if (!w->options.tmpcopyup || ar_streq(w->asked->type, "tmpfs"))
		return;
	for (size_t i = 0; i < w->to.options.n; i++)
		if (!ar_streq(w->to.options.items[i], option))
			ar_grow_add(&got, w->to.options.items[i]);
	w->to.options = got.list;
	w->options.tmpcopyup = false;
	ar_decide_as(w->m, "mounts[].options", field_of(w, "options"), option, "left out",
		     "only a tmpfs is filled with what the image has there");
}

static void merge_one(struct ar_merging *m, size_t index, struct tray *tray)
{
	const struct ar_facts *f = m->facts;
	const struct ar_mount *asked = &((const struct ar_mount *)m->from->mounts.items)[index];
	const char *clean =
		ar_path_absolute(m->arena, asked->destination ? asked->destination : "");
	int source = index < f->n_mounts && f->mount_source ? f->mount_source[index] : -1;
	struct work w = { .m = m, .asked = asked, .to = *asked };
	struct ar_bind_verdict v = { 0 };
	bool bind;

	w.destination = clean;
	w.target = index < f->n_mounts && f->mount_target && f->mount_target[index]
			   ? f->mount_target[index]
			   : clean;
	ar_mount_options_parse(m->arena, &asked->options, &w.options);
	bind = ar_mount_is_bind(asked, &w.options);
	if (bind && (source < 0 || (size_t)source >= f->n_sources)) {
		ar_refused(m, "mounts[].source", field_of(&w, "source"), asked->source, NULL,
			   "its source was not inspected");
		return;
	}
	if (bind)
		v = ar_bind_judge(m, &f->sources[source], w.destination, w.target, is_writable(&w));
	if (bind && left_out(&w, &f->sources[source], &v))
		return;
	if (refused_place(&w, bind, asked->type ? asked->type : "") || refused_options(&w) ||
	    refused_mappings(&w))
		return;
	leave_copyup(&w);
	if (bind ? !merge_bind(&w, &f->sources[source], v) : !merge_fs(&w, tray))
		return;
	hold_propagation(&w, bind);
	tray->mounts[tray->n] = w.to;
	tray->sources[tray->n] = bind ? source : -1;
	tray->made_readonly[tray->n] = w.made_readonly;
	tray->late[tray->n] = w.late;
	tray->targets[tray->n++] = w.target;
}

static void add(struct ar_merging *m, struct tray *tray, const char *target, const char *type,
		const char *options)
{
	struct ar_grow g = { .arena = m->arena };

	for (const char *at = options; *at;) {
		size_t len = strcspn(at, ",");

		ar_grow_add(&g, ar_strndup(m->arena, at, len));
		at += len + (at[len] == ',');
	}
	tray->mounts[tray->n] = (struct ar_mount){ .destination = target,
						   .type = type,
						   .source = type,
						   .options = g.list };
	tray->sources[tray->n] = -1;
	tray->targets[tray->n++] = target;
}

/* The first mount of the bundle on the target or above it. NULL: none. */
static const char *covered_by(const struct tray *tray, const char *target)
{
	for (size_t i = 0; i < tray->n; i++)
		if (ar_path_within(target, tray->targets[i]))
			return tray->targets[i];
	return NULL;
}

static void add_scratch(struct ar_merging *m, struct tray *ours, const struct tray *bundle)
{
	for (int s = 0; s < AR_SCRATCH_COUNT; s++) {
		const char *path = ar_scratch_paths[s], *cover, *options;
		const char *target = m->facts->scratch_target[s] ? m->facts->scratch_target[s]
								 : path;
		const char *field = ar_printf(m->arena, "mounts[%s]", path);

		if (covered_by(ours, target)) /* /var/tmp is a link to /tmp */
			continue;
		cover = covered_by(bundle, target);
		if (cover && !ar_streq(cover, target))
			ar_decide_as(m, "scratch", field, cover, "the bundle's mount",
				     "the bundle mounts a directory above");
		if (cover || ar_opted_out(m, "scratch", path, path))
			continue;
		options = ar_printf(m->arena, "rw,nosuid,nodev,noexec,size=%s,%s,tmpcopyup",
				    ar_size_text(m->arena, m->values.scratch_size),
				    scratch_modes[s]);
		add(m, ours, target, "tmpfs", options);
		ar_decide_as(m, "scratch", field, "", options, NULL);
	}
}

static void add_dev(struct ar_merging *m, struct tray *ours, const struct tray *bundle)
{
	if (covered_by(bundle, "/dev"))
		return;
	add(m, ours, "/dev", "tmpfs", "nosuid,noexec,strictatime,mode=755,size=64k");
	if (!covered_by(bundle, "/dev/pts"))
		add(m, ours, "/dev/pts", "devpts",
		    "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620");
	ar_decide_as(m, "dev", "mounts[/dev]", "", "a tmpfs", NULL);
}

static void append(struct tray *to, const struct tray *from)
{
	for (size_t i = 0; i < from->n; i++) {
		to->mounts[to->n] = from->mounts[i];
		to->sources[to->n] = from->sources[i];
		to->made_readonly[to->n] = from->made_readonly[i];
		to->late[to->n] = from->late[i];
		to->targets[to->n++] = from->targets[i];
	}
}

static struct tray tray_new(struct ar_merging *m, size_t room)
{
	return (struct tray){ .mounts = ar_alloc_array(m->arena, room, sizeof(struct ar_mount)),
			      .sources = ar_alloc_array(m->arena, room, sizeof(int)),
			      .made_readonly = ar_alloc_array(m->arena, room, sizeof(bool)),
			      .late = ar_alloc_array(m->arena, room, sizeof(bool)),
			      .targets = ar_alloc_array(m->arena, room, sizeof(char *)) };
}

/* Those stay late that something is mounted into. */
static void find_late(struct tray *all)
{
	for (size_t i = 0; i < all->n; i++) {
		bool mounted_into = false;

		for (size_t k = i + 1; k < all->n && all->late[i] && !mounted_into; k++)
			mounted_into = ar_path_within(all->targets[k], all->targets[i]) &&
				       !ar_streq(all->targets[k], all->targets[i]);
		all->late[i] = mounted_into;
	}
}

/* mount(2) is told the label in quotes: another one would end it, and begin an option. */
static void judge_label(struct ar_merging *m)
{
	const char *label = m->to->linux->mount_label;

	if (label && strchr(label, '"'))
		ar_refused(m, "linux.mountLabel", "linux.mountLabel", label, NULL,
			   "it has a quote in it");
}

void ar_merge_mounts(struct ar_merging *m)
{
	size_t room = m->from->mounts.n + AR_SCRATCH_COUNT + 2;
	struct tray bundle = tray_new(m, room), all = tray_new(m, room);

	judge_label(m);
	for (size_t i = 0; i < m->from->mounts.n; i++)
		merge_one(m, i, &bundle);
	add_scratch(m, &all, &bundle);
	add_dev(m, &all, &bundle);
	append(&all, &bundle);
	m->to->mounts = (struct ar_list){ all.mounts, all.n };
	m->out->mount_source = all.sources;
	m->out->mount_target = all.targets;
	find_late(&all);
	m->out->mount_made_readonly = all.made_readonly;
	m->out->mount_late_readonly = all.late;
	m->out->dev_readonly = true;
}
