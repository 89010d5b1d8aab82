/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/socket.h"
#include "base/sys.h"
#include "kernel/tty.h"

#include "test.h"

static const char *below(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", test_dir(), name);
	return path;
}

/* A root with a fresh devpts, in a mount namespace of our own. */
static int make_root(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		SKIP("needs CAP_SYS_ADMIN for a mount namespace");
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(mount("tmpfs", test_dir(), "tmpfs", 0, NULL), 0);
	CHECK_INT(mkdir(below("dev"), 0755), 0);
	CHECK_INT(mkdir(below("dev/pts"), 0755), 0);
	CHECK_INT(mount("devpts", below("dev/pts"), "devpts", 0,
			"newinstance,ptmxmode=0666,mode=0620"),
		  0);
	return open(test_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void open_pair(int *master, int *peer)
{
	struct ar_error err;

	CHECK_INT(ar_tty_open(make_root(), 0, 0, master, peer, &err), 0);
}

static void read_text(int fd, const char *want)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char text[64];
	ssize_t n;

	CHECK_INT(poll(&p, 1, 5000), 1);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n > 0);
	text[n] = '\0';
	CHECK_STR(text, want);
}

TEST("a terminal is made on the container's own devpts")
{
	int master, peer;
	struct stat st;

	open_pair(&master, &peer);
	CHECK_INT(stat(below("dev/pts/0"), &st), 0);
	CHECK(isatty(peer));
	CHECK_INT(write(peer, "hi\n", 3), 3);
	read_text(master, "hi\r\n");
}

TEST("both ends close on exec")
{
	int master, peer;

	open_pair(&master, &peer);
	CHECK_INT(fcntl(master, F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(peer, F_GETFD), FD_CLOEXEC);
}

TEST("the size is the one that is asked")
{
	int master, peer;
	struct winsize size;
	struct ar_error err;

	CHECK_INT(ar_tty_open(make_root(), 40, 132, &master, &peer, &err), 0);
	CHECK_INT(ioctl(peer, TIOCGWINSZ, &size), 0);
	CHECK_INT(size.ws_row, 40);
	CHECK_INT(size.ws_col, 132);
}

TEST("a size no terminal has is refused")
{
	int master, peer;
	struct ar_error err;

	CHECK_INT(ar_tty_open(make_root(), 65536, 1, &master, &peer, &err), -EINVAL);
	CHECK_HAS(err.text, "process.consoleSize");
}

TEST("a directory that is no devpts is refused, whatever it has")
{
	int master, peer, root = make_root();
	struct ar_error err;

	CHECK_INT(umount2(below("dev/pts"), MNT_DETACH), 0);
	CHECK_INT(mknod(below("dev/pts/ptmx"), S_IFCHR | 0666, (5 << 8) | 2), 0);
	CHECK_INT(ar_tty_open(root, 0, 0, &master, &peer, &err), -ENOTTY);
	CHECK_STR(err.text,
		  "a terminal is requested, but the container's /dev/pts is not a devpts");
}

TEST("a link in the place of /dev/pts is not followed")
{
	int master, peer, root = make_root();
	struct ar_error err;

	CHECK_INT(umount2(below("dev/pts"), MNT_DETACH), 0);
	CHECK_INT(rmdir(below("dev/pts")), 0);
	CHECK_INT(symlink("/dev/pts", below("dev/pts")), 0);
	CHECK_INT(ar_tty_open(root, 0, 0, &master, &peer, &err), -ELOOP);
}

TEST("a file that is mounted upon the multiplexer is not opened")
{
	int master, peer, root = make_root();
	struct ar_error err;

	CHECK_INT(mount("/dev/null", below("dev/pts/ptmx"), NULL, MS_BIND, NULL), 0);
	CHECK_INT(ar_tty_open(root, 0, 0, &master, &peer, &err), -EXDEV);
}

TEST("without ONLCR newlines pass as they are")
{
	int master, peer;
	struct ar_error err;

	open_pair(&master, &peer);
	CHECK_INT(ar_tty_clear_onlcr(master, &err), 0);
	CHECK_INT(write(peer, "hi\n", 3), 3);
	read_text(master, "hi\n");
}

TEST("an adopted terminal is the controlling one, and all three standard streams")
{
	int master, peer, status;
	pid_t pid;

	open_pair(&master, &peer);
	pid = fork();
	if (pid == 0) {
		struct ar_error err;

		if (setsid() < 0 || ar_tty_adopt(peer, &err) < 0)
			_exit(1);
		if (!isatty(0) || !isatty(1) || !isatty(2) || tcgetsid(0) != getpid())
			_exit(2);
		/* nothing of the host's side is left open */
		if (fcntl(peer, F_GETFD) >= 0 || fcntl(1, F_GETFD) != 0)
			_exit(3);
		_exit(open("/dev/tty", O_RDWR | O_CLOEXEC) < 0 ? 4 : 0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(WEXITSTATUS(status), 0);
}

TEST("the console socket gets one message with a name and the master")
{
	int master, peer, got = -1, n, fds[2];
	struct ar_error err;
	char name[64] = "";

	open_pair(&master, &peer);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	CHECK_INT(ar_tty_send(fds[0], master, &err), 0);
	n = ar_socket_recv(fds[1], name, sizeof(name) - 1, &got);
	CHECK(n > 0);
	CHECK_STR(name, "/dev/pts/0");
	CHECK_INT(write(peer, "hi\n", 3), 3);
	read_text(got, "hi\r\n");
}

TEST("raw mode passes what is typed, leaves the output as it is, and can be taken back")
{
	int master, peer, is_tty;
	struct termios saved, now;
	struct ar_error err;

	open_pair(&master, &peer);
	CHECK_INT(ar_tty_raw(peer, &saved, &is_tty, &err), 0);
	CHECK_INT(is_tty, 1);
	CHECK_INT(tcgetattr(peer, &now), 0);
	CHECK_INT(now.c_lflag & (ECHO | ICANON | ISIG), 0);
	CHECK_INT(now.c_oflag, saved.c_oflag);
	ar_tty_restore(peer, &saved);
	CHECK_INT(tcgetattr(peer, &now), 0);
	CHECK_INT(now.c_lflag, saved.c_lflag);
}

TEST("what is no terminal is left alone")
{
	struct termios saved;
	struct ar_error err;
	int is_tty = 1, fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(ar_tty_raw(fds[0], &saved, &is_tty, &err), 0);
	CHECK_INT(is_tty, 0);
}

TEST("a size is copied from one terminal to another")
{
	int master, peer;
	struct winsize size = { .ws_row = 10, .ws_col = 20 };
	int other = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (other < 0)
		other = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (other < 0)
		SKIP("needs a terminal of the host");
	open_pair(&master, &peer);
	CHECK_INT(ioctl(other, TIOCSWINSZ, &size), 0);
	ar_tty_copy_size(other, master);
	CHECK_INT(ioctl(peer, TIOCGWINSZ, &size), 0);
	CHECK_INT(size.ws_row, 10);
	CHECK_INT(size.ws_col, 20);
}

int main(void)
{
	return test_main();
}
