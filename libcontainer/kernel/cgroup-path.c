/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/mountinfo.h"
#include "policy/trust.h"

void ar_cgroup_close(struct ar_cgroup *cgroup)
{
	ar_close_fd(&cgroup->root_fd);
	ar_close_fd(&cgroup->fd);
}

static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

int ar_cgroup_find_root(struct ar_arena *arena, const char **ret_root, struct ar_error *err)
{
	/* alone, or beside v1 where systemd puts it */
	static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	int r;

	for (size_t i = 0; i < AR_COUNT(usual); i++) {
		if (is_cgroup2(usual[i])) {
			*ret_root = usual[i];
			return 0;
		}
	}
	r = ar_mountinfo_find(arena, "cgroup2", CGROUP2_SUPER_MAGIC, ret_root, err);
	if (r == -ENOENT)
		return ar_refuse(err, ENOENT, "no cgroup v2 tree is mounted");
	return r;
}

/* "0::/path\n" is the line of the v2 tree in /proc/PID/cgroup. */
int ar_cgroup_of(struct ar_arena *arena, const char *pid, char **ret, struct ar_error *err)
{
	char file[64], *text, *line;
	size_t len;
	int r;

	(void)snprintf(file, sizeof(file), "/proc/%.16s/cgroup", pid); /* fits */
	r = ar_file_read(arena, AT_FDCWD, file, 1 << 20, &text, &len, err);
	if (r < 0)
		return r;
	line = ar_starts_with(text, "0::") ? text : strstr(text, "\n0::");
	if (!line)
		return ar_refuse(err, ENOENT, "process %s is in no cgroup of the v2 tree", pid);
	line = strchr(line, '/');
	if (!line)
		return ar_refuse(err, EPROTO, "'%s' has no path of the v2 tree", file);
	line[strcspn(line, "\n")] = '\0';
	*ret = line;
	return 0;
}

/* Root of the host: not of a user namespace, so the tree is ours to divide. */
static bool is_host_root(void)
{
	struct ar_trust trust;

	ar_trust_get(&trust);
	return trust.host_root;
}

static bool has_dotdot(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2) {
		if ((p == path || p[-1] == '/') && (p[2] == '\0' || p[2] == '/'))
			return true;
	}
	return false;
}

/* The parent of our own cgroup, "" for the root. */
static int own_parent(struct ar_arena *arena, const char **ret, struct ar_error *err)
{
	char *own, *slash;
	int r = ar_cgroup_of(arena, "self", &own, err);

	if (r < 0)
		return r;
	if (has_dotdot(own))
		return ar_refuse(err, EPERM,
				 "our own cgroup '%s' lies outside of the cgroup namespace", own);
	slash = strrchr(own, '/');
	if (slash)
		*slash = '\0';
	*ret = own;
	return 0;
}

static int choose_path(struct ar_arena *arena, const char *cgroups_path, const char *id,
		       const char **ret, struct ar_error *err)
{
	const char *below = cgroups_path && cgroups_path[0] ? cgroups_path : NULL;
	const char *parent = "";
	char *path;
	int r;

	if (below && has_dotdot(below))
		return ar_refuse(err, EINVAL, "cgroupsPath '%s' must not have '..'", below);
	if (below ? below[0] != '/' : !is_host_root()) {
		r = own_parent(arena, &parent, err);
		if (r < 0)
			return r;
	}
	path = below ? ar_printf(arena, "%s/%s", parent, below)
		     : ar_printf(arena, "%s/" AR_CGROUP_PARENT "/%s", parent, id);
	ar_path_clean(path);
	if (ar_streq(path, "/"))
		return ar_refuse(err, EINVAL, "cgroupsPath '%s' must not be the root of the tree",
				 below);
	*ret = path;
	return 0;
}

static int open_root(struct ar_arena *arena, struct ar_cgroup *cgroup, struct ar_error *err)
{
	char controllers[512];
	struct statfs fs;
	int r;

	cgroup->root_fd = open(cgroup->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cgroup->root_fd < 0)
		return ar_fail(err, errno, "open cgroup tree '%s'", cgroup->root);
	if (fstatfs(cgroup->root_fd, &fs) < 0)
		return ar_fail(err, errno, "inspect cgroup tree '%s'", cgroup->root);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return ar_refuse(err, EINVAL, "'%s' is not a cgroup v2 tree", cgroup->root);
	r = ar_file_peek(cgroup->root_fd, "cgroup.controllers", controllers, sizeof(controllers));
	if (r < 0)
		return ar_fail(err, -r, "read the controllers of cgroup tree '%s'", cgroup->root);
	cgroup->controllers = ar_strdup(arena, controllers);
	return 0;
}

int ar_cgroup_locate(struct ar_arena *arena, const char *cgroups_path, const char *id,
		     struct ar_cgroup *ret, struct ar_error *err)
{
	struct ar_cgroup cgroup = AR_CGROUP_INIT;
	int r;

	r = ar_cgroup_find_root(arena, &cgroup.root, err);
	if (r == 0)
		r = choose_path(arena, cgroups_path, id, &cgroup.path, err);
	if (r == 0)
		r = open_root(arena, &cgroup, err);
	if (r < 0) {
		ar_cgroup_close(&cgroup);
		return r;
	}
	*ret = cgroup;
	return 0;
}

int ar_cgroup_reopen(struct ar_arena *arena, const char *root, const char *path,
		     struct ar_cgroup *ret, struct ar_error *err)
{
	struct ar_cgroup cgroup = AR_CGROUP_INIT;
	int r;

	cgroup.root = ar_strdup(arena, root);
	cgroup.path = ar_strdup(arena, path);
	r = open_root(arena, &cgroup, err);
	if (r == 0) {
		cgroup.fd = ar_open_no_links(cgroup.root_fd, path, O_RDONLY | O_DIRECTORY, 0);
		if (cgroup.fd < 0 && cgroup.fd != -ENOENT)
			r = ar_fail(err, -cgroup.fd, "open cgroup '%s'", path);
		if (cgroup.fd < 0)
			cgroup.fd = -1;
	}
	if (r < 0) {
		ar_cgroup_close(&cgroup);
		return r;
	}
	*ret = cgroup;
	return 0;
}

int ar_cgroup_at(struct ar_arena *arena, const char *path, struct ar_cgroup *ret,
		 struct ar_error *err)
{
	const char *root;
	int r = ar_cgroup_find_root(arena, &root, err);

	return r < 0 ? r : ar_cgroup_reopen(arena, root, path, ret, err);
}

int ar_cgroup_sub_of(struct ar_arena *arena, const struct ar_cgroup *cgroup, pid_t pid,
		     const char **ret_sub, struct ar_error *err)
{
	char digits[16], *path;
	int r;

	(void)snprintf(digits, sizeof(digits), "%d", pid); /* fits */
	r = ar_cgroup_of(arena, digits, &path, err);
	if (r < 0)
		return r;
	if (!ar_path_within(path, cgroup->path))
		return ar_refuse(err, ENOENT, "process %d is in cgroup '%s', not in '%s'", pid,
				 path, cgroup->path);
	path += strlen(cgroup->path);
	*ret_sub = *path ? path + 1 : NULL;
	return 0;
}
