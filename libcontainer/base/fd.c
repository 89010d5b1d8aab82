/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fd.h"

#include <errno.h>
#include <stdio.h>

int ar_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
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
