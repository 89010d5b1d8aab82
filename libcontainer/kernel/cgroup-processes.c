/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup-processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-tree.h"
#include "kernel/cgroup.h"

#define LIST_MAX (16 * 1024 * 1024)
/* rounds of SIGKILL on a kernel without cgroup.kill against something that keeps forking */
#define KILL_ROUNDS 100

/* pids as they come; 0 stands for a process outside of our pid namespace */
struct pids {
	struct ar_arena *arena;
	pid_t *item;
	size_t n, room;
};

static void add_pid(struct pids *pids, pid_t pid)
{
	if (pids->n == pids->room) {
		size_t room = pids->room ? pids->room * 2 : 64;
		pid_t *larger = ar_alloc_array(pids->arena, room, sizeof(*larger));

		if (pids->n)
			memcpy(larger, pids->item, pids->n * sizeof(*larger));
		pids->item = larger;
		pids->room = room;
	}
	pids->item[pids->n++] = pid;
}

static int read_list(int fd, const char *file, struct pids *pids)
{
	char *text, *save = NULL;
	size_t len;
	int r;
	_cleanup_fd_ int list = openat(fd, file, O_RDONLY | O_CLOEXEC);

	if (list < 0)
		return -errno;
	r = ar_file_read_fd(pids->arena, list, file, LIST_MAX, &text, &len, NULL);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int64_t pid;

		if (ar_parse_i64(line, &pid) < 0)
			return -EPROTO;
		add_pid(pids, (pid_t)pid);
	}
	return 0;
}

static int collect_one(int fd, void *data)
{
	struct pids *pids = data;
	int r = read_list(fd, "cgroup.procs", pids);

	if (r == -EOPNOTSUPP) /* a threaded cgroup has no processes, only threads */
		r = read_list(fd, "cgroup.threads", pids);
	return r;
}

/* Those of fd and below. A cgroup that goes away meanwhile has none. */
static int collect(int fd, struct pids *pids)
{
	const struct ar_cgroup_walker collector = { .enter = collect_one, .data = pids };

	return ar_cgroup_walk(fd, &collector);
}

static int ascending(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int ar_cgroup_count(int fd, size_t *ret)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct pids pids = { .arena = arena };
	int r = collect(fd, &pids);

	*ret = pids.n;
	return r;
}

int ar_cgroup_pids(struct ar_arena *arena, const struct ar_cgroup *cgroup, pid_t **ret,
		   size_t *ret_n, struct ar_error *err)
{
	struct pids pids = { .arena = arena };
	size_t n = 0;
	int r = collect(cgroup->fd, &pids);

	if (r < 0)
		return ar_fail(err, -r, "list the processes of cgroup '%s'", cgroup->path);
	if (pids.n > 0)
		qsort(pids.item, pids.n, sizeof(*pids.item), ascending);
	for (size_t i = 0; i < pids.n; i++) {
		/*
		 * 0 must never reach kill(2), where it means us; the threads of a process may be in
		 * two lists
		 */
		if (pids.item[i] > 0 && (n == 0 || pids.item[i] != pids.item[n - 1]))
			pids.item[n++] = pids.item[i];
	}
	*ret = pids.item;
	*ret_n = n;
	return 0;
}

static int signal_each(const struct ar_cgroup *cgroup, int signo, size_t *ret_n,
		       struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	pid_t *pids;
	int r;

	r = ar_cgroup_pids(arena, cgroup, &pids, ret_n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < *ret_n; i++) {
		if (kill(pids[i], signo) < 0 && errno != ESRCH)
			return ar_fail(err, errno, "signal process %d of cgroup '%s'", pids[i],
				       cgroup->path);
	}
	return 0;
}

/*
 * What stands still neither forks nor ends, so that each of them is met, and nobody else. SIGKILL
 * ends it all the same.
 */
static int signal_held(const struct ar_cgroup *cgroup, int signo, size_t *ret_n,
		       struct ar_error *err)
{
	bool was_frozen = ar_cgroup_is_frozen(cgroup);
	bool held = !was_frozen && ar_cgroup_freeze(cgroup, true, NULL) == 0;
	int r;

	if (!was_frozen && !held)
		ar_debug("cgroup '%s' cannot be frozen to signal it", cgroup->path);
	r = signal_each(cgroup, signo, ret_n, err);
	if (held && r == 0 && signo != SIGKILL)
		return ar_cgroup_freeze(cgroup, false, err);
	if (held) /* the first error counts, and who is killed has ended */
		(void)ar_cgroup_freeze(cgroup, false, NULL);
	return r;
}

/*
 * Without cgroup.kill: again and again, since a process may fork between our look and our signal.
 * One that the kernel holds keeps a cgroup from freezing: that is waited for once.
 */
static int kill_each(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	for (int i = 0; i < KILL_ROUNDS; i++) {
		uint64_t populated = 0;
		size_t n;
		int r = i == 0 ? signal_held(cgroup, SIGKILL, &n, err)
			       : signal_each(cgroup, SIGKILL, &n, err);

		if (r < 0 || n == 0)
			return r;
		/* long enough for the killed to end, no matter whether they did */
		(void)ar_cgroup_await(cgroup->fd, "populated", 0, ar_now_ms() + 20);
		if (ar_cgroup_keyed(cgroup->fd, "cgroup.events", "populated", &populated) == 0 &&
		    !populated)
			return 0;
	}
	return 0; /* whoever removes the cgroup sees that it is not empty */
}

int ar_cgroup_signal(const struct ar_cgroup *cgroup, int signo, struct ar_error *err)
{
	size_t n;
	int r;

	if (signo == SIGKILL) {
		r = ar_file_write(cgroup->fd, "cgroup.kill", "1", NULL); /* 5.14; not of a threaded
									    one */
		if (r == -ENOENT || r == -EOPNOTSUPP)
			return kill_each(cgroup, err);
		return r < 0 && r != -ENODEV ? ar_fail(err, -r, "kill cgroup '%s'", cgroup->path)
					     : 0;
	}
	return signal_held(cgroup, signo, &n, err);
}
