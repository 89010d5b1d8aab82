/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/mask.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/mount-table.h"
#include "kernel/mount.h"

/* The root of a mount, looked at once. */
struct top {
	int fd; /* -1: there is none */
	struct stat st;
};

struct mask {
	const struct ar_mask_tree *tree;
	struct top root, proc, sys; /* of the tree */
	int null, empty; /* empty: a detached tmpfs, made when the first directory needs it */
	dev_t empty_dev; /* its file system, 0: none yet */
	const char *label;
	struct ar_error *err;
};

typedef int apply_fn(struct mask *m, int target, const char *path);

/* A path of the container, from the mount it lies in. */
static int open_path(const struct mask *m, const char *path, int flags)
{
	char clean[PATH_MAX];

	if (snprintf(clean, sizeof(clean), "/%s", path) >= (int)sizeof(clean))
		return -ENAMETOOLONG;
	ar_path_clean(clean);
	if (m->tree->proc >= 0 && ar_path_within(clean, "/proc"))
		return ar_open_in_root(m->tree->proc, clean + strlen("/proc"), flags, 0);
	if (m->tree->sys >= 0 && ar_path_within(clean, "/sys"))
		return ar_open_in_root(m->tree->sys, clean + strlen("/sys"), flags, 0);
	return ar_open_in_root(m->tree->root, clean, flags, 0);
}

/* Call apply for what path names; nothing there is fine. */
static int each_literal(struct mask *m, const char *path, apply_fn *apply)
{
	_cleanup_fd_ int target = open_path(m, path, O_PATH);

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	return target < 0 ? ar_fail(m->err, -target, "open '%s'", path) : apply(m, target, path);
}

/* One '*' component: every entry that matches, in its place. */
static int each_match(struct mask *m, const char *path, apply_fn *apply)
{
	const char *star = strchr(path, '*'), *start = star, *rest = strchrnul(star, '/');
	char head[PATH_MAX], pattern[NAME_MAX + 1], full[PATH_MAX];
	_cleanup_entries_ DIR *dir = NULL;
	_cleanup_fd_ int fd = -1;
	struct dirent *entry;

	while (start > path && start[-1] != '/')
		start--;
	snprintf(head, sizeof(head), "%.*s", (int)(start - path), path);
	snprintf(pattern, sizeof(pattern), "%.*s", (int)(rest - start), start);
	fd = open_path(m, head, O_RDONLY | O_DIRECTORY);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return ar_fail(m->err, -fd, "list '%s'", head);
	dir = ar_entries_open(&fd);
	if (!dir)
		return ar_fail(m->err, errno, "list '%s'", head);
	while ((errno = 0, entry = readdir(dir))) {
		int r;

		if (entry->d_name[0] == '.' || fnmatch(pattern, entry->d_name, 0) != 0)
			continue;
		if (snprintf(full, sizeof(full), "%s%s%s", head, entry->d_name, rest) >=
		    (int)sizeof(full))
			return ar_fail(m->err, ENAMETOOLONG, "path '%s'", path);
		r = each_literal(m, full, apply);
		if (r < 0)
			return r;
	}
	return errno ? ar_fail(m->err, errno, "list '%s'", head) : 0;
}

static int each(struct mask *m, const struct ar_strings *paths, apply_fn *apply)
{
	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->items[i];
		bool pattern = strchr(path, '*') && !m->tree->as_runc;
		int r = pattern ? each_match(m, path, apply) : each_literal(m, path, apply);

		if (r < 0)
			return r;
	}
	return 0;
}

static int place(int source, int target, const char *path, struct ar_error *err)
{
	static const struct ar_strings none = { 0 };
	struct ar_mount_options options = {
		.bind = true,
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		.data = none,
	};
	struct ar_mount_request q = {
		.name = path,
		.options = &options,
		.tree = -1,
		.origin = source,
	};
	_cleanup_fd_ int top = -1;
	int r = ar_mount_place(&q, target, &top, err);

	return r < 0 ? r : ar_mount_verify(top, MOUNT_ATTR_RDONLY, path, err);
}

/* The first masked directory gets a tmpfs of no size, the others a bind of it: one superblock for
 * all. */
static int mask_dir(struct mask *m, int target, const char *path)
{
	static const char *data[] = { "size=0k", "nr_inodes=2", "mode=755" };
	struct ar_mount_options options = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
		.ro = true,
		.data = { .items = data, .n = AR_COUNT(data) },
	};
	struct ar_mount_request q = {
		.name = path,
		.type = "tmpfs",
		.source = "tmpfs",
		.options = &options,
		.label = m->label,
		.tree = -1,
		.origin = -1,
	};
	struct stat st;
	int r;

	if (m->empty >= 0)
		return place(m->empty, target, path, m->err);
	r = ar_mount_place(&q, target, &m->empty, m->err);
	if (r == 0)
		r = ar_mount_verify(m->empty, MOUNT_ATTR_RDONLY, path, m->err);
	if (r == 0 && fstat(m->empty, &st) < 0)
		r = ar_fail(m->err, errno, "mask '%s'", path);
	if (r == 0)
		m->empty_dev = st.st_dev;
	return r;
}

static int look_at(int fd, struct top *ret)
{
	ret->fd = fd;
	return fd >= 0 && fstat(fd, &ret->st) < 0 ? -errno : 0;
}

static int look_at_tops(struct mask *m)
{
	int r = look_at(m->tree->root, &m->root);

	if (r == 0)
		r = look_at(m->tree->proc, &m->proc);
	if (r == 0)
		r = look_at(m->tree->sys, &m->sys);
	return r < 0 ? ar_fail(m->err, -r, "inspect the container's root, /proc and /sys") : 0;
}

/* Mostly their files differ, and nobody has to ask for mounts. */
static int is_top(const struct top *top, int target, const struct stat *st, bool *ret)
{
	*ret = false;
	if (top->fd < 0 || st->st_dev != top->st.st_dev || st->st_ino != top->st.st_ino)
		return 0;
	return ar_mount_is_top(target, top->fd, ret);
}

static int mask_one(struct mask *m, int target, const char *path)
{
	struct stat st;
	bool root = false;
	int r = fstat(target, &st) < 0 ? -errno : 0;

	if (r == 0 && !m->tree->as_runc)
		r = is_top(&m->root, target, &st, &root);
	if (r < 0)
		return ar_fail(m->err, -r, "mask '%s'", path);
	/*
	 * what lies on the root hides nothing of it: only ".." and a later process step onto that
	 */
	if (root)
		return ar_refuse(m->err, EINVAL, "'%s' is the container's root", path);
	return S_ISDIR(st.st_mode) ? mask_dir(m, target, path)
				   : place(m->null, target, path, m->err);
}

int ar_null_verify(int fd, struct ar_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ar_fail(err, errno, "the null device");
	if (!ar_is_null_device(&st))
		return ar_refuse(
			err, EINVAL,
			"the host's /dev/null is not the null device (1:3): nothing can be masked with it");
	return 0;
}

int ar_mask_paths(const struct ar_mask_tree *tree, const struct ar_strings *paths, int null,
		  const char *label, dev_t *ret_empty, struct ar_error *err)
{
	struct mask m = { .tree = tree, .null = null, .empty = -1, .label = label, .err = err };
	int r = look_at_tops(&m);

	if (r == 0)
		r = each(&m, paths, mask_one);
	ar_close_fd(&m.empty);
	*ret_empty = m.empty_dev;
	return r < 0 ? ar_prefix(err, r, "masked paths") : 0;
}

/*
 * Whether target is one of the mounts that paths are looked up in. A bind on it would cover it with
 * a copy of all that is in it, and what is masked afterwards would be so in the covered one alone.
 */
static int find_top(const struct mask *m, int target, bool *ret)
{
	struct stat st;
	int r = fstat(target, &st) < 0 ? -errno : is_top(&m->root, target, &st, ret);

	if (r == 0 && !*ret)
		r = is_top(&m->proc, target, &st, ret);
	if (r == 0 && !*ret)
		r = is_top(&m->sys, target, &st, ret);
	return r;
}

/* A bind of the place on itself, with everything mounted below it, all of it read-only or the place
 * alone. */
static int readonly_bind(struct mask *m, int target, const char *path)
{
	bool alone = m->tree->as_runc;
	struct ar_mount_options options = { .bind = true,
					    .recursive = true,
					    .attr_set = alone ? MOUNT_ATTR_RDONLY : 0,
					    .rec_set = alone ? 0 : MOUNT_ATTR_RDONLY };
	struct ar_mount_request q = {
		.name = path,
		.options = &options,
		.tree = -1,
		.origin = target,
	};
	_cleanup_fd_ int top = -1;
	int r = ar_mount_place(&q, target, &top, m->err);

	return r < 0 ? r : ar_mount_verify(top, MOUNT_ATTR_RDONLY, path, m->err);
}

static int readonly_one(struct mask *m, int target, const char *path)
{
	bool top = false;
	int r = find_top(m, target, &top);

	if (r < 0)
		return ar_fail(m->err, -r, "inspect '%s'", path);
	if (!top)
		return readonly_bind(m, target, path);
	r = ar_mount_set(target, !m->tree->as_runc, MOUNT_ATTR_RDONLY, 0, 0, path, m->err);
	return r < 0 ? r : ar_mount_verify(target, MOUNT_ATTR_RDONLY, path, m->err);
}

int ar_readonly_paths(const struct ar_mask_tree *tree, const struct ar_strings *paths,
		      struct ar_error *err)
{
	struct mask m = { .tree = tree, .null = -1, .empty = -1, .err = err };
	int r = look_at_tops(&m);

	if (r == 0)
		r = each(&m, paths, readonly_one);
	return r < 0 ? ar_prefix(err, r, "read-only paths") : 0;
}

static int verify_masked(struct mask *m, int target, const char *path)
{
	struct stat st;

	if (fstat(target, &st) < 0)
		return ar_fail(m->err, errno, "inspect '%s'", path);
	if (S_ISDIR(st.st_mode) ? m->empty_dev && st.st_dev == m->empty_dev
				: ar_is_null_device(&st))
		return 0;
	return ar_refuse(m->err, EAGAIN, "'%s' is not masked: it was moved in the meantime", path);
}

static int verify_readonly(struct mask *m, int target, const char *path)
{
	return ar_mount_verify(target, MOUNT_ATTR_RDONLY, path, m->err);
}

int ar_masks_verify(int root, const struct ar_strings *masked, dev_t empty,
		    const struct ar_strings *readonly, struct ar_error *err)
{
	const struct ar_mask_tree tree = { .root = root, .proc = -1, .sys = -1 };
	struct mask m = { .tree = &tree, .null = -1, .empty = -1, .empty_dev = empty, .err = err };
	int r = each(&m, masked, verify_masked);

	return r < 0 ? r : each(&m, readonly, verify_readonly);
}
