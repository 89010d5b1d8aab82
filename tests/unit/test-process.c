/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"

#include "test.h"

/* A child that waits for a signal. */
static pid_t sleeper(int *ret_pidfd)
{
	pid_t pid = ar_clone(0, -1, ret_pidfd);

	CHECK(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a check fails */
		for (;;)
			(void)pause();
	}
	return pid;
}

static int end_of_child(int code, int signo)
{
	int pidfd = -1, status = -1;
	pid_t pid = ar_clone(0, -1, &pidfd);

	CHECK(pid >= 0);
	if (pid == 0) {
		if (signo)
			(void)raise(signo);
		_exit(code);
	}
	CHECK_INT(ar_pidfd_wait(pidfd, &status), 0);
	CHECK_INT(close(pidfd), 0);
	return ar_exit_code(status);
}

TEST("a child's exit code comes back, or 128 and its signal")
{
	CHECK_INT(end_of_child(0, 0), 0);
	CHECK_INT(end_of_child(7, 0), 7);
	CHECK_INT(end_of_child(255, 0), 255);
	CHECK_INT(end_of_child(0, SIGKILL), 137);
	CHECK_INT(end_of_child(0, SIGTERM), 143);
}

TEST("a pidfd that was waited for already has no child left")
{
	int pidfd = -1, status;
	pid_t pid = ar_clone(0, -1, &pidfd);

	if (pid == 0)
		_exit(0);
	CHECK_INT(ar_pidfd_wait(pidfd, &status), 0);
	CHECK_INT(ar_pidfd_wait(pidfd, &status), -ECHILD);
}

TEST("a child's descriptor is closed on exec")
{
	int pidfd = -1;
	pid_t pid = sleeper(&pidfd);

	CHECK_INT(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(kill(pid, SIGKILL), 0);
}

TEST("a child in a new pid namespace is its process 1")
{
	int pidfd = -1, status;
	pid_t pid = ar_clone(CLONE_NEWPID, -1, &pidfd);

	if (pid == -EPERM)
		SKIP("needs CAP_SYS_ADMIN for a pid namespace");
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(getpid() == 1 ? 0 : 1);
	CHECK_INT(ar_pidfd_wait(pidfd, &status), 0);
	CHECK_INT(status, 0);
}

TEST("a sibling is made for the parent to wait for")
{
	int pidfd = -1, status = -1, fds[2];
	pid_t sibling = 0;
	pid_t pid;

	CHECK_INT(pipe(fds), 0);
	pid = ar_clone(0, -1, &pidfd);
	CHECK(pid >= 0);
	if (pid == 0) {
		pid = ar_clone(CLONE_PARENT, -1, NULL);
		if (pid == 0)
			_exit(5);
		_exit(write(fds[1], &pid, sizeof(pid)) == sizeof(pid) ? 0 : 1);
	}
	CHECK_INT(ar_pidfd_wait(pidfd, &status), 0);
	CHECK_INT(status, 0);
	CHECK_INT(read(fds[0], &sibling, sizeof(sibling)), sizeof(sibling));
	CHECK(sibling > 0);
	CHECK_INT(waitpid(sibling, &status, 0), sibling);
	CHECK_INT(ar_exit_code(status), 5);
}

TEST("a descriptor that is no cgroup is an error, not a child")
{
	int fd = open("/", O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(ar_clone(0, fd, NULL), -EBADF);
}

TEST("a process is found again by its start time, also when its name has parentheses")
{
	int pidfd = -1, again = -1;
	uint64_t start = 0;
	char state = 0;
	pid_t pid = ar_clone(0, -1, &pidfd);

	CHECK(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, "a) Z 1 (b");
		(void)pause();
		_exit(1);
	}
	do {
		CHECK_INT(ar_process_start_time(pid, &start, &state), 0);
	} while (state != 'S');
	CHECK(start > 0);
	CHECK_INT(ar_process_open(pid, start, &again), 0);
	CHECK_INT(fcntl(again, F_GETFD), FD_CLOEXEC);
	CHECK_INT(kill(pid, SIGKILL), 0);
}

TEST("another process with the same number is not the one that was meant")
{
	int pidfd = -1, again = -1;
	uint64_t start;
	pid_t pid = sleeper(&pidfd);

	CHECK_INT(ar_process_start_time(pid, &start, NULL), 0);
	CHECK_INT(ar_process_open(pid, start + 1, &again), -ESRCH);
	CHECK_INT(again, -1);
	CHECK_INT(kill(pid, SIGKILL), 0);
}

TEST("a zombie and a reaped process are gone")
{
	int pidfd = -1, again = -1, status;
	uint64_t start;
	siginfo_t info;
	pid_t pid = sleeper(&pidfd);

	CHECK_INT(ar_process_start_time(pid, &start, NULL), 0);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	CHECK_INT(ar_process_open(pid, start, &again), -ESRCH);
	CHECK_INT(ar_pidfd_wait(pidfd, &status), 0);
	CHECK_INT(ar_process_open(pid, start, &again), -ESRCH);
	CHECK_INT(ar_process_start_time(pid, &start, NULL), -ESRCH);
}

static int wait_as_thread(void *unused)
{
	(void)unused;
	(void)pause(); /* until the test ends */
	return 0;
}

TEST("a thread that has the number of a process which ended is not that process")
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	uint64_t start;
	int fd = -1;
	pid_t thread = clone(wait_as_thread, stack + sizeof(stack),
			     CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL);

	CHECK(thread > 0);
	CHECK_INT(ar_process_start_time(thread, &start, NULL), 0);
	CHECK_INT(ar_process_open(thread, start, &fd), -ESRCH);
	CHECK_INT(fd, -1);
}

TEST("no process has a number of zero or below")
{
	uint64_t start;
	int fd = -1;

	CHECK_INT(ar_process_start_time(0, &start, NULL), -ESRCH);
	CHECK_INT(ar_process_open(-1, 1, &fd), -ESRCH);
	CHECK_INT(ar_process_open(0, 1, &fd), -ESRCH);
}

int main(void)
{
	return test_main();
}
