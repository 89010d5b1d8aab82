/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "spec/spec.h"

struct ar_arena;
struct ar_error;

/*
 * Write the mappings of a fresh user namespace (user_namespaces(7)) for the process pid. As root
 * directly; otherwise our own ids directly and everything else by newuidmap(1) and newgidmap(1).
 */
int ar_idmap_write(int proc, pid_t pid, const struct ar_list *uids, const struct ar_list *gids,
		   struct ar_error *err);
/*
 * A user namespace that has these mappings, for MOUNT_ATTR_IDMAP (mount_setattr(2), Linux 5.12): a
 * short-lived child makes it. With either list empty -EINVAL.
 */
int ar_idmap_userns(int proc, const struct ar_list *uids, const struct ar_list *gids, int *ret_fd,
		    struct ar_error *err);
/*
 * The mappings of a user namespace as they are seen from ours, in arena: a short-lived child enters
 * it.
 */
int ar_idmap_read(struct ar_arena *arena, int proc, int userns, struct ar_list *ret_uids,
		  struct ar_list *ret_gids, struct ar_error *err);
/* The ids out here of root in the user namespace of pid; -ENOENT: it has none. */
int ar_idmap_root(int proc, pid_t pid, uid_t *ret_uid, gid_t *ret_gid);
