/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_arena;
struct ar_error;

/*
 * A mount point of a file system of that type in our mount namespace, in arena: one that is not
 * covered by another mount, told by the file system's magic number (statfs(2)). -ENOENT: none. By
 * libmount, which is opened for it: only where a file system is at none of its usual places.
 */
int ar_mountinfo_find(struct ar_arena *arena, const char *type, unsigned long magic,
		      const char **ret_target, struct ar_error *err);
