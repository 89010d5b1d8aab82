/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/attend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/tty.h"
#include "life/relay.h"
#include "life/streams.h"
#include "run/notify.h"

/*
 *   caller's stdin  --> relay --> master | terminal of the container, or a pipe for each
 *   caller's stdout <-- relay <-- master |
 *   signals to us   --> signalfd ------> pidfd_send_signal(2)
 *   SIGWINCH        --> size of the caller's terminal to the master
 *   SIGCHLD         --> reap orphans
 *   pidfd readable  --> the process is over: take the status, drain the master
 */

/* Signals that a fault of ours raises: they end us as they should, and cannot wait anyway. */
static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };

int ar_attend_begin(bool subreaper, struct ar_attend_signals *ret, struct ar_error *err)
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	sigset_t mask;

	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return ar_fail(err, errno, "become a subreaper");
	sigfillset(&mask);
	for (size_t i = 0; i < AR_COUNT(faults); i++)
		sigdelset(&mask, faults[i]);
	signals.fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals.fd < 0)
		return ar_fail(err, errno, "make a signalfd");
	if (sigprocmask(SIG_BLOCK, &mask, &signals.before) < 0) {
		ar_close_fd(&signals.fd);
		return ar_fail(err, errno, "block signals");
	}
	*ret = signals;
	return 0;
}

/* Those that our own writes to a reader that has gone, and beyond a limit on files, raise. */
static const int of_writes[] = { SIGPIPE, SIGXFSZ };

static bool is_of_a_write(int signo)
{
	for (size_t i = 0; i < AR_COUNT(of_writes); i++)
		if (of_writes[i] == signo)
			return true;
	return false;
}

void ar_attend_end(struct ar_attend_signals *signals)
{
	const struct timespec now = { 0 };
	sigset_t late;

	if (signals->fd < 0)
		return;
	ar_close_fd(&signals->fd);
	/* the last write may have raised one after the last look: we would end by it */
	sigemptyset(&late);
	for (size_t i = 0; i < AR_COUNT(of_writes); i++)
		sigaddset(&late, of_writes[i]);
	while (sigtimedwait(&late, NULL, &now) > 0)
		;
	(void)sigprocmask(SIG_SETMASK, &signals->before, NULL); /* a mask that was there is valid */
}

/* What became of us by PR_SET_CHILD_SUBREAPER, and is not the process itself: its status is taken
 * at its end. */
static void reap_orphans(pid_t pid)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
		if (info.si_pid == pid)
			return; /* it comes first for ever now; the loop is about to end */
		if (waitpid(info.si_pid, NULL, WNOHANG) < 0)
			return;
		info.si_pid = 0;
	}
}

struct attention {
	const struct ar_attend *attend;
	struct ar_relay relay;
	int size_from; /* the caller's terminal, -1 */
	pid_t pid;     /* 0: it is reaped */
	bool over;     /* the process has ended */
	bool stop;     /* and nobody wants the rest of its output */
};

static void resize(const struct attention *a)
{
	if (a->attend->master >= 0 && a->size_from >= 0)
		ar_tty_copy_size(a->size_from, a->attend->master);
}

static void take_signal(struct attention *a, const struct signalfd_siginfo *info)
{
	int signo = (int)info->ssi_signo;

	switch (signo) {
	case SIGCHLD:
		reap_orphans(a->pid);
		return;
	case SIGWINCH:
		resize(a);
		return;
	default:
		break;
	}
	if (is_of_a_write(signo) && info->ssi_pid == (uint32_t)getpid())
		return; /* the write itself saw EPIPE or EFBIG */
	if (a->over) {
		/* for good: a service manager sends CONT after TERM */
		if (signo == SIGTERM || signo == SIGINT || signo == SIGHUP || signo == SIGQUIT)
			a->stop = true;
		return;
	}
	/* ESRCH: it ends right now, and the pidfd tells */
	if (ar_sys_pidfd_send_signal(a->attend->pidfd, signo, NULL, 0) < 0 && errno != ESRCH)
		ar_debug("signal %d does not reach the container: %s", signo, ar_errno_text(errno));
}

static void take_signals(struct attention *a)
{
	struct signalfd_siginfo info;

	while (read(a->attend->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		take_signal(a, &info);
}

/*
 * The process to watch is this one, which stays as long as the container. Nobody needs to wait for
 * the manager's barrier then. A manager that has gone is no reason to end the container.
 */
static void take_notification(struct ar_notify *notify)
{
	struct ar_error err = { 0 };

	/* what the manager has no room for is told later */
	if (ar_notify_take(notify, getpid(), NULL, &err) == 0)
		return;
	ar_log(AR_LOG_WARN, "%s", err.text);
	ar_notify_close(notify);
}

#define FIRST_RELAYED 3

/* While it lives: sleep until something happens. */
static int watch(struct attention *a)
{
	const struct ar_attend *attend = a->attend;

	while (!a->over) {
		struct pollfd fds[FIRST_RELAYED + AR_RELAY_FDS] = {
			{ .fd = attend->pidfd, .events = POLLIN },
			{ .fd = attend->signals, .events = POLLIN },
			attend->notify ? ar_notify_ask(attend->notify)
				       : (struct pollfd){ .fd = -1 },
		};

		ar_relay_ask(&a->relay, fds + FIRST_RELAYED);
		if (poll(fds, AR_COUNT(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[1].revents)
			take_signals(a);
		if (fds[2].revents)
			take_notification(attend->notify);
		ar_relay_move(&a->relay, fds + FIRST_RELAYED);
		a->over = fds[0].revents != 0;
	}
	return 0;
}

/*
 * What it wrote before it ended is in a pipe or in the terminal's buffer: poll(2) flushes that to
 * where we read. Others may still hold it and write on, so there is an end to it, unless all of
 * that is wanted; of a terminal it never is.
 */
static void drain(struct attention *a)
{
	bool whole = a->attend->whole && a->attend->master < 0;

	ar_relay_finish(&a->relay, whole);
	while (!a->stop && !ar_relay_done(&a->relay)) {
		struct pollfd fds[1 + AR_RELAY_FDS] = { { .fd = a->attend->signals,
							  .events = POLLIN } };
		bool waits = ar_relay_ask(&a->relay, fds + 1);
		int n = poll(fds, AR_COUNT(fds), waits || whole ? -1 : 0);

		if (n < 0 && errno != EINTR) { /* no memory for a poll(2) */
			a->relay.failed = errno;
			return;
		}
		if (n == 0)
			return; /* nothing is left */
		if (n < 0)
			continue;
		if (fds[0].revents)
			take_signals(a);
		ar_relay_move(&a->relay, fds + 1);
	}
}

/*
 * Until its end. It is reaped at once, however long its output waits for a reader: the first
 * process of a pid namespace cannot end before all others in it are reaped.
 */
static int await_end(struct attention *a, int *ret_status, struct ar_error *err)
{
	int r;

	reap_orphans(a->pid); /* those that ended before SIGCHLD waited for us */
	r = watch(a);
	if (r < 0)
		return ar_fail(err, -r, "wait for the container");
	r = ar_pidfd_wait(a->attend->pidfd, ret_status);
	a->pid = 0;
	drain(a);
	return r < 0 ? ar_fail(err, -r, "take the exit status of the container") : 0;
}

/* Between which descriptors is copied. What the streams have for it is given up to the relay. */
static void connect_streams(struct attention *a)
{
	const struct ar_attend *attend = a->attend;

	ar_relay_init(&a->relay);
	if (attend->master >= 0)
		ar_relay_terminal(&a->relay, attend->in, attend->out, attend->master);
	for (int i = STDIN_FILENO; attend->streams && i <= STDERR_FILENO; i++)
		if (attend->streams->ours[i] >= 0)
			ar_relay_pipe(&a->relay, AR_RELAY_IN + i, i,
				      ar_steal_fd(&attend->streams->ours[i]));
}

/* Which of the caller's streams has a size to follow. */
static int find_terminal(const struct ar_attend *attend)
{
	const int fds[] = { attend->in, attend->out, STDERR_FILENO };

	for (size_t i = 0; i < AR_COUNT(fds); i++)
		if (isatty(fds[i]))
			return fds[i];
	return -1;
}

int ar_attend(const struct ar_attend *attend, int *ret_code, struct ar_error *err)
{
	struct attention a = { .attend = attend, .size_from = -1, .pid = attend->pid };
	/* held open: a program may close its terminal and open it again */
	_cleanup_fd_ int peer = attend->master >= 0 ? ar_tty_peer(attend->master) : -1;
	struct termios saved;
	int is_tty = 0, status, r = 0;

	if (attend->master >= 0 && peer < 0)
		ar_debug("the terminal ends when its program closes it: %s", ar_errno_text(errno));
	connect_streams(&a);
	if (attend->master >= 0) {
		/* ours alone: init closed its copy */
		if (fcntl(attend->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
			return ar_fail(err, errno, "set up the container's terminal");
		a.size_from = find_terminal(attend);
		resize(&a);
		r = ar_tty_raw(attend->in, &saved, &is_tty, err);
		if (r < 0)
			return r;
	}
	r = await_end(&a, &status, err);
	ar_relay_close(&a.relay);
	if (is_tty)
		ar_tty_restore(attend->in, &saved);
	if (r < 0)
		return r;
	*ret_code = ar_exit_code(status);
	if (!a.relay.failed)
		return 0;
	/* a status that tells of a failure is not to be covered by another one */
	if (*ret_code == 0)
		return ar_fail(err, a.relay.failed, "copy the output of the container");
	ar_log(AR_LOG_WARN, "the output of the container is not whole: %s",
	       ar_errno_text(a.relay.failed));
	return 0;
}
