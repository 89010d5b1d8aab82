/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/mountinfo.h"

#include <dlfcn.h>
#include <errno.h>
#include <libmount/libmount.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* What is used of libmount, by its own prototypes. */
#define FUNCTIONS(f)                                                                   \
	f(mnt_new_table_from_file) f(mnt_unref_table) f(mnt_new_iter) f(mnt_free_iter) \
		f(mnt_table_next_fs) f(mnt_fs_get_fstype) f(mnt_fs_get_target)

struct library {
	void *handle;
#define MEMBER(name) __typeof__(&name) name;
	FUNCTIONS(MEMBER)
#undef MEMBER
};

static int open_library(struct library *lib, struct ar_error *err)
{
	lib->handle = dlopen("libmount.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return ar_refuse(err, ENOSYS, "libmount is needed to find a mount: %s", dlerror());
#define RESOLVE(name)                                     \
	*(void **)&lib->name = dlsym(lib->handle, #name); \
	if (!lib->name)                                   \
		return ar_refuse(err, ENOSYS, "libmount has no " #name "()");
	FUNCTIONS(RESOLVE)
#undef RESOLVE
	return 0;
}

/* The list has covered mounts too: what is seen at the path counts. */
static bool is_there(const char *target, unsigned long magic)
{
	struct statfs fs;

	return statfs(target, &fs) == 0 && (unsigned long)fs.f_type == magic;
}

static int find(const struct library *lib, struct ar_arena *arena, const char *type,
		unsigned long magic, const char **ret, struct ar_error *err)
{
	struct libmnt_table *table = lib->mnt_new_table_from_file("/proc/self/mountinfo");
	struct libmnt_iter *iter = table ? lib->mnt_new_iter(MNT_ITER_FORWARD) : NULL;
	struct libmnt_fs *fs;
	int r = -ENOENT;

	if (!table || !iter)
		r = ar_refuse(err, EIO, "cannot read '/proc/self/mountinfo'");
	while (r == -ENOENT && iter && lib->mnt_table_next_fs(table, iter, &fs) == 0) {
		const char *fstype = lib->mnt_fs_get_fstype(fs),
			   *target = lib->mnt_fs_get_target(fs);

		if (ar_streq(fstype, type) && target && is_there(target, magic)) {
			*ret = ar_strdup(arena, target);
			r = 0;
		}
	}
	lib->mnt_free_iter(iter);
	lib->mnt_unref_table(table);
	return r == -ENOENT ? ar_refuse(err, ENOENT, "no %s file system is mounted", type) : r;
}

int ar_mountinfo_find(struct ar_arena *arena, const char *type, unsigned long magic,
		      const char **ret_target, struct ar_error *err)
{
	struct library lib = { 0 };
	int r = open_library(&lib, err);

	if (r == 0)
		r = find(&lib, arena, type, magic, ret_target, err);
	if (lib.handle)
		(void)dlclose(lib.handle); /* unused from here on, loaded or not */
	return r;
}
