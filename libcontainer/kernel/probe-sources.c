/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/probe-internal.h"
#include "kernel/seccomp-cache.h"
#include "policy/engines.h"
#include "policy/hostpaths.h"
#include "policy/mount-flags.h"

uint64_t ar_probe_attr(unsigned long f_flags)
{
	static const struct {
		unsigned long st;
		uint64_t attr;
	} flags[] = {
		{ ST_RDONLY, MOUNT_ATTR_RDONLY },
		{ ST_NOSUID, MOUNT_ATTR_NOSUID },
		{ ST_NODEV, MOUNT_ATTR_NODEV },
		{ ST_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ AR_ST_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	};
	uint64_t attr = 0;

	for (size_t i = 0; i < AR_COUNT(flags); i++)
		if (f_flags & flags[i].st)
			attr |= flags[i].attr;
	return attr;
}

/* Open path once and look at what stands behind it. */
static int look(struct ar_probing *p, const char *path, struct ar_source *s)
{
	char resolved[PATH_MAX];
	struct statfs fs;
	struct stat st;

	s->fd = openat(p->bundle_fd, path, O_PATH | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	if (fstat(s->fd, &st) < 0 || fstatfs(s->fd, &fs) < 0)
		return -errno;
	s->mode = st.st_mode;
	s->uid = st.st_uid;
	s->dev = st.st_dev;
	s->rdev = st.st_rdev;
	s->ino = st.st_ino;
	s->fs_type = (uint64_t)(unsigned long)fs.f_type;
	s->attr = ar_probe_attr((unsigned long)fs.f_flags);
	if (ar_fd_realpath(s->fd, resolved, sizeof(resolved)) == 0)
		s->resolved = ar_strdup(p->arena, resolved);
	return 0;
}

/* For people, not for opening: ".." after a link leads elsewhere than its text says. */
static const char *absolute(struct ar_probing *p, const char *path)
{
	const char *bundle = path[0] == '/' ? "" : p->facts->bundle;

	return ar_path_absolute(p->arena, ar_printf(p->arena, "%s/%s", bundle, path));
}

int ar_probe_root(struct ar_probing *p, struct ar_error *err)
{
	struct ar_source *root = &p->facts->root;
	const char *path = p->spec->root ? p->spec->root->path : NULL;
	int r;

	if (!path || !*path)
		return 0; /* validated elsewhere; policy refuses it */
	root->asked = absolute(p, path);
	r = look(p, path, root);
	if (r < 0) {
		root->error = -r;
		return ar_fail(err, -r, "the root file system '%s'", root->asked);
	}
	if (!S_ISDIR(root->mode))
		return ar_fail(err, ENOTDIR, "the root file system '%s'", root->asked);
	return 0;
}

int ar_probe_sources(struct ar_probing *p, struct ar_error *err)
{
	struct ar_facts *f = p->facts;
	const struct ar_mount *mounts = p->spec->mounts.items;

	f->n_mounts = p->spec->mounts.n;
	f->mount_source = ar_alloc_array(p->arena, f->n_mounts + 1, sizeof(*f->mount_source));
	f->sources = ar_alloc_array(p->arena, f->n_mounts + 1, sizeof(*f->sources));
	for (size_t i = 0; i < f->n_mounts; i++) {
		struct ar_source *s = &f->sources[f->n_sources];
		struct ar_mount_options options;
		const char *path = mounts[i].source;
		int r;

		f->mount_source[i] = -1;
		ar_mount_options_parse(p->arena, &mounts[i].options, &options);
		if (!ar_mount_is_bind(&mounts[i], &options))
			continue;
		if (!path || !*path)
			return ar_refuse(err, EINVAL, "the bind mount on '%s' has no source",
					 mounts[i].destination);
		*s = (struct ar_source){ .fd = -1,
					 .asked = absolute(p, path),
					 .recursive = options.recursive };
		f->mount_source[i] = (int)f->n_sources++;
		r = look(p, path, s);
		/* engines look for these words to tell a missing source from other failures */
		if (r == -ENOENT)
			return ar_refuse(err, ENOENT,
					 "bind mount source '%s': no such file or directory", path);
		if (r < 0)
			return ar_fail(err, -r, "bind mount source '%s'", path);
	}
	return 0;
}

/* --- what sources hold --- */

/* The directory is a source, or mounted beneath one or the root. */
static void give_one(struct ar_probing *p, const char *name, const struct ar_place *place)
{
	for (size_t i = 0; i < p->facts->n_sources; i++) {
		struct ar_source *s = &p->facts->sources[i];

		if (!s->holds && s->dev == place->dev && s->ino == place->ino)
			s->holds = name;
	}
	for (size_t i = 0; i < p->n_submounts; i++) {
		const struct ar_submount *m = &p->submounts[i];

		if (!m->source->holds && m->dev == place->dev && m->ino == place->ino)
			m->source->holds = name;
	}
}

/* Most of what is looked for has the same few directories above it. */
static const struct ar_place *place_at(struct ar_probing *p, const char *path)
{
	struct ar_place *place;
	struct stat st;

	for (size_t i = 0; i < p->n_places; i++)
		if (ar_streq(p->places[i].path, path))
			return &p->places[i];
	p->places = ar_arena_grow(p->arena, p->places, p->n_places, &p->places_room,
				  sizeof(*p->places));
	place = &p->places[p->n_places++];
	*place = (struct ar_place){ .path = ar_strdup(p->arena, path) };
	if (stat(path, &st) == 0) {
		place->dev = st.st_dev;
		place->ino = st.st_ino;
	} else {
		ar_probe_failed(p, errno);
	}
	return place;
}

/* name stands behind path: give it to every source that is one of path's directories. */
static void give(struct ar_probing *p, const char *name, const char *path)
{
	const struct ar_place *place;
	char dir[PATH_MAX];

	if (strlen(path) >= sizeof(dir))
		return;
	memcpy(dir, path, strlen(path) + 1);
	for (;;) {
		char *slash = strrchr(dir, '/');

		/* by inode: a bind mount elsewhere on the host is the same directory under another
		 * name */
		place = place_at(p, *dir ? dir : "/");
		if (place->ino)
			give_one(p, name, place);
		if (!slash)
			return;
		*slash = '\0';
	}
}

static void look_for(struct ar_probing *p, const char *name)
{
	_cleanup_fd_ int fd = open(name, O_PATH | O_CLOEXEC);
	char resolved[PATH_MAX];

	if (fd < 0)
		ar_probe_failed(p, errno);
	else if (ar_fd_realpath(fd, resolved, sizeof(resolved)) == 0)
		give(p, name, ar_streq(resolved, "/") ? "" : resolved);
}

/* Whether the source is the directory that the first len bytes of name lead to from a home:
 * "/home/u1/.config" for ".config/gh". */
static bool ends_with(const char *path, const char *name, size_t len)
{
	size_t n = strlen(path);

	return n > len && path[n - len - 1] == '/' && strncmp(path + n - len, name, len) == 0;
}

static bool beneath(const struct ar_source *s, const char *name)
{
	return faccessat(s->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool holds_credentials(const struct ar_source *s, const char *name)
{
	if (beneath(s, name))
		return true;
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/'))
		if (s->resolved && ends_with(s->resolved, name, (size_t)(slash - name)) &&
		    beneath(s, slash + 1))
			return true;
	return false;
}

static void look_for_credentials(struct ar_source *s)
{
	for (size_t i = 0; i < ar_credential_paths.n && !s->holds; i++)
		if (S_ISDIR(s->mode) && holds_credentials(s, ar_credential_paths.items[i]))
			s->holds = ar_credential_paths.items[i];
}

bool ar_probe_root_inside(const struct ar_facts *facts)
{
	return facts->root.resolved && !ar_engine_root_is(facts->root.resolved);
}

/* Without links, also where the end of it is not there yet. */
static const char *without_links(struct ar_probing *p, const char *path)
{
	const char *clean = ar_path_absolute(p->arena, path);
	char *part = ar_strdup(p->arena, clean), resolved[PATH_MAX];

	for (;;) {
		_cleanup_fd_ int fd = open(*part ? part : "/", O_PATH | O_CLOEXEC);
		size_t len = strlen(part);

		if (fd >= 0 && ar_fd_realpath(fd, resolved, sizeof(resolved)) == 0)
			return ar_path_absolute(p->arena,
						ar_printf(p->arena, "%s%s", resolved, clean + len));
		if (fd < 0)
			ar_probe_failed(p, errno);
		if (!len)
			return clean;
		*strrchr(part, '/') = '\0';
	}
}

void ar_probe_own_data(struct ar_probing *p)
{
	struct ar_strings caches = ar_seccomp_cache_folders(p->arena);
	struct ar_grow data = { .arena = p->arena }, kept = { .arena = p->arena };

	if (p->facts->state_root)
		ar_grow_add(&data, without_links(p, p->facts->state_root));
	for (size_t i = 0; i < caches.n; i++)
		ar_grow_add(&kept, without_links(p, caches.items[i]));
	p->facts->own_data = data.list;
	p->facts->own_caches = kept.list;
}

void ar_probe_holdings(struct ar_probing *p)
{
	struct ar_facts *f = p->facts;
	bool directories = p->n_submounts > 0;
	size_t n;
	const struct ar_host_path *sensitive = ar_sensitive_paths(&n);

	if (ar_probe_root_inside(f))
		look_for_credentials(&f->root);
	for (size_t i = 0; i < f->n_sources; i++)
		directories = directories || S_ISDIR(f->sources[i].mode);
	if (!directories)
		return; /* files hold nothing: most containers end here */
	/*
	 * the most telling name comes last in the table: "/run/docker.sock" says more than "/run"
	 */
	while (n-- > 0)
		look_for(p, sensitive[n].path);
	for (size_t i = 0; i < p->config->engine_roots.n; i++)
		look_for(p, p->config->engine_roots.items[i]);
	for (size_t i = 0; i < f->own_data.n; i++)
		look_for(p, f->own_data.items[i]);
	for (size_t i = 0; i < f->n_sources; i++)
		look_for_credentials(&f->sources[i]);
}
