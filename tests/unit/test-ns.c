/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A process that is born in the namespaces and the cgroup of another one. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/process.h"
#include "kernel/ns.h"

#include "cgroups.h"
#include "test.h"

/* A process in a user namespace of its own, which is to be joined. */
static pid_t start_other(struct ar_ns_set *ret)
{
	char path[64];
	int pidfd = -1;
	pid_t pid = ar_clone(CLONE_NEWUSER, -1, &pidfd);

	if (pid < 0)
		SKIP("needs user namespaces");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	CHECK_INT(close(pidfd), 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	*ret = AR_NS_SET_INIT;
	ret->join[AR_NS_USER] = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(ret->join[AR_NS_USER] >= 0);
	return pid;
}

TEST("a process is born in a user namespace and a cgroup that are there")
{
	struct ar_cgroup cgroup = cgroup_made("born");
	struct ar_ns_set set;
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), pidfd = -1, status;
	pid_t other = start_other(&set), pid, *pids;
	size_t n;

	pid = ar_ns_clone(&set, NULL, proc, cgroup.fd, 10000, &pidfd, &test_error);
	if (pid == 0)
		for (;;)
			(void)pause();
	CHECK(pid > 0);
	CHECK_INT(ar_cgroup_pids(test_arena, &cgroup, &pids, &n, &test_error), 0);
	CHECK_INT(n, 1);
	CHECK_INT(pids[0], pid);
	cgroup_removed(&cgroup);
	CHECK_INT(ar_pidfd_wait(pidfd, &status), 0);
	CHECK_INT(kill(other, SIGKILL), 0);
}

TEST("a frozen cgroup keeps nobody waiting beyond the limit, and nobody stays in it")
{
	struct ar_cgroup cgroup = cgroup_made("frozen");
	struct ar_ns_set set;
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), pidfd = -1;
	pid_t other = start_other(&set), *pids;
	size_t n;

	CHECK_INT(ar_cgroup_freeze(&cgroup, true, &test_error), 0);
	CHECK_INT(ar_ns_clone(&set, NULL, proc, cgroup.fd, 1000, &pidfd, &test_error), -ETIMEDOUT);
	CHECK_STR(test_error.text,
		  "the process that joins namespaces did not answer within 1 seconds");
	CHECK_INT(pidfd, -1);
	CHECK_INT(ar_cgroup_pids(test_arena, &cgroup, &pids, &n, &test_error), 0);
	CHECK_INT(n, 0);
	cgroup_removed(&cgroup);
	CHECK_INT(kill(other, SIGKILL), 0);
}

int main(void)
{
	return cgroup_test_main();
}
