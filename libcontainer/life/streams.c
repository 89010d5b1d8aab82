/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "policy/effective.h"

static bool has_name(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || fs.f_type != PIPEFS_MAGIC;
}

#define NOBODY ((uid_t)-1)

/* Who the program is out here; in a user namespace it is another than its number says. */
static uid_t user_of(const struct ar_effective *effective, const struct ar_process *process)
{
	if (ar_spec_namespace(effective->spec, "user"))
		return NOBODY;
	return process->user ? (uid_t)process->user->uid.value : 0;
}

static bool needs_pipe(int fd, const struct stat *st, uid_t user)
{
	if (S_ISFIFO(st->st_mode))
		return st->st_uid != user || has_name(fd);
	return !ar_is_null_device(st);
}

static int open_pipe(int *ret_read, int *ret_write, struct ar_error *err)
{
	int r = ar_pipe_open(ret_read, ret_write);

	return r < 0 ? ar_fail(err, -r, "pipe of a standard stream") : 0;
}

/*
 * Of one page, so that there is room when all is read, and not before: nothing is taken from the
 * caller that the program has no use for.
 */
static int open_input(int *ret_read, int *ret_write, struct ar_error *err)
{
	int r = open_pipe(ret_read, ret_write, err);

	if (r == 0)
		(void)fcntl(*ret_write, F_SETPIPE_SZ, 1); /* a larger one only takes more */
	return r;
}

int ar_streams_open(const struct ar_effective *effective, const struct ar_process *process,
		    struct ar_streams *ret, int theirs[static 3], struct ar_error *err)
{
	uid_t user = user_of(effective, process);
	struct stat st[3];
	bool wanted[3] = { false };
	int r = 0;

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		wanted[i] = fstat(i, &st[i]) == 0 && needs_pipe(i, &st[i], user); /* a closed one
										     stays so */
	if (wanted[STDIN_FILENO])
		r = open_input(&theirs[STDIN_FILENO], &ret->ours[STDIN_FILENO], err);
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
