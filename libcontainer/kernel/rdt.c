/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
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
#include "kernel/mountinfo.h"
#include "spec/spec.h"

#define RESCTRL_MAGIC 0x7655821
#define USUAL_ROOT "/sys/fs/resctrl"
#define MONITOR "mon_groups"

int ar_rdt_open(struct ar_arena *arena, int *ret_root, struct ar_error *err)
{
	const char *root = USUAL_ROOT;
	struct statfs fs;
	int r, fd;

	if (statfs(root, &fs) < 0 || fs.f_type != RESCTRL_MAGIC) {
		r = ar_mountinfo_find(arena, "resctrl", RESCTRL_MAGIC, &root, err);
		if (r == -ENOENT)
			return ar_refuse(err, ENOENT,
					 "needs the resctrl file system, which is not mounted");
		if (r < 0)
			return r;
	}
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ar_fail(err, errno, "open '%s'", root);
	*ret_root = fd;
	return 0;
}

bool ar_rdt_divides(int root, const char *resource)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "info/%s", resource); /* fits */
	return faccessat(root, path, F_OK, 0) == 0;
}

/* The class's directory below the root. */
static const char *class_of(const struct ar_intel_rdt *rdt, const char *id)
{
	if (!rdt->clos_id || !rdt->clos_id[0])
		return id;
	return ar_streq(rdt->clos_id, "/") ? "." : rdt->clos_id;
}

static bool is_own(const struct ar_intel_rdt *rdt)
{
	return !rdt->clos_id || !rdt->clos_id[0];
}

static bool monitors(const struct ar_intel_rdt *rdt)
{
	/* the two that 1.3 replaced */
	return rdt->enable_monitoring == AR_YES || rdt->enable_cmt == AR_YES ||
	       rdt->enable_mbm == AR_YES;
}

/* The kernel says in a file of its own what it did not like. */
static int fail(int root, struct ar_error *err, int errnum, const char *what, const char *class)
{
	char status[512];

	if (ar_file_peek(root, "info/last_cmd_status", status, sizeof(status)) == 0 && status[0] &&
	    !ar_streq(status, "ok"))
		return ar_refuse(err, errnum, "%s '%s': %s: %s", what, class, ar_errno_text(errnum),
				 status);
	return ar_fail(err, errnum, "%s '%s'", what, class);
}

struct applying {
	struct ar_arena *arena;
	int root;
	const struct ar_intel_rdt *rdt;
	const char *class, *id, *schemata;
	bool made, made_monitor;
	struct ar_error *err;
};

/* Open the class, made where it must be; *ret its directory. */
static int open_class(struct applying *a, int *ret)
{
	int fd;

	if (is_own(a->rdt) || a->schemata) {
		a->made = mkdirat(a->root, a->class, 0755) == 0;
		if (!a->made && errno != EEXIST)
			return fail(a->root, a->err, errno, "make class", a->class);
	}
	fd = ar_open_no_links(a->root, a->class, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -ENOENT)
		return ar_refuse(
			a->err, ENOENT,
			"class '%s' must already exist, since no schema says how to create it",
			a->class);
	if (fd < 0)
		return ar_fail(a->err, -fd, "open class '%s'", a->class);
	*ret = fd;
	return 0;
}

static int set_schemata(const struct applying *a, int class)
{
	char *has;
	size_t len;
	int r;

	if (!a->schemata)
		return 0;
	/* others may be in it: it is not ours to change */
	if (!a->made && !is_own(a->rdt)) {
		r = ar_file_read(a->arena, class, "schemata", 1 << 16, &has, &len, a->err);
		return r < 0 ? r : ar_rdt_compare(a->arena, a->schemata, has, a->err);
	}
	r = ar_file_write(class, "schemata", a->schemata, NULL);
	return r < 0 ? fail(a->root, a->err, -r, "set the schemata of class", a->class) : 0;
}

static int add_task(const struct applying *a, int directory, pid_t pid)
{
	char text[16];
	int r;

	(void)snprintf(text, sizeof(text), "%d", pid); /* fits */
	r = ar_file_write(directory, "tasks", text, NULL);
	return r < 0 ? fail(a->root, a->err, -r, "put the container into class", a->class) : 0;
}

static int monitor(struct applying *a, int class, pid_t pid)
{
	const char *path = ar_printf(a->arena, MONITOR "/%s", a->id);
	_cleanup_fd_ int fd = -1;

	if (!monitors(a->rdt))
		return 0;
	a->made_monitor = mkdirat(class, path, 0755) == 0;
	if (!a->made_monitor && errno != EEXIST)
		return fail(a->root, a->err, errno, "make a monitoring group in class", a->class);
	fd = ar_open_no_links(class, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return ar_fail(a->err, -fd, "open the monitoring group of class '%s'", a->class);
	return add_task(a, fd, pid);
}

int ar_rdt_apply(int root, const struct ar_intel_rdt *rdt, const char *id, pid_t pid,
		 struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct applying a = { .arena = arena,
			      .root = root,
			      .rdt = rdt,
			      .class = class_of(rdt, id),
			      .id = id,
			      .schemata = ar_rdt_schemata(arena, rdt),
			      .err = err };
	_cleanup_fd_ int class = -1;
	int r = open_class(&a, &class);

	if (r == 0)
		r = set_schemata(&a, class);
	if (r == 0)
		r = add_task(&a, class, pid);
	if (r == 0)
		r = monitor(&a, class, pid);
	if (r == 0)
		return 0;
	/* the process goes back to the default class; the first error counts */
	if (a.made_monitor)
		(void)unlinkat(class, ar_printf(arena, MONITOR "/%s", id), AT_REMOVEDIR);
	if (a.made)
		(void)unlinkat(root, a.class, AT_REMOVEDIR);
	return r;
}

int ar_rdt_remove(int root, const struct ar_intel_rdt *rdt, const char *id, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *path;

	if (is_own(rdt))
		path = id; /* its monitoring groups go with it */
	else if (monitors(rdt))
		path = ar_printf(arena, "%s/" MONITOR "/%s", class_of(rdt, id), id);
	else
		return 0;
	if (unlinkat(root, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return ar_fail(err, errno, "remove '%s'", path);
	return 0;
}
