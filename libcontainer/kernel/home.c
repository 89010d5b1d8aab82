/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/mount.h"

static int place_tmpfs(int target, const char *home, uint64_t size, int *ret, struct ar_error *err)
{
	char size_option[40];
	const char *data[] = { size_option, "mode=0755" };
	struct ar_mount_options options = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.data = { .items = data, .n = AR_COUNT(data) },
	};
	struct ar_mount_request q = {
		.name = home,
		.type = "tmpfs",
		.source = "tmpfs",
		.options = &options,
		.tree = -1,
		.origin = -1,
	};

	snprintf(size_option, sizeof(size_option), "size=%llu", (unsigned long long)size);
	return ar_mount_place(&q, target, ret, err);
}

/* The upper layer's root is what the overlay shows as the directory: owner and mode are the
 * image's. */
static int make_layers(int tmpfs, const struct stat *like, const char *home, struct ar_error *err)
{
	if (mkdirat(tmpfs, "upper", 0700) < 0 || mkdirat(tmpfs, "work", 0700) < 0 ||
	    fchownat(tmpfs, "upper", like->st_uid, like->st_gid, 0) < 0 ||
	    fchmodat(tmpfs, "upper", like->st_mode & 07777, 0) < 0)
		return ar_fail(err, errno, "layers of the overlay on '%s'", home);
	return 0;
}

static int place_overlay(int lower, int tmpfs, int target, const char *home, bool noexec,
			 struct ar_error *err)
{
	char lower_option[64], upper_option[64], work_option[64];
	const char *data[] = { lower_option, upper_option, work_option };
	struct ar_mount_options options = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    (noexec ? (uint64_t)MOUNT_ATTR_NOEXEC : 0),
		.data = { .items = data, .n = AR_COUNT(data) },
	};
	struct ar_mount_request q = {
		.name = home,
		.type = "overlay",
		.source = "overlay",
		.options = &options,
		.tree = -1,
		.origin = -1,
	};
	_cleanup_fd_ int top = -1;
	int r;

	/* descriptors, so that no name in the image can lead the layers elsewhere */
	snprintf(lower_option, sizeof(lower_option), "lowerdir=/proc/self/fd/%d", lower);
	snprintf(upper_option, sizeof(upper_option), "upperdir=/proc/self/fd/%d/upper", tmpfs);
	snprintf(work_option, sizeof(work_option), "workdir=/proc/self/fd/%d/work", tmpfs);
	r = ar_mount_place(&q, target, &top, err);
	return r < 0 ? r : ar_mount_verify(top, options.attr_set, home, err);
}

int ar_home_overlay(int root, const char *home, uint64_t size, bool noexec, struct ar_error *err)
{
	_cleanup_fd_ int lower = ar_open_no_links(root, home, O_PATH | O_DIRECTORY, 0), tmpfs = -1;
	struct stat st;
	int r;

	if (lower < 0)
		return ar_fail(err, -lower, "home directory '%s'", home);
	if (fstat(lower, &st) < 0)
		return ar_fail(err, errno, "home directory '%s'", home);
	r = place_tmpfs(lower, home, size, &tmpfs, err);
	if (r < 0)
		return r;
	r = make_layers(tmpfs, &st, home, err);
	if (r == 0)
		r = place_overlay(lower, tmpfs, tmpfs, home, noexec, err);
	if (r < 0) {
		/* the image's own directory shows again */
		char path[AR_FD_PATH_MAX];

		if (umount2(ar_fd_path(path, tmpfs), MNT_DETACH) < 0)
			return ar_fail(err, errno, "take the tmpfs from '%s'", home);
	}
	return r;
}
