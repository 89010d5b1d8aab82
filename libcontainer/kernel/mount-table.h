/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ar_arena;
struct ar_error;

/*
 * The mounts of our namespace by their ids: statx(2) says which mount a descriptor is of
 * (Linux 5.8), /proc/self/mountinfo which mount stands on which. name is for messages.
 */

/* A line of mountinfo: what of a file system, from where in it (root), is mounted where (path). */
struct ar_mount_entry {
	uint64_t id, parent;
	const char *device; /* "8:1" */
	const char *root, *path;
};
struct ar_mount_entries {
	struct ar_mount_entry *items;
	size_t n;
};
int ar_mount_entries_read(struct ar_arena *arena, struct ar_mount_entries *ret,
			  struct ar_error *err);
/* The mount that fd is of; -EOPNOTSUPP: the kernel does not tell. */
int ar_mount_id(int fd, uint64_t *ret);

/* Whether both descriptors are of one mount. */
int ar_mount_same(int a, int b, const char *name, bool *ret_same, struct ar_error *err);
/*
 * Whether fd is the root of the mount that top (-1: no) is the root of. Links lead there too, so it
 * is told by what was opened; before Linux 5.8 mounts have no id to see, and the file has to do.
 */
int ar_mount_is_top(int fd, int top, bool *ret);
/*
 * The root of the mount that was just made on target (O_PATH), as a descriptor. mount(2) gives
 * none, so it is looked up by its path; -EAGAIN when that no longer leads to it.
 */
int ar_mount_on(int target, const char *name, int *ret_fd, struct ar_error *err);
/* Detach every mount that stands on the mount of base, which our root lies in, but for that of
 * keep. */
int ar_mount_detach_others(int base, int keep, struct ar_error *err);
/*
 * Call apply for every mount below the one whose root is fd. One that cannot be reached, since
 * another is mounted over it, is an error.
 */
typedef int ar_mount_fn(int mount, const void *arg, const char *name, struct ar_error *err);
int ar_mount_each_below(int fd, ar_mount_fn *apply, const void *arg, const char *name,
			struct ar_error *err);
