/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

#define MAX_DEPTH 64

struct copy {
	const char *name;
	dev_t dev;
	struct ar_error *err;
};

static int copy_dir(const struct copy *c, int from, int to, unsigned int depth);

static int fail(const struct copy *c, const char *entry)
{
	return ar_fail(c->err, errno, "copy '%s' of the image's '%s' into its tmpfs", entry,
		       c->name);
}

static int copy_file(const struct copy *c, int from, int to, const char *entry)
{
	_cleanup_fd_ int in = openat(from, entry, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK),
			 out = -1;
	struct stat st;
	ssize_t n;

	/* the kind is checked again on what was opened: the entry may have been exchanged */
	if (in < 0 || fstat(in, &st) < 0)
		return fail(c, entry);
	if (!S_ISREG(st.st_mode))
		return 0;
	out = openat(to, entry, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return fail(c, entry);
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	/* the mode comes last: a change of owner clears set-user-id */
	if (n < 0 || fchown(out, st.st_uid, st.st_gid) < 0 || fchmod(out, st.st_mode & 07777) < 0)
		return fail(c, entry);
	return 0;
}

static int copy_link(const struct copy *c, int from, int to, const char *entry,
		     const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, entry, target, sizeof(target) - 1);

	if (n < 0)
		return fail(c, entry);
	target[n] = '\0';
	if (symlinkat(target, to, entry) < 0 ||
	    fchownat(to, entry, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(c, entry);
	return 0;
}

static int copy_subdir(const struct copy *c, int from, int to, const char *entry,
		       unsigned int depth)
{
	_cleanup_fd_ int in = openat(from, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			 out = -1;
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return fail(c, entry);
	if (mkdirat(to, entry, 0700) < 0)
		return fail(c, entry);
	out = openat(to, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return fail(c, entry);
	/* a mount point gives its directory, not what is mounted there */
	r = st.st_dev == c->dev ? copy_dir(c, in, out, depth + 1) : 0;
	if (r < 0)
		return r;
	if (fchown(out, st.st_uid, st.st_gid) < 0 || fchmod(out, st.st_mode & 07777) < 0)
		return fail(c, entry);
	return 0;
}

static int copy_entry(const struct copy *c, int from, int to, const char *entry, unsigned int depth)
{
	struct stat st;

	if (fstatat(from, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(c, entry); /* removed since it was listed */
	if (S_ISDIR(st.st_mode))
		return copy_subdir(c, from, to, entry, depth);
	if (S_ISREG(st.st_mode))
		return copy_file(c, from, to, entry);
	if (S_ISLNK(st.st_mode))
		return copy_link(c, from, to, entry, &st);
	if (S_ISFIFO(st.st_mode)) {
		if (mkfifoat(to, entry, st.st_mode & 07777) < 0 ||
		    fchownat(to, entry, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(c, entry);
	}
	return 0;
}

static int copy_dir(const struct copy *c, int from, int to, unsigned int depth)
{
	_cleanup_fd_ int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_entries_ DIR *dir = ar_entries_open(&again);
	struct dirent *entry;
	int r;

	if (!dir)
		return fail(c, ".");
	if (depth > MAX_DEPTH)
		return ar_fail(c->err, ELOOP, "the image's '%s' is more than %d directories deep",
			       c->name, MAX_DEPTH);
	while ((errno = 0, entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		r = copy_entry(c, from, to, entry->d_name, depth);
		if (r < 0)
			return r;
	}
	return errno ? fail(c, ".") : 0;
}

int ar_copyup(int from, int to, const char *name, struct ar_error *err)
{
	struct copy c = { .name = name, .err = err };
	struct stat st;

	if (fstat(from, &st) < 0)
		return fail(&c, ".");
	if (!S_ISDIR(st.st_mode))
		return ar_fail(err, ENOTDIR, "the image's '%s'", name);
	c.dev = st.st_dev;
	return copy_dir(&c, from, to, 0);
}
