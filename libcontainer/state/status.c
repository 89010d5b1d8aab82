/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"
#include "kernel/cgroup.h"
#include "state/dir.h"
#include "state/record.h"

const char *ar_status_name(enum ar_status status)
{
	static const char *const names[] = {
		[AR_STATUS_CREATING] = "creating", [AR_STATUS_CREATED] = "created",
		[AR_STATUS_RUNNING] = "running",   [AR_STATUS_PAUSED] = "paused",
		[AR_STATUS_STOPPED] = "stopped",
	};

	return names[status];
}

/* -ESRCH: it does not run any more, or never did. *ret_pidfd may be NULL. */
static int look_at_process(const struct ar_record *record, int *ret_pidfd)
{
	pid_t pid = (pid_t)record->pid.value;
	uint64_t start_time = record->start_time.value;

	return ret_pidfd ? ar_process_open(pid, start_time, ret_pidfd)
			 : ar_process_check(pid, start_time);
}

static bool is_frozen(const struct ar_record *record)
{
	char path[4096];
	int n;

	if (!record->cgroup || !record->cgroup_root)
		return false;
	n = snprintf(path, sizeof(path), "%s%s/cgroup.freeze", record->cgroup_root, record->cgroup);
	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	return ar_cgroup_freeze_is_on(AT_FDCWD, path);
}

/*
 * Init holds the reading end until it is let go; a "start" that was killed may have left the name.
 */
static int waits_for_start(const struct ar_dir *dir, const struct ar_record *record, bool *ret,
			   struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;

	*ret = false;
	if (record->started == AR_YES)
		return 0;
	fd = openat(dir->fd, AR_FIFO_START, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	*ret = fd >= 0;
	if (fd < 0 && errno != ENOENT && errno != ENXIO)
		return ar_fail(err, errno, "inspect '" AR_FIFO_START "' of container '%s'",
			       record->id);
	return 0;
}

int ar_record_status(const struct ar_dir *dir, const struct ar_record *record, enum ar_status *ret,
		     int *ret_pidfd, struct ar_error *err)
{
	_cleanup_fd_ int pidfd = -1;
	bool waits;
	int r;

	if (ret_pidfd)
		*ret_pidfd = -1;
	if (!record->pid.set || record->pid.value == 0) {
		*ret = AR_STATUS_CREATING;
		return 0;
	}
	r = look_at_process(record, ret_pidfd ? &pidfd : NULL);
	if (r == -ESRCH) {
		*ret = AR_STATUS_STOPPED;
		return 0;
	}
	if (r < 0)
		return ar_fail(err, -r, "inspect process %d of container '%s'",
			       (int)record->pid.value, record->id);
	r = waits_for_start(dir, record, &waits, err);
	if (r < 0)
		return r;
	*ret = waits ? AR_STATUS_CREATED : AR_STATUS_RUNNING;
	if (is_frozen(record))
		*ret = AR_STATUS_PAUSED;
	if (ret_pidfd)
		*ret_pidfd = ar_steal_fd(&pidfd);
	return 0;
}
