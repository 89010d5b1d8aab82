/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strings.h"
#include "kernel/mount-table.h"
#include "kernel/probe-internal.h"
#include "policy/hostpaths.h"

/*
 * What the mount table says about sources that their own names do not.
 *
 * A recursive bind brings along the mounts beneath its source: a tree made for chroot often has the
 * host's procfs in it, and whoever is uid 0 writes core_pattern there.
 *
 * Such a mount has flags of its own, which the host gave it.
 *
 * And a part of the host's system may be mounted elsewhere, under a harmless name: a volume that an
 * engine was told to make of /etc/ssh, a path of a Kubernetes volume. It is found by its place in
 * its file system.
 */

/* A directory or file in its file system, wherever that is mounted. */
struct place {
	const char *device;
	const char *path;
};

/* "/a", "/b" -> "/a/b", without a second slash for the root. */
static const char *joined(struct ar_arena *arena, const char *dir, const char *rest)
{
	if (!*rest || ar_streq(rest, "/"))
		return dir;
	return ar_streq(dir, "/") ? ar_strdup(arena, rest) : ar_printf(arena, "%s%s", dir, rest);
}

/* What of path is left below dir: "" or "/c". */
static const char *below(const char *path, const char *dir)
{
	return ar_streq(dir, "/") ? path : path + strlen(dir);
}

/* What is found out of a source. */
struct looking {
	struct ar_probing *p;
	struct ar_source *s;
	const struct ar_mount_entries *mounts;
	struct ar_grow names, inside;
};

static void add_name(struct looking *l, bool inside, const char *name)
{
	if (ar_streq(name, l->s->resolved) || ar_strings_have(&l->names.list, name) ||
	    ar_strings_have(&l->inside.list, name))
		return;
	ar_grow_add(inside ? &l->inside : &l->names, name);
}

/* The other names of a place that is the source, or lies in it (inside), and of what lies there. */
static void add_names(struct looking *l, const struct ar_mount_entry *own,
		      const struct place *place, bool inside)
{
	for (size_t i = 0; i < l->mounts->n; i++) {
		const struct ar_mount_entry *e = &l->mounts->items[i];

		if (e == own || !ar_streq(e->device, place->device))
			continue;
		if (ar_path_within(place->path, e->root))
			add_name(l, inside,
				 joined(l->p->arena, e->path, below(place->path, e->root)));
		else if (ar_path_within(e->root, place->path))
			add_name(l, true, e->path);
	}
}

/* The mount that a source lies in; without its id the last of the longest path. */
static const struct ar_mount_entry *mount_of(const struct ar_source *s,
					     const struct ar_mount_entries *mounts)
{
	const struct ar_mount_entry *found = NULL;
	uint64_t id;
	bool known = ar_mount_id(s->fd, &id) == 0;

	for (size_t i = 0; i < mounts->n; i++) {
		const struct ar_mount_entry *e = &mounts->items[i];

		if (known ? e->id == id
			  : ar_path_within(s->resolved, e->path) &&
				    (!found || strlen(e->path) >= strlen(found->path)))
			found = e;
	}
	return found;
}

static void look_for_names(struct looking *l)
{
	const struct ar_source *s = l->s;
	const struct ar_mount_entry *own = mount_of(s, l->mounts);

	if (!own || !ar_path_within(s->resolved, own->path))
		return; /* of another mount namespace: it cannot be bound */
	add_names(l, own,
		  &(struct place){ own->device,
				   joined(l->p->arena, own->root, below(s->resolved, own->path)) },
		  false);
}

/* The reason why a mount is none to bring along, NULL: it is one. */
static const char *look_at(struct ar_probing *p, struct ar_source *s, const char *path)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	const char *reason;
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0) {
		s->attr_below = UINT64_MAX;
		return "it cannot be inspected";
	}
	s->attr_below |= ar_probe_attr((unsigned long)fs.f_flags);
	reason = ar_kernel_fs((uint64_t)(unsigned long)fs.f_type);
	if (reason)
		return reason;
	if (fstat(fd, &st) < 0) /* of FUSE, which lets nobody but its owner look, nor root */
		return errno == EACCES ? NULL : "it cannot be inspected";
	if (S_ISSOCK(st.st_mode))
		return "it is a socket of the host";
	p->submounts[p->n_submounts++] =
		(struct ar_submount){ .source = s, .dev = st.st_dev, .ino = st.st_ino };
	return NULL;
}

/*
 * Whether the container's own mounts lie above what is mounted there in its root: wherever they
 * come to stand, at the target, or at the destination as it is written, where another mount covers
 * the links of the image by then.
 */
static bool is_covered(const struct ar_probing *p, const struct ar_source *s, const char *path)
{
	const struct ar_facts *f = p->facts;
	const struct ar_mount *mounts = p->spec->mounts.items;
	const char *inside = below(path, s->resolved);

	for (size_t i = 0; s == &f->root && i < f->n_mounts; i++)
		if (ar_path_within(inside, f->mount_target[i]) &&
		    ar_path_within(inside, mounts[i].destination))
			return true;
	return false;
}

static void look_beneath(struct looking *l)
{
	struct ar_probing *p = l->p;
	struct ar_source *s = l->s;

	for (size_t i = 0; i < l->mounts->n; i++) {
		const struct ar_mount_entry *e = &l->mounts->items[i];
		const char *reason;

		if (!ar_path_within(e->path, s->resolved) || ar_streq(e->path, s->resolved) ||
		    is_covered(p, s, e->path))
			continue;
		reason = look_at(p, s, e->path);
		if (reason && !s->mounted)
			s->mounted = ar_printf(p->arena, "beneath it '%s' is mounted: %s", e->path,
					       reason);
		add_names(l, e, &(struct place){ e->device, e->root }, true);
	}
}

static bool is_tree(const struct ar_source *s)
{
	return s->recursive && S_ISDIR(s->mode);
}

void ar_probe_mounts(struct ar_probing *p)
{
	struct ar_facts *f = p->facts;
	struct ar_mount_entries mounts;
	struct ar_error err = { 0 };
	size_t trees = 0;

	if (ar_mount_entries_read(p->arena, &mounts, &err) < 0) {
		for (size_t i = 0; i < f->n_sources; i++) {
			f->sources[i].mounted = "the table of mounts cannot be read";
			f->sources[i].attr_below = UINT64_MAX;
		}
		f->root.mounted = "the table of mounts cannot be read";
		return;
	}
	f->root.recursive = true;
	for (size_t i = 0; i < f->n_sources; i++)
		trees += is_tree(&f->sources[i]);
	p->submounts = ar_alloc_array(p->arena, mounts.n * (trees + 1), sizeof(*p->submounts));
	for (size_t i = 0; i <= f->n_sources; i++) {
		struct ar_source *s = i < f->n_sources ? &f->sources[i] : &f->root;
		struct looking l;

		if (!s->resolved)
			continue;
		l = (struct looking){ .p = p,
				      .s = s,
				      .mounts = &mounts,
				      .names.arena = p->arena,
				      .inside.arena = p->arena };
		look_for_names(&l);
		if (is_tree(s))
			look_beneath(&l);
		s->names = l.names.list;
		s->inside = l.inside.list;
	}
}
