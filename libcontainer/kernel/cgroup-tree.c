/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"

/*
 * A container divides its cgroup as it likes: names that begin with a dot, and thousands of
 * levels. So the way back is "..", which no rename can change in cgroup v2, and names are taken
 * all at once, before anybody else makes or removes some.
 */

/* A cgroup on the way from the top to where we are. */
struct level {
	struct level *above;
	struct ar_cgroup_name *left; /* the one we are in, and those that follow */
};

struct walk {
	struct ar_arena *arena;
	const struct ar_cgroup_walker *by;
	struct level *level;
	int fd; /* of the level */
};

static bool is_child(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && !ar_streq(entry->d_name, ".") &&
	       !ar_streq(entry->d_name, "..");
}

static struct ar_cgroup_name *add(struct ar_arena *arena, const char *text,
				  struct ar_cgroup_name *next)
{
	struct ar_cgroup_name *name = ar_alloc(arena, sizeof(*name));

	*name = (struct ar_cgroup_name){ .next = next, .text = ar_strdup(arena, text) };
	return name;
}

int ar_cgroup_children(struct ar_arena *arena, int fd, struct ar_cgroup_name **ret)
{
	_cleanup_fd_ int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_entries_ DIR *dir = ar_entries_open(&again);
	struct ar_cgroup_name *names = NULL;
	struct dirent *entry;

	if (!dir)
		return -errno;
	errno = 0;
	while ((entry = readdir(dir)))
		if (is_child(entry))
			names = add(arena, entry->d_name, names);
	if (errno != 0)
		return -errno;
	*ret = names;
	return 0;
}

/* It went away meanwhile, or is about to. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/* fd is w's from now on. */
static int arrive(struct walk *w, int fd)
{
	struct level *level = ar_alloc(w->arena, sizeof(*level));
	int r;

	ar_close_fd(&w->fd);
	w->fd = fd;
	level->above = w->level;
	w->level = level;
	r = w->by->enter ? w->by->enter(fd, w->by->data) : 0;
	if (r == 0)
		r = ar_cgroup_children(w->arena, fd, &level->left);
	return is_gone(r) ? 0 : r;
}

static int down(struct walk *w)
{
	struct level *here = w->level;
	int fd = openat(w->fd, here->left->text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return arrive(w, fd);
	if (!is_gone(-errno))
		return -errno;
	here->left = here->left->next;
	return 0;
}

static int up(struct walk *w)
{
	int fd = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	struct level *above = w->level->above;

	if (fd < 0)
		return -errno;
	ar_close_fd(&w->fd);
	w->fd = fd;
	w->level = above;
	r = w->by->leave ? w->by->leave(fd, above->left->text, w->by->data) : 0;
	above->left = above->left->next;
	return r;
}

int ar_cgroup_walk(int fd, const struct ar_cgroup_walker *by)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct walk w = { .arena = arena, .by = by, .fd = -1 };
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = again < 0 ? -errno : arrive(&w, again);

	while (r == 0 && (w.level->left || w.level->above))
		r = w.level->left ? down(&w) : up(&w);
	ar_close_fd(&w.fd);
	return again < 0 && is_gone(r) ? 0 : r;
}
