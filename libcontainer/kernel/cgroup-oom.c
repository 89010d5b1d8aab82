/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-stats.h"
#include "kernel/cgroup.h"

uint64_t ar_cgroup_oom_kills(const struct ar_cgroup *cgroup)
{
	uint64_t kills;

	if (cgroup->fd < 0 || ar_cgroup_keyed(cgroup->fd, "memory.events", "oom_kill", &kills) < 0)
		return 0;
	return kills;
}

void ar_cgroup_oom_close(struct ar_oom_watch *watch)
{
	ar_close_fd(&watch->fd);
	ar_close_fd(&watch->directory);
}

static int add_watch(int fd, int directory, const char *file)
{
	char path[AR_FD_PATH_MAX + 32], link[AR_FD_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", ar_fd_path(link, directory), file);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	return inotify_add_watch(fd, path, IN_MODIFY) < 0 ? -errno : 0;
}

int ar_cgroup_oom_open(const struct ar_cgroup *cgroup, struct ar_oom_watch *ret,
		       struct ar_error *err)
{
	struct ar_oom_watch watch = AR_OOM_WATCH_INIT;
	int r;

	watch.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch.fd < 0)
		return ar_fail(err, errno, "make an inotify descriptor");
	watch.directory = fcntl(cgroup->fd, F_DUPFD_CLOEXEC, 3);
	r = watch.directory < 0 ? -errno : add_watch(watch.fd, watch.directory, "cgroup.events");
	if (r == 0)
		r = add_watch(watch.fd, watch.directory, "memory.events");
	if (r == -ENOENT)
		r = 0; /* without the controller nothing is killed, but the end is still seen */
	if (r < 0) {
		ar_cgroup_oom_close(&watch);
		return ar_fail(err, -r, "watch cgroup '%s'", cgroup->path);
	}
	watch.kills = ar_cgroup_oom_kills(cgroup);
	*ret = watch;
	return 0;
}

int ar_cgroup_oom_read(struct ar_oom_watch *watch)
{
	const struct ar_cgroup cgroup = { .fd = watch->directory };
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	uint64_t kills, populated, before = watch->kills;

	/* what they say does not matter: the files are looked at */
	while (read(watch->fd, events, sizeof(events)) > 0)
		;
	kills = ar_cgroup_oom_kills(&cgroup);
	if (kills > before) {
		watch->kills = kills;
		return kills - before > INT_MAX ? INT_MAX : (int)(kills - before);
	}
	if (ar_cgroup_keyed(watch->directory, "cgroup.events", "populated", &populated) < 0 ||
	    !populated)
		return -ENODEV;
	return 0;
}
