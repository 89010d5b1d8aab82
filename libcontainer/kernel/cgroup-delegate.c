/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "kernel/cgroup.h"

static const char list_of_kernel[] = "/sys/kernel/cgroup/delegate";
/* Before Linux 4.15, which says it itself. */
static const char usual[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads";

int ar_cgroup_delegate(const struct ar_cgroup *cgroup, uid_t uid, struct ar_error *err)
{
	char files[1024], *save = NULL;
	int r = ar_file_peek(AT_FDCWD, list_of_kernel, files, sizeof(files));

	if (r == -ENOENT)
		memcpy(files, usual, sizeof(usual));
	else if (r < 0)
		return ar_fail(err, -r, "read '%s'", list_of_kernel);
	if (fchown(cgroup->fd, uid, (gid_t)-1) < 0)
		return ar_fail(err, errno, "give cgroup '%s' to user %u", cgroup->path, uid);
	for (char *f = strtok_r(files, "\n", &save); f; f = strtok_r(NULL, "\n", &save))
		/* of a controller that is not enabled there is none */
		if (fchownat(cgroup->fd, f, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return ar_fail(err, errno, "give '%s' of cgroup '%s' to user %u", f,
				       cgroup->path, uid);
	return 0;
}
