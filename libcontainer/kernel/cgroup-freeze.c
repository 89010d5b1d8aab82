/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"

/* A process in an uninterruptible wait, on a dead NFS server say, cannot be frozen. */
#define FREEZE_WAIT_MS 10000

bool ar_cgroup_freeze_is_on(int dirfd, const char *file)
{
	char value[8];

	/* a cgroup that is gone, or a kernel without freezer (before 5.2), has nothing frozen */
	return ar_file_peek(dirfd, file, value, sizeof(value)) == 0 && ar_streq(value, "1");
}

bool ar_cgroup_is_frozen(const struct ar_cgroup *cgroup)
{
	return ar_cgroup_freeze_is_on(cgroup->fd, "cgroup.freeze");
}

/*
 * The cgroup nearest to the root that is frozen by itself: path up to its end. 0 when there is
 * none.
 */
static size_t frozen_above(const struct ar_cgroup *cgroup)
{
	const char *path = cgroup->path;
	char file[PATH_MAX + 16];

	for (size_t len = 0; path[len];) {
		int n;

		len += 1 + strcspn(path + len + 1, "/");
		n = snprintf(file, sizeof(file), "%.*s/cgroup.freeze", (int)len - 1, path + 1);
		if (n < 0 || (size_t)n >= sizeof(file))
			return 0;
		if (ar_cgroup_freeze_is_on(cgroup->root_fd, file))
			return len;
	}
	return 0;
}

int ar_cgroup_check_thawed(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	size_t len = frozen_above(cgroup);

	if (len == 0)
		return 0;
	if (cgroup->path[len] == '\0')
		return ar_refuse(err, EBUSY, "container's cgroup '%s' is unexpectedly frozen",
				 cgroup->path);
	return ar_refuse(err, EBUSY, "container's cgroup '%s' is frozen: '%.*s' above it is",
			 cgroup->path, (int)len, cgroup->path);
}

static int await_frozen(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	int r = ar_cgroup_await(cgroup->fd, "frozen", 1, ar_now_ms() + FREEZE_WAIT_MS);

	if (r == 0)
		return 0;
	/* not half frozen; the first error counts */
	(void)ar_file_write(cgroup->fd, "cgroup.freeze", "0", NULL);
	if (r == -ETIMEDOUT)
		return ar_refuse(err, ETIMEDOUT, "cgroup '%s' did not freeze in %d seconds",
				 cgroup->path, FREEZE_WAIT_MS / 1000);
	return ar_fail(err, -r, "wait for cgroup '%s' to freeze", cgroup->path);
}

int ar_cgroup_freeze(const struct ar_cgroup *cgroup, bool frozen, struct ar_error *err)
{
	int r = ar_file_write(cgroup->fd, "cgroup.freeze", frozen ? "1" : "0", NULL);

	if (r == -ENOENT)
		return ar_refuse(err, ENOENT, "cgroup '%s' has no freezer", cgroup->path);
	if (r < 0)
		return ar_fail(err, -r, "%s cgroup '%s'", frozen ? "freeze" : "thaw", cgroup->path);
	/*
	 * Thawing takes effect with the write. Its event is not waited for: when processes end just
	 * then, the kernel (6.18) may go on to say "frozen 1" of a cgroup that is not.
	 */
	return frozen ? await_frozen(cgroup, err) : ar_cgroup_check_thawed(cgroup, err);
}
