/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/process.h"
#include "base/socket.h"
#include "base/sys.h"

/* criu.c starts it and sees its end; criu-talk.c speaks with it. */

/* "criu swrk 3" finds the socket here. */
#define SOCKET_FD 3
_Static_assert(AR_CRIU_FIRST_FD == SOCKET_FD + 1, "what is passed on comes behind the socket");

#define PASSED_MAX 16
/* How long it may take to go once the conversation is over. */
#define END_LIMIT_MS 10000

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int ar_criu_find(struct ar_arena *arena, const char *asked, const char **ret, struct ar_error *err)
{
	const char *path = getenv("PATH"), *name = asked && *asked ? asked : "criu";

	if (strchr(name, '/')) {
		_cleanup_free_ char *real = realpath(name, NULL);

		if (!real || !is_program(real))
			return ar_refuse(err, ENOENT, "CRIU is not there: '%s' is not a program",
					 name);
		*ret = ar_strdup(arena, real);
		return 0;
	}
	if (!path || !*path)
		path = AR_PATH_USUAL;
	for (const char *at = path; *at;) {
		size_t n = strcspn(at, ":");
		const char *file = ar_printf(arena, "%.*s/%s", (int)n, at, name);

		/* a relative folder would be the caller's working directory */
		if (n > 0 && *at == '/' && is_program(file)) {
			*ret = file;
			return 0;
		}
		at += n;
		at += *at == ':';
	}
	return ar_refuse(err, ENOENT,
			 "CRIU is not installed: no program '%s' in %s (checkpoint and restore "
			 "are done by it)",
			 name, path);
}

/* --- in its process, before it is executed --- */

/* Put the descriptors at their numbers; they stay open at the execve. */
static int place(const int *fds, size_t n, int first, struct ar_error *err)
{
	int high[PASSED_MAX + 1];

	for (size_t i = 0; i < n; i++) {
		/* above all the places, so that none is overwritten before it has moved */
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, first + (int)n);
		if (high[i] < 0)
			return ar_fail(err, errno, "pass on a descriptor to CRIU");
	}
	for (size_t i = 0; i < n; i++)
		if (dup2(high[i], first + (int)i) < 0)
			return ar_fail(err, errno, "pass on a descriptor to CRIU");
	return 0;
}

static int null_streams(struct ar_error *err)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return ar_fail(err, errno, "open /dev/null");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return ar_fail(err, errno, "standard streams of CRIU");
	return 0;
}

static int execute(const struct ar_criu_start *how, int sock, struct ar_error *err)
{
	char *argv[] = { (char *)"criu", (char *)"swrk", (char *)"3", NULL };
	int fds[PASSED_MAX + 1] = { sock };
	int r = how->prepare ? how->prepare(how->data, err) : 0;

	if (r == 0 && !how->streams)
		r = null_streams(err);
	if (r < 0)
		return r;
	if (how->n_fds > 0)
		memcpy(fds + 1, how->fds, how->n_fds * sizeof(int));
	r = place(fds, how->n_fds + 1, SOCKET_FD, err);
	if (r < 0)
		return r;
	/* what the caller left open is none of its business; before 5.11 there is no such call */
	(void)ar_sys_close_range((unsigned int)(AR_CRIU_FIRST_FD + how->n_fds), ~0u,
				 4 /* CLOSE_RANGE_CLOEXEC */);
	/* it waits for signals of its children */
	(void)ar_signals_reset(); /* to unblock all cannot fail */
	(void)execve(how->program, argv, environ);
	return ar_fail(err, errno, "execute '%s'", how->program);
}

static void run_child(const struct ar_criu_start *how, int sock, int report)
	__attribute__((noreturn));

static void run_child(const struct ar_criu_start *how, int sock, int report)
{
	struct ar_error err = { 0 };
	int moved;

	/* away from the places of what is passed on */
	moved = fcntl(report, F_DUPFD_CLOEXEC, AR_CRIU_FIRST_FD + PASSED_MAX);
	(void)execute(how, sock, &err);
	/* whoever waits for it sees the end of file at least */
	(void)!write(moved < 0 ? report : moved, &err, sizeof(err));
	_exit(1);
}

/* --- in ours --- */

/* End of file: it was executed. */
static int await_execution(int report, struct ar_error *err)
{
	struct ar_error theirs = { 0 };
	ssize_t n;

	do {
		n = read(report, &theirs, sizeof(theirs));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(theirs))
		return ar_fail(err, n < 0 ? errno : EPROTO, "start CRIU");
	theirs.text[sizeof(theirs.text) - 1] = '\0';
	*err = theirs;
	return theirs.code > 0 ? -theirs.code : -EINVAL;
}

int ar_criu_start(const struct ar_criu_start *how, struct ar_criu *ret, struct ar_error *err)
{
	_cleanup_criu_ struct ar_criu criu = AR_CRIU_INIT;
	_cleanup_fd_ int theirs = -1, report = -1, report_end = -1;
	int pair[2], r;

	if (how->n_fds > PASSED_MAX)
		return ar_refuse(err, E2BIG, "too many descriptors for CRIU");
	r = ar_socket_pair(pair, err);
	if (r < 0)
		return r;
	criu.sock = pair[0];
	theirs = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return ar_fail(err, errno, "make a pipe");
	report = pair[0];
	report_end = pair[1];
	criu.pid = ar_clone(0, how->cgroup, &criu.pidfd);
	if (criu.pid == 0)
		run_child(how, theirs, report_end);
	if (criu.pid < 0)
		return ar_fail(err, -criu.pid, "start CRIU");
	ar_close_fd(&report_end);
	r = await_execution(report, err);
	if (r < 0)
		return r;
	*ret = criu;
	criu = AR_CRIU_INIT;
	return 0;
}

void ar_criu_end(struct ar_criu *criu)
{
	struct pollfd end = { .fd = criu->pidfd, .events = POLLIN };
	int ignored, n;

	ar_close_fd(&criu->sock);
	if (criu->pidfd < 0)
		return;
	do {
		n = poll(&end, 1, END_LIMIT_MS);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		(void)ar_sys_pidfd_send_signal(criu->pidfd, SIGKILL, NULL, 0);
	(void)ar_pidfd_wait(criu->pidfd, &ignored); /* it may be reaped already */
	ar_close_fd(&criu->pidfd);
}
