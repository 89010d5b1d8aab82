/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Who is in a cgroup, and what is seen of it; see cgroups.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/process.h"
#include "base/str.h"
#include "kernel/cgroup-stats.h"

#include "cgroups.h"
#include "test.h"

/* --- processes --------------------------------------------------------------------------- */

TEST("a process enters, also a cgroup below, and is listed")
{
	struct ar_cgroup cgroup = cgroup_made("enter");
	const char *sub = "?";
	pid_t *pids, low = cgroup_sleeper(&cgroup, NULL), high = cgroup_sleeper(&cgroup, NULL);
	size_t n;

	cgroup_sub(&cgroup, "sub");
	CHECK_INT(ar_cgroup_enter(&cgroup, "sub", low, &test_error), 0);
	CHECK_INT(ar_cgroup_pids(test_arena, &cgroup, &pids, &n, &test_error), 0);
	CHECK_INT(n, 2);
	CHECK_INT(pids[0], low);
	CHECK_INT(pids[1], high);
	CHECK_INT(ar_cgroup_sub_of(test_arena, &cgroup, low, &sub, &test_error), 0);
	CHECK_STR(sub, "sub");
	CHECK_INT(ar_cgroup_sub_of(test_arena, &cgroup, high, &sub, &test_error), 0);
	CHECK_STR(sub, NULL);
	CHECK_INT(ar_cgroup_sub_of(test_arena, &cgroup, getppid(), &sub, &test_error), -ENOENT);
	cgroup_removed(&cgroup);
	CHECK_INT(reap(low), 137);
	CHECK_INT(reap(high), 137);
}

TEST("whatever the cgroups below are called, who is in them is listed, and they are removed")
{
	static const char *const names[] = { ".hidden", "...", "..x", "-", "a b" };
	struct ar_cgroup cgroup = cgroup_made("names");
	pid_t all[AR_COUNT(names)], *pids;
	size_t n;

	for (size_t i = 0; i < AR_COUNT(names); i++) {
		cgroup_sub(&cgroup, names[i]);
		all[i] = cgroup_sleeper(&cgroup, names[i]);
	}
	CHECK_INT(ar_cgroup_pids(test_arena, &cgroup, &pids, &n, &test_error), 0);
	CHECK_INT(n, AR_COUNT(names));
	for (size_t i = 0; i < AR_COUNT(names); i++)
		CHECK_INT(pids[i], all[i]);
	cgroup_removed(&cgroup);
	for (size_t i = 0; i < AR_COUNT(names); i++)
		CHECK_INT(reap(all[i]), 137);
}

TEST("a thousand levels are listed and removed with a few descriptors, and what is beside them")
{
	struct ar_cgroup cgroup = cgroup_made("deep");
	struct rlimit few = { 24, 24 };
	int fd = fcntl(cgroup.fd, F_DUPFD_CLOEXEC, 3);
	pid_t pid, *pids;
	size_t n;

	for (int i = 0; i < 1000; i++) {
		int below;

		CHECK_INT(mkdirat(fd, "before", 0755), 0);
		CHECK_INT(mkdirat(fd, "level", 0755), 0);
		CHECK_INT(mkdirat(fd, "zone", 0755), 0);
		below = openat(fd, "level", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(below >= 0);
		CHECK_INT(close(fd), 0);
		fd = below;
	}
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	if (pid == 0)
		for (;;)
			(void)pause();
	CHECK_INT(close(fd), 0);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	CHECK_INT(ar_cgroup_pids(test_arena, &cgroup, &pids, &n, &test_error), 0);
	CHECK_INT(n, 1);
	CHECK_INT(pids[0], pid);
	cgroup_removed(&cgroup);
	CHECK_INT(reap(pid), 137);
}

TEST("a cgroup outside cannot be entered as one below")
{
	struct ar_cgroup cgroup = cgroup_made("jail");

	CHECK_INT(ar_cgroup_enter(&cgroup, "..", getpid(), &test_error), -EXDEV);
	CHECK_INT(ar_cgroup_enter(&cgroup, "../jail", getpid(), &test_error), -EXDEV);
	CHECK_INT(ar_cgroup_enter(&cgroup, "nowhere", getpid(), &test_error), -ENOENT);
	cgroup_removed(&cgroup);
}

TEST("a signal reaches every process, and the cgroup runs on")
{
	struct ar_cgroup cgroup = cgroup_made("signal");

	cgroup_sub(&cgroup, "sub");
	for (int i = 0; i < 200; i++) { /* against the race of ending and thawing */
		pid_t a = cgroup_sleeper(&cgroup, NULL), b = cgroup_sleeper(&cgroup, "sub");

		if (ar_cgroup_signal(&cgroup, SIGTERM, &test_error) < 0)
			test_fail(__FILE__, __LINE__, "%d: %s", i, test_error.text);
		CHECK_INT(reap(a), 143);
		CHECK_INT(reap(b), 143);
		CHECK(!ar_cgroup_is_frozen(&cgroup));
	}
	CHECK_INT(ar_cgroup_signal(&cgroup, SIGTERM, &test_error), 0);
	CHECK_INT(ar_cgroup_signal(&cgroup, SIGKILL, &test_error), 0);
	cgroup_removed(&cgroup);
}

TEST("nobody escapes a kill by forking")
{
	struct ar_cgroup cgroup = cgroup_made("forks");
	int fd = -1;
	pid_t pid;

	CHECK_INT(ar_cgroup_open_sub(&cgroup, NULL, &fd, NULL), 0);
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	/* a chain: each forks the next and ends */
	while (pid == 0 && fork() == 0)
		;
	if (pid == 0)
		_exit(0);
	CHECK_INT(ar_cgroup_signal(&cgroup, SIGKILL, &test_error), 0);
	cgroup_removed(&cgroup);
	(void)waitpid(pid, NULL, 0); /* it may have ended by itself */
	CHECK_INT(ar_cgroup_reopen(test_arena, cgroup.root, cgroup.path, &cgroup, NULL), 0);
	CHECK_INT(cgroup.fd, -1);
}

TEST("a frozen process stands still until it is thawed")
{
	struct ar_cgroup cgroup = cgroup_made("freeze");
	int fd = -1, fds[2];
	char buf[65536], beat = '.';
	pid_t pid;

	CHECK_INT(pipe2(fds, O_NONBLOCK), 0);
	CHECK_INT(ar_cgroup_open_sub(&cgroup, NULL, &fd, NULL), 0);
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			(void)!write(fds[1], &beat, 1);
			(void)usleep(1000);
		}
	}
	CHECK_INT(ar_cgroup_freeze(&cgroup, true, &test_error), 0);
	CHECK(ar_cgroup_is_frozen(&cgroup));
	while (read(fds[0], buf, sizeof(buf)) > 0)
		;
	(void)usleep(50000);
	CHECK_INT(read(fds[0], buf, sizeof(buf)), -1);
	CHECK_INT(ar_cgroup_freeze(&cgroup, false, &test_error), 0);
	CHECK(!ar_cgroup_is_frozen(&cgroup));
	CHECK_INT(fcntl(fds[0], F_SETFL, 0), 0);
	CHECK(read(fds[0], buf, 1) == 1);
	cgroup_removed(&cgroup);
	CHECK_INT(reap(pid), 137);
}

TEST("what a cgroup above holds frozen cannot be thawed below, and the message names it")
{
	struct ar_cgroup parent = cgroup_made("ice"), child = cgroup_made("ice/child");

	CHECK_INT(ar_cgroup_freeze(&parent, true, &test_error), 0);
	CHECK_INT(ar_cgroup_freeze(&child, false, &test_error), -EBUSY);
	CHECK_HAS(test_error.text,
		  ar_printf(test_arena, "is frozen: '%s' above it is", parent.path));
	CHECK_INT(ar_cgroup_freeze(&parent, false, &test_error), 0);
	CHECK_INT(ar_cgroup_freeze(&child, false, &test_error), 0);
	cgroup_removed(&child);
	cgroup_removed(&parent);
}

/* --- watching ---------------------------------------------------------------------------- */

TEST("who watches for a lack of memory sees the end of the container")
{
	struct ar_cgroup cgroup = cgroup_made("watched");
	struct ar_oom_watch watch = AR_OOM_WATCH_INIT;
	pid_t pid = cgroup_sleeper(&cgroup, NULL);
	struct pollfd poll_fd = { .events = POLLIN };

	CHECK_INT(ar_cgroup_oom_open(&cgroup, &watch, &test_error), 0);
	poll_fd.fd = watch.fd;
	CHECK_INT(fcntl(watch.fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(poll(&poll_fd, 1, 0), 0);
	CHECK_INT(ar_cgroup_oom_read(&watch), 0);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(reap(pid), 137);
	CHECK_INT(poll(&poll_fd, 1, 10000), 1);
	CHECK_INT(ar_cgroup_oom_read(&watch), -ENODEV);
	cgroup_removed(&cgroup);
	CHECK_INT(ar_cgroup_oom_read(&watch), -ENODEV);
	ar_cgroup_oom_close(&watch);
	CHECK_INT(watch.fd, -1);
}

TEST("a running container has statistics, one that is gone has an error")
{
	struct ar_cgroup cgroup = cgroup_made("stats"), again;
	pid_t pid = cgroup_sleeper(&cgroup, NULL);
	struct ar_stats stats;

	CHECK_INT(ar_cgroup_stats(test_arena, &cgroup, &stats, &test_error), 0);
	CHECK_UINT(stats.pids.current, 1);
	CHECK_INT(ar_cgroup_reopen(test_arena, cgroup.root, cgroup.path, &again, &test_error), 0);
	cgroup_removed(&cgroup);
	CHECK_INT(reap(pid), 137);
	CHECK_INT(ar_cgroup_stats(test_arena, &again, &stats, &test_error), -ENODEV);
}

int main(void)
{
	return cgroup_test_main();
}
