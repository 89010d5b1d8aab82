/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <unistd.h>

/* Descriptors start at -1, are owned by their declaration and handed on by ar_steal_fd(). */
static inline void ar_close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing can be done about a failing close */
	*fd = -1;
}
#define _cleanup_fd_ __attribute__((cleanup(ar_close_fd)))

static inline int ar_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* open(2) with O_CLOEXEC, above the standard streams; -errno. */
int ar_open_high(const char *path, int flags);
/* pipe2(2) with both ends above the standard streams, some of which may be closed. After an error
 * an end may be open. */
int ar_pipe_open(int *ret_read, int *ret_write);

/* Write all of it, retrying short writes and EINTR, and waiting where fd is non-blocking. 0 or
 * -errno.
 */
int ar_write_all(int fd, const void *data, size_t len);
#define AR_FD_PATH_MAX 32
/* Write "/proc/self/fd/FD" to buf, which has AR_FD_PATH_MAX bytes; returns buf. */
const char *ar_fd_path(char *buf, int fd);
