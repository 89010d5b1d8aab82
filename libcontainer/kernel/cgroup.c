/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-limits.h"
#include "kernel/cgroup-processes.h"

/* Somebody may remove a parent that was empty just before we used it. */
#define RACES_MAX 16

/* One walk from the root to the cgroup. */
struct making {
	struct ar_cgroup *cgroup;
	const char *const *controllers;
	size_t n_controllers;
	char path[PATH_MAX]; /* as far as it is walked */
	bool made;	     /* the last component was made by us */
};

/*
 * Enable what there is for the children of fd. A failure is no error here: what the limits need is
 * looked at when they are written, and only there it is known which of them may be left out.
 */
static void enable(const struct making *m, int fd)
{
	struct ar_error why = { 0 };
	const char *path = m->path[0] ? m->path : "/";

	if (ar_cgroup_enable(fd, path, m->controllers, m->n_controllers, &why) < 0)
		ar_debug("%s", why.text);
}

/* One more component: made, or opened when it is there. */
static int descend(struct making *m, int depth, const char *name, int *fd, struct ar_error *err)
{
	size_t len = strlen(m->path);
	int child;

	enable(m, *fd);
	(void)snprintf(m->path + len, sizeof(m->path) - len, "/%s", name); /* a part of a path that
									      fits */
	m->made = mkdirat(*fd, name, 0755) == 0;
	if (!m->made && errno != EEXIST)
		return errno == ENOENT ? -ENOENT : ar_fail(err, errno, "make cgroup '%s'", m->path);
	if (m->made && m->cgroup->made_from < 0)
		m->cgroup->made_from = depth;
	child = openat(*fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (child < 0)
		return errno == ENOENT ? -ENOENT : ar_fail(err, errno, "open cgroup '%s'", m->path);
	ar_close_fd(fd);
	*fd = child;
	return 0;
}

static int walk(struct making *m, int *ret_fd, struct ar_error *err)
{
	const char *path = m->cgroup->path;
	_cleanup_fd_ int fd = openat(m->cgroup->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return ar_fail(err, errno, "open cgroup tree '%s'", m->cgroup->root);
	m->path[0] = '\0';
	for (int depth = 0; *path; depth++) {
		char name[NAME_MAX + 1];
		size_t len = strcspn(++path, "/");
		int r;

		if (len >= sizeof(name))
			return ar_fail(err, ENAMETOOLONG, "make cgroup '%s'", m->cgroup->path);
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		r = descend(m, depth, name, &fd, err);
		if (r < 0)
			return r;
	}
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

static int check_empty(int fd, const char *path, struct ar_error *err)
{
	size_t n;
	int r = ar_cgroup_count(fd, &n);

	if (r < 0)
		return ar_fail(err, -r, "count the processes of cgroup '%s'", path);
	if (n == 0)
		return 0;
	return ar_refuse(err, EBUSY, "container's cgroup is not empty: %zu process(es) found", n);
}

/* Whether processes can live and run in it. */
static int check_usable(const struct ar_cgroup *cgroup, int fd, struct ar_error *err)
{
	char type[32];
	/* a child of a frozen cgroup is born frozen: what starts there never runs */
	int r = ar_cgroup_check_thawed(cgroup, err);

	if (r == 0 && cgroup->alone)
		r = ar_cgroup_check_alone(cgroup, err);
	if (r < 0)
		return r;
	r = ar_file_peek(fd, "cgroup.type", type, sizeof(type));
	if (r < 0)
		return ar_fail(err, -r, "read the type of cgroup '%s'", cgroup->path);
	if (ar_streq(type, "domain invalid"))
		return ar_refuse(
			err, EOPNOTSUPP,
			"cgroup '%s' cannot hold a container: a cgroup above it is threaded",
			cgroup->path);
	return 0;
}

/* What a cgroup must be for a container to start in it. */
static int check(const struct making *m, int fd, struct ar_error *err)
{
	int r = m->made ? 0 : check_empty(fd, m->path, err);

	return r < 0 ? r : check_usable(m->cgroup, fd, err);
}

int ar_cgroup_check_empty(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	_cleanup_fd_ int fd =
		ar_open_no_links(cgroup->root_fd, cgroup->path, O_RDONLY | O_DIRECTORY, 0);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return ar_fail(err, -fd, "open cgroup '%s'", cgroup->path);
	return check_empty(fd, cgroup->path, err);
}

int ar_cgroup_check_unused(const struct ar_cgroup *cgroup, struct ar_error *err)
{
	int r = ar_cgroup_check_thawed(cgroup, err);

	return r < 0 ? r : ar_cgroup_check_empty(cgroup, err);
}

int ar_cgroup_open_made(struct ar_cgroup *cgroup, struct ar_error *err)
{
	int fd = ar_open_no_links(cgroup->root_fd, cgroup->path, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return ar_fail(err, -fd, "open cgroup '%s'", cgroup->path);
	ar_close_fd(&cgroup->fd);
	cgroup->fd = fd;
	return check_usable(cgroup, fd, err);
}

/* Nobody is in what we have just made, so that it goes at once. */
static void undo(struct ar_cgroup *cgroup, char *path)
{
	int depth = -1;

	for (const char *p = path; *p; p++)
		depth += *p == '/';
	for (; cgroup->made_from >= 0 && depth >= cgroup->made_from; depth--) {
		/*
		 * a path below root_fd; another container may have come into a parent: then it
		 * stays
		 */
		(void)unlinkat(cgroup->root_fd, path + 1, AT_REMOVEDIR);
		*strrchr(path, '/') = '\0';
	}
	cgroup->made_from = -1;
}

static int make(struct making *m, struct ar_error *err)
{
	int fd = -1, r = -ENOENT;

	for (int i = 0; i < RACES_MAX && r == -ENOENT; i++) {
		r = walk(m, &fd, err);
		if (r < 0)
			undo(m->cgroup, m->path);
	}
	if (r == -ENOENT)
		return ar_fail(err, ENOENT, "make cgroup '%s'", m->cgroup->path);
	if (r < 0)
		return r;
	r = check(m, fd, err);
	if (r < 0) {
		ar_close_fd(&fd);
		undo(m->cgroup, m->path);
		return r;
	}
	ar_close_fd(&m->cgroup->fd);
	m->cgroup->fd = fd;
	return 0;
}

/*
 * All that the tree has: engines read their files, and a container that makes cgroups itself can
 * only pass on what it has been given.
 */
static void choose_controllers(struct making *m, struct ar_arena *arena)
{
	char *text = ar_strdup(arena, m->cgroup->controllers), *save = NULL;
	const char **names = ar_alloc_array(arena, strlen(text) / 2 + 1, sizeof(*names));

	for (char *name = strtok_r(text, " \n", &save); name; name = strtok_r(NULL, " \n", &save))
		names[m->n_controllers++] = name;
	m->controllers = names;
}

int ar_cgroup_make(struct ar_cgroup *cgroup, const struct ar_resources *resources,
		   struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct making m = { .cgroup = cgroup };
	struct ar_limits limits = { 0 };
	int r;

	if (strlen(cgroup->path) >= sizeof(m.path))
		return ar_fail(err, ENAMETOOLONG, "make cgroup '%s'", cgroup->path);
	if (resources) {
		r = ar_limits_plan(arena, resources, &limits, err);
		if (r < 0)
			return r;
	}
	choose_controllers(&m, arena);
	return make(&m, err);
}

int ar_cgroup_open_sub(const struct ar_cgroup *cgroup, const char *sub, int *ret_fd,
		       struct ar_error *err)
{
	bool below = sub && *sub;
	int fd = ar_open_no_links(cgroup->fd, below ? sub : ".", O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return ar_fail(err, -fd, "open cgroup '%s%s%s'", cgroup->path, below ? "/" : "",
			       below ? sub : "");
	*ret_fd = fd;
	return 0;
}

int ar_cgroup_enter(const struct ar_cgroup *cgroup, const char *sub, pid_t pid,
		    struct ar_error *err)
{
	struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	struct ar_error why = { 0 };
	char text[16];
	int r;
	_cleanup_fd_ int fd = -1;

	r = ar_cgroup_open_sub(cgroup, sub, &fd, err);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "%d", pid); /* fits */
	for (int i = 0; i < 5; i++) {
		r = ar_file_write(fd, "cgroup.procs", text, &why);
		/* EINVAL: a process that is just being made cannot be moved yet */
		if (r != -EINVAL)
			break;
		(void)nanosleep(&pause, NULL); /* a shorter pause does no harm */
	}
	if (r == -EBUSY)
		return ar_refuse(
			err, EBUSY,
			"process %d cannot enter cgroup '%s': it is divided into cgroups with limits",
			pid, cgroup->path);
	if (r < 0)
		return ar_refuse(err, -r, "process %d cannot enter cgroup '%s': %s", pid,
				 cgroup->path, why.text);
	return 0;
}
