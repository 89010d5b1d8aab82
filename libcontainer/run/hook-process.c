/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/hook-process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/sys.h"

/* How long a killed process may take to be gone: one that the kernel holds is left to it. */
#define KILL_LIMIT_MS 10000
/* How often is looked for the end of a process that there is no pidfd of. */
#define LOOK_MS 20
/* pipe(7): a pipe has 16 pages of room */
#define PIPE_PAGES 16

/*
 * Between us and the hook. We keep the reading end of its input too: a hook that does not read
 * never gives us SIGPIPE, and what it leaves in the pipe ends with us.
 */
struct pipes {
	int in_read, in_write, out_read, out_write, err_read, err_write;
};
#define PIPES_INIT ((struct pipes){ -1, -1, -1, -1, -1, -1 })

static void pipes_close(struct pipes *p)
{
	ar_close_fd(&p->in_read);
	ar_close_fd(&p->in_write);
	ar_close_fd(&p->out_read);
	ar_close_fd(&p->out_write);
	ar_close_fd(&p->err_read);
	ar_close_fd(&p->err_write);
}
#define _cleanup_pipes_ __attribute__((cleanup(pipes_close)))

/* Our end does not block; the hook's is as it expects it. */
static int make_pipe(int *ret_read, int *ret_write, int *ours)
{
	int r = ar_pipe_open(ret_read, ret_write);

	if (r < 0)
		return r;
	return fcntl(*ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int pipes_open(struct pipes *p)
{
	int r = make_pipe(&p->in_read, &p->in_write, &p->in_write);

	if (r == 0)
		r = make_pipe(&p->out_read, &p->out_write, &p->out_read);
	if (r == 0)
		r = make_pipe(&p->err_read, &p->err_write, &p->err_read);
	return r;
}

/* posix_spawn(3) shares our memory until the exec, so a program that cannot be executed is known at
 * once. */
static int spawn_with(const struct ar_hook_process *process, const struct pipes *p,
		      posix_spawn_file_actions_t *files, posix_spawnattr_t *attr, pid_t *ret)
{
	sigset_t none, all;
	int r = 0;

	sigemptyset(&none);
	sigfillset(&all);
	if (process->cwd >= 0)
		r = posix_spawn_file_actions_addfchdir_np(files, process->cwd);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(files, p->in_read, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(files, p->out_write, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(files, p->err_write, STDERR_FILENO);
	/* descriptors that the caller preserves are for the container */
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							   POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawn(ret, process->path, files, attr, process->argv, process->env);
	return -r;
}

static int spawn(const struct ar_hook_process *process, const struct pipes *p, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&files);

	if (r != 0)
		return -r;
	r = -posix_spawnattr_init(&attr);
	if (r == 0) {
		r = spawn_with(process, p, &files, &attr, ret);
		(void)posix_spawnattr_destroy(&attr); /* always 0 */
	}
	(void)posix_spawn_file_actions_destroy(&files); /* always 0 */
	return r;
}

/* A NUL would end the text early. */
static void keep(struct ar_text *text, char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (buf[i] == '\0')
			buf[i] = '?';
	if (n > AR_HOOK_OUTPUT_MAX - text->len)
		n = AR_HOOK_OUTPUT_MAX - text->len;
	ar_text_add_n(text, buf, n);
}

/*
 * Take what is there, at most what a pipe holds: one who never stops writing must not keep us from
 * looking at the time. At its end the descriptor is closed.
 */
static void listen_to(int *fd, struct ar_text *text)
{
	char buf[4096];

	for (int i = 0; *fd >= 0 && i < PIPE_PAGES; i++) {
		ssize_t n = read(*fd, buf, sizeof(buf));

		if (n > 0) {
			keep(text, buf, (size_t)n);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		ar_close_fd(fd);
	}
}

/* Write what the pipe takes of *input, which is moved behind it. With nothing left the descriptor
 * is closed. */
static void feed(int *fd, const char **input, size_t *left)
{
	while (*fd >= 0 && *left > 0) {
		ssize_t n = write(*fd, *input, *left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			break;
		*input += n;
		*left -= (size_t)n;
	}
	ar_close_fd(fd);
}

struct child {
	pid_t pid;
	int pidfd; /* -1: it has to be asked after again and again */
	bool reaped;
	int status;
};

/* A startContainer hook is watched under the container's filter, which may refuse a pidfd. */
static int open_child(struct child *child)
{
	child->pidfd = ar_sys_pidfd_open(child->pid, 0);
	return child->pidfd < 0 && errno != EPERM && errno != ENOSYS && errno != EACCES ? -errno
											: 0;
}

/* For how long poll(2) may look at its pidfd and other descriptors, -1 for without an end. */
static int look_ms(const struct child *child, int64_t rest)
{
	return child->pidfd < 0 && (rest < 0 || rest > LOOK_MS) ? LOOK_MS : (int)rest;
}

/* 1 or 0; -errno where that cannot be known. */
static int is_over(struct child *child, short revents)
{
	pid_t pid;

	if (child->pidfd >= 0)
		return revents != 0;
	if (!child->reaped) {
		pid = waitpid(child->pid, &child->status, WNOHANG);
		if (pid < 0 && errno != EINTR)
			return -errno;
		child->reaped = pid == child->pid;
	}
	return child->reaped;
}

static int take_status(const struct child *child, int *ret)
{
	if (child->pidfd >= 0)
		return ar_pidfd_wait(child->pidfd, ret);
	*ret = child->status;
	return 0;
}

/* Feed and listen until the process is over. -ETIMEDOUT at the limit. */
static int converse(struct child *child, const char *input, int limit_ms, struct pipes *p,
		    struct ar_hook_result *result)
{
	size_t left = strlen(input);
	int64_t end = ar_now_ms() + limit_ms;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = child->pidfd, .events = POLLIN },
			{ .fd = p->out_read, .events = POLLIN },
			{ .fd = p->err_read, .events = POLLIN },
			{ .fd = p->in_write, .events = POLLOUT },
		};
		int64_t rest = limit_ms < 0 ? -1 : end - ar_now_ms();
		int n = poll(fds, AR_COUNT(fds),
			     rest > 0 || limit_ms < 0 ? look_ms(child, rest) : 0);
		int over;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		over = is_over(child, fds[0].revents);
		if (over < 0)
			return over;
		feed(&p->in_write, &input, &left);
		listen_to(&p->out_read, &result->out);
		listen_to(&p->err_read, &result->err);
		/* It was over before that last look: all its output is here. Its children may hold
		 * the pipes on. */
		if (over)
			return 0;
		if (limit_ms >= 0 && ar_now_ms() >= end)
			return -ETIMEDOUT;
	}
}

/* Also when watching failed: nothing of a hook is left behind. */
static int kill_group(struct child *child)
{
	int64_t end = ar_now_ms() + KILL_LIMIT_MS, rest;

	(void)kill(-child->pid, SIGKILL); /* its group; it may have none any more */
	(void)kill(child->pid, SIGKILL);  /* not reaped yet, so it is still this one */
	while ((rest = end - ar_now_ms()) > 0) {
		struct pollfd fd = { .fd = child->pidfd, .events = POLLIN };
		int n = poll(&fd, 1, look_ms(child, rest)),
		    over = n >= 0 ? is_over(child, fd.revents) : 0;

		if (over > 0)
			return 0;
		if (over < 0 || (n < 0 && errno != EINTR))
			break;
	}
	return -ETIMEDOUT;
}

void ar_hook_result_done(struct ar_hook_result *result)
{
	ar_text_done(&result->out);
	ar_text_done(&result->err);
}

static int watch(const struct ar_hook_process *process, struct child *child, struct pipes *p,
		 struct ar_hook_result *result, struct ar_error *err)
{
	int r = converse(child, process->input, process->limit_ms, p, result);

	if (r < 0) {
		result->timed_out = r == -ETIMEDOUT;
		if (kill_group(child) < 0)
			return result->timed_out
				       ? ar_refuse(err, ETIMEDOUT,
						   "'%s' ran past its time and cannot be killed",
						   process->path)
				       : ar_fail(err, -r, "watch '%s'", process->path);
	}
	if (r < 0 && !result->timed_out)
		return ar_fail(err, -r, "watch '%s'", process->path);
	r = take_status(child, &result->status);
	if (r < 0)
		return ar_fail(err, -r, "wait for '%s'", process->path);
	return 0;
}

static int watch_to_its_end(const struct ar_hook_process *process, pid_t pid, struct pipes *p,
			    struct ar_hook_result *result, struct ar_error *err)
{
	struct child child = { .pid = pid, .pidfd = -1 };
	int r = open_child(&child);

	if (r < 0) {
		(void)kill(-pid, SIGKILL); /* it cannot be waited for */
		return ar_fail(err, -r, "watch '%s'", process->path);
	}
	r = watch(process, &child, p, result, err);
	ar_close_fd(&child.pidfd);
	return r;
}

int ar_hook_process_run(const struct ar_hook_process *process, struct ar_hook_result *ret,
			struct ar_error *err)
{
	_cleanup_pipes_ struct pipes p = PIPES_INIT;
	pid_t pid;
	int r = pipes_open(&p);

	if (r < 0)
		return ar_fail(err, -r, "make pipes for '%s'", process->path);
	r = spawn(process, &p, &pid);
	if (r < 0)
		return ar_fail(err, -r, "execute '%s'", process->path);
	ar_close_fd(&p.out_write);
	ar_close_fd(&p.err_write);
	return watch_to_its_end(process, pid, &p, ret, err);
}
