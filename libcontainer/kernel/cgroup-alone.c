/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-tree.h"
#include "kernel/cgroup.h"

/*
 * To freeze, kill or limit a cgroup is to do it to all below it, and who sees a cgroup sees those
 * below it. So a container's own is no parent of another container's.
 */

static int check_childless(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	_cleanup_fd_ int fd =
		ar_open_no_links(cgroup->root_fd, cgroup->path, O_RDONLY | O_DIRECTORY, 0);
	struct ar_cgroup_name *children = NULL;
	int r = fd < 0 ? fd : ar_cgroup_children(arena, fd, &children);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return ar_fail(err, -r, "inspect the cgroups below '%s'", cgroup->path);
	if (children)
		return ar_refuse(err, EBUSY,
				 "cgroup '%s' cannot be a container's own: there are cgroups below "
				 "it, which would be frozen and killed with it",
				 cgroup->path);
	return 0;
}

/* Whether processes are in the cgroup of that path itself, in none below it; 1: yes. */
static int has_processes(int root_fd, const char *path, size_t len)
{
	char file[PATH_MAX + 16], first[2];
	int r = snprintf(file, sizeof(file), "%.*s/cgroup.procs", (int)len - 1, path + 1);

	if (r < 0 || (size_t)r >= sizeof(file))
		return -ENAMETOOLONG;
	r = ar_file_peek(root_fd, file, first, sizeof(first));
	switch (r) {
	case 0:
		return first[0] != '\0';
	case -EFBIG: /* more than a digit */
		return 1;
	case -ENOENT:
	case -ENODEV:	  /* it is made, or gone */
	case -EOPNOTSUPP: /* threaded: no process can be made below that */
		return 0;
	default:
		return r;
	}
}

/*
 * Above our own cgroup: who is there can stop us as well, and gets no more power by our container.
 */
static bool is_above_us(const char *path, size_t len)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *above = ar_strndup(arena, path, len);
	char *own;

	return ar_cgroup_of(arena, "self", &own, NULL) == 0 && ar_path_within(own, above);
}

/* But for the root, which holds whatever nobody has put anywhere. */
static int check_above(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	const char *path = cgroup->path;

	for (size_t len = 1 + strcspn(path + 1, "/"); path[len];
	     len += 1 + strcspn(path + len + 1, "/")) {
		int r = has_processes(cgroup->root_fd, path, len);

		if (r < 0)
			return ar_fail(err, -r, "inspect cgroup '%.*s'", (int)len, path);
		if (r > 0 && !is_above_us(path, len))
			return ar_refuse(err, EBUSY,
					 "cgroup '%s' cannot be a container's: '%.*s' above it "
					 "holds processes of others, who would have power over it",
					 path, (int)len, path);
	}
	return 0;
}

int ar_cgroup_check_alone(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	int r = check_childless(cgroup, err);

	return r < 0 ? r : check_above(cgroup, err);
}
