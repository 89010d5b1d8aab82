/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock domains on the kernel that runs this. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/landlock.h"
#include "test.h"

#define MUST(condition)                            \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 200 + 1); \
	} while (0)

static int abi(int wanted)
{
	int found = ar_landlock_abi();

	if (found < wanted)
		SKIP("this kernel's Landlock is too old, or it has none");
	return found;
}

/* Enter a domain as a kernel of that ABI would have it. */
static int enter(int as_abi, int signals)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	MUST(root >= 0);
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	return ar_landlock_scope(as_abi, root, signals, NULL);
}

/* A process that waits, in a domain of its own unless as_abi is 0. */
static pid_t start_waiting(int as_abi)
{
	int ready[2];
	char byte;
	pid_t pid;

	CHECK_INT(pipe(ready), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (as_abi)
			MUST(enter(as_abi, 0) >= 0);
		MUST(write(ready[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
}

/* The errno of opening what another process has in memory, from a new process; in a domain unless
 * as_abi is 0. */
static int try_memory(pid_t other, int as_abi)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		char path[64];
		int fd;

		if (as_abi)
			MUST(enter(as_abi, 0) >= 0);
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)other);
		fd = open(path, O_RDONLY);
		_exit(fd >= 0 ? 0 : errno);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST("siblings in domains of their own cannot read each other's memory")
{
	int newest = abi(2);
	pid_t other = start_waiting(newest);

	CHECK_INT(try_memory(other, newest), EACCES);
	stop(other);
}

TEST("below ABI 6 a domain keeps memory apart too")
{
	pid_t other;

	(void)abi(2);
	other = start_waiting(2);
	CHECK_INT(try_memory(other, 2), EACCES);
	stop(other);
}

TEST("a process outside any domain can read one inside, as its owner may")
{
	pid_t other = start_waiting(abi(2));

	if (getuid() != 0) {
		stop(other);
		SKIP("other rules than Landlock's may forbid it to users");
	}
	CHECK_INT(try_memory(other, 0), 0);
	stop(other);
}

/* --- what stays as it was --------------------------------------------------------------------- */

static int in_domain(int as_abi, int signals, void (*body)(void))
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		MUST(enter(as_abi, signals) == (as_abi < 6));
		body();
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		test_fail(__FILE__, __LINE__, "ended by signal %d", WTERMSIG(status));
	if (status)
		test_fail(__FILE__, __LINE__, "line modulo 200 is %d", WEXITSTATUS(status) - 1);
	return status;
}

static char tree[4096];

static void use_files(void)
{
	int fd;

	MUST(chdir(tree) == 0);
	MUST(mkdir("a", 0700) == 0 && mkdir("b", 0700) == 0);
	fd = open("a/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	MUST(fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0);
	MUST(rename("a/file", "b/file") == 0);
	MUST(link("b/file", "a/again") == 0);
	MUST(unlink("a/again") == 0 && unlink("b/file") == 0 && rmdir("a") == 0 && rmdir("b") == 0);
	MUST(open("/proc/self/status", O_RDONLY) >= 0);
}

TEST("files can be used and moved between directories as before")
{
	int newest = abi(2);

	snprintf(tree, sizeof(tree), "%s", test_dir());
	in_domain(newest, 1, use_files);
	in_domain(2, 0, use_files);
}

static void trace_child(void)
{
	int status;
	pid_t pid = fork();

	MUST(pid >= 0);
	if (pid == 0) {
		MUST(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		raise(SIGSTOP);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	MUST(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST("a debugger can trace a program of its own domain")
{
	in_domain(abi(2), 1, trace_child);
}

/* --- scopes ----------------------------------------------------------------------------------- */

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static const socklen_t address_len = offsetof(struct sockaddr_un, sun_path) + 24;

static void connect_outside(void)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	MUST(sock >= 0);
	MUST(connect(sock, (struct sockaddr *)&address, address_len) == -1 && errno == EPERM);
}

TEST("abstract sockets outside the domain are out of reach")
{
	int newest = abi(6), sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "test-landlock-%08d",
		 (int)getpid());
	CHECK(sock >= 0);
	CHECK_INT(bind(sock, (struct sockaddr *)&address, address_len), 0);
	CHECK_INT(listen(sock, 1), 0);
	in_domain(newest, 0, connect_outside);
}

static void signal_parent(void)
{
	MUST(kill(getppid(), 0) == 0);
}

static void cannot_signal_parent(void)
{
	MUST(kill(getppid(), 0) == -1 && errno == EPERM);
}

TEST("signals reach processes outside, unless they are scoped")
{
	int newest = abi(6);

	in_domain(newest, 0, signal_parent);
	in_domain(newest, 1, cannot_signal_parent);
}

/* --- refusals --------------------------------------------------------------------------------- */

TEST("no Landlock, and one that would forbid moving files, are told apart in words")
{
	struct ar_error err = { 0 };

	CHECK_INT(ar_landlock_scope(0, -1, 0, &err), -ENOSYS);
	CHECK_HAS(err.text, "no Landlock");
	CHECK_INT(ar_landlock_scope(1, -1, 0, &err), -EOPNOTSUPP);
	CHECK_HAS(err.text, "ABI 1");
}

TEST("below ABI 6 a missing root is an error")
{
	struct ar_error err = { 0 };

	(void)abi(2);
	CHECK_INT(ar_landlock_scope(2, -1, 0, &err), -EBADF);
	CHECK_HAS(err.text, "Landlock");
}

int main(void)
{
	return test_main();
}
