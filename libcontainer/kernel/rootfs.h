/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ar_error;

/* The container's root: from a directory of the host to "/" of its mount namespace. */

/*
 * Called in a fresh mount namespace. Nothing that is mounted here from now on reaches the host: the
 * whole tree becomes a slave of the host's, or what propagation says ("private", "rprivate",
 * "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"; NULL: rslave).
 */
int ar_rootfs_propagation(const char *propagation, struct ar_error *err);
/*
 * What a tree that was copied in the host's namespace needs to be as if it had been copied after
 * that: MS_SLAVE, MS_PRIVATE, or 0 where it may stay a peer of the host's.
 */
uint64_t ar_rootfs_inherited(const char *propagation);
/*
 * Put the tree (a detached copy of the root filesystem) where its origin is (O_PATH, in this mount
 * namespace), so that hooks find the container under the path that the bundle has for it; with
 * origin -1 over the old root. *ret_root is an O_PATH descriptor of it. With tree -1 origin is
 * bound onto itself instead.
 */
int ar_rootfs_attach(int tree, int origin, const char *propagation, int *ret_root,
		     struct ar_error *err);
/* pivot_root(2) into root and detach the old one; with no_pivot MS_MOVE and chroot(2) (for an
 * initramfs root). */
int ar_rootfs_enter(int root, bool no_pivot, struct ar_error *err);
/* A "shared" or "unbindable" root says so after pivot_root, as runc does. */
int ar_rootfs_share(const char *propagation, struct ar_error *err);
