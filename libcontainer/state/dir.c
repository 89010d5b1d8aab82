/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The directories of containers and their locks.
 *
 *   <root>        0711, ours or root's, writable by nobody else
 *   <root>/<id>   0711, the same; flock(2) on the directory itself is the container's lock
 *
 * A lock outlives the name: whoever waits for it may get it on a directory that "delete" has
 * removed meanwhile, or that was removed and made again. So the name is looked up again after every
 * lock.
 */
#include "state/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"

#define ID_MAX 1024
/* How long a lock is waited for, and how often it is tried at the least. */
#define LOCK_WAIT_MS 60000
#define LOCK_BRIEFLY_MS 2000
#define PAUSE_MAX_MS 16
#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool is_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_+.-", c));
}

static bool is_id(const char *id)
{
	size_t len = strlen(id);

	if (len == 0 || len > ID_MAX || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_id_char(id[i]))
			return false;
	}
	return true;
}

int ar_id_check(const char *id, struct ar_error *err)
{
	if (*id == '\0')
		return ar_refuse(err, EINVAL, "container id cannot be empty");
	return is_id(id) ? 0 : ar_refuse(err, EINVAL, "invalid container ID format");
}

void ar_dir_unlock(struct ar_dir *dir)
{
	if (dir->fd >= 0)
		(void)flock(dir->fd, LOCK_UN); /* cannot fail for an open directory */
}

void ar_dir_close(struct ar_dir *dir)
{
	/*
	 * A lock belongs to the open directory, which a process that we cloned shares until its
	 * execve: without this it would keep the lock while it waits for "start".
	 */
	ar_dir_unlock(dir);
	ar_close_fd(&dir->fd);
	ar_close_fd(&dir->root);
}

enum ar_dir_trust ar_dir_trust(const struct stat *st)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return AR_DIR_OF_OTHERS;
	return st->st_mode & (S_IWGRP | S_IWOTH) ? AR_DIR_OPEN_TO_OTHERS : AR_DIR_TRUSTED;
}

static int check_owner(int fd, const char *what, const char *name, struct ar_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ar_fail(err, errno, "inspect %s '%s'", what, name);
	switch (ar_dir_trust(&st)) {
	case AR_DIR_OF_OTHERS:
		return ar_refuse(err, EPERM,
				 "%s '%s' belongs to user %u, not to user %u: not trusted", what,
				 name, st.st_uid, geteuid());
	case AR_DIR_OPEN_TO_OTHERS:
		return ar_refuse(err, EPERM,
				 "%s '%s' is writable by others (mode %04o): not trusted", what,
				 name, st.st_mode & 07777);
	default:
		return 0;
	}
}

/* -ENOENT without a text: the callers know what it means. */
static int open_root(const char *root, int *ret_fd, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;
	int r;

	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return ar_fail(err, errno, "open state root '%s'", root);
	r = check_owner(fd, "state root", root, err);
	if (r < 0)
		return r;
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

static int make_parents(const char *root, struct ar_error *err)
{
	_cleanup_free_ char *path = strdup(root);

	if (!path)
		return ar_fail(err, ENOMEM, "make state root '%s'", root);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return ar_fail(err, errno, "make '%s' for the state root", path);
		*slash = '/';
	}
	return 0;
}

static int make_root(const char *root, int *ret_fd, struct ar_error *err)
{
	int r;

	r = open_root(root, ret_fd, err);
	if (r != -ENOENT)
		return r;
	r = make_parents(root, err);
	if (r < 0)
		return r;
	if (mkdir(root, 0711) < 0 && errno != EEXIST)
		return ar_fail(err, errno, "make state root '%s'", root);
	r = open_root(root, ret_fd, err);
	return r == -ENOENT ? ar_fail(err, ENOENT, "open state root '%s'", root) : r;
}

/* 1: fd is what the name stands for now; 0: it is not. */
static int is_linked(int root, const char *id, int fd, struct ar_error *err)
{
	struct stat named, opened;

	if (fstat(fd, &opened) < 0)
		return ar_fail(err, errno, "inspect the state of container '%s'", id);
	if (fstatat(root, id, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 0
			       : ar_fail(err, errno, "inspect the state of container '%s'", id);
	return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/*
 * flock(2) has no time limit, and a signal of our own would be the whole process's affair: so it is
 * tried again and again. Whoever has the lock is mostly done within milliseconds, but a hook may
 * hang, or may call us.
 */
static int lock(int fd, const char *id, int wait_ms, struct ar_error *err)
{
	int waited = 0, pause_ms = 1;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return ar_fail(err, errno, "lock the state of container '%s'", id);
		if (waited >= wait_ms)
			return ar_refuse(err, EBUSY, "container '%s' is in use by another command",
					 id);
		(void)usleep((useconds_t)pause_ms * 1000); /* shorter, if a signal comes */
		waited += pause_ms;
		pause_ms = pause_ms < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
	}
	return 0;
}

static int open_id(int root, const char *id, int *ret_fd, struct ar_error *err)
{
	_cleanup_fd_ int fd = openat(root, id, OPEN_DIRECTORY);
	int r;

	if (fd < 0 && errno == ENOENT)
		return ar_refuse(err, ENOENT, "container does not exist");
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return ar_refuse(err, ENOTDIR,
				 "state of container '%s' is not a directory: not trusted", id);
	if (fd < 0)
		return ar_fail(err, errno, "open the state of container '%s'", id);
	r = check_owner(fd, "state of container", id, err);
	if (r < 0)
		return r;
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

int ar_dir_lock(struct ar_dir *dir, const char *id, struct ar_error *err)
{
	struct ar_error ignored;
	int r, linked;

	r = lock(dir->fd, id, LOCK_WAIT_MS, err);
	/* one that waited in vain is told so, unless the directory has gone meanwhile */
	linked = is_linked(dir->root, id, dir->fd, r < 0 ? &ignored : err);
	if (linked == 0) {
		ar_dir_unlock(dir);
		return ar_refuse(err, ESTALE, "container '%s' was deleted meanwhile", id);
	}
	return r < 0 ? r : linked < 0 ? linked : 0;
}

/* Open and lock; 1: done, 0: it was replaced while we waited. */
static int open_locked(int root, const char *id, int wait_ms, int *ret_fd, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;
	int r;

	r = open_id(root, id, &fd, err);
	if (r == 0)
		r = lock(fd, id, wait_ms, err);
	if (r == 0)
		r = is_linked(root, id, fd, err);
	if (r == 1)
		*ret_fd = ar_steal_fd(&fd);
	return r;
}

int ar_dir_open(const char *root, const char *id, enum ar_lock how, struct ar_dir *ret,
		struct ar_error *err)
{
	int wait_ms = how == AR_LOCK_BRIEFLY ? LOCK_BRIEFLY_MS : LOCK_WAIT_MS;
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	int r;

	r = ar_id_check(id, err);
	if (r < 0)
		return r;
	r = open_root(root, &dir.root, err);
	if (r == -ENOENT)
		return ar_refuse(err, ENOENT, "container does not exist");
	if (r < 0)
		return r;
	if (how == AR_LOCK_NONE) {
		r = open_id(dir.root, id, &dir.fd, err);
	} else {
		do {
			r = open_locked(dir.root, id, wait_ms, &dir.fd, err);
		} while (r == 0);
	}
	if (r < 0)
		return r;
	*ret = (struct ar_dir){ .fd = ar_steal_fd(&dir.fd), .root = ar_steal_fd(&dir.root) };
	return 0;
}

/* 1: nothing is in the directory, 0: something is. */
static int is_empty(int fd, const char *id, struct ar_error *err)
{
	_cleanup_fd_ int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_entries_ DIR *stream = ar_entries_open(&again);
	struct dirent *entry;
	int r = 1;

	if (!stream)
		return ar_fail(err, errno, "inspect the state of container '%s'", id);
	while (r == 1 && (errno = 0, entry = readdir(stream)))
		r = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (r == 1 && errno != 0)
		r = ar_fail(err, errno, "inspect the state of container '%s'", id);
	return r;
}

static int refuse_existing(struct ar_error *err)
{
	return ar_refuse(err, EEXIST, "container with given ID already exists");
}

/*
 * As make_locked(), when the directory is made. What we lock may be another one, if ours was
 * deleted and made anew in between: with its maker's files in it then, or empty, which is as good
 * as ours.
 */
static int lock_new(int root, const char *id, int *ret_fd, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;
	int r = open_locked(root, id, LOCK_WAIT_MS, &fd, err);

	if (r == -ENOENT)
		return 0;
	if (r <= 0)
		return r;
	r = is_empty(fd, id, err);
	if (r == 0)
		return refuse_existing(err);
	/* not by mkdir, which takes the umask off */
	if (r == 1 && fchmod(fd, 0711) < 0)
		return ar_fail(err, errno, "set the mode of the state of container '%s'", id);
	if (r == 1)
		*ret_fd = ar_steal_fd(&fd);
	return r;
}

/* 1: made and locked, 0: a "delete" was faster than our lock. */
static int make_locked(int root, const char *id, int *ret_fd, struct ar_error *err)
{
	int r;

	if (mkdirat(root, id, 0700) < 0)
		return errno == EEXIST
			       ? refuse_existing(err)
			       : ar_fail(err, errno, "make the state of container '%s'", id);
	r = lock_new(root, id, ret_fd, err);
	/* somebody else has it by now */
	if (r >= 0 || r == -EBUSY || r == -EEXIST)
		return r;
	(void)unlinkat(root, id, AT_REMOVEDIR); /* the first error counts */
	return r;
}

int ar_dir_create(const char *root, const char *id, struct ar_dir *ret, struct ar_error *err)
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	int r;

	r = ar_id_check(id, err);
	if (r == 0)
		r = make_root(root, &dir.root, err);
	if (r < 0)
		return r;
	do {
		r = make_locked(dir.root, id, &dir.fd, err);
	} while (r == 0);
	if (r < 0)
		return r;
	*ret = (struct ar_dir){ .fd = ar_steal_fd(&dir.fd), .root = ar_steal_fd(&dir.root) };
	return 0;
}

int ar_dir_remove(struct ar_dir *dir, const char *id, struct ar_error *err)
{
	int r = is_linked(dir->root, id, dir->fd, err);

	if (r < 0)
		return r;
	if (r == 0)
		return ar_refuse(err, ESTALE, "state of container '%s' is no longer ours to remove",
				 id);
	return ar_tree_remove(dir->root, id, err);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int collect_ids(struct ar_arena *arena, DIR *stream, const char *root,
		       struct ar_strings *ret, struct ar_error *err)
{
	struct ar_grow ids = { .arena = arena };
	struct dirent *entry;

	while (errno = 0, (entry = readdir(stream))) {
		if (!is_id(entry->d_name) ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		ar_grow_add(&ids, ar_strdup(arena, entry->d_name));
	}
	if (errno != 0)
		return ar_fail(err, errno, "list state root '%s'", root);
	if (ids.list.n > 0)
		qsort(ids.list.items, ids.list.n, sizeof(*ids.list.items), compare);
	*ret = ids.list;
	return 0;
}

int ar_ids(struct ar_arena *arena, const char *root, struct ar_strings *ret, struct ar_error *err)
{
	_cleanup_entries_ DIR *stream = NULL;
	_cleanup_fd_ int fd = -1;
	int r;

	*ret = (struct ar_strings){ 0 };
	r = open_root(root, &fd, err);
	if (r == -ENOENT)
		return ar_fail(err, ENOENT, "open state root '%s'", root);
	if (r < 0)
		return r;
	stream = ar_entries_open(&fd);
	if (!stream)
		return ar_fail(err, errno, "list state root '%s'", root);
	return collect_ids(arena, stream, root, ret, err);
}
