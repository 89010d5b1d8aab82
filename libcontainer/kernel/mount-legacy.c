/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/mount-legacy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/copyup.h"
#include "kernel/mount-table.h"

static const struct {
	uint64_t attr;
	unsigned long ms, st;
} flags[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME },
	{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, AR_ST_NOSYMFOLLOW },
};

/* The bits of attr, without the access time, which is a mode. */
static unsigned long to_ms(uint64_t attr)
{
	unsigned long ms = 0;

	for (size_t i = 0; i < AR_COUNT(flags); i++)
		if (attr & flags[i].attr)
			ms |= flags[i].ms;
	return ms;
}

static unsigned long atime_to_ms(uint64_t attr)
{
	switch (attr & MOUNT_ATTR__ATIME) {
	case MOUNT_ATTR_NOATIME:
		return MS_NOATIME;
	case MOUNT_ATTR_STRICTATIME:
		return MS_STRICTATIME;
	default:
		return MS_RELATIME;
	}
}

/* What mount(2) must be told for a mount to stay as it is. */
static unsigned long now_of(const struct statvfs *st, unsigned long *ret_atime)
{
	unsigned long now = 0;

	for (size_t i = 0; i < AR_COUNT(flags); i++)
		if (st->f_flag & flags[i].st)
			now |= flags[i].ms;
	*ret_atime = st->f_flag & ST_NOATIME	? MS_NOATIME
		     : st->f_flag & ST_RELATIME ? MS_RELATIME
						: MS_STRICTATIME;
	return now;
}

struct change {
	uint64_t set, clear;
};

/* One mount at a time is all that a remount reaches. */
static int change_one(int fd, const void *arg, const char *name, struct ar_error *err)
{
	const struct change *c = arg;
	char path[AR_FD_PATH_MAX];
	unsigned long now, atime;
	struct statvfs st;

	if (fstatvfs(fd, &st) < 0)
		return ar_fail(err, errno, "flags of the mount '%s'", name);
	now = now_of(&st, &atime);
	if ((c->set | c->clear) & MOUNT_ATTR__ATIME)
		atime = atime_to_ms(c->set);
	now = (now & ~to_ms(c->clear)) | to_ms(c->set) | atime;
	if (mount(NULL, ar_fd_path(path, fd), NULL, MS_REMOUNT | MS_BIND | now, NULL) < 0)
		return ar_fail(err, errno, "flags of the mount '%s'", name);
	/* an older kernel ignores what it does not know */
	return ar_mount_verify(fd, c->set, name, err);
}

int ar_mount_legacy_set(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation,
			const char *name, struct ar_error *err)
{
	const struct change c = { set, clear };
	char path[AR_FD_PATH_MAX];
	int r;

	if (propagation && mount(NULL, ar_fd_path(path, fd), NULL,
				 propagation | (recursive ? MS_REC : 0), NULL) < 0)
		return ar_fail(err, errno, "propagation of the mount '%s'", name);
	if (!set && !clear)
		return 0;
	r = change_one(fd, &c, name, err);
	if (r == 0 && recursive)
		r = ar_mount_each_below(fd, change_one, &c, name, err);
	return r;
}

int ar_mount_legacy_flags(int mount, const struct ar_mount_options *o, const char *name,
			  struct ar_error *err)
{
	int r = ar_mount_legacy_set(mount, false, o->attr_set, o->attr_clr, 0, name, err);

	return r < 0 ? r : ar_mount_legacy_set(mount, true, o->rec_set, o->rec_clr, 0, name, err);
}

static void join_data(struct ar_text *text, const struct ar_mount_request *q)
{
	for (size_t i = 0; i < q->options->data.n; i++)
		ar_text_addf(text, "%s%s", i ? "," : "", q->options->data.items[i]);
	if (q->label && *q->label)
		ar_text_addf(text, "%scontext=\"%s\"", text->len ? "," : "", q->label);
}

/* ms: MS_* besides those that options say. */
static int mount_fs(const struct ar_mount_request *q, int target, unsigned long ms,
		    struct ar_error *err)
{
	const struct ar_mount_options *o = q->options;
	_cleanup_text_ struct ar_text data = AR_TEXT_INIT;
	char path[AR_FD_PATH_MAX];

	join_data(&data, q);
	/* the kernel takes a page and would cut the rest */
	if (data.len >= (size_t)sysconf(_SC_PAGESIZE))
		return ar_refuse(err, E2BIG, "mount '%s' on '%s': %zu bytes of options", q->type,
				 q->name, data.len);
	ms |= to_ms(o->attr_set) | o->sb_flags;
	if (o->tmpcopyup)
		ms &= ~(unsigned long)MS_RDONLY;
	if (mount(q->source ? q->source : q->type, ar_fd_path(path, target), q->type, ms,
		  ar_text_str(&data)) < 0)
		return ar_fail(err, errno, "mount '%s' on '%s'", q->type, q->name);
	return 0;
}

/* Access times stay where none of their flags is given (mount(2)). */
int ar_mount_remount(const struct ar_mount_request *q, int at, struct ar_error *err)
{
	const struct ar_mount_options *o = q->options;
	unsigned long atime = o->attr_clr & MOUNT_ATTR__ATIME ? atime_to_ms(o->attr_set) : 0;

	return mount_fs(q, at, MS_REMOUNT | atime, err);
}

int ar_mount_legacy_fs(const struct ar_mount_request *q, int target, int *ret_mount,
		       struct ar_error *err)
{
	const struct ar_mount_options *o = q->options;
	_cleanup_fd_ int top = -1;
	int r = mount_fs(q, target, atime_to_ms(o->attr_set), err);

	if (r == 0)
		r = ar_mount_on(target, q->name, &top, err);
	if (r == 0 && o->tmpcopyup)
		r = ar_copyup(target, top, q->name, err);
	if (r == 0 && o->tmpcopyup && (o->attr_set & MOUNT_ATTR_RDONLY))
		r = ar_mount_legacy_set(top, false, MOUNT_ATTR_RDONLY, 0, 0, q->name, err);
	if (r == 0)
		r = ar_mount_propagate(top, o, q->name, err);
	if (r == 0 && ret_mount)
		*ret_mount = ar_steal_fd(&top);
	return r;
}

int ar_mount_legacy_bind(const struct ar_mount_request *q, int target, int *ret_mount,
			 struct ar_error *err)
{
	const struct ar_mount_options *o = q->options;
	char from[AR_FD_PATH_MAX], to[AR_FD_PATH_MAX];
	_cleanup_fd_ int top = -1;
	int r;

	if (mount(ar_fd_path(from, q->origin), ar_fd_path(to, target), NULL,
		  MS_BIND | (o->recursive ? MS_REC : 0), NULL) < 0)
		return ar_fail(err, errno, "bind mount on '%s'", q->name);
	r = ar_mount_on(target, q->name, &top, err);
	if (r == 0)
		r = ar_mount_legacy_flags(top, o, q->name, err);
	if (r == 0)
		r = ar_mount_legacy_set(top, true, 0, 0, q->inherited, q->name, err);
	if (r == 0)
		r = ar_mount_propagate(top, o, q->name, err);
	if (r == 0 && ret_mount)
		*ret_mount = ar_steal_fd(&top);
	return r;
}
