/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

static int lift(int *fd)
{
	int high;

	if (*fd > STDERR_FILENO)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (high < 0)
		return -errno;
	ar_close_fd(fd);
	*fd = high;
	return 0;
}

int ar_open_high(const char *path, int flags)
{
	_cleanup_fd_ int fd = open(path, flags | O_CLOEXEC);
	int r = fd < 0 ? -errno : lift(&fd);

	return r < 0 ? r : ar_steal_fd(&fd);
}

int ar_pipe_open(int *ret_read, int *ret_write)
{
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_read = ends[0];
	*ret_write = ends[1];
	r = lift(ret_read);
	return r < 0 ? r : lift(ret_write);
}

/* The caller, who made it non-blocking, shares its file description: that is left as it is. */
static int await_room(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || !(flags & O_NONBLOCK))
		return -EAGAIN; /* not for want of room */
	return poll(&room, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

int ar_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0) {
			int r = errno == EAGAIN ? await_room(fd) : -errno;

			if (r < 0 && r != -EINTR)
				return r;
			continue;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

const char *ar_fd_path(char *buf, int fd)
{
	(void)snprintf(buf, AR_FD_PATH_MAX, "/proc/self/fd/%d", fd); /* at most 25 bytes */
	return buf;
}
