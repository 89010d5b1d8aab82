/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters on the kernel that runs this: what calls really give. No root is needed: no_new_privs is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/seccomp-builtin.h"
#include "kernel/seccomp-stack.h"
#include "profiles.h"
#include "test.h"

#ifndef __NR_clone3
#define __NR_clone3 435
#endif

/* The status of a process that does what body says; 0: it ended well. */
static int in_child(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return status;
}

/* In a child: anything but 0 is told by the line. */
#define MUST(condition)                            \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 200 + 1); \
	} while (0)
#define GIVES(error, ...) MUST(syscall(__VA_ARGS__) == -1 && errno == (error))
#define CHECK_CHILD(body)                                                                   \
	do {                                                                                \
		int status_ = in_child(body);                                               \
		if (status_)                                                                \
			test_fail(__FILE__, __LINE__, "status 0x%x: line modulo 200 is %d", \
				  status_, WEXITSTATUS(status_) - 1);                       \
	} while (0)

static struct ar_filters filters;

static void stack(struct ar_arena *arena, enum ar_profile profile)
{
	struct ar_cbpf program;
	struct ar_error err = { 0 };

	if (ar_seccomp_builtin("agent", AR_ARCH_NATIVE, &program) < 0)
		SKIP("this architecture has no list");
	if (ar_filters_stack(arena, profile, true, NULL, &filters, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
}

static int install(void)
{
	int listener = -2;

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(ar_filters_install(&filters, &listener, NULL) == 0);
	return listener;
}

static void denied_calls(void)
{
	int tty = posix_openpt(O_RDWR | O_NOCTTY);

	MUST(tty >= 0);
	MUST(install() == -1);
	GIVES(EAFNOSUPPORT, SYS_socket, 38 /* AF_ALG */, SOCK_SEQPACKET, 0);
	GIVES(EAFNOSUPPORT, SYS_socket, 0xdead00000026, SOCK_SEQPACKET, 0);
	GIVES(EPERM, SYS_socket, AF_INET, SOCK_RAW, 1);
	GIVES(EPERM, 425 /* io_uring_setup */, 1, NULL);
	GIVES(EPERM, SYS_unshare, 0x10000000);
	GIVES(EPERM, SYS_mount, NULL, NULL, NULL, 0, NULL);
	GIVES(ENOSYS, __NR_clone3, NULL, 0);
	GIVES(EPERM, SYS_clone, 0x10000011, NULL, NULL, NULL, NULL);
	GIVES(EPERM, SYS_ioctl, tty, 0x5412 /* TIOCSTI */, "x");
	GIVES(EPERM, SYS_ioctl, tty, 0xdead00005412, "x");
	GIVES(EPERM, SYS_personality, 0x400000);
	GIVES(EINVAL, SYS_prctl, 35 /* PR_SET_MM */, 0, 0, 0, 0);
	GIVES(ENOSYS, 10000);
	GIVES(ENOSYS, -1);
}

TEST("the kernel gives the agent list's errnos")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	stack(arena, AR_PROFILE_AGENT);
	CHECK_CHILD(denied_calls);
}

static void allowed_calls(void)
{
	char *const argv[] = { (char *)"true", NULL };
	int fd, status;
	pid_t pid;

	MUST(install() == -1);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd >= 0);
	MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	MUST(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	MUST(syscall(SYS_personality, 0xffffffff) >= 0);
	pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		execv("/bin/true", argv);
		_exit(127);
	}
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST("programs start and run under the agent list")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	stack(arena, AR_PROFILE_AGENT);
	CHECK_CHILD(allowed_calls);
}

static void allowed_under_both(void)
{
	MUST(install() == -1);
	MUST(access("/", F_OK) == 0);
	GIVES(EPERM, SYS_mount, NULL, NULL, NULL, 0, NULL);
	GIVES(EAFNOSUPPORT, SYS_socket, 38, SOCK_SEQPACKET, 0);
	GIVES(ENOSYS, __NR_clone3, NULL, 0);
}

TEST("the list goes on top of an engine's profile")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	filters = profile_compile(arena, profile_read(arena, "engine"));
	stack(arena, AR_PROFILE_AGENT);
	CHECK_UINT(filters.n, 2);
	CHECK_CHILD(allowed_under_both);
}

static void merged(void)
{
	MUST(install() == -1);
	GIVES(13, SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, NULL);
	GIVES(EPERM, SYS_mount, NULL, NULL, NULL, 0, NULL);
	GIVES(13, SYS_getppid);
}

TEST("a profile that denies seccomp(2) does not keep the list out")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	filters = profile_compile(
		arena,
		profile_parse(arena,
			      "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
			      "[\"seccomp\",\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\","
			      "\"errnoRet\":13}]}"));
	stack(arena, AR_PROFILE_AGENT);
	CHECK_UINT(filters.n, 1);
	CHECK_CHILD(merged);
}

static void strict_calls(void)
{
	MUST(install() == -1);
	GIVES(ENOSYS, SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, NULL);
	GIVES(EINVAL, SYS_prctl, PR_SET_SECCOMP, 2, NULL, 0, 0);
	GIVES(EPERM, SYS_ptrace, 0, 0, 0, 0);
	GIVES(ENOSYS, 444 /* landlock_create_ruleset */, NULL, 0, 1);
}

TEST("under the strict list nothing can be traced and no filter be added")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	stack(arena, AR_PROFILE_STRICT);
	CHECK_CHILD(strict_calls);
}

/* --- other ways into the kernel --------------------------------------------------------------- */

#ifdef __x86_64__
static void by_int80(void)
{
	long r;

	MUST(signal(SIGSEGV, SIG_DFL) != SIG_ERR); /* a sanitizer reports it, and exits */
	MUST(install() == -1);
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20 /* getpid */) : "memory");
	_exit(r > 0 ? 1 : 2);
}

TEST("a 32-bit call kills the process")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	int status;

	stack(arena, AR_PROFILE_AGENT);
	status = in_child(by_int80);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		SKIP("this kernel has no 32-bit calls");
	CHECK(WIFSIGNALED(status));
	CHECK_INT(WTERMSIG(status), SIGSYS);
}

static void by_x32(void)
{
	MUST(install() == -1);
	GIVES(ENOSYS, 0x40000000 | SYS_getpid);
}

TEST("x32 calls are not there")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	stack(arena, AR_PROFILE_AGENT);
	CHECK_CHILD(by_x32);
}
#endif

/* --- installing ------------------------------------------------------------------------------- */

static void without_rights(void)
{
	struct ar_error err = { 0 };
	int listener = -2;

	if (getuid() == 0)
		MUST(setresuid(65534, 65534, 65534) == 0);
	MUST(ar_filters_install(&filters, &listener, &err) == -EACCES);
	MUST(strstr(err.text, "no_new_privs"));
	MUST(listener == -2);
}

TEST("without no_new_privs and rights a filter is refused in words")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	stack(arena, AR_PROFILE_AGENT);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		SKIP("no_new_privs is set already");
	CHECK_CHILD(without_rights);
}

static void as_listener(void)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };
	int listener = install(), status;
	pid_t pid;

	MUST(listener >= 0);
	pid = fork();
	MUST(pid >= 0);
	if (pid == 0)
		_exit(mkdir("/nowhere/at/all", 0700) == -1 && errno == EROFS ? 0 : 1);
	MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) == 0);
	MUST(request.data.nr == SYS_mkdir && (pid_t)request.pid == pid);
	response.id = request.id;
	response.error = -EROFS;
	MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0);
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST("a profile that notifies gives a descriptor that answers")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	if (AR_ARCH_NATIVE != AUDIT_ARCH_X86_64)
		SKIP("mkdir(2) is x86_64's");
	filters = profile_compile(
		arena,
		profile_parse(
			arena,
			"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\",\"syscalls\":[{\"names\":"
			"[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"));
	stack(arena, AR_PROFILE_AGENT);
	CHECK_CHILD(as_listener);
}

int main(void)
{
	return test_main();
}
