/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/external.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/dev.h"
#include "kernel/ns.h"
#include "life/image.h"
#include "spec/mount-options.h"
#include "spec/spec.h"

#define MOUNTINFO_MAX (16u << 20)
#define NULL_PATH "/dev/null"

static bool is_bind(struct ar_arena *arena, const struct ar_mount *m)
{
	struct ar_mount_options options;

	ar_mount_options_parse(arena, &m->options, &options);
	return options.bind && !options.remount;
}

static void add(struct ar_map *map, const char *key, const char *value)
{
	for (size_t i = 0; i < map->n; i++)
		if (ar_streq(map->items[i].key, key))
			return;
	map->items[map->n++] = (struct ar_pair){ key, value };
}

/* Where links of the image lead: the kernel knows a mount by that. */
static int resolve(struct ar_arena *arena, int root, const char *destination, const char **ret,
		   struct ar_error *err)
{
	_cleanup_fd_ int fd = ar_open_in_root(root, destination, O_PATH, 0);
	char path[PATH_MAX];
	int r;

	if (fd < 0)
		return ar_fail(err, -fd, "mount '%s' of the container", destination);
	r = ar_fd_realpath(fd, path, sizeof(path));
	if (r < 0)
		return ar_fail(err, -r, "mount '%s' of the container", destination);
	*ret = ar_strdup(arena, path);
	return 0;
}

static int add_binds(struct ar_arena *arena, const struct ar_spec *spec, int root,
		     struct ar_map *map, struct ar_error *err)
{
	ar_list_foreach(const struct ar_mount, m, &spec->mounts) {
		const char *place;
		int r;

		if (!is_bind(arena, m))
			continue;
		r = resolve(arena, root, m->destination, &place, err);
		if (r < 0)
			return r;
		add(map, place, ar_path_absolute(arena, m->destination));
	}
	return 0;
}

/* A blank, tab, newline or backslash in mountinfo is written as an octal number (proc(5)). */
static char *unescape(struct ar_arena *arena, const char *s, size_t len)
{
	char *copy = ar_strndup(arena, s, len), *to = copy;

	for (const char *from = copy; *from;) {
		bool octal = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' &&
			     from[2] >= '0' && from[2] <= '7' && from[3] >= '0' && from[3] <= '7';

		if (octal) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return copy;
}

/* The fifth field of a line is the mount point. */
static char *mount_point(struct ar_arena *arena, const char *line)
{
	const char *p = line;

	for (int i = 0; i < 4 && p; i++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	return p ? unescape(arena, p, strcspn(p, " ")) : NULL;
}

/* A node on which another one is mounted: for a masked file the null device, else itself. A
 * terminal is none: it is of the container's own devpts. */
static void add_node(int root, const char *path, struct ar_map *map)
{
	_cleanup_fd_ int fd = ar_open_no_links(root, path, O_PATH, 0);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return; /* it is covered by another mount */
	if (fstat(fd, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		return;
	if (fstatfs(fd, &fs) < 0 || fs.f_type == DEVPTS_SUPER_MAGIC)
		return;
	add(map, path, ar_is_null_device(&st) ? NULL_PATH : path);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

int ar_external_mounts(struct ar_arena *arena, const struct ar_spec *spec, pid_t pid,
		       struct ar_map *ret, struct ar_error *err)
{
	_cleanup_fd_ int root =
		open(ar_printf(arena, "/proc/%d/root", (int)pid), O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *path = ar_printf(arena, "/proc/%d/mountinfo", (int)pid);
	_cleanup_fd_ int info = open(path, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *text;
	int r;

	if (root < 0 || info < 0)
		return ar_fail(err, errno, "inspect the mounts of the container");
	r = ar_file_read_fd(arena, info, path, MOUNTINFO_MAX, &text, &len, err);
	if (r < 0)
		return r;
	*ret = (struct ar_map){
		.items = ar_alloc_array(arena, spec->mounts.n + count_lines(text) + 1,
					sizeof(*ret->items)),
	};
	r = add_binds(arena, spec, root, ret, err);
	if (r < 0)
		return r;
	for (char *line = text; line && *line;) {
		char *next = strchr(line, '\n'), *point = mount_point(arena, line);

		if (point)
			add_node(root, point, ret);
		line = next ? next + 1 : NULL;
	}
	return 0;
}

void ar_external_sources(struct ar_arena *arena, const struct ar_effective *effective,
			 const struct ar_facts *facts, struct ar_map *ret)
{
	const struct ar_spec *spec = effective->spec;
	const int *sources = effective->mount_source;
	size_t n_devices = spec->linux ? spec->linux->devices.n : 0, n_defaults, i = 0;
	const struct ar_device *defaults = ar_dev_defaults(&n_defaults);

	*ret = (struct ar_map){
		.items = ar_alloc_array(arena, spec->mounts.n + n_devices + n_defaults,
					sizeof(*ret->items)),
	};
	ar_list_foreach(const struct ar_mount, m, &spec->mounts) {
		int source = sources[i++];

		if (is_bind(arena, m) && source >= 0)
			add(ret, ar_path_absolute(arena, m->destination),
			    facts->sources[source].resolved);
	}
	for (i = 0; i < n_defaults; i++)
		add(ret, defaults[i].path, defaults[i].path);
	for (i = 0; i < n_devices; i++) {
		const struct ar_device *d = spec->linux->devices.items;

		add(ret, d[i].path, d[i].path);
	}
}

int ar_external_namespaces(struct ar_arena *arena, const struct ar_spec *spec, pid_t pid,
			   struct ar_strings *ret, struct ar_error *err)
{
	static const enum ar_ns known[] = { AR_NS_NETWORK, AR_NS_PID };

	ret->items = ar_alloc_array(arena, AR_COUNT(known) + 1, sizeof(*ret->items));
	ret->n = 0;
	for (size_t i = 0; i < AR_COUNT(known); i++) {
		const struct ar_namespace *ns = ar_spec_namespace(spec, ar_ns_name(known[i]));
		const char *file = ar_ns_file(known[i]);
		struct stat st;

		if (!ns || !ar_namespace_is_joined(ns))
			continue;
		if (stat(ar_printf(arena, "/proc/%d/ns/%s", (int)pid, file), &st) < 0)
			return ar_fail(err, errno, "%s namespace of the container", ns->type);
		ret->items[ret->n++] = ar_printf(arena, "%s[%ju]:%s", file, (uintmax_t)st.st_ino,
						 ar_image_namespace_key(ns->type));
	}
	return 0;
}
