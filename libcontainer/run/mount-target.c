/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/mount-target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/mount-table.h"
#include "run/run.h"

static bool is_special(const struct ar_mount *m)
{
	return ar_streq(m->type, "proc") || ar_streq(m->type, "sysfs");
}

/* Where links led when policy looked at them; NULL: they are followed now. */
static const char *judged(const struct ar_run *run, size_t index, const struct ar_mount *m)
{
	if (run->effective->mount_target)
		return run->effective->mount_target[index];
	return is_special(m) ? m->destination : NULL;
}

/* The bind that path shows, with the first n mounts made, if policy made that one read-only. */
static const char *held_bind(const struct ar_run *run, size_t n, const char *path)
{
	const struct ar_effective *e = run->effective;

	while (e->mount_target && e->mount_made_readonly && n-- > 0)
		if (ar_path_within(path, e->mount_target[n]))
			return e->mount_made_readonly[n] ? e->mount_target[n] : NULL;
	return NULL;
}

static int make(struct ar_run *run, size_t index, const char *path, bool file, int *ret_fd,
		struct ar_error *err)
{
	int r = file ? ar_mkfile_in_root(run->root, path, 0644, ret_fd, err)
		     : ar_mkdir_in_root(run->root, path, 0755, ret_fd, err);
	const char *bind = r == -EROFS ? held_bind(run, index, path) : NULL;

	return bind ? ar_refuse(err, EROFS,
				"mount '%s': it is missing in the bind on '%s', which is read-only "
				"by policy",
				path, bind)
		    : r;
}

/*
 * Without links: by the destination as it is written, unless links are on the way that policy has
 * followed. *ret_path: the path that was taken. A descriptor, or -errno.
 */
static int open_judged(struct ar_run *run, size_t index, const struct ar_mount *m,
		       const char **ret_path)
{
	int fd = ar_open_no_links(run->root, m->destination, O_PATH, 0);

	*ret_path = m->destination;
	if (fd != -ELOOP)
		return fd;
	*ret_path = judged(run, index, m);
	return ar_open_no_links(run->root, *ret_path, O_PATH, 0);
}

/* A path without links: what was put into its way since is refused. */
static int open_plain(struct ar_run *run, size_t index, const struct ar_mount *m, bool file,
		      int *ret_fd, struct ar_error *err)
{
	_cleanup_fd_ int made = -1;
	const char *path;
	int fd = open_judged(run, index, m, &path);

	if (fd == -ENOENT) {
		/* this one follows links: it only makes, and what it made is looked up again */
		int r = make(run, index, path, file, &made, err);

		if (r < 0)
			return r;
		fd = ar_open_no_links(run->root, path, O_PATH, 0);
	}
	if (fd == -ELOOP)
		return ar_refuse(err, ELOOP, "target '%s': a link stands in its way", path);
	if (fd < 0)
		return ar_fail(err, -fd, "target '%s'", path);
	*ret_fd = fd;
	return 0;
}

static int open_following(struct ar_run *run, size_t index, const char *path, bool file,
			  int *ret_fd, struct ar_error *err)
{
	int fd = ar_open_in_root(run->root, path, O_PATH, 0);

	if (fd == -ENOENT)
		return make(run, index, path, file, ret_fd, err);
	if (fd < 0)
		return ar_fail(err, -fd, "target '%s'", path);
	*ret_fd = fd;
	return 0;
}

int ar_target_check_root(const struct ar_run *run, const struct ar_mount *m, int target,
			 struct ar_error *err)
{
	bool root = false;
	int r = ar_mount_is_top(target, run->root, &root);

	if (r < 0)
		return ar_fail(err, -r, "target '%s'", m->destination);
	return root ? ar_refuse(err, EBUSY, "mount on '%s': it is the container's root",
				m->destination)
		    : 0;
}

int ar_target_open(struct ar_run *run, size_t index, const struct ar_mount *m, bool file,
		   int *ret_fd, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;
	int r = judged(run, index, m) ? open_plain(run, index, m, file, &fd, err)
				      : open_following(run, index, m->destination, file, &fd, err);

	if (r == 0)
		r = ar_target_check_root(run, m, fd, err);
	if (r == 0)
		*ret_fd = ar_steal_fd(&fd);
	return r;
}

int ar_target_find(struct ar_run *run, size_t index, const struct ar_mount *m, int *ret_fd,
		   struct ar_error *err)
{
	const char *path;
	int fd = judged(run, index, m) ? open_judged(run, index, m, &path)
				       : ar_open_in_root(run->root, m->destination, O_PATH, 0);

	if (fd == -ENOENT)
		return -ENOENT;
	if (fd < 0)
		return ar_fail(err, -fd, "target '%s'", m->destination);
	*ret_fd = fd;
	return 0;
}

/* Where a descriptor leads to in our mount namespace. */
static char *path_of(struct ar_run *run, int fd)
{
	char path[PATH_MAX], link[32];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "self/fd/%d", fd); /* 18 bytes at most */
	n = readlinkat(run->proc, link, path, sizeof(path) - 1);
	return n < 0 ? NULL : ar_strndup(run->arena, path, (size_t)n);
}

/* Where a target is in the container: links on the way are followed by now. */
static const char *place_of(struct ar_run *run, int target)
{
	const char *root = path_of(run, run->root), *path = path_of(run, target);

	if (!root || !path || ar_streq(root, "/"))
		return path;
	if (!ar_path_within(path, root)) {
		errno = EXDEV;
		return NULL;
	}
	return path[strlen(root)] ? path + strlen(root) : "/";
}

static bool is_procfs(const struct ar_mount *m, int source)
{
	struct statfs fs;

	if (source < 0)
		return ar_streq(m->type, "proc");
	return fstatfs(source, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

int ar_target_check_proc(struct ar_run *run, const struct ar_mount *m, int target, int source,
			 struct ar_error *err)
{
	static const char *const stood_in_for[] = {
		"/proc/cpuinfo",
		"/proc/diskstats",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/swaps",
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/slabinfo",
		"/proc/sys/kernel/ns_last_pid",
		"/proc/sys/crypto/fips_enabled",
	};
	const char *path;

	if (run->effective->profile != AR_PROFILE_COMPAT)
		return 0;
	path = place_of(run, target);
	if (!path)
		return ar_fail(err, errno, "find where '%s' leads to", m->destination);
	if (!ar_path_within(path, "/proc"))
		return 0;
	if (ar_streq(path, "/proc"))
		return is_procfs(m, source)
			       ? 0
			       : ar_refuse(err, EPERM,
					   "mount on '%s': \"%s\" cannot be mounted because it is "
					   "not of type proc",
					   m->destination, path);
	for (size_t i = 0; i < AR_COUNT(stood_in_for); i++)
		if (ar_streq(path, stood_in_for[i]))
			return 0;
	return ar_refuse(err, EPERM,
			 "mount on '%s': \"%s\" cannot be mounted because it is inside /proc",
			 m->destination, path);
}

int ar_target_working_directory(struct ar_run *run, struct ar_error *err)
{
	const char *cwd = run->process->cwd, *bind;
	_cleanup_fd_ int fd = ar_open_in_root(run->root, cwd, O_PATH, 0);
	struct ar_error why = { 0 };
	int r = fd == -ENOENT ? ar_mkdir_in_root(run->root, cwd, 0755, &fd, &why) : 0;

	if (r == 0)
		return 0;
	ar_debug("%s", why.text);
	bind = r == -EROFS ? held_bind(run, run->effective->spec->mounts.n,
				       ar_path_absolute(run->arena, cwd))
			   : NULL;
	return bind ? ar_refuse(
			      err, EROFS,
			      "working directory '%s': it is missing in the bind on '%s', which is "
			      "read-only by policy",
			      cwd, bind)
		    : 0;
}
