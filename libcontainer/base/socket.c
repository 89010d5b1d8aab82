/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

int ar_socket_pair(int ret_fds[2], struct ar_error *err)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return ar_fail(err, errno, "make a socket pair");
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

int ar_socket_send(int sock, const void *data, size_t len, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (len == 0)
		return -EINVAL; /* the other side would take it for the end of file */
	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* More descriptors than anyone may send us, so that a second one is seen, and closed. */
#define FDS_ROOM 8

/*
 * Take the descriptors out of msg: the first into *ret_fd, the others are closed. Returns their
 * count.
 */
static size_t take_fds(struct msghdr *msg, int *ret_fd)
{
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (count++ == 0)
				*ret_fd = fd;
			else
				ar_close_fd(&fd);
		}
	}
	return count;
}

int ar_socket_recv(int sock, void *data, size_t size, int *ret_fd)
{
	union {
		char buf[CMSG_SPACE(FDS_ROOM * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	size_t count;
	ssize_t n;
	_cleanup_fd_ int fd = -1;

	/*
	 * ECONNRESET is told once when the other side ended without reading what we sent; what it
	 * had sent itself still comes after it, then the end of file.
	 */
	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;

	count = take_fds(&msg, &fd);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EPROTO;
	if (count > 1 || (count == 1 && !ret_fd))
		return -EPROTO;
	if (ret_fd)
		*ret_fd = ar_steal_fd(&fd);
	return (int)n;
}

int ar_socket_connect(const char *path, int *ret_fd, struct ar_error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	_cleanup_fd_ int sock = -1;
	_cleanup_fd_ int file = -1;

	if (!path[0])
		return ar_refuse(err, EINVAL, "a socket's path must not be empty");
	if (strlen(path) < sizeof(addr.sun_path)) {
		memcpy(addr.sun_path, path, strlen(path));
	} else {
		file = open(path, O_PATH | O_CLOEXEC);
		if (file < 0)
			return ar_fail(err, errno, "open socket '%s'", path);
		(void)ar_fd_path(addr.sun_path, file); /* returns its buffer */
	}

	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return ar_fail(err, errno, "make a socket");
	while (connect(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (errno != EINTR)
			return ar_fail(err, errno, "connect to socket '%s'", path);
	}
	*ret_fd = ar_steal_fd(&sock);
	return 0;
}
