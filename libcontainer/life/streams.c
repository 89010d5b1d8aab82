/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

static bool needs_pipe(const struct stat *st)
{
	return !S_ISFIFO(st->st_mode) && !S_ISSOCK(st->st_mode) && !ar_is_null_device(st);
}

/* A number above the standard streams, some of which may be closed. */
static int lift(int *fd, struct ar_error *err)
{
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (high < 0)
		return ar_fail(err, errno, "descriptor of a standard stream");
	ar_close_fd(fd);
	*fd = high;
	return 0;
}

static int open_pipe(int *ret_read, int *ret_write, struct ar_error *err)
{
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ar_fail(err, errno, "pipe of a standard stream");
	*ret_read = ends[0];
	*ret_write = ends[1];
	r = lift(ret_read, err);
	return r < 0 ? r : lift(ret_write, err);
}

int ar_streams_open(struct ar_streams *ret, int theirs[static 3], struct ar_error *err)
{
	struct stat st[3];
	bool wanted[3] = { false };
	int r = 0;

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		wanted[i] = fstat(i, &st[i]) == 0 && needs_pipe(&st[i]); /* a closed one stays so */
	if (wanted[STDIN_FILENO])
		r = open_pipe(&theirs[STDIN_FILENO], &ret->ours[STDIN_FILENO], err);
	if (r == 0 && wanted[STDOUT_FILENO])
		r = open_pipe(&ret->ours[STDOUT_FILENO], &theirs[STDOUT_FILENO], err);
	if (r < 0 || !wanted[STDERR_FILENO])
		return r;
	if (!wanted[STDOUT_FILENO] || st[STDOUT_FILENO].st_dev != st[STDERR_FILENO].st_dev ||
	    st[STDOUT_FILENO].st_ino != st[STDERR_FILENO].st_ino)
		return open_pipe(&ret->ours[STDERR_FILENO], &theirs[STDERR_FILENO], err);
	theirs[STDERR_FILENO] = fcntl(theirs[STDOUT_FILENO], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return theirs[STDERR_FILENO] < 0 ? ar_fail(err, errno, "descriptor of a standard stream")
					 : 0;
}

void ar_streams_close(struct ar_streams *streams)
{
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		ar_close_fd(&streams->ours[i]);
}
