/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/dev.h"
#include "kernel/home.h"
#include "kernel/lsm.h"
#include "kernel/mask.h"
#include "kernel/mount.h"
#include "kernel/rootfs.h"
#include "run/init-steps.h"
#include "run/last-mile.h"
#include "run/mount-target.h"
#include "run/run.h"

/* The same file again in our own mount namespace: by its path, and only if it is the one that was
 * judged. */
static int open_again(const struct ar_source *source, int *ret_fd, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (!source->resolved)
		return ar_refuse(err, ENOENT, "'%s' has no path to open it by again",
				 source->asked);
	fd = open(source->resolved, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return ar_fail(err, errno, "open '%s' again", source->resolved);
	if (st.st_dev != source->dev || st.st_ino != source->ino)
		return ar_refuse(err, EAGAIN, "'%s' was exchanged while the container was made",
				 source->resolved);
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

/*
 * Filesystems of the host that are mounted inside the root filesystem become read-only with it,
 * now: later the container's own mounts lie among them. The root itself stays writable until the
 * mount points are made.
 */
static int restrict_submounts(struct ar_run *run, struct ar_error *err)
{
	uint64_t set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	struct ar_error ignored;
	int r, was_readonly;

	if (!run->effective->root_nosuid_nodev)
		return 0;
	was_readonly = ar_mount_verify(run->root, MOUNT_ATTR_RDONLY, "/", &ignored) == 0;
	if (run->effective->spec->root->readonly == AR_YES)
		set |= MOUNT_ATTR_RDONLY;
	r = ar_mount_set(run->root, true, set, 0, 0, "/", err);
	if (r == 0 && !was_readonly)
		r = ar_mount_set(run->root, false, 0, set & MOUNT_ATTR_RDONLY, 0, "/", err);
	return r;
}

/*
 * The directory of the root filesystem in our own mount namespace, -1: by its path it is not to be
 * had (root of a user namespace may not be able to reach it). A tree needs none.
 */
static int open_place(const struct ar_run *run, int *ret_fd, struct ar_error *err)
{
	struct ar_error why;
	int r = open_again(&run->facts->root, ret_fd, &why);

	if (r < 0 && run->root_tree >= 0) {
		ar_debug("%s", why.text);
		return 0;
	}
	if (r < 0)
		*err = why;
	return r;
}

static int attach_root(struct ar_run *run, struct ar_error *err)
{
	const char *propagation = ar_run_propagation(run);
	_cleanup_fd_ int origin = -1;
	int r;

	/* of the host, before anything of the container can stand in its place (CVE-2025-31133) */
	run->null = open("/dev/null", O_PATH | O_CLOEXEC);
	if (run->null < 0)
		return ar_fail(err, errno, "open /dev/null");
	r = ar_null_verify(run->null, err);
	if (r == 0)
		r = ar_rootfs_propagation(propagation, err);
	if (r == 0)
		r = open_place(run, &origin, err);
	if (r == 0)
		r = ar_rootfs_attach(run->root_tree, origin, propagation, &run->root, err);
	if (r == 0)
		r = restrict_submounts(run, err);
	ar_close_fd(&run->root_tree);
	return r;
}
const struct ar_step ar_step_attach_root = { "root filesystem", AR_INIT, 0, attach_root, NULL };

static bool is_dir(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static int place_bind(struct ar_run *run, size_t i, const struct ar_mount *m,
		      struct ar_mount_request *q, int *ret_mount, struct ar_error *err)
{
	const struct ar_source *source = &run->facts->sources[run->effective->mount_source[i]];
	_cleanup_fd_ int again = -1, target = -1;
	int r = 0;

	q->tree = run->mount_tree[i];
	if (q->tree >= 0)
		q->inherited = ar_rootfs_inherited(ar_run_propagation(run));
	if (q->tree < 0) {
		r = open_again(source, &again, err);
		q->origin = again;
	}
	if (r == 0)
		r = ar_target_open(run, i, m, !S_ISDIR(source->mode), &target, err);
	if (r == 0 && is_dir(target) != S_ISDIR(source->mode))
		r = ar_fail(err, ENOTDIR, "mount '%s' on '%s': a file and a directory",
			    ar_source_shown(source), m->destination);
	if (r == 0)
		r = ar_target_check_proc(run, m, target, source->fd, err);
	return r < 0 ? r : ar_mount_place(q, target, ret_mount, err);
}

/* A bind that stands in for a filesystem: what the host mounts in there later is not for a
 * container that policy holds. */
static uint64_t stand_in(const struct ar_run *run)
{
	return run->effective->profile == AR_PROFILE_COMPAT ? 0 : MS_PRIVATE;
}

/*
 * Without a cgroup namespace the container finds the whole tree, as with runc: its
 * /proc/self/cgroup says a path in that. By a bind, since a fresh mount from the initial cgroup
 * namespace waits for RCU. Profiles that force a namespace do not come here; should one, it sees no
 * more than its own.
 */
static int place_cgroup_bind(struct ar_run *run, const struct ar_mount_request *filesystem,
			     int target, int *ret_mount, struct ar_error *err)
{
	bool whole = run->effective->profile == AR_PROFILE_COMPAT;
	struct ar_mount_options options = *filesystem->options;
	struct ar_mount_request q = *filesystem;
	const char *root = run->cgroup.root;
	_cleanup_fd_ int origin = -1;
	int r;

	if (!run->use_cgroup && !whole)
		return ar_refuse(err, ENOENT, "no cgroup to show on '%s'", q.name);
	/* who has no cgroup to give, as rootless podman may, shows the tree all the same */
	r = run->use_cgroup ? 0 : ar_cgroup_find_root(run->arena, &root, err);
	if (r < 0)
		return r;
	origin = open(ar_printf(run->arena, "%s%s", root, whole ? "" : run->cgroup.path),
		      O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (origin < 0)
		return ar_fail(err, errno, "open the cgroup for '%s'", q.name);
	options.bind = options.recursive = true;
	options.data = (struct ar_strings){ 0 };
	q.options = &options;
	q.origin = origin;
	q.inherited = stand_in(run);
	return ar_mount_place(&q, target, ret_mount, err);
}

/* sysfs can be mounted only by the owner of the network namespace; who is not gets the host's, as
 * with runc. */
static int place_sysfs_bind(const struct ar_run *run, const struct ar_mount_request *filesystem,
			    int target, int *ret_mount, struct ar_error *err)
{
	struct ar_mount_options options = *filesystem->options;
	struct ar_mount_request q = *filesystem;
	_cleanup_fd_ int origin = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (origin < 0)
		return ar_fail(err, errno, "open /sys");
	options.bind = options.recursive = true;
	options.rec_set |= options.attr_set;
	options.attr_set = options.attr_clr = 0;
	options.data = (struct ar_strings){ 0 };
	q.options = &options;
	q.origin = origin;
	q.inherited = stand_in(run);
	return ar_mount_place(&q, target, ret_mount, err);
}

static bool says_mode(const struct ar_mount_options *options)
{
	for (size_t i = 0; i < options->data.n; i++)
		if (ar_starts_with(options->data.items[i], "mode="))
			return true;
	return false;
}

/* As with runc: a tmpfs on a directory that is there has the mode of that, unless its options say
 * one. */
static void keep_mode(struct ar_run *run, size_t i, const struct ar_mount *m,
		      struct ar_mount_options *options)
{
	struct ar_error ignored; /* comes again when the target is opened */
	_cleanup_fd_ int there = -1;
	struct stat st;

	if (!ar_streq(m->type, "tmpfs") || says_mode(options) ||
	    ar_target_find(run, i, m, &there, &ignored) < 0 || fstat(there, &st) < 0)
		return;
	options->data = ar_strings_with(run->arena, &options->data,
					ar_printf(run->arena, "mode=%o", st.st_mode & 07777u));
}

static int place_filesystem(struct ar_run *run, size_t i, const struct ar_mount *m,
			    struct ar_mount_request *q, int *ret_mount, struct ar_error *err)
{
	_cleanup_fd_ int target = -1;
	bool cgroup = ar_streq(m->type, "cgroup") || ar_streq(m->type, "cgroup2");
	int r = ar_target_open(run, i, m, false, &target, err);

	if (r == 0)
		r = ar_target_check_proc(run, m, target, -1, err);
	if (r < 0)
		return r;
	if (cgroup) {
		/* both names mean the container's own v2 tree */
		q->type = "cgroup2";
		if (!(run->ns.fresh & CLONE_NEWCGROUP) && run->ns.join[AR_NS_CGROUP] < 0)
			return place_cgroup_bind(run, q, target, ret_mount, err);
	}
	r = ar_mount_place(q, target, ret_mount, err);
	if ((r == -EPERM || r == -EBUSY) && ar_streq(m->type, "sysfs") && run->in_userns &&
	    !(run->ns.fresh & CLONE_NEWNET))
		return place_sysfs_bind(run, q, target, ret_mount, err);
	return r;
}

static const char *mount_label(const struct ar_run *run)
{
	return ar_run_linux(run)->mount_label;
}

/*
 * The SELinux context of a filesystem, as an option of its mount. The kernel's own have labels of
 * their own, and so has what is there already.
 */
static const char *label_for(const struct ar_run *run, const struct ar_mount *m,
			     const struct ar_mount_options *options)
{
	static const char *const kernels[] = { "proc",	  "sysfs",    "mqueue",	 "cgroup",
					       "cgroup2", "configfs", "debugfs", "securityfs",
					       "tracefs", NULL };

	if (options->bind || options->remount)
		return NULL;
	for (size_t i = 0; kernels[i]; i++)
		if (ar_streq(m->type, kernels[i]))
			return NULL;
	/* the bundle's own words count, and two contexts are an error */
	for (size_t i = 0; i < options->data.n; i++)
		if (ar_starts_with(options->data.items[i], "context="))
			return NULL;
	return mount_label(run);
}

/* The queues of an IPC namespace are one filesystem, which is there since that namespace is: it
 * refuses a context, and its root is labelled, as runc does. */
static int label_queues(const struct ar_run *run, const struct ar_mount *m, int mount,
			struct ar_error *err)
{
	if (!ar_streq(m->type, "mqueue"))
		return 0;
	return ar_selinux_label_directory(mount, mount_label(run), m->destination, err);
}

/*
 * With "bind" the flags of the mount alone are meant, else those of its filesystem too (mount(8)),
 * which may be the host's: where policy judges that is not done, whoever lets a remount through.
 */
static int remount(struct ar_run *run, size_t i, const struct ar_mount *m,
		   const struct ar_mount_request *q, int *ret_mount, struct ar_error *err)
{
	bool compat = run->effective->profile == AR_PROFILE_COMPAT;
	const struct ar_mount_options *o = q->options;
	_cleanup_fd_ int at = -1;
	int r = ar_target_find(run, i, m, &at, err);

	if (r == -ENOENT)
		return ar_fail(err, ENOENT, "remount '%s'", m->destination);
	if (r == 0)
		r = ar_target_check_root(run, m, at, err);
	if (r == 0)
		r = ar_target_check_proc(run, m, at, -1, err);
	if (r == 0 && (o->bind || !compat))
		r = ar_mount_set(at, false, o->attr_set, o->attr_clr, 0, m->destination, err);
	else if (r == 0)
		r = ar_mount_remount(q, at, err);
	if (r == 0 && compat)
		r = ar_mount_set(at, true, o->rec_set, o->rec_clr, 0, m->destination, err);
	if (r == 0 && compat)
		r = ar_mount_propagate(at, o, m->destination, err);
	if (r == 0)
		*ret_mount = ar_steal_fd(&at);
	return r;
}

/* What the masks need later; of two mounts on a place the last one shows. */
static void keep_mount(struct ar_run *run, const struct ar_mount *m, int *mount)
{
	int *place = ar_streq(m->destination, "/proc")	? &run->own_proc
		     : ar_streq(m->destination, "/sys") ? &run->own_sys
							: NULL;

	if (!place)
		return;
	ar_close_fd(place);
	*place = ar_steal_fd(mount);
}

/* Read-only by policy, once all targets in it are made. */
static bool policy_readonly(const struct ar_run *run, size_t i)
{
	return run->effective->mount_late_readonly && run->effective->mount_late_readonly[i];
}

/* So is a tmpfs that the bundle asks for: an empty one has nothing to mount on yet, and /dev no
 * nodes. */
static bool is_readonly_later(const struct ar_mount *m, const struct ar_mount_options *options)
{
	return !options->bind && (ar_streq(m->type, "tmpfs") || ar_streq(m->destination, "/dev")) &&
	       (options->attr_set & MOUNT_ATTR_RDONLY);
}

/* It is written to until the read-only step: its tree has gone to its place, and the mount takes
 * its place here. */
static void make_readonly_later(struct ar_run *run, size_t i, int *mount)
{
	ar_close_fd(&run->mount_tree[i]);
	run->mount_tree[i] = ar_steal_fd(mount);
}

/* Of options that contradict each other ("ro", "rrw") compat, as runc, applies the tree's last. */
static uint64_t wanted_flags(const struct ar_mount_options *o, bool compat)
{
	return (o->attr_set & ~(compat ? o->rec_clr : 0)) | o->rec_set;
}

static int mount_one(struct ar_run *run, size_t i, const struct ar_mount *m, struct ar_error *err)
{
	static const char *strict[] = { "subset=pid", "hidepid=2" };
	bool compat = run->effective->profile == AR_PROFILE_COMPAT;
	struct ar_mount_options options;
	struct ar_mount_request q = {
		.name = m->destination,
		.type = m->type ? m->type : "",
		.source = m->source,
		.options = &options,
		.tree = -1,
		.origin = -1,
	};
	_cleanup_fd_ int mount = -1;
	bool later;
	int r;

	ar_mount_options_parse(run->arena, &m->options, &options);
	q.label = label_for(run, m, &options);
	later = is_readonly_later(m, &options);
	if (later) {
		options.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		options.ro = false;
	}
	if (run->effective->proc_hidepid && ar_streq(m->type, "proc"))
		options.data = (struct ar_strings){ .items = strict, .n = AR_COUNT(strict) };
	if (compat && (options.bind || options.remount))
		ar_mount_options_as_runc(&options, run->in_userns || !run->facts->host_root);
	/* as runc: only a bind, by its option or by its type, has a tree below it */
	if (compat && !options.bind && !ar_streq(m->type, "bind"))
		options.rec_set = options.rec_clr = 0;
	if (options.remount && (!options.bind || compat)) {
		r = remount(run, i, m, &q, &mount, err);
	} else if (options.bind) {
		r = place_bind(run, i, m, &q, &mount, err);
	} else {
		keep_mode(run, i, m, &options);
		r = place_filesystem(run, i, m, &q, &mount, err);
		if (r == 0)
			r = label_queues(run, m, mount, err);
	}
	/* on the mount itself: whatever the path leads to by now */
	if (r == 0)
		r = ar_mount_verify(mount, wanted_flags(&options, compat), m->destination, err);
	/* the mount alone: what the source has mounted in it stays as it is */
	if (r == 0 && policy_readonly(run, i))
		r = ar_mount_set(mount, false, 0, MOUNT_ATTR_RDONLY, 0, m->destination, err);
	if (r == 0 && (later || policy_readonly(run, i)))
		make_readonly_later(run, i, &mount);
	else if (r == 0)
		keep_mount(run, m, &mount);
	return r;
}

static int mounts(struct ar_run *run, struct ar_error *err)
{
	const struct ar_list *list = &run->effective->spec->mounts;
	const struct ar_mount *m = list->items;

	for (size_t i = 0; i < list->n; i++) {
		int r = mount_one(run, i, &m[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
const struct ar_step ar_step_mounts = { "mounts", AR_INIT, 0, mounts, NULL };

static int home(struct ar_run *run, struct ar_error *err)
{
	const struct ar_effective *e = run->effective;
	int r = ar_home_overlay(run->root, e->home, e->home_size, e->home_noexec, err);

	if (r < 0)
		return ar_run_cannot(run, AR_CONTROL_HOME, r, err);
	ar_run_enforced(run, AR_CONTROL_HOME);
	return 0;
}
const struct ar_step ar_step_home = { "home", AR_INIT, 0, home, NULL };

/* --- /dev --- */

/* A /dev bound from outside is left as it is, as runc does. */
static bool own_dev(struct ar_run *run)
{
	const struct ar_mount *m = ar_run_mount_on(run, "/dev");
	struct ar_mount_options options;

	if (!m)
		return true;
	ar_mount_options_parse(run->arena, &m->options, &options);
	return !options.bind;
}

static int devices(struct ar_run *run, struct ar_error *err)
{
	_cleanup_fd_ int dev = -1;
	int r = ar_dev_open(run->root, &dev, err);

	if (r == -ENOENT)
		r = ar_mkdir_in_root(run->root, "/dev", 0755, &dev, err);
	if (r < 0)
		return r;
	if (own_dev(run)) {
		/* mknod(2) is refused in every user namespace but the first */
		unsigned int flags = run->in_userns || !run->facts->host_root ? AR_DEV_BIND : 0;

		if (run->effective->profile == AR_PROFILE_COMPAT)
			flags |= AR_DEV_PLAIN;
		r = ar_dev_nodes(run->root, dev, &ar_run_linux(run)->devices, flags, err);
		if (r == 0)
			r = ar_dev_links(dev, err);
		if (r == 0)
			r = ar_dev_own_null(dev, err);
	}
	if (r == 0 && run->process->terminal == AR_YES)
		r = ar_step_terminal_open(run, err);
	if (r == 0 && run->tty >= 0)
		r = ar_dev_console(dev, run->tty, err);
	return r;
}
const struct ar_step ar_step_devices = { "devices", AR_INIT, 0, devices, NULL };

const struct ar_step ar_step_working_directory = { "working directory", AR_INIT, 0,
						   ar_target_working_directory, NULL };

/* --- what must not be seen or written --- */

static int masks(struct ar_run *run, struct ar_error *err)
{
	const struct ar_mask_tree tree = {
		.root = run->root,
		.proc = run->own_proc,
		.sys = run->own_sys,
		.as_runc = run->effective->profile == AR_PROFILE_COMPAT,
	};
	const struct ar_linux *linux = ar_run_linux(run);
	int r = ar_readonly_paths(&tree, &linux->readonly_paths, err);

	if (r == 0)
		r = ar_mask_paths(&tree, &linux->masked_paths, run->null, linux->mount_label,
				  &run->mask_dev, err);
	return r;
}
const struct ar_step ar_step_masks = { "paths", AR_INIT, AR_STEP_PLAIN, masks, NULL };

/* Mounts that were written to until now; the trees of the others have gone to their places. */
static int make_mounts_readonly(struct ar_run *run, struct ar_error *err)
{
	const struct ar_mount *m = run->effective->spec->mounts.items;
	int r = 0;

	for (size_t i = 0; i < run->n_mounts && r == 0; i++) {
		struct ar_mount_options options;

		ar_mount_options_parse(run->arena, &m[i].options, &options);
		if (!policy_readonly(run, i) && !is_readonly_later(&m[i], &options))
			continue;
		r = ar_mount_set(run->mount_tree[i], false, MOUNT_ATTR_RDONLY, 0, 0,
				 m[i].destination, err);
		if (r == 0)
			r = ar_mount_verify(run->mount_tree[i], MOUNT_ATTR_RDONLY, m[i].destination,
					    err);
	}
	return r;
}

static int make_readonly(struct ar_run *run, struct ar_error *err)
{
	const struct ar_effective *e = run->effective;
	uint64_t root = 0;
	int r = make_mounts_readonly(run, err);

	if (r < 0)
		return r;
	if (e->dev_readonly) {
		_cleanup_fd_ int dev = -1;

		r = ar_dev_open(run->root, &dev, err);
		if (r == 0)
			r = ar_mount_set(dev, false, MOUNT_ATTR_RDONLY, 0, 0, "/dev", err);
		if (r == 0)
			r = ar_mount_verify(dev, MOUNT_ATTR_RDONLY, "/dev", err);
		if (r < 0)
			return r;
	}
	if (e->spec->root && e->spec->root->readonly == AR_YES)
		root |= MOUNT_ATTR_RDONLY;
	if (e->root_nosuid_nodev)
		root |= MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	r = ar_mount_set(run->root, false, root, 0, 0, "/", err);
	return r < 0 ? r : ar_mount_verify(run->root, root, "/", err);
}
const struct ar_step ar_step_readonly = { "read-only root", AR_INIT, 0, make_readonly, NULL };

static int pivot(struct ar_run *run, struct ar_error *err)
{
	int r = ar_rootfs_enter(run->root, run->effective->no_pivot, err);

	return r < 0 ? r : ar_rootfs_share(ar_run_propagation(run), err);
}
const struct ar_step ar_step_pivot = { "pivot_root", AR_INIT, 0, pivot, NULL };
