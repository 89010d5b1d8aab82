/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

/*
 * openat2 answers EAGAIN when a rename crossed its way; a container that renames for ever is
 * refused.
 */
#define RACES_MAX 64

static int open_resolved(int root, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? mode & 07777 : 0,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};

	for (int i = 0; i < RACES_MAX; i++) {
		int fd = ar_sys_openat2(root, path, &how);

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

int ar_open_in_root(int root, const char *path, int flags, mode_t mode)
{
	return open_resolved(root, path[0] ? path : ".", flags, mode, RESOLVE_IN_ROOT);
}

int ar_open_no_links(int root, const char *path, int flags, mode_t mode)
{
	path += strspn(path, "/");
	return open_resolved(root, path[0] ? path : ".", flags, mode,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/*
 * A walk that makes what is missing. done holds no link and no "..", so that it can be opened
 * without following any; todo is what is left. Whatever the container exchanges meanwhile, each
 * step starts at the root again and follows nothing: the worst outcome is an error.
 */
struct walk {
	int root;
	mode_t mode;
	bool file; /* the last component is made as a file */
	unsigned int links;
	char done[PATH_MAX];
	char todo[PATH_MAX];
};

static void drop_last(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* Move the first component of todo into part. False when there is none. */
static bool next_part(struct walk *w, char part[static NAME_MAX + 2])
{
	const char *start = w->todo + strspn(w->todo, "/");
	size_t len = strcspn(start, "/");

	if (len == 0)
		return false;
	if (len > NAME_MAX)
		len = NAME_MAX + 1; /* the kernel says ENAMETOOLONG to it */
	memcpy(part, start, len);
	part[len] = '\0';
	start += strcspn(start, "/");
	start += strspn(start, "/");
	memmove(w->todo, start, strlen(start) + 1);
	return true;
}

static int follow_link(struct walk *w, int parent, const char *part)
{
	char target[PATH_MAX];
	size_t rest = strlen(w->todo);
	ssize_t len;

	if (++w->links > AR_LINKS_MAX)
		return -ELOOP;
	len = readlinkat(parent, part, target, sizeof(target));
	if (len < 0)
		return -errno;
	if ((size_t)len + 1 + rest >= sizeof(w->todo))
		return -ENAMETOOLONG;
	memmove(w->todo + len + 1, w->todo, rest + 1);
	memcpy(w->todo, target, (size_t)len);
	w->todo[len] = '/';
	if (target[0] == '/')
		w->done[0] = '\0';
	return 0;
}

static int make_part(const struct walk *w, int parent, const char *part)
{
	int fd;

	if (!w->file || w->todo[0]) {
		if (mkdirat(parent, part, w->mode | (w->file ? 0755 : 0)) < 0 && errno != EEXIST)
			return -errno;
		return 0;
	}
	fd = openat(parent, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
		    w->mode);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	ar_close_fd(&fd);
	return 0;
}

static int add_done(struct walk *w, const char *part)
{
	size_t have = strlen(w->done), len = strlen(part);

	if (have + 1 + len >= sizeof(w->done))
		return -ENAMETOOLONG;
	w->done[have] = '/';
	memcpy(w->done + have + 1, part, len + 1);
	return 0;
}

/* Take one component: make it, follow it, or step into it. */
static int step(struct walk *w, const char *part)
{
	struct stat st;
	int r;
	_cleanup_fd_ int parent = -1;

	if (ar_streq(part, "."))
		return 0;
	if (ar_streq(part, "..")) {
		drop_last(w->done); /* at the root it stays there */
		return 0;
	}
	parent = ar_open_no_links(w->root, w->done, O_PATH | O_DIRECTORY, 0);
	if (parent < 0)
		return parent;
	if (fstatat(parent, part, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return -errno;
		r = make_part(w, parent, part);
		if (r < 0)
			return r;
		if (fstatat(parent, part, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	}
	if (S_ISLNK(st.st_mode))
		return follow_link(w, parent, part);
	if (!S_ISDIR(st.st_mode) && w->todo[0])
		return -ENOTDIR;
	return add_done(w, part);
}

static int walk(struct walk *w, const char *path)
{
	char part[NAME_MAX + 2];

	if (strlen(path) >= sizeof(w->todo))
		return -ENAMETOOLONG;
	memcpy(w->todo, path, strlen(path) + 1);
	while (next_part(w, part)) {
		int r = step(w, part);

		if (r < 0)
			return r;
	}
	return ar_open_no_links(w->root, w->done, O_PATH | O_NOFOLLOW | (w->file ? 0 : O_DIRECTORY),
				0);
}

int ar_mkdir_in_root(int root, const char *path, mode_t mode, int *ret_fd, struct ar_error *err)
{
	struct walk w = { .root = root, .mode = mode };
	int fd = ar_open_in_root(root, path, O_PATH | O_DIRECTORY, 0);

	if (fd == -ENOENT)
		fd = walk(&w, path);
	if (fd < 0)
		return ar_fail(err, -fd, "make directory '%s' in the root", path);
	*ret_fd = fd;
	return 0;
}

int ar_mkfile_in_root(int root, const char *path, mode_t mode, int *ret_fd, struct ar_error *err)
{
	struct walk w = { .root = root, .mode = mode, .file = true };
	struct stat st;
	_cleanup_fd_ int fd = ar_open_in_root(root, path, O_PATH, 0);

	if (fd == -ENOENT)
		fd = walk(&w, path);
	if (fd < 0)
		return ar_fail(err, -fd, "make file '%s' in the root", path);
	if (fstat(fd, &st) < 0)
		return ar_fail(err, errno, "stat '%s' in the root", path);
	if (S_ISDIR(st.st_mode))
		return ar_fail(err, EISDIR, "make file '%s' in the root", path);
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

void ar_path_clean(char *path)
{
	const char *from = path;
	char *to = path;

	assert(path[0] == '/'); /* each component has a slash before it, so "to" never passes "from"
				 */
	while (*from) {
		const char *part = from + strspn(from, "/");
		size_t len = strcspn(part, "/");

		from = part + len;
		if (len == 0 || (len == 1 && part[0] == '.'))
			continue;
		if (len == 2 && part[0] == '.' && part[1] == '.') {
			while (to > path && *--to != '/')
				;
			continue;
		}
		*to++ = '/';
		memmove(to, part, len);
		to += len;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

char *ar_path_absolute(struct ar_arena *arena, const char *path)
{
	char *clean = ar_printf(arena, "/%s", path);

	ar_path_clean(clean);
	return clean;
}

int ar_path_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 1)
		return 1; /* the root */
	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

int ar_fd_realpath(int fd, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	char link[AR_FD_PATH_MAX], text[PATH_MAX];
	size_t suffix = sizeof(deleted) - 1;
	struct stat st;
	ssize_t n = readlink(ar_fd_path(link, fd), text, sizeof(text));

	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(text) || (size_t)n >= size)
		return -ENAMETOOLONG;
	text[n] = '\0';
	if (text[0] != '/')
		return -EXDEV; /* a pipe, or not reachable from our root */
	if ((size_t)n > suffix && ar_streq(text + n - suffix, deleted)) {
		/* A name may end so by itself; a directory that is gone has no links left. */
		if (fstat(fd, &st) < 0)
			return -errno;
		if (st.st_nlink == 0)
			return -ENOENT;
	}
	memcpy(buf, text, (size_t)n + 1);
	return 0;
}
