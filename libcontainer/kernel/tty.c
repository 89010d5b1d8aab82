/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/tty.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/socket.h"
#include "base/sys.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* 4.13 */
#endif

/*
 * The multiplexer of the devpts. First the directory, seen to be a devpts, where nobody can make
 * files; then its ptmx, with nothing mounted upon it: no other device is opened, not even for a
 * look.
 */
static int open_ptmx(int root, struct ar_error *err)
{
	struct open_how how = {
		.flags = O_RDWR | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	struct statfs fs;
	int fd;
	_cleanup_fd_ int pts = ar_open_no_links(root, "dev/pts", O_PATH | O_DIRECTORY, 0);

	if (pts < 0)
		return ar_fail(err, -pts, "open the container's /dev/pts");
	if (fstatfs(pts, &fs) < 0)
		return ar_fail(err, errno, "stat the container's /dev/pts");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return ar_refuse(
			err, ENOTTY,
			"a terminal is requested, but the container's /dev/pts is not a devpts");
	fd = ar_sys_openat2(pts, "ptmx", &how);
	if (fd < 0)
		return ar_fail(err, errno, "open the container's /dev/pts/ptmx");
	return fd;
}

static int set_size(int master, uint64_t height, uint64_t width, struct ar_error *err)
{
	struct winsize size = { .ws_row = (unsigned short)height, .ws_col = (unsigned short)width };

	if (!height && !width)
		return 0;
	if (height > UINT16_MAX || width > UINT16_MAX)
		return ar_refuse(err, EINVAL,
				 "process.consoleSize: a terminal has at most %d lines and columns",
				 UINT16_MAX);
	if (ioctl(master, TIOCSWINSZ, &size) < 0)
		return ar_fail(err, errno, "set the size of the terminal");
	return 0;
}

int ar_tty_peer(int master)
{
	return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int ar_tty_open(int root, uint64_t height, uint64_t width, int *ret_master, int *ret_peer,
		struct ar_error *err)
{
	int unlock = 0, r;
	_cleanup_fd_ int master = open_ptmx(root, err);
	_cleanup_fd_ int peer = -1;

	if (master < 0)
		return master;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return ar_fail(err, errno, "unlock the terminal");
	peer = ar_tty_peer(master);
	if (peer < 0)
		return ar_fail(err, errno, "open the terminal");
	r = set_size(master, height, width, err);
	if (r < 0)
		return r;
	*ret_master = ar_steal_fd(&master);
	*ret_peer = ar_steal_fd(&peer);
	return 0;
}

int ar_tty_adopt(int peer, struct ar_error *err)
{
	if (ioctl(peer, TIOCSCTTY, 0) < 0)
		return ar_fail(err, errno, "take the terminal as controlling terminal");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* dup3() refuses equal descriptors; dup2() would leave O_CLOEXEC on such a one */
		if (peer == fd ? fcntl(fd, F_SETFD, 0) < 0 : dup3(peer, fd, 0) < 0)
			return ar_fail(err, errno, "make the terminal standard stream %d", fd);
	}
	if (peer > STDERR_FILENO)
		ar_close_fd(&peer);
	return 0;
}

int ar_tty_send(int sock, int master, struct ar_error *err)
{
	unsigned int number;
	char name[32];
	int r;

	if (ioctl(master, TIOCGPTN, &number) < 0)
		return ar_fail(err, errno, "find the name of the terminal");
	(void)snprintf(name, sizeof(name), "/dev/pts/%u", number); /* 19 bytes at most */
	r = ar_socket_send(sock, name, strlen(name), master);
	if (r < 0)
		return ar_fail(err, -r, "send the terminal to the console socket");
	return 0;
}

int ar_tty_clear_onlcr(int master, struct ar_error *err)
{
	struct termios mode;

	if (tcgetattr(master, &mode) < 0)
		return ar_fail(err, errno, "read the mode of the terminal");
	mode.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(master, TCSANOW, &mode) < 0)
		return ar_fail(err, errno, "set the mode of the terminal");
	return 0;
}

int ar_tty_raw(int fd, struct termios *ret_saved, int *ret_is_tty, struct ar_error *err)
{
	struct termios saved, raw;

	*ret_is_tty = 0;
	if (tcgetattr(fd, &saved) < 0) {
		if (errno == ENOTTY || errno == EBADF || errno == EINVAL)
			return 0; /* a pipe, a file, or nothing */
		return ar_fail(err, errno, "read the mode of the caller's terminal");
	}
	raw = saved;
	cfmakeraw(&raw);
	raw.c_oflag = saved.c_oflag; /* see ar_tty_clear_onlcr() */
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return ar_fail(err, errno, "set the caller's terminal to raw mode");
	*ret_saved = saved;
	*ret_is_tty = 1;
	return 0;
}

void ar_tty_restore(int fd, const struct termios *saved)
{
	(void)tcsetattr(fd, TCSANOW, saved); /* a terminal that is gone needs no mode */
}

void ar_tty_copy_size(int from, int to)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		(void)ioctl(to, TIOCSWINSZ, &size); /* see the header */
}
