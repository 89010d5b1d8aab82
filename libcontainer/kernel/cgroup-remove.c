/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-tree.h"

#define REMOVE_WAIT_MS 10000
/* until the kernel has let go of a process that ended */
#define LEAVE_WAIT_MS 500

/*
 * The last process has ended, but until the kernel let go of it, and of the controllers of a cgroup
 * that was removed below, rmdir(2) says EBUSY.
 */
static int remove_empty(int dirfd, const char *name, int64_t deadline)
{
	struct timespec pause = { .tv_nsec = 500 * 1000 };

	while (unlinkat(dirfd, name, AT_REMOVEDIR) < 0) {
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY && errno != EINTR)
			return -errno;
		if (ar_now_ms() >= deadline)
			return -EBUSY;
		(void)nanosleep(&pause, NULL); /* a shorter pause does no harm */
		if (pause.tv_nsec < 32 * 1000 * 1000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

static int remove_left(int above, const char *name, void *data)
{
	return remove_empty(above, name, *(const int64_t *)data);
}

/* With the cgroups that the container made in its own. */
static int remove_whole(int dirfd, const char *name, int64_t deadline)
{
	const struct ar_cgroup_walker remover = { .leave = remove_left, .data = &deadline };
	_cleanup_fd_ int fd = -1;
	int r;

	/* mostly there is nothing below it */
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = ar_cgroup_walk(fd, &remover);
	return r < 0 ? r : remove_empty(dirfd, name, deadline);
}

static int kill_all(const struct ar_cgroup *cgroup, int64_t deadline, struct ar_error *err)
{
	uint64_t populated;
	int r;

	if (cgroup->fd < 0 || cgroup->spare)
		return 0;
	r = ar_cgroup_keyed(cgroup->fd, "cgroup.events", "populated", &populated);
	if (r == -ENODEV || r == -ENOENT || (r == 0 && !populated))
		return 0;
	if (r < 0)
		return ar_fail(err, -r, "read 'cgroup.events' of cgroup '%s'", cgroup->path);
	r = ar_cgroup_signal(cgroup, SIGKILL, err);
	if (r < 0)
		return r;
	r = ar_cgroup_await(cgroup->fd, "populated", 0, deadline);
	if (r == -ETIMEDOUT)
		return ar_refuse(err, EBUSY, "processes of cgroup '%s' do not end", cgroup->path);
	if (r < 0 && r != -ENODEV)
		return ar_fail(err, -r, "wait for the processes of cgroup '%s' to end",
			       cgroup->path);
	return 0;
}

int ar_cgroup_end(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	return kill_all(cgroup, ar_now_ms() + REMOVE_WAIT_MS, err);
}

int ar_cgroup_await_empty(const struct ar_cgroup *cgroup, int limit_ms)
{
	int r = cgroup->fd < 0
			? 0
			: ar_cgroup_await(cgroup->fd, "populated", 0, ar_now_ms() + limit_ms);

	return r == -ENODEV ? 0 : r;
}

bool ar_cgroup_await_gone(const struct ar_cgroup *cgroup, int limit_ms)
{
	struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int64_t deadline = ar_now_ms() + limit_ms;

	while (faccessat(cgroup->root_fd, cgroup->path + 1, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		if (ar_now_ms() >= deadline)
			return false;
		(void)nanosleep(&pause, NULL); /* a shorter pause does no harm */
	}
	return true;
}

/* Parents that are ours: as long as nobody else is in them, which rmdir(2) tells. */
static void remove_parents(const struct ar_cgroup *cgroup)
{
	char path[PATH_MAX];
	int depth = -1;

	memcpy(path, cgroup->path, strlen(cgroup->path) + 1);
	for (const char *p = path; *p; p++)
		depth += *p == '/';
	for (depth--; depth >= 0; depth--) {
		char *name;

		*strrchr(path, '/') = '\0';
		name = strrchr(path, '/') + 1;
		if (cgroup->made_from >= 0 ? depth < cgroup->made_from
					   : !ar_streq(name, AR_CGROUP_PARENT))
			return;
		if (unlinkat(cgroup->root_fd, path + 1, AT_REMOVEDIR) < 0)
			return; /* another container is there */
	}
}

void ar_cgroup_leave(struct ar_cgroup *cgroup)
{
	int r;

	if (strlen(cgroup->path) >= PATH_MAX)
		return;
	ar_close_fd(&cgroup->fd);
	r = remove_empty(cgroup->root_fd, cgroup->path + 1, ar_now_ms() + LEAVE_WAIT_MS);
	if (r == 0)
		remove_parents(cgroup);
	else
		ar_debug("cgroup '%s' is left to others: %s", cgroup->path, ar_errno_text(-r));
}

int ar_cgroup_remove(struct ar_cgroup *cgroup, struct ar_error *err)
{
	int64_t deadline = ar_now_ms() + REMOVE_WAIT_MS;
	int r;

	if (strlen(cgroup->path) >= PATH_MAX)
		return ar_fail(err, ENAMETOOLONG, "remove cgroup '%s'", cgroup->path);
	r = kill_all(cgroup, deadline, err);
	if (r < 0)
		return r;
	ar_close_fd(&cgroup->fd);
	r = remove_whole(cgroup->root_fd, cgroup->path + 1, deadline);
	if (r < 0)
		return ar_fail(err, -r, "remove cgroup '%s'", cgroup->path);
	remove_parents(cgroup);
	cgroup->made_from = -1;
	return 0;
}
