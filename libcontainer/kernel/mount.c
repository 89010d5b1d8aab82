/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/copyup.h"
#include "kernel/mount-legacy.h"

int ar_mount_clone(int source, bool recursive, int *ret_tree)
{
	int fd = ar_sys_open_tree(source, "",
				  AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
					  (recursive ? AT_RECURSIVE : 0));

	if (fd < 0)
		return -errno;
	*ret_tree = fd;
	return 0;
}

int ar_mount_attach(int tree, int target, const char *name, struct ar_error *err)
{
	if (ar_sys_move_mount(tree, "", target, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return ar_fail(err, errno, "attach the mount on '%s'", name);
	return 0;
}

static int set_attributes(int fd, bool recursive, uint64_t set, uint64_t clear,
			  uint64_t propagation)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };
	unsigned int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	if (!set && !clear && !propagation)
		return 0;
	/* the access time modes are one field: to set one, the field is cleared first
	 * (mount_setattr(2)) */
	if ((set | clear) & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	return ar_sys_mount_setattr(fd, "", flags, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int ar_mount_set(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation,
		 const char *name, struct ar_error *err)
{
	int r = set_attributes(fd, recursive, set, clear, propagation);

	if (r == -ENOSYS)
		return ar_mount_legacy_set(fd, recursive, set, clear, propagation, name, err);
	return r < 0 ? ar_fail(err, -r, "flags of the mount '%s'", name) : 0;
}

int ar_mount_propagate(int fd, const struct ar_mount_options *options, const char *name,
		       struct ar_error *err)
{
	const struct ar_u64s *all = &options->propagations;
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++)
		r = ar_mount_set(fd, all->items[i] & MS_REC, 0, 0,
				 all->items[i] & ~(uint64_t)MS_REC, name, err);
	return r;
}

/* The kernel's own words for what it did not like, from the filesystem context. */
static int fs_fail(int fs, const char *name, const char *what, int errnum, struct ar_error *err)
{
	char line[256];
	ssize_t n = read(fs, line, sizeof(line) - 1);

	if (n > 2 && line[1] == ' ') {
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		return ar_fail(err, errnum, "mount '%s' on '%s': %s", what, name, line + 2);
	}
	return ar_fail(err, errnum, "mount '%s' on '%s'", what, name);
}

static const struct {
	uint64_t flag;
	const char *name;
} superblock_flags[] = {
	{ MS_SYNCHRONOUS, "sync" },  { MS_DIRSYNC, "dirsync" },	   { MS_MANDLOCK, "mand" },
	{ MS_LAZYTIME, "lazytime" }, { MS_I_VERSION, "iversion" },
};

/* One option that is the filesystem's: a name, or a name and a value. */
static int set_data(int fs, const char *item, const struct ar_mount_request *q,
		    struct ar_error *err)
{
	const char *eq = strchr(item, '='), *value = eq ? eq + 1 : NULL;
	_cleanup_text_ struct ar_text bare = AR_TEXT_INIT;
	size_t len = eq ? strlen(value) : 0;
	char key[128];

	if (!eq)
		return ar_sys_fsconfig(fs, FSCONFIG_SET_FLAG, item, NULL, 0) < 0
			       ? fs_fail(fs, q->name, q->type, errno, err)
			       : 0;
	if ((size_t)(eq - item) >= sizeof(key))
		return ar_fail(err, ENAMETOOLONG, "mount option '%s' of '%s'", item, q->name);
	memcpy(key, item, (size_t)(eq - item));
	key[eq - item] = '\0';
	/* mount(2) takes a label in quotes, where a comma would end it */
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"' &&
	    ar_mount_option_is_label(item)) {
		ar_text_addf(&bare, "%.*s", (int)len - 2, value + 1);
		value = ar_text_str(&bare);
	}
	return ar_sys_fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) < 0
		       ? fs_fail(fs, q->name, q->type, errno, err)
		       : 0;
}

static int fs_configure(int fs, const struct ar_mount_request *q, struct ar_error *err)
{
	const struct ar_mount_options *o = q->options;
	int r = 0;

	if (q->source && *q->source &&
	    ar_sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", q->source, 0) < 0)
		return fs_fail(fs, q->name, q->type, errno, err);
	for (size_t i = 0; r == 0 && i < o->data.n; i++)
		r = set_data(fs, o->data.items[i], q, err);
	if (r < 0)
		return r;
	if (q->label && *q->label &&
	    ar_sys_fsconfig(fs, FSCONFIG_SET_STRING, "context", q->label, 0) < 0)
		return fs_fail(fs, q->name, q->type, errno, err);
	/*
	 * as mount(2) has it: the filesystem too, so that none is written that was asked read-only
	 */
	if (o->ro && !o->tmpcopyup && ar_sys_fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0)
		return fs_fail(fs, q->name, q->type, errno, err);
	for (size_t i = 0; i < AR_COUNT(superblock_flags); i++)
		if ((o->sb_flags & superblock_flags[i].flag) &&
		    ar_sys_fsconfig(fs, FSCONFIG_SET_FLAG, superblock_flags[i].name, NULL, 0) < 0 &&
		    /* mount(2) takes it of every filesystem, this of those that have it */
		    !(errno == EINVAL && superblock_flags[i].flag == MS_I_VERSION))
			return fs_fail(fs, q->name, q->type, errno, err);
	return 0;
}

/* What a fresh mount gets; a filesystem to be filled first becomes read-only afterwards. */
static uint64_t attributes(const struct ar_mount_options *o)
{
	return o->attr_set & ~(o->tmpcopyup ? (uint64_t)MOUNT_ATTR_RDONLY : 0);
}

/* What fsconfig(2) takes of a text. The lower directories of an overlay are longer soon. */
#define FS_TEXT_MAX 255

static bool fits(const char *text)
{
	return !text || strlen(text) <= FS_TEXT_MAX;
}

static bool fits_fsconfig(const struct ar_mount_request *q)
{
	const struct ar_strings *data = &q->options->data;

	for (size_t i = 0; i < data->n; i++) {
		const char *eq = strchr(data->items[i], '=');

		if (!fits(eq ? eq + 1 : data->items[i]))
			return false;
	}
	return fits(q->source) && fits(q->label);
}

static int place_fs(const struct ar_mount_request *q, int target, int *ret_mount,
		    struct ar_error *err)
{
	_cleanup_fd_ int fs = -1, mount = -1;
	int r;

	if (!fits_fsconfig(q))
		return ar_mount_legacy_fs(q, target, ret_mount, err);
	fs = ar_sys_fsopen(q->type, FSOPEN_CLOEXEC);
	if (fs < 0 && errno == ENOSYS)
		return ar_mount_legacy_fs(q, target, ret_mount, err);
	if (fs < 0)
		return ar_fail(err, errno, "mount '%s' on '%s'", q->type, q->name);
	r = fs_configure(fs, q, err);
	if (r < 0)
		return r;
	if (ar_sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_fail(fs, q->name, q->type, errno, err);
	mount = ar_sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned int)attributes(q->options));
	if (mount < 0)
		return fs_fail(fs, q->name, q->type, errno, err);
	if (q->options->tmpcopyup)
		r = ar_copyup(target, mount, q->name, err);
	if (r == 0)
		r = ar_mount_attach(mount, target, q->name, err);
	if (r == 0 && q->options->tmpcopyup)
		r = ar_mount_set(mount, false, q->options->attr_set & MOUNT_ATTR_RDONLY, 0, 0,
				 q->name, err);
	if (r == 0)
		r = ar_mount_propagate(mount, q->options, q->name, err);
	if (r == 0 && ret_mount)
		*ret_mount = ar_steal_fd(&mount);
	return r;
}

/*
 * The flags first, so that the mount is never seen without them. A kernel with open_tree(2) and
 * without mount_setattr(2) (before 5.12) can set them only where a mount is attached.
 */
static int attach_with_flags(const struct ar_mount_request *q, int tree, int target,
			     struct ar_error *err)
{
	const struct ar_mount_options *o = q->options;
	int early = set_attributes(tree, false, o->attr_set, o->attr_clr, 0), r;

	if (early == 0)
		early = set_attributes(tree, true, o->rec_set, o->rec_clr, 0);
	if (early < 0 && early != -ENOSYS)
		return ar_fail(err, -early, "flags of the mount '%s'", q->name);
	r = ar_mount_attach(tree, target, q->name, err);
	if (r == 0 && early == -ENOSYS)
		r = ar_mount_legacy_flags(tree, o, q->name, err);
	return r;
}

static int place_bind(const struct ar_mount_request *q, int target, int *ret_mount,
		      struct ar_error *err)
{
	const struct ar_mount_options *o = q->options;
	_cleanup_fd_ int own = -1;
	int tree = q->tree, r;

	if (tree < 0) {
		r = ar_mount_clone(q->origin, o->recursive, &own);
		if (r == -ENOSYS)
			return ar_mount_legacy_bind(q, target, ret_mount, err);
		if (r < 0)
			return ar_fail(err, -r, "bind mount on '%s'", q->name);
		tree = own;
	}
	r = attach_with_flags(q, tree, target, err);
	if (r == 0)
		r = ar_mount_set(tree, true, 0, 0, q->inherited, q->name, err);
	/* as mount --make-X: after the mount is in its place, so that the peers are those of the
	 * place */
	if (r == 0)
		r = ar_mount_propagate(tree, o, q->name, err);
	if (r < 0 || !ret_mount)
		return r;
	*ret_mount = own >= 0 ? ar_steal_fd(&own) : fcntl(tree, F_DUPFD_CLOEXEC, 3);
	return *ret_mount < 0 ? ar_fail(err, errno, "mount on '%s'", q->name) : 0;
}

int ar_mount_place(const struct ar_mount_request *q, int target, int *ret_mount,
		   struct ar_error *err)
{
	if (q->options->bind)
		return place_bind(q, target, ret_mount, err);
	return place_fs(q, target, ret_mount, err);
}
