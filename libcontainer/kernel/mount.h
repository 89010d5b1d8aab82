/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/mount-options.h"

struct ar_error;

/*
 * Mounts are made detached and then attached to a descriptor of their target (fsopen(2),
 * open_tree(2), move_mount(2), Linux 5.2; mount_setattr(2), 5.12): no path of the container is
 * walked twice. Where the kernel, or a filter above us, answers ENOSYS, the same is done by
 * mount(2) through /proc/self/fd.
 */
struct ar_mount_request {
	const char *name;   /* the destination, for messages */
	const char *type;   /* filesystem; ignored for binds */
	const char *source; /* device or label of a filesystem */
	const struct ar_mount_options *options;
	const char *label; /* SELinux mount label, NULL: none */
	int tree;	   /* a bind's detached tree (ar_mount_clone()), -1 */
	int origin;	   /* a bind's source where there is no detached tree: O_PATH, -1 */
	/* what a tree that is still a peer of the host's becomes first: MS_SLAVE, MS_PRIVATE; 0: it
	 * stays */
	uint64_t inherited;
};

/*
 * A detached copy of the mount behind an O_PATH descriptor: source must be in the caller's mount
 * namespace. -ENOSYS: do without; -EPERM: no rights here.
 */
int ar_mount_clone(int source, bool recursive, int *ret_tree);
/*
 * Make the mount and attach it on target (O_PATH). With tmpcopyup it starts with a copy of what
 * target shows. *ret_mount (may be NULL) is an O_PATH descriptor of the new mount's root.
 */
int ar_mount_place(const struct ar_mount_request *request, int target, int *ret_mount,
		   struct ar_error *err);
/*
 * Configure anew the filesystem that is mounted where at (O_PATH) is, and the mount with it: all of
 * its flags, and its access times where attr_clr has them; mount(2) with MS_REMOUNT.
 */
int ar_mount_remount(const struct ar_mount_request *request, int at, struct ar_error *err);
/* Attach a detached tree on target. */
int ar_mount_attach(int tree, int target, const char *name, struct ar_error *err);
/*
 * Set and clear MOUNT_ATTR_* of the mount whose root is fd; recursive: and of everything below it.
 * propagation: MS_PRIVATE ..., 0: as it is.
 */
int ar_mount_set(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation,
		 const char *name, struct ar_error *err);
/* All that options say of propagation, in its order: "rprivate", "shared" leave what is below
 * private. */
int ar_mount_propagate(int fd, const struct ar_mount_options *options, const char *name,
		       struct ar_error *err);
/* Read the flags back: every bit of MOUNT_ATTR_{RDONLY,NOSUID,NODEV,NOEXEC,NOSYMFOLLOW} in want
 * must be in force on fd. */
int ar_mount_verify(int fd, uint64_t want, const char *name, struct ar_error *err);
