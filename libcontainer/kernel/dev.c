/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/mount.h"

#define NODE(path_, major_, minor_)                                        \
	{                                                                  \
		.type = "c", .path = (path_), .major = { true, (major_) }, \
		.minor = { true, (minor_) }, .file_mode = {                \
			true,                                              \
			0666                                               \
		}                                                          \
	}
static const struct ar_device defaults[] = {
	NODE("/dev/null", 1, 3),   NODE("/dev/zero", 1, 5),    NODE("/dev/full", 1, 7),
	NODE("/dev/random", 1, 8), NODE("/dev/urandom", 1, 9), NODE("/dev/tty", 5, 0),
};

const struct ar_device *ar_dev_defaults(size_t *ret_n)
{
	*ret_n = AR_COUNT(defaults);
	return defaults;
}

int ar_dev_open(int root, int *ret_dev, struct ar_error *err)
{
	struct stat st;
	int fd = ar_open_no_links(root, "dev", O_PATH, 0);

	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return ar_fail(err, -fd, "/dev of the container must be a directory, not a link");
	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode)) {
		close(fd);
		return ar_fail(err, ENOTDIR, "/dev of the container");
	}
	*ret_dev = fd;
	return 0;
}

static mode_t file_type(const struct ar_device *d)
{
	switch (*d->type) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return S_IFCHR; /* c, and u: unbuffered */
	}
}

/* The node is there already: fine if it is the same device, as with a /dev that comes with the
 * bundle. */
static int same_node(int dir, const char *name, const struct ar_device *d, struct ar_error *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return ar_fail(err, errno, "device '%s'", d->path);
	if ((st.st_mode & S_IFMT) != file_type(d) ||
	    (!S_ISFIFO(st.st_mode) &&
	     st.st_rdev != makedev((unsigned)d->major.value, (unsigned)d->minor.value)))
		return ar_refuse(err, EEXIST, "device '%s' already exists and is not that device",
				 d->path);
	return 0;
}

/* -EPERM, -EACCES: we may not. */
static int make_node(int dir, const char *name, const struct ar_device *d, unsigned int flags,
		     struct ar_error *err)
{
	mode_t mode = d->file_mode.set ? (mode_t)d->file_mode.value & 07777 : 0666;
	uid_t uid = d->uid.set ? (uid_t)d->uid.value : 0;
	gid_t gid = d->gid.set ? (gid_t)d->gid.value : 0;

	if (mknodat(dir, name, file_type(d) | mode,
		    makedev((unsigned)d->major.value, (unsigned)d->minor.value)) < 0) {
		if (errno != EEXIST)
			return ar_fail(err, errno, "make device '%s'", d->path);
		return flags & AR_DEV_PLAIN ? 0 : same_node(dir, name, d, err);
	}
	if ((uid || gid) && fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return ar_fail(err, errno, "owner of device '%s'", d->path);
	return 0;
}

/*
 * The host's node of the same path, if it is the device that is meant. Read-only, which is no
 * matter of what is read and written: it belongs to a root that may be the container's, and is to
 * keep its mode and owner.
 */
static int bind_node(int dir, const char *name, const struct ar_device *d, unsigned int flags,
		     struct ar_error *err)
{
	bool plain = (flags & AR_DEV_PLAIN) && (flags & AR_DEV_BIND);
	struct ar_mount_options options = {
		.bind = true,
		.attr_set = plain ? 0 : MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY
	};
	_cleanup_fd_ int host = open(d->path, O_PATH | O_NOFOLLOW | O_CLOEXEC), target = -1;
	struct ar_mount_request q = { .name = d->path,
				      .options = &options,
				      .tree = -1,
				      .origin = host };
	struct stat st;

	if (host < 0 || fstat(host, &st) < 0)
		return ar_fail(err, errno, "device '%s' of the host", d->path);
	if ((st.st_mode & S_IFMT) != file_type(d) ||
	    st.st_rdev != makedev((unsigned)d->major.value, (unsigned)d->minor.value))
		return ar_refuse(err, ENODEV, "device '%s' of the host is not %lld:%lld", d->path,
				 (long long)d->major.value, (long long)d->minor.value);
	target = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0600);
	if (target < 0 && errno != EEXIST)
		return ar_fail(err, errno, "make '%s'", d->path);
	ar_close_fd(&target);
	target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return ar_fail(err, errno, "make '%s'", d->path);
	return ar_mount_place(&q, target, NULL, err);
}

static int node(int root, int dev, const struct ar_device *d, unsigned int flags,
		struct ar_error *err)
{
	_cleanup_fd_ int made = -1;
	int dir = dev;
	struct ar_error ignored = { 0 };
	char path[PATH_MAX], *slash;
	int r;

	if (snprintf(path, sizeof(path), "%s", d->path) >= (int)sizeof(path))
		return ar_fail(err, ENAMETOOLONG, "device '%s'", d->path);
	ar_path_clean(path);
	if (ar_streq(path, "/dev/ptmx"))
		return 0; /* ar_dev_links() */
	slash = strrchr(path, '/');
	if (!slash || !slash[1])
		return ar_fail(err, EINVAL, "device '%s'", d->path);
	*slash = '\0';
	if (!ar_streq(path, "/dev")) {
		r = ar_mkdir_in_root(root, *path ? path : "/", 0755, &made, err);
		if (r < 0)
			return r;
		dir = made;
	}
	if (flags & AR_DEV_BIND)
		return bind_node(dir, slash + 1, d, flags, err);
	r = make_node(dir, slash + 1, d, flags, err);
	/* without CAP_MKNOD, or against a device cgroup, the host's own will do, as with runc */
	if ((r == -EPERM || r == -EACCES) && bind_node(dir, slash + 1, d, flags, &ignored) == 0)
		return 0;
	return r;
}

static bool listed(const struct ar_list *devices, const char *path)
{
	ar_list_foreach(const struct ar_device, d, devices)
		if (ar_streq(d->path, path))
			return true;
	return false;
}

int ar_dev_nodes(int root, int dev, const struct ar_list *devices, unsigned int flags,
		 struct ar_error *err)
{
	mode_t mask = umask(0);
	int r = 0;

	for (size_t i = 0; i < AR_COUNT(defaults) && r == 0; i++)
		if (!listed(devices, defaults[i].path))
			r = node(root, dev, &defaults[i], flags, err);
	ar_list_foreach(const struct ar_device, d, devices)
		if (r == 0)
			r = node(root, dev, d, flags, err);
	umask(mask);
	return r;
}

int ar_dev_links(int dev, struct ar_error *err)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{ "fd", "/proc/self/fd" },	 { "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
		{ "core", "/proc/kcore" },	 { "ptmx", "pts/ptmx" },
	};

	for (size_t i = 0; i < AR_COUNT(links); i++) {
		if (ar_streq(links[i].name, "core") && access(links[i].target, F_OK) < 0)
			continue;
		/* an image's own ptmx would be the host's: replaced, as runc does */
		if (ar_streq(links[i].name, "ptmx") && unlinkat(dev, "ptmx", 0) < 0 &&
		    errno != ENOENT)
			return ar_fail(err, errno, "replace '/dev/ptmx'");
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
			return ar_fail(err, errno, "link '/dev/%s'", links[i].name);
	}
	return 0;
}

static bool is_null_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && ar_is_null_device(&st);
}

int ar_dev_own_null(int dev, struct ar_error *err)
{
	_cleanup_fd_ int own = -1;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (!is_null_device(fd))
			continue;
		if (own < 0)
			own = openat(dev, "null", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
		if (own < 0)
			return ar_fail(err, errno, "open '/dev/null'");
		if (!is_null_device(own))
			return 0; /* the bundle wants something else there */
		if (dup2(own, fd) < 0)
			return ar_fail(err, errno, "standard streams");
	}
	return 0;
}

int ar_dev_console(int dev, int tty, struct ar_error *err)
{
	struct ar_mount_options options = { .bind = true };
	struct ar_mount_request q = {
		.name = "/dev/console",
		.options = &options,
		.tree = -1,
		.origin = tty,
	};
	_cleanup_fd_ int target = -1;
	int made =
		openat(dev, "console", O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0600);
	struct stat st;

	if (made < 0 && errno != EEXIST)
		return ar_fail(err, errno, "make '/dev/console'");
	ar_close_fd(&made);
	target = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0)
		return ar_fail(err, errno, "open '/dev/console'");
	/* a link would make the terminal appear somewhere else (CVE-2025-52565) */
	if (S_ISLNK(st.st_mode))
		return ar_refuse(err, ELOOP, "/dev/console of the container is a link");
	return ar_mount_place(&q, target, NULL, err);
}
