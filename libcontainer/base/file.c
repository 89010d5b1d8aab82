/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

/* deeper than any tree of ours */
#define DEPTH_MAX 64

/* One read(2) without EINTR. */
static ssize_t read_some(int fd, void *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buf, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* What is left of fd, in arena; guess is the expected length. */
static int read_all(struct ar_arena *arena, int fd, size_t guess, size_t max, char **ret_text,
		    size_t *ret_len)
{
	size_t room = guess + 1, len = 0;
	char *text = ar_alloc(arena, room);

	for (;;) {
		ssize_t n = read_some(fd, text + len, room - len);

		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
		if (n == 0) {
			text[len] = '\0'; /* room is left: a full buffer grows below */
			*ret_text = text;
			*ret_len = len;
			return 0;
		}
		if (len == room) {
			char *larger = ar_alloc_array(arena, room, 2);

			memcpy(larger, text, len);
			text = larger;
			room *= 2;
		}
	}
}

int ar_file_read_fd(struct ar_arena *arena, int fd, const char *name, size_t max, char **ret_text,
		    size_t *ret_len, struct ar_error *err)
{
	struct stat st;
	size_t guess = 4095;
	int r;

	if (fstat(fd, &st) < 0)
		return ar_fail(err, errno, "stat '%s'", name);
	if (S_ISDIR(st.st_mode))
		return ar_fail(err, EISDIR, "read '%s'", name);
	if (S_ISREG(st.st_mode) && st.st_size > 0) {
		if ((uintmax_t)st.st_size > max)
			return ar_fail(err, EFBIG, "read '%s': more than %zu bytes", name, max);
		guess = (size_t)st.st_size;
	}
	r = read_all(arena, fd, guess, max, ret_text, ret_len);
	if (r == -EFBIG)
		return ar_fail(err, EFBIG, "read '%s': more than %zu bytes", name, max);
	if (r < 0)
		return ar_fail(err, -r, "read '%s'", name);
	return 0;
}

int ar_file_read(struct ar_arena *arena, int dirfd, const char *path, size_t max, char **ret_text,
		 size_t *ret_len, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	/*
	 * before it is opened: some devices act on that; and again, for it may be another by then
	 */
	if (fstatat(dirfd, path, &st, 0) < 0)
		return ar_fail(err, errno, "open '%s'", path);
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		/* O_NONBLOCK: a fifo in its place must not hold us up */
		fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			return ar_fail(err, errno, "open '%s'", path);
		if (fstat(fd, &st) < 0)
			return ar_fail(err, errno, "stat '%s'", path);
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return ar_refuse(err, EINVAL, "read '%s': not a regular file", path);
	return ar_file_read_fd(arena, fd, path, max, ret_text, ret_len, err);
}

int ar_file_read_given(struct ar_arena *arena, int dirfd, const char *path, size_t max,
		       char **ret_text, size_t *ret_len, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (fstatat(dirfd, path, &st, 0) < 0 || !S_ISFIFO(st.st_mode))
		return ar_file_read(arena, dirfd, path, max, ret_text, ret_len, err);
	/* it has a writer, or gets one: that is worth waiting for */
	do
		fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return ar_fail(err, errno, "open '%s'", path);
	return ar_file_read_fd(arena, fd, path, max, ret_text, ret_len, err);
}

int ar_file_peek(int dirfd, const char *path, char *buf, size_t size)
{
	size_t len = 0;
	_cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read_some(fd, buf + len, size - len);

		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (len == size)
			return -EFBIG;
		if (n == 0)
			break;
	}
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return 0;
}

/* "dir/name" -> "dir/.name.tmp" */
static int temporary_name(char *buf, size_t size, const char *name)
{
	const char *slash = strrchr(name, '/');
	int dir = slash ? (int)(slash + 1 - name) : 0;
	int n = snprintf(buf, size, "%.*s.%s.tmp", dir, name, name + dir);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int write_new(int dirfd, const char *name, const void *data, size_t len, mode_t mode)
{
	int r;
	_cleanup_fd_ int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0 && errno == EEXIST) {
		/* left by a writer that died; a living one holds a lock that we would wait for */
		if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
			return -errno;
		fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			    mode);
	}
	if (fd < 0)
		return -errno;
	r = fchmod(fd, mode) < 0 ? -errno : ar_write_all(fd, data, len); /* fchmod: whatever the
									    umask */
	if (r < 0)
		(void)unlinkat(dirfd, name, 0); /* the first error counts */
	return r;
}

int ar_file_replace(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		    struct ar_error *err)
{
	char temporary[4096];
	int r = temporary_name(temporary, sizeof(temporary), name);

	if (r == 0)
		r = write_new(dirfd, temporary, data, len, mode);
	if (r < 0)
		return ar_fail(err, -r, "write '%s'", name);
	/*
	 * No fsync: these files describe processes, which do not survive a crash of the host
	 * either.
	 */
	if (renameat(dirfd, temporary, dirfd, name) < 0) {
		r = -errno;
		(void)unlinkat(dirfd, temporary, 0); /* the first error counts */
		return ar_fail(err, -r, "replace '%s'", name);
	}
	return 0;
}

int ar_file_write(int dirfd, const char *path, const char *text, struct ar_error *err)
{
	size_t len = strlen(text);
	ssize_t n;
	_cleanup_fd_ int fd = openat(dirfd, path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return ar_fail(err, errno, "open '%s'", path);
	do {
		n = write(fd, text, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return ar_fail(err, errno, "write '%s' to '%s'", text, path);
	if ((size_t)n != len)
		return ar_refuse(err, EIO, "write '%s' to '%s': only %zd bytes were taken", text,
				 path, n);
	return 0;
}

static int remove_below(int dirfd, const char *name, unsigned int depth);

static int remove_entries(DIR *dir, unsigned int depth)
{
	for (;;) {
		struct dirent *entry;
		int r;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno; /* 0 at the end */
		if (ar_streq(entry->d_name, ".") || ar_streq(entry->d_name, ".."))
			continue;
		r = remove_below(dirfd(dir), entry->d_name, depth + 1);
		if (r < 0)
			return r;
	}
}

/*
 * Remove name in dirfd, whatever it is. Gone already is fine: somebody else removes the same tree.
 */
static int remove_below(int dirfd, const char *name, unsigned int depth)
{
	/* not even a bind mount of the same filesystem is entered */
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };
	_cleanup_entries_ DIR *dir = NULL;
	_cleanup_fd_ int fd = -1;
	int r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM) /* EPERM: what POSIX says for a directory */
		return -errno;
	if (depth > DEPTH_MAX)
		return -ELOOP;
	fd = ar_sys_openat2(dirfd, name, &how);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = ar_entries_open(&fd);
	if (!dir)
		return -errno;
	r = remove_entries(dir, depth);
	if (r < 0)
		return r;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int ar_tree_remove(int dirfd, const char *name, struct ar_error *err)
{
	int r = remove_below(dirfd, name, 0);

	return r < 0 ? ar_fail(err, -r, "remove '%s'", name) : 0;
}

DIR *ar_entries_open(int *fd)
{
	DIR *entries = *fd >= 0 ? fdopendir(*fd) : NULL;

	if (entries)
		*fd = -1;
	return entries;
}

void ar_entries_close(DIR **entries)
{
	if (*entries)
		(void)closedir(*entries); /* was only read */
}

bool ar_is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}
