/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/mount-table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"

#define TABLE_MAX (64u << 20)

int ar_mount_id(int fd, uint64_t *ret)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret = st.stx_mnt_id;
	return 0;
}

int ar_mount_same(int a, int b, const char *name, bool *ret_same, struct ar_error *err)
{
	uint64_t first = 0, second = 0;
	int r = ar_mount_id(a, &first);

	if (r == 0)
		r = ar_mount_id(b, &second);
	if (r < 0)
		return ar_fail(err, -r, "inspect the mount '%s'", name);
	*ret_same = first == second;
	return 0;
}

int ar_mount_is_top(int fd, int top, bool *ret)
{
	uint64_t first, second;
	struct stat a, b;

	*ret = false;
	if (top < 0)
		return 0;
	if (fstat(fd, &a) < 0 || fstat(top, &b) < 0)
		return -errno;
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return 0;
	*ret = ar_mount_id(fd, &first) < 0 || ar_mount_id(top, &second) < 0 || first == second;
	return 0;
}

/* Blanks, newlines and backslashes are written as \040 and the like. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime ...": id, parent, device, root, mount point (proc(5)). */
static bool parse(char *line, struct ar_mount_entry *ret)
{
	char *field[5], *save = NULL;

	for (size_t i = 0; i < AR_COUNT(field); i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return false;
	}
	unescape(field[3]);
	unescape(field[4]);
	*ret = (struct ar_mount_entry){ .device = field[2], .root = field[3], .path = field[4] };
	return ar_parse_u64(field[0], &ret->id) == 0 && ar_parse_u64(field[1], &ret->parent) == 0;
}

int ar_mount_entries_read(struct ar_arena *arena, struct ar_mount_entries *ret,
			  struct ar_error *err)
{
	static const char file[] = "/proc/self/mountinfo";
	struct ar_mount_entries t = { 0 };
	char *text, *save = NULL;
	size_t len, lines = 0;
	int r = ar_file_read(arena, AT_FDCWD, file, TABLE_MAX, &text, &len, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	t.items = ar_alloc_array(arena, lines + 1, sizeof(*t.items));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!parse(line, &t.items[t.n++]))
			return ar_fail(err, EPROTO, "'%s' has a malformed line", file);
	*ret = t;
	return 0;
}

static const struct ar_mount_entry *find(const struct ar_mount_entries *t, uint64_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].id == id)
			return &t->items[i];
	return NULL;
}

/* Whether the mount of fd stands on the mount of target. */
static int stands_on(int fd, int target, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_mount_entries t;
	uint64_t id = 0, parent = 0;
	const struct ar_mount_entry *e;
	int r = ar_mount_id(fd, &id);

	if (r == 0)
		r = ar_mount_id(target, &parent);
	if (r < 0)
		return ar_fail(err, -r, "inspect the mounts");
	r = ar_mount_entries_read(arena, &t, err);
	if (r < 0)
		return r;
	e = find(&t, id);
	return e && e->parent == parent && id != parent;
}

/*
 * What lies on target by now. From the directory above it, as a root that was attached over ours
 * has paths that lead elsewhere from here; there is none above a file.
 */
static int step_onto(int target, const char *path)
{
	char beside[PATH_MAX + 3];
	int fd;

	(void)snprintf(beside, sizeof(beside), "..%s", strrchr(path, '/')); /* fits */
	fd = openat(target, beside, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOTDIR)
		fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int ar_mount_on(int target, const char *name, int *ret_fd, struct ar_error *err)
{
	char before[PATH_MAX], after[PATH_MAX];
	_cleanup_fd_ int fd = -1;
	int r = ar_fd_realpath(target, before, sizeof(before));

	if (r == 0)
		fd = r = step_onto(target, before);
	if (r >= 0)
		r = ar_fd_realpath(fd, after, sizeof(after));
	if (r < 0)
		return ar_fail(err, -r, "mount on '%s'", name);
	/* the same place: the same path on the same mount below */
	r = ar_streq(before, after) ? stands_on(fd, target, err) : 0;
	if (r < 0)
		return ar_prefix(err, r, "mount on '%s'", name);
	if (r == 0)
		return ar_refuse(err, EAGAIN, "the target '%s' was moved during the mount", name);
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

/* Mark what stands on the mount, and what stands on that. The table has no order to rely on. */
static void mark_below(const struct ar_mount_entries *t, uint64_t id, bool *below)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct ar_mount_entry *e = &t->items[i];

		if (e->parent != id || e->id == id || below[i])
			continue;
		below[i] = true;
		mark_below(t, e->id, below);
	}
}

/* The mount of e, which lies at path below top. */
static int open_below(int top, const struct ar_mount_entry *e, const char *path, int *ret_fd,
		      const char *name, struct ar_error *err)
{
	_cleanup_fd_ int fd = ar_open_no_links(top, path, O_PATH, 0);
	uint64_t id = 0;
	int r = fd < 0 ? fd : ar_mount_id(fd, &id);

	if (r < 0)
		return ar_fail(err, -r, "mount '%s' below '%s'", e->path, name);
	if (id != e->id)
		return ar_refuse(
			err, EBUSY,
			"mount '%s' below '%s' cannot be reached: another is mounted over it",
			e->path, name);
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

int ar_mount_each_below(int top, ar_mount_fn *apply, const void *arg, const char *name,
			struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_mount_entries t;
	const struct ar_mount_entry *own;
	bool *below;
	uint64_t id = 0;
	size_t prefix;
	int r = ar_mount_id(top, &id);

	if (r < 0)
		return ar_fail(err, -r, "inspect the mount '%s'", name);
	r = ar_mount_entries_read(arena, &t, err);
	if (r < 0)
		return r;
	own = find(&t, id);
	if (!own)
		return ar_refuse(err, ENOENT, "the mount '%s' is not one of ours", name);
	prefix = ar_streq(own->path, "/") ? 0 : strlen(own->path);
	below = ar_alloc_array(arena, t.n, sizeof(*below));
	mark_below(&t, id, below);
	for (size_t i = 0; i < t.n && r == 0; i++) {
		_cleanup_fd_ int fd = -1;

		if (!below[i])
			continue;
		r = open_below(top, &t.items[i], t.items[i].path + prefix, &fd, name, err);
		if (r == 0)
			r = apply(fd, arg, name, err);
	}
	return r;
}

int ar_mount_detach_others(int base, int keep, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_mount_entries t = { 0 };
	uint64_t below = 0, kept = 0;
	int r = ar_mount_id(base, &below);

	if (r == 0)
		r = ar_mount_id(keep, &kept);
	if (r < 0)
		return ar_fail(err, -r, "inspect the mounts of the host");
	r = ar_mount_entries_read(arena, &t, err);
	for (size_t i = 0; i < t.n && r == 0; i++) {
		const struct ar_mount_entry *e = &t.items[i];

		if (e->parent != below || e->id == below || e->id == kept)
			continue;
		if (umount2(e->path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			r = ar_fail(err, errno, "detach the host's mount '%s'", e->path);
	}
	return r;
}
