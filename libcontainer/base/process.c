/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

#ifndef P_PIDFD
#define P_PIDFD 3 /* 5.4 */
#endif

pid_t ar_clone(uint64_t flags, int cgroup, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = { .flags = flags };
	long pid;

	if (ret_pidfd) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	}
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	/*
	 * A sibling announces its end as we would; the kernel refuses a signal of its own for it.
	 */
	if (!(flags & CLONE_PARENT))
		args.exit_signal = SIGCHLD;

	pid = ar_sys_clone3(&args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid > 0 && ret_pidfd)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

int ar_signals_reset(void)
{
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		(void)signal(signo, SIG_DFL); /* refused for SIGKILL, SIGSTOP and the C library's
						 own: as they should be */
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

int ar_process_hide(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

bool ar_pidfd_ended(int pidfd, int limit_ms)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&end, 1, limit_ms);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

int ar_pidfd_wait(int pidfd, int *ret_status)
{
	siginfo_t info = { 0 };

	/* __WALL: a process made with CLONE_PARENT may end without SIGCHLD */
	while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL) < 0) {
		if (errno != EINTR)
			return -errno;
	}

	switch (info.si_code) {
	case CLD_EXITED:
		*ret_status = (info.si_status & 0xff) << 8;
		return 0;
	case CLD_KILLED:
		*ret_status = info.si_status & 0x7f;
		return 0;
	case CLD_DUMPED:
		*ret_status = (info.si_status & 0x7f) | 0x80;
		return 0;
	default:
		return -EPROTO;
	}
}

int ar_exit_code(int status)
{
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* The fields behind the command's name, which may hold blanks and parentheses itself. */
static int read_stat(pid_t pid, char *buf, size_t size, const char **ret_fields)
{
	char path[32];
	const char *p;
	ssize_t n;
	_cleanup_fd_ int fd = -1;

	if (pid <= 0)
		return -ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid); /* fits */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	do {
		n = read(fd, buf, size - 1);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno; /* -ESRCH when it went since open */
	buf[n] = '\0';
	p = strrchr(buf, ')');
	if (!p || p[1] != ' ')
		return -EPROTO;
	*ret_fields = p + 2;
	return 0;
}

int ar_process_start_time(pid_t pid, uint64_t *ret, char *ret_state)
{
	char buf[1024], *end;
	const char *p = buf;
	int r = read_stat(pid, buf, sizeof(buf), &p);

	if (r < 0)
		return r;
	if (ret_state)
		*ret_state = *p;

	/* p stands at field 3 */
	for (int field = 3; field < 22; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -EPROTO;
		p++;
	}
	end = buf + strcspn(p, " \n") + (p - buf);
	*end = '\0';
	return ar_parse_u64(p, ret) < 0 ? -EPROTO : 0;
}

int ar_process_check(pid_t pid, uint64_t start_time)
{
	uint64_t started;
	char state;
	int r = ar_process_start_time(pid, &started, &state);

	if (r < 0)
		return r;
	return started != start_time || state == 'Z' || state == 'X' || state == 'x' ? -ESRCH : 0;
}

int ar_process_open(pid_t pid, uint64_t start_time, int *ret_pidfd)
{
	_cleanup_fd_ int fd = -1;
	int r;

	if (pid <= 0)
		return -ESRCH;
	/*
	 * First the descriptor, then the look: if the number is given to another process in
	 * between, its start time tells.
	 */
	fd = ar_sys_pidfd_open(pid, 0);
	if (fd < 0)
		/* a thread, no process; ENOENT in Linux 6.18 */
		return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
	r = ar_process_check(pid, start_time);
	if (r < 0)
		return r;
	*ret_pidfd = ar_steal_fd(&fd);
	return 0;
}
