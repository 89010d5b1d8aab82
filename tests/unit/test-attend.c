/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"
#include "life/attend.h"
#include "life/streams.h"

#include "test.h"

/* A terminal of the host's: *master and a peer that closes on exec. */
static void open_terminal(int *master, int *peer)
{
	int unlock = 0;

	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0)
		*master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0)
		SKIP("needs a terminal of the host");
	CHECK_INT(ioctl(*master, TIOCSPTLCK, &unlock), 0);
	*peer = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(*peer >= 0);
}

/* The process of a container: a shell script with stdio on fd, or on ours with -1. */
static pid_t start(const char *script, int stdio, int *ret_pidfd)
{
	pid_t pid = ar_clone(0, -1, ret_pidfd);
	sigset_t none;

	CHECK(pid >= 0);
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (stdio >= 0) {
		if (setsid() < 0 || ioctl(stdio, TIOCSCTTY, 0) < 0)
			_exit(120);
		for (int fd = 0; fd <= 2; fd++)
			if (dup2(stdio, fd) < 0)
				_exit(121);
	}
	execl("/bin/sh", "sh", "-c", script, NULL);
	_exit(122);
}

/* Attend to a script without a terminal. */
static int attend_to(const char *script, void (*meanwhile)(void))
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_attend a = { .master = -1, .in = 0, .out = 1 };
	struct ar_error err = { 0 };
	int code = -1;

	CHECK_INT(ar_attend_begin(true, &signals, &err), 0);
	a.signals = signals.fd;
	a.pid = start(script, -1, &a.pidfd);
	if (meanwhile)
		meanwhile();
	CHECK_INT(ar_attend(&a, &code, &err), 0);
	return code;
}

/* Attend to a script in a terminal, between pipes: what came out of it. */
static const char *attend_in_terminal(const char *script, const char *input, size_t *ret_len)
{
	static char text[1 << 21];
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_attend a = { 0 };
	struct ar_error err = { 0 };
	int in[2], out[2], peer, code = -1, status;
	size_t len = 0;
	pid_t pid;

	CHECK_INT(pipe2(in, O_CLOEXEC), 0);
	CHECK_INT(pipe2(out, O_CLOEXEC), 0);
	open_terminal(&a.master, &peer);
	pid = fork(); /* the one that attends; the test reads */
	if (pid == 0) {
		if (ar_attend_begin(true, &signals, &err) < 0)
			_exit(100);
		a.signals = signals.fd;
		a.pid = start(script, peer, &a.pidfd);
		ar_close_fd(&peer);
		a.in = in[0];
		a.out = out[1];
		if (ar_attend(&a, &code, &err) < 0)
			_exit(101);
		_exit(code);
	}
	close(a.master);
	close(peer);
	close(in[0]);
	close(out[1]);
	CHECK_INT(ar_write_all(in[1], input, strlen(input)), 0);
	close(in[1]);
	for (;;) {
		ssize_t n = read(out[0], text + len, sizeof(text) - 1 - len);

		CHECK(n >= 0);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(WEXITSTATUS(status), 0);
	if (ret_len)
		*ret_len = len;
	return text;
}

static int ready[2];

static void send_when_ready(int signo)
{
	char c;

	close(ready[1]);
	CHECK_INT(read(ready[0], &c, 1), 1);
	CHECK_INT(kill(getpid(), signo), 0);
}

static void send_term(void)
{
	send_when_ready(SIGTERM);
}

static void send_realtime(void)
{
	send_when_ready(SIGRTMIN + 3);
}

TEST("the exit status is that of the process")
{
	CHECK_INT(attend_to("exit 0", NULL), 0);
	CHECK_INT(attend_to("exit 42", NULL), 42);
}

TEST("the exit status of a killed process is 128 and the signal")
{
	CHECK_INT(attend_to("kill -KILL $$", NULL), 137);
}

TEST("a signal to us is one to the process")
{
	char script[128];

	CHECK_INT(pipe(ready), 0);
	snprintf(script, sizeof(script),
		 "trap 'exit 7' TERM; echo >&%d; while :; do sleep 0.01; done", ready[1]);
	CHECK_INT(attend_to(script, send_term), 7);
}

TEST("real-time signals are passed on too")
{
	char script[128];

	CHECK_INT(pipe(ready), 0);
	snprintf(script, sizeof(script), "echo >&%d; sleep 100", ready[1]);
	CHECK_INT(attend_to(script, send_realtime), 128 + SIGRTMIN + 3);
}

TEST("a signal that comes before we attend is not lost")
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_attend a = { .master = -1, .in = 0, .out = 1 };
	struct ar_error err;
	int code = -1;

	CHECK_INT(ar_attend_begin(false, &signals, &err), 0);
	CHECK_INT(raise(SIGTERM), 0);
	a.signals = signals.fd;
	a.pid = start("sleep 100", -1, &a.pidfd);
	CHECK_INT(ar_attend(&a, &code, &err), 0);
	CHECK_INT(code, 128 + SIGTERM);
}

TEST("orphans of the process are reaped while it lives")
{
	/* the orphan's parent is gone at once; then no zombie of ours may be left while the process
	 * looks */
	CHECK_INT(
		attend_to("(sh -c 'exit 3' & ) ; sleep 0.3; "
			  "! grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | while read f; do "
			  "grep -q \"^PPid:.$PPID$\" $f && echo zombie; done | grep -q zombie",
			  NULL),
		0);
}

TEST("after the end the mask is as before")
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_error err;
	sigset_t mask;

	CHECK_INT(ar_attend_begin(false, &signals, &err), 0);
	CHECK_INT(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	CHECK_INT(sigismember(&mask, SIGTERM), 1);
	ar_attend_end(&signals);
	CHECK_INT(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	CHECK_INT(sigismember(&mask, SIGTERM), 0);
	CHECK_INT(signals.fd, -1);
}

TEST("a signal that our own last write raised does not end us")
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_error err;
	int ends[2];

	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	CHECK_INT(ar_attend_begin(true, &signals, &err), 0);
	close(ends[0]);
	CHECK_INT(write(ends[1], "x", 1), -1);
	CHECK_INT(errno, EPIPE);
	CHECK_INT(kill(getpid(), SIGXFSZ), 0);
	ar_attend_end(&signals);
}

static void send_own_xfsz(void)
{
	send_when_ready(SIGXFSZ);
}

TEST("a write beyond our own limit on files is no signal to the process")
{
	char script[100];

	CHECK_INT(pipe(ready), 0);
	snprintf(script, sizeof(script), "echo >&%d; sleep 0.3; exit 3", ready[1]);
	CHECK_INT(attend_to(script, send_own_xfsz), 3);
}

TEST("what the process writes to its terminal comes out")
{
	CHECK_STR(attend_in_terminal("stty -onlcr; echo hello", "", NULL), "hello\n");
}

TEST("what goes in reaches the process")
{
	const char *out = attend_in_terminal(
		"stty -echo -onlcr; echo ready; read line; echo got $line", "abc\n", NULL);

	CHECK_HAS(out, "got abc\n");
}

TEST("the end of our input does not end the process")
{
	CHECK_HAS(attend_in_terminal("sleep 0.3; echo still here", "", NULL), "still here");
}

TEST("a large output comes out whole, to the last byte before the exit")
{
	size_t len;

	(void)attend_in_terminal("stty -onlcr -opost; head -c 1000000 /dev/zero", "", &len);
	CHECK_UINT(len, 1000000);
}

TEST("the last words before the exit are never lost")
{
	for (int i = 0; i < 50; i++) {
		size_t len;

		(void)attend_in_terminal("stty -opost; head -c 3000 /dev/zero; exit 0", "", &len);
		CHECK_UINT(len, 3000);
	}
}

TEST("a child that keeps the terminal open is not waited for")
{
	CHECK_HAS(attend_in_terminal("(trap '' HUP; sleep 100 &) ; echo done", "", NULL), "done");
}

TEST("a reader that goes away does not stop the process")
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_attend a = { .in = open("/dev/null", O_RDONLY | O_CLOEXEC) };
	struct ar_error err;
	int out[2], peer, code = -1;

	CHECK_INT(pipe2(out, O_CLOEXEC), 0);
	close(out[0]);
	a.out = out[1];
	open_terminal(&a.master, &peer);
	CHECK_INT(ar_attend_begin(false, &signals, &err), 0);
	a.signals = signals.fd;
	a.pid = start("head -c 500000 /dev/zero; exit 5", peer, &a.pidfd);
	ar_close_fd(&peer);
	CHECK_INT(ar_attend(&a, &code, &err), 0);
	CHECK_INT(code, 5);
}

/* As a service manager ends a service, and TERM alone five seconds later. */
static pid_t send_term_and_cont(pid_t pid)
{
	pid_t sender = fork();

	if (sender != 0)
		return sender;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	usleep(500 * 1000);
	/* both are pending when it goes on */
	(void)kill(pid, SIGSTOP);
	(void)kill(pid, SIGTERM);
	(void)kill(pid, SIGCONT);
	sleep(5);
	(void)kill(pid, SIGTERM);
	_exit(1);
}

TEST("TERM ends the wait for a reader, whatever signal comes after it")
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_attend a = { .in = open("/dev/null", O_RDONLY | O_CLOEXEC) };
	struct ar_error err = { 0 };
	int out[2], peer, status, code = -1;
	pid_t sender;

	CHECK_INT(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(out[1], "", 1) == 1)
		;
	CHECK_INT(fcntl(out[1], F_SETFL, 0), 0);
	a.out = out[1];
	open_terminal(&a.master, &peer);
	CHECK_INT(ar_attend_begin(false, &signals, &err), 0);
	a.signals = signals.fd;
	a.pid = start("echo nobody reads this", peer, &a.pidfd);
	ar_close_fd(&peer);
	sender = send_term_and_cont(getpid());
	(void)ar_attend(&a, &code, &err); /* that output is lost may be told */
	usleep(100 * 1000);
	CHECK_INT(waitpid(sender, &status, WNOHANG), 0);
	CHECK_INT(kill(sender, SIGKILL), 0);
	CHECK_INT(waitpid(sender, &status, 0), sender);
	CHECK_INT(code, 0);
}

/* Until it ends: TERM, and again for the output that nobody takes. */
static int end_by_term(pid_t pid)
{
	int status;

	for (int i = 0; i < 50; i++) {
		usleep(100 * 1000);
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WEXITSTATUS(status);
		CHECK_INT(kill(pid, SIGTERM), 0);
	}
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return -1;
}

/* In a process of its own, with stdin and a pipe for the script's; its exit status is the script's.
 */
static pid_t attend_with_input(int in, const char *script)
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_streams streams = AR_STREAMS_INIT;
	struct ar_attend a = { .master = -1, .streams = &streams, .in = 0, .out = 1 };
	struct ar_error err;
	int theirs, code = -1;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in, STDIN_FILENO) < 0 || ar_pipe_open(&theirs, &streams.ours[STDIN_FILENO]) < 0 ||
	    ar_attend_begin(false, &signals, &err) < 0)
		_exit(100);
	a.signals = signals.fd;
	a.pid = start(script, -1, &a.pidfd);
	_exit(ar_attend(&a, &code, &err) < 0 ? 101 : code);
}

TEST("two who share their input obey a signal, whoever gets what comes")
{
	int in[2];
	pid_t pids[2];

	CHECK_INT(pipe2(in, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++)
		pids[i] = attend_with_input(in[0], "exec cat >/dev/null");
	usleep(500 * 1000);
	for (int i = 0; i < 500; i++) {
		CHECK_INT(write(in[1], "x", 1), 1);
		usleep(1000);
	}
	for (int i = 0; i < 2; i++)
		CHECK_INT(end_by_term(pids[i]), 128 + SIGTERM);
}

TEST("a terminal that nobody reads keeps no signal from the process")
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_attend a = { .in = open("/dev/null", O_RDONLY | O_CLOEXEC) };
	struct ar_error err = { 0 };
	int unread, peer, code = -1;
	pid_t pid;

	open_terminal(&unread, &a.out);
	open_terminal(&a.master, &peer);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ar_attend_begin(false, &signals, &err) < 0)
			_exit(100);
		a.signals = signals.fd;
		a.pid = start("exec yes", peer, &a.pidfd);
		ar_close_fd(&peer);
		(void)ar_attend(&a, &code, &err); /* that output is lost may be told */
		_exit(code < 0 ? 101 : code);
	}
	ar_close_fd(&peer);
	usleep(1000 * 1000);
	CHECK_INT(end_by_term(pid), 128 + SIGTERM);
}

TEST("the caller's terminal is raw meanwhile, and as before afterwards")
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_attend a = { 0 };
	struct termios before, after;
	struct ar_error err;
	int ours_master, ours, peer, code = -1;

	open_terminal(&ours_master, &ours);
	CHECK_INT(tcgetattr(ours, &before), 0);
	a.in = a.out = ours;
	open_terminal(&a.master, &peer);
	CHECK_INT(ar_attend_begin(false, &signals, &err), 0);
	a.signals = signals.fd;
	/* a child of ours that looks at our terminal while we attend */
	CHECK_INT(dup2(ours, 9), 9);
	a.pid = start("sleep 0.3; stty -a <&9 | grep -q -e -icanon && exit 9; exit 1", peer,
		      &a.pidfd);
	ar_close_fd(&peer);
	CHECK_INT(ar_attend(&a, &code, &err), 0);
	CHECK_INT(code, 9);
	CHECK_INT(tcgetattr(ours, &after), 0);
	CHECK_INT(after.c_lflag, before.c_lflag);
	CHECK_INT(after.c_iflag, before.c_iflag);
	CHECK_INT(after.c_oflag, before.c_oflag);
}

TEST("the size of the caller's terminal is the process's, and follows it")
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_attend a = { 0 };
	struct winsize size = { .ws_row = 33, .ws_col = 77 };
	struct ar_error err;
	int ours_master, ours, peer, code = -1;
	pid_t resizer;

	open_terminal(&ours_master, &ours);
	CHECK_INT(ioctl(ours_master, TIOCSWINSZ, &size), 0);
	a.in = a.out = ours;
	open_terminal(&a.master, &peer);
	CHECK_INT(ar_attend_begin(false, &signals, &err), 0);
	a.signals = signals.fd;
	a.pid = start("until [ \"$(stty size)\" = '33 77' ]; do sleep 0.05; done; echo first; "
		      "until [ \"$(stty size)\" = '44 88' ]; do sleep 0.05; done; exit 9",
		      peer, &a.pidfd);
	ar_close_fd(&peer);
	resizer = fork();
	if (resizer == 0) {
		char c = 0;

		while (c != 'f' && read(ours_master, &c, 1) == 1)
			;
		size = (struct winsize){ .ws_row = 44, .ws_col = 88 };
		(void)ioctl(ours_master, TIOCSWINSZ, &size);
		/* the kernel tells the foreground group of a terminal; here we are none */
		(void)kill(getppid(), SIGWINCH);
		_exit(0);
	}
	CHECK_INT(ar_attend(&a, &code, &err), 0);
	CHECK_INT(code, 9);
}

static double used(int who)
{
	struct rusage u;

	CHECK_INT(getrusage(who, &u), 0);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

TEST("waiting costs no processor time")
{
	double before = used(RUSAGE_SELF) + used(RUSAGE_CHILDREN);

	(void)attend_in_terminal("sleep 1", "x", NULL);
	CHECK_INT(attend_to("exec <&-; sleep 1", NULL), 0);
	CHECK(used(RUSAGE_SELF) + used(RUSAGE_CHILDREN) - before < 0.3);
}

int main(void)
{
	return test_main();
}
