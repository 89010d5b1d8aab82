/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/probe-internal.h"

#define SOCKETS "/proc/net/unix"
#define LISTENS 0x10000u /* __SO_ACCEPTCON */

/* The path of a line "address: refs protocol flags type state inode path", if somebody listens
 * there. */
static const char *listening(const char *line)
{
	unsigned int flags;
	int at = 0;

	if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %n", &flags, &at) != 1 || !at ||
	    !(flags & LISTENS) || line[at] != '/')
		return NULL;
	return line + at;
}

static bool shows(const struct ar_source *s, const char *path)
{
	if (!S_ISDIR(s->mode) || s->socket)
		return false;
	for (size_t i = 0; i < s->names.n; i++)
		if (ar_path_within(path, s->names.items[i]))
			return true;
	return s->resolved && ar_path_within(path, s->resolved);
}

/* Places of everybody: what listens there serves its user, who did not bind it. */
static bool is_shared(const char *path)
{
	static const char *const places[] = { "/tmp", "/var/tmp", "/dev/shm" };

	for (size_t i = 0; i < AR_COUNT(places); i++)
		if (ar_path_within(path, places[i]))
			return true;
	return false;
}

/* A user's own socket in a directory of that user is part of what is bound: of a workspace. */
static bool is_of_its_place(const struct ar_source *s, uid_t uid)
{
	return uid != 0 && uid == s->uid && s->resolved && !is_shared(s->resolved);
}

static void note(struct ar_probing *p, struct ar_source *s, const char *path, uid_t uid)
{
	if (shows(s, path) && !is_of_its_place(s, uid))
		s->socket = ar_strdup(p->arena, path);
}

/* What this process lacks says nothing of what is there. */
static bool is_short(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* Names go stale, and file systems are dead or closed to us: nobody listens there for a container.
 * What this process lacks says nothing of the socket. */
static int judge(struct ar_probing *p, const char *path, struct ar_error *err)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char resolved[PATH_MAX];
	struct stat st;

	if (fd < 0 && is_short(errno))
		return ar_fail(err, errno, "inspect the socket '%s'", path);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    ar_fd_realpath(fd, resolved, sizeof(resolved)) < 0)
		return 0;
	for (size_t i = 0; i < p->facts->n_sources; i++)
		note(p, &p->facts->sources[i], resolved, st.st_uid);
	if (ar_probe_root_inside(p->facts))
		note(p, &p->facts->root, resolved, st.st_uid);
	return 0;
}

/*
 * The list has what is listened at in this network namespace. A service may have one of its own, so
 * the sockets that stand right in a source, or in a directory of it, count as well: somebody made
 * them to listen there. Not deeper, for sources are as large as a checkout of everything.
 */
#define LOOK_DEPTH 2
#define LOOK_ENTRIES 1024

static mode_t type_of(int dir, const struct dirent *e, struct stat *st)
{
	if (e->d_type == DT_DIR)
		return S_IFDIR;
	if (e->d_type != DT_SOCK && e->d_type != DT_UNKNOWN)
		return 0;
	return fstatat(dir, e->d_name, st, AT_SYMLINK_NOFOLLOW) == 0 ? st->st_mode & S_IFMT : 0;
}

/* at: a directory, path: its name. One that is closed to us cannot be told, as what is deeper. */
static int look_inside(struct ar_probing *p, struct ar_source *s, int at, const char *entry,
		       const char *path, unsigned int depth, unsigned int *entries)
{
	int fd = openat(at, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir) {
		r = is_short(errno) ? -errno : 0;
		ar_close_fd(&fd);
		return r;
	}
	while (r == 0 && !s->socket && (*entries)++ < LOOK_ENTRIES && (e = readdir(dir))) {
		struct stat st;
		mode_t type = type_of(dirfd(dir), e, &st);

		if (type == S_IFSOCK)
			note(p, s, ar_printf(p->arena, "%s/%s", path, e->d_name), st.st_uid);
		else if (type == S_IFDIR && depth > 1 && !ar_streq(e->d_name, ".") &&
			 !ar_streq(e->d_name, ".."))
			r = look_inside(p, s, dirfd(dir), e->d_name,
					ar_printf(p->arena, "%s/%s", path, e->d_name), depth - 1,
					entries);
	}
	(void)closedir(dir); /* only reads were done */
	return r;
}

static int look_into(struct ar_probing *p, struct ar_source *s, struct ar_error *err)
{
	unsigned int entries = 0;
	int r;

	if (!s->resolved || !S_ISDIR(s->mode))
		return 0;
	r = look_inside(p, s, s->fd, ".", s->resolved, LOOK_DEPTH, &entries);
	return r < 0 ? ar_fail(err, -r, "look for sockets in '%s'", s->resolved) : 0;
}

int ar_probe_sockets(struct ar_probing *p, struct ar_error *err)
{
	bool directories = ar_probe_root_inside(p->facts);
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	FILE *list;
	int r = 0;

	for (size_t i = 0; i < p->facts->n_sources; i++)
		directories = directories || S_ISDIR(p->facts->sources[i].mode);
	/* what root of a user namespace listens to gives no more than its user has */
	if (!directories || !p->facts->host_root)
		return 0;
	for (size_t i = 0; r == 0 && i < p->facts->n_sources; i++)
		r = look_into(p, &p->facts->sources[i], err);
	if (r == 0 && ar_probe_root_inside(p->facts))
		r = look_into(p, &p->facts->root, err);
	if (r < 0)
		return r;
	list = fopen(SOCKETS, "re");
	if (!list) /* a kernel without such sockets has no list of them */
		return errno == ENOENT ? 0 : ar_fail(err, errno, "read '%s'", SOCKETS);
	/* any user can make it as long as there is memory for sockets */
	while (r == 0 && getline(&line, &room, list) >= 0) {
		const char *path;

		line[strcspn(line, "\n")] = '\0';
		path = listening(line);
		if (path)
			r = judge(p, path, err);
	}
	if (r == 0 && !feof(list)) /* no memory for a line is no end of the list either */
		r = ar_fail(err, errno, "read '%s'", SOCKETS);
	(void)fclose(list); /* only reads were done */
	return r;
}
