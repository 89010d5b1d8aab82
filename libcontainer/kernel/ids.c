/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/ids.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define DEFAULT_UMASK 0022

/* (uid_t)-1 means "leave it" to the kernel. */
static bool is_id(uint64_t id)
{
	return id < UINT32_MAX;
}

/*
 * A program that opens /dev/stdout opens the pipe or terminal behind it anew, which its owner alone
 * may. /dev/null is everybody's: it stays the owner's that it has. What cannot be given away (a
 * read-only filesystem, an owner that is not mapped here) is no reason not to start: the descriptor
 * works.
 */
static int give_streams(uid_t uid, struct ar_error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0) {
			if (errno == EBADF)
				continue; /* closed by the caller: it stays so */
			return ar_fail(err, errno, "stat standard stream %d", fd);
		}
		if (st.st_uid == uid || ar_is_null_device(&st))
			continue;
		if (fchown(fd, uid, (gid_t)-1) == 0)
			continue;
		if (errno == EINVAL || errno == EPERM || errno == EROFS || errno == EACCES)
			continue;
		return ar_fail(err, errno, "give standard stream %d to uid %u", fd, uid);
	}
	return 0;
}

static int make_groups(const struct ar_u64s *groups, gid_t *ret, struct ar_error *err)
{
	for (size_t i = 0; i < groups->n; i++) {
		if (!is_id(groups->items[i]))
			return ar_refuse(err, EINVAL, "%" PRIu64 " is not a valid group id",
					 groups->items[i]);
		ret[i] = (gid_t)groups->items[i];
	}
	return 0;
}

static int compare_gids(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

/* The kernel keeps them sorted. */
static int verify_groups(gid_t *groups, size_t n, struct ar_error *err)
{
	_cleanup_free_ gid_t *have = calloc(n + 1, sizeof(*have));
	int got;

	if (!have)
		ar_no_memory();
	got = getgroups((int)n + 1, have);
	if (got < 0)
		return ar_fail(err, errno, "read the supplementary groups back");
	qsort(groups, n, sizeof(*groups), compare_gids);
	if ((size_t)got != n || memcmp(have, groups, n * sizeof(*groups)) != 0)
		return ar_refuse(err, EPERM,
				 "the supplementary groups are not those that were set");
	return 0;
}

static int set_groups(const struct ar_u64s *groups, bool denied, struct ar_error *err)
{
	_cleanup_free_ gid_t *gids = NULL;
	int r;

	if (denied) {
		if (groups->n)
			return ar_refuse(
				err, EPERM,
				"cannot set any additional groups: setgroups is denied in this "
				"user namespace");
		return 0;
	}
	if (groups->n > NGROUPS_MAX)
		return ar_refuse(err, EINVAL,
				 "%zu additional groups are more than the kernel takes (%d)",
				 groups->n, NGROUPS_MAX);
	gids = calloc(groups->n + 1, sizeof(*gids));
	if (!gids)
		ar_no_memory();
	r = make_groups(groups, gids, err);
	if (r < 0)
		return r;
	if (setgroups(groups->n, gids) < 0)
		return ar_fail(err, errno, "set the supplementary groups%s",
			       errno == EINVAL ? " (one is not mapped in the user namespace)" : "");
	return verify_groups(gids, groups->n, err);
}

static int set_gid(gid_t gid, struct ar_error *err)
{
	gid_t real, effective, saved;

	if (setresgid(gid, gid, gid) < 0)
		return ar_fail(err, errno, "become gid %u%s", gid,
			       errno == EINVAL ? " (it is not mapped in the user namespace)" : "");
	if (getresgid(&real, &effective, &saved) < 0 || real != gid || effective != gid ||
	    saved != gid)
		return ar_refuse(err, EPERM, "the group is not gid %u after it was set", gid);
	return 0;
}

static int set_uid(uid_t uid, struct ar_error *err)
{
	uid_t real, effective, saved;

	if (setresuid(uid, uid, uid) < 0)
		return ar_fail(err, errno, "become uid %u%s", uid,
			       errno == EINVAL ? " (it is not mapped in the user namespace)" : "");
	if (getresuid(&real, &effective, &saved) < 0 || real != uid || effective != uid ||
	    saved != uid)
		return ar_refuse(err, EPERM, "the user is not uid %u after it was set", uid);
	return 0;
}

int ar_ids_apply(const struct ar_user *user, bool setgroups_denied, struct ar_error *err)
{
	static const struct ar_user root;
	int r;

	if (!user)
		user = &root;
	/* unset values are 0 */
	if (!is_id(user->uid.value) || !is_id(user->gid.value))
		return ar_refuse(err, EINVAL, "%" PRIu64 ":%" PRIu64 " is not a valid user",
				 user->uid.value, user->gid.value);

	(void)umask(user->umask.set ? (mode_t)user->umask.value & 0777 : DEFAULT_UMASK); /* gives
											    the old
											    one */
	r = give_streams((uid_t)user->uid.value, err);
	if (r < 0)
		return r;
	r = set_groups(&user->additional_gids, setgroups_denied, err);
	if (r < 0)
		return r;
	r = set_gid((gid_t)user->gid.value, err);
	if (r < 0)
		return r;
	return set_uid((uid_t)user->uid.value, err);
}
