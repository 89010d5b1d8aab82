/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/socket.h"

#include "test.h"

static void pair(int fds[2])
{
	CHECK_INT(ar_socket_pair(fds, NULL), 0);
}

/* The lowest free descriptor: grows when one leaks. */
static int lowest_free(void)
{
	int fd = dup(0);

	CHECK(fd >= 0);
	CHECK_INT(close(fd), 0);
	return fd;
}

TEST("messages keep their bounds")
{
	char buf[16];
	int s[2];

	pair(s);
	CHECK_INT(ar_socket_send(s[0], "one", 3, -1), 0);
	CHECK_INT(ar_socket_send(s[0], "three", 5, -1), 0);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), NULL), 3);
	CHECK(memcmp(buf, "one", 3) == 0);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), NULL), 5);
	CHECK(memcmp(buf, "three", 5) == 0);
}

TEST("both ends are closed on exec")
{
	int s[2];

	pair(s);
	CHECK_INT(fcntl(s[0], F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(s[1], F_GETFD), FD_CLOEXEC);
}

TEST("a descriptor comes along, closed on exec")
{
	struct stat a, b;
	char buf[4];
	int s[2], fd = -1, dir = open("/", O_PATH);

	pair(s);
	CHECK_INT(ar_socket_send(s[0], "x", 1, dir), 0);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), &fd), 1);
	CHECK(fd >= 0);
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(fstat(fd, &a), 0);
	CHECK_INT(fstat(dir, &b), 0);
	CHECK(a.st_ino == b.st_ino);
	CHECK_INT(ar_socket_send(s[0], "x", 1, -1), 0);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), &fd), 1);
	CHECK_INT(fd, -1);
}

TEST("an unexpected descriptor is an error and leaks nothing")
{
	char buf[4];
	int s[2], before;

	pair(s);
	before = lowest_free();
	CHECK_INT(ar_socket_send(s[0], "x", 1, 0), 0);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), NULL), -EPROTO);
	CHECK_INT(lowest_free(), before);
}

static void send_fds(int sock, size_t n)
{
	union {
		char buf[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	char x = 'x';
	struct iovec iov = { .iov_base = &x, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int)); /* zeros: standard input, n times */
	CHECK_INT(sendmsg(sock, &msg, 0), 1);
}

TEST("more than one descriptor is an error and leaks nothing, however many they are")
{
	static const size_t counts[] = { 2, 8, 9, 40 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char buf[4];
		int s[2], before, fd = -1;

		pair(s);
		before = lowest_free();
		send_fds(s[0], counts[i]);
		CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), &fd), -EPROTO);
		CHECK_INT(fd, -1);
		CHECK_INT(lowest_free(), before);
	}
}

TEST("a message that does not fit is an error")
{
	char buf[4];
	int s[2];

	pair(s);
	CHECK_INT(ar_socket_send(s[0], "12345", 5, -1), 0);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), NULL), -EPROTO);
}

TEST("an empty message cannot be taken for the end")
{
	int s[2];

	pair(s);
	CHECK_INT(ar_socket_send(s[0], "", 0, -1), -EINVAL);
}

TEST("the other side's end is seen, after what it had to say")
{
	char buf[8];
	int s[2];

	pair(s);
	CHECK_INT(ar_socket_send(s[0], "last", 4, -1), 0);
	CHECK_INT(close(s[0]), 0);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), NULL), 4);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), NULL), 0);
}

TEST("a side that ends without reading ours still has its last word heard")
{
	char buf[8];
	int s[2];

	pair(s);
	CHECK_INT(ar_socket_send(s[1], "unread", 6, -1), 0);
	CHECK_INT(ar_socket_send(s[0], "last", 4, -1), 0);
	CHECK_INT(close(s[0]), 0);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), NULL), 4);
	CHECK_INT(ar_socket_recv(s[1], buf, sizeof(buf), NULL), 0);
}

TEST("sending to a side that ended is an error, not a signal")
{
	int s[2];

	pair(s);
	CHECK_INT(close(s[1]), 0);
	CHECK_INT(ar_socket_send(s[0], "x", 1, -1), -EPIPE);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path); /* short names */
	CHECK_INT(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	CHECK_INT(listen(fd, 4), 0);
	return fd;
}

TEST("a socket is reached by a short path and by one that no address holds")
{
	char path[512], folder[201];
	int fd = -1;

	memset(folder, 'd', 200);
	folder[200] = '\0';
	CHECK_INT(chdir(test_dir()), 0);
	CHECK_INT(mkdir(folder, 0755), 0);
	CHECK_INT(chdir(folder), 0);
	CHECK(listen_at("s") >= 0);
	CHECK_INT(ar_socket_connect("s", &fd, NULL), 0);
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)snprintf(path, sizeof(path), "%s/%s/s", test_dir(), folder); /* fits */
	CHECK_INT(ar_socket_connect(path, &fd, NULL), 0);
}

TEST("a path that is no socket is an error that names it")
{
	struct ar_error err = { 0 };
	int fd = -1;

	CHECK_INT(ar_socket_connect("/nowhere", &fd, &err), -ENOENT);
	CHECK_STR(err.text, "connect to socket '/nowhere': not found");
	/* a folder is no socket to root; others may not write to it, which is asked first */
	CHECK_INT(ar_socket_connect("/", &fd, &err), geteuid() == 0 ? -ECONNREFUSED : -EACCES);
	CHECK_INT(ar_socket_connect("", &fd, &err), -EINVAL);
	CHECK_INT(fd, -1);
}

int main(void)
{
	return test_main();
}
