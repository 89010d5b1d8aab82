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
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/mount.h"

struct mask {
	const struct ar_mask_tree *tree;
	int null, empty; /* empty: a detached tmpfs, made when the first directory needs it */
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

	if (target == -ENOENT || target == -ENOTDIR) {
		target = -1;
		return 0;
	}
	if (target < 0) {
		int r = ar_fail(m->err, -target, "open '%s'", path);

		target = -1;
		return r;
	}
	return apply(m, target, path);
}

static void dir_close(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* One '*' component: every entry that matches, in its place. */
static int each_match(struct mask *m, const char *path, apply_fn *apply)
{
	const char *star = strchr(path, '*'), *start = star, *rest = strchrnul(star, '/');
	char head[PATH_MAX], pattern[NAME_MAX + 1], full[PATH_MAX];
	__attribute__((cleanup(dir_close))) DIR *dir = NULL;
	struct dirent *entry;
	int fd;

	while (start > path && start[-1] != '/')
		start--;
	snprintf(head, sizeof(head), "%.*s", (int)(start - path), path);
	snprintf(pattern, sizeof(pattern), "%.*s", (int)(rest - start), start);
	fd = open_path(m, head, O_RDONLY | O_DIRECTORY);
	if (fd == -ENOENT)
		return 0;
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return ar_fail(m->err, fd < 0 ? -fd : errno, "list '%s'", head);
	while ((entry = readdir(dir))) {
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
	return 0;
}

static int each(struct mask *m, const struct ar_strings *paths, apply_fn *apply)
{
	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->items[i];
		int r = strchr(path, '*') ? each_match(m, path, apply)
					  : each_literal(m, path, apply);

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
		.userns = -1,
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
		.userns = -1,
	};
	int r;

	if (m->empty >= 0)
		return place(m->empty, target, path, m->err);
	r = ar_mount_place(&q, target, &m->empty, m->err);
	return r < 0 ? r : ar_mount_verify(m->empty, MOUNT_ATTR_RDONLY, path, m->err);
}

static int mask_one(struct mask *m, int target, const char *path)
{
	struct stat st;

	if (fstat(target, &st) < 0)
		return ar_fail(m->err, errno, "mask '%s'", path);
	return S_ISDIR(st.st_mode) ? mask_dir(m, target, path)
				   : place(m->null, target, path, m->err);
}

int ar_null_verify(int fd, struct ar_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ar_fail(err, errno, "the null device");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return ar_refuse(
			err, EINVAL,
			"/dev/null of the container is not the null device: nothing can be masked with it");
	return 0;
}

int ar_mask_paths(const struct ar_mask_tree *tree, const struct ar_strings *paths, int null,
		  const char *label, struct ar_error *err)
{
	struct mask m = { .tree = tree, .null = null, .empty = -1, .label = label, .err = err };
	int r = each(&m, paths, mask_one);

	ar_close_fd(&m.empty);
	return r < 0 ? ar_prefix(err, r, "masked paths") : 0;
}

/* A bind of the place on itself, with everything mounted below it, all of it read-only. */
static int readonly_one(struct mask *m, int target, const char *path)
{
	struct ar_mount_options options = { .bind = true,
					    .recursive = true,
					    .rec_set = MOUNT_ATTR_RDONLY };
	struct ar_mount_request q = {
		.name = path,
		.options = &options,
		.tree = -1,
		.origin = target,
		.userns = -1,
	};
	_cleanup_fd_ int top = -1;
	int r = ar_mount_place(&q, target, &top, m->err);

	return r < 0 ? r : ar_mount_verify(top, MOUNT_ATTR_RDONLY, path, m->err);
}

int ar_readonly_paths(const struct ar_mask_tree *tree, const struct ar_strings *paths,
		      struct ar_error *err)
{
	struct mask m = { .tree = tree, .null = -1, .empty = -1, .err = err };
	int r = each(&m, paths, readonly_one);

	return r < 0 ? ar_prefix(err, r, "read-only paths") : 0;
}
