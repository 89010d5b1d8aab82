/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/table.h"
#include "kernel/mount-table.h"
#include "kernel/mount.h"

static const struct ar_name propagations[] = {
	{ "private", MS_PRIVATE },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "rshared", MS_SHARED | MS_REC },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ "shared", MS_SHARED },
	{ "slave", MS_SLAVE },
	{ "unbindable", MS_UNBINDABLE },
};

static unsigned long parse(const char *propagation)
{
	const struct ar_name *n = NULL;

	if (propagation && *propagation)
		n = ar_name_find(propagations, AR_COUNT(propagations), propagation);
	return n ? n->value : MS_SLAVE | MS_REC;
}

int ar_rootfs_propagation(const char *propagation, struct ar_error *err)
{
	unsigned long flags = parse(propagation);

	/* an unbindable tree could not be copied from: it becomes so at the end */
	if (flags & MS_UNBINDABLE)
		flags = MS_PRIVATE | MS_REC;
	if (mount(NULL, "/", NULL, flags, NULL) < 0)
		return ar_fail(err, errno, "propagation of the old root");
	return 0;
}

uint64_t ar_rootfs_inherited(const char *propagation)
{
	unsigned long flags = parse(propagation);

	if (flags & MS_SHARED)
		return 0;
	return flags & MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
}

/* The root of the mount that dir lies in: the last directory upwards that the mount has. */
static int mount_root(int dir, int *ret_root, struct ar_error *err)
{
	_cleanup_fd_ int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	uint64_t mount, above;
	struct stat st, was = { 0 };
	int r = at < 0 ? -errno : ar_mount_id(at, &mount);

	while (r == 0) {
		_cleanup_fd_ int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (up < 0 || fstat(up, &st) < 0)
			return ar_fail(err, errno, "look above the root filesystem");
		r = ar_mount_id(up, &above);
		/* another mount, or "/", above which is itself */
		if (r < 0 || above != mount || (st.st_ino == was.st_ino && st.st_dev == was.st_dev))
			break;
		was = st;
		ar_close_fd(&at);
		at = ar_steal_fd(&up);
	}
	if (r < 0)
		return ar_fail(err, -r, "look above the root filesystem");
	*ret_root = ar_steal_fd(&at);
	return 0;
}

/* Whether the mount that the root lies in stays a peer of the host's: with shared propagation, or
 * where that of the old root alone was changed. */
static bool has_peers(const char *propagation)
{
	unsigned long flags = parse(propagation);

	return (flags & MS_SHARED) || !(flags & (MS_REC | MS_UNBINDABLE));
}

/*
 * What is mounted in the container's root would be mounted on the host as well, where the mount in
 * which it is put is a peer. That one mount leaves the peers; those below it stay, they are what
 * volumes with shared propagation are taken from.
 */
static int part_from_host(int place, const char *propagation, struct ar_error *err)
{
	_cleanup_fd_ int root = -1;
	int r;

	if (!has_peers(propagation))
		return 0;
	r = mount_root(place, &root, err);
	return r < 0 ? r : ar_mount_set(root, false, 0, 0, MS_PRIVATE, "the old root", err);
}

/* pivot_root(2) refuses a root that is shared, or whose parent is; and mounts in it must not reach
 * the host unless asked, which ar_rootfs_share() does at the end. */
static int confine(int root, const char *propagation, struct ar_error *err)
{
	if (parse(propagation) & MS_SHARED)
		return ar_mount_set(root, false, 0, 0, MS_PRIVATE, "/", err);
	return ar_mount_set(root, true, 0, 0, ar_rootfs_inherited(propagation), "/", err);
}

/* Before open_tree(2): a bind, which is then moved over the old root, where it can be opened. */
static int attach_legacy(int origin, const char *propagation, int *ret_root, struct ar_error *err)
{
	char path[AR_FD_PATH_MAX];

	/* the mount that it lies in cannot be told without statx(2) of Linux 5.8 */
	if (has_peers(propagation))
		return ar_fail(err, EOPNOTSUPP,
			       "propagation '%s' of the root filesystem needs open_tree(2)",
			       propagation);
	if (mount(ar_fd_path(path, origin), path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return ar_fail(err, errno, "bind the root filesystem");
	return ar_mount_on(origin, "/", ret_root, err);
}

static int attach(int tree, int place, const char *propagation, int *ret_root, struct ar_error *err)
{
	int r = part_from_host(place, propagation, err);

	if (r == 0)
		r = ar_mount_attach(tree, place, "/", err);
	if (r < 0)
		return r;
	*ret_root = fcntl(tree, F_DUPFD_CLOEXEC, 3);
	return *ret_root < 0 ? ar_fail(err, errno, "the root filesystem") : 0;
}

int ar_rootfs_attach(int tree, int origin, const char *propagation, int *ret_root,
		     struct ar_error *err)
{
	_cleanup_fd_ int root = -1, old = -1;
	int r;

	if (tree >= 0 && origin < 0) {
		old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (old < 0)
			return ar_fail(err, errno, "open the old root");
	}
	r = tree < 0 ? attach_legacy(origin, propagation, &root, err)
		     : attach(tree, origin >= 0 ? origin : old, propagation, &root, err);
	if (r == 0)
		r = confine(root, propagation, err);
	if (r == 0)
		*ret_root = ar_steal_fd(&root);
	return r;
}

/*
 * Where pivot_root(2) cannot take the old root away (an initramfs), what is mounted on it goes at
 * least: the host's /proc and /sys would stay in reach of chroot(2), and make the kernel allow
 * fresh ones in a user namespace although those that the container sees are masked.
 */
static int move_and_chroot(int root, struct ar_error *err)
{
	_cleanup_fd_ int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old < 0)
		return ar_fail(err, errno, "open the old root");
	if (fchdir(root) < 0)
		return ar_fail(err, errno, "enter the root filesystem");
	/* or it would be moved on the host as well */
	if (mount(NULL, "/", NULL, MS_PRIVATE, NULL) < 0)
		return ar_fail(err, errno, "propagation of the old root");
	/* ELOOP: it stands there already */
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 && errno != ELOOP)
		return ar_fail(err, errno, "move the root filesystem to /");
	r = ar_mount_detach_others(old, root, err);
	if (r < 0)
		return r;
	if (chroot(".") < 0 || chdir("/") < 0)
		return ar_fail(err, errno, "chroot into the root filesystem");
	return 0;
}

int ar_rootfs_enter(int root, bool no_pivot, struct ar_error *err)
{
	_cleanup_fd_ int old = -1;

	if (no_pivot)
		return move_and_chroot(root, err);
	old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0)
		return ar_fail(err, errno, "open the old root");
	if (fchdir(root) < 0)
		return ar_fail(err, errno, "enter the root filesystem");
	/* new and old root in one place: the old one lies on top of the new one and goes away
	 * (pivot_root(2)) */
	if (ar_sys_pivot_root(".", ".") < 0)
		return ar_fail(err, errno, "pivot_root");
	/* "." is still the new root: mount(2) does not step onto what lies on it */
	if (fchdir(old) < 0)
		return ar_fail(err, errno, "enter the old root");
	/* with shared propagation it has peers on the host, where it must not be taken away */
	if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return ar_fail(err, errno, "propagation of the old root");
	if (umount2(".", MNT_DETACH) < 0)
		return ar_fail(err, errno, "detach the old root");
	if (chdir("/") < 0)
		return ar_fail(err, errno, "enter the new root");
	return 0;
}

int ar_rootfs_share(const char *propagation, struct ar_error *err)
{
	unsigned long flags = parse(propagation);

	if (!(flags & (MS_SHARED | MS_UNBINDABLE)))
		return 0;
	if (mount(NULL, "/", NULL, flags, NULL) < 0)
		return ar_fail(err, errno, "propagation of the root filesystem");
	return 0;
}
