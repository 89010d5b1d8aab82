/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "spec/field.h"

struct ar_error;

/*
 * maskedPaths and readonlyPaths, on the container's own tree, before or after pivot_root. What does
 * not exist is left alone; everything else must succeed. A '*' in a component stands for every
 * entry of its directory, unless it is as with runc.
 *
 * Paths of /proc and /sys are looked up in what is mounted there, by its descriptor: whoever can
 * write to the root filesystem might otherwise move the mount point away, so that nothing is found
 * to mask, and back again.
 */
struct ar_mask_tree {
	int root;      /* O_PATH of the container's "/" */
	int proc, sys; /* O_PATH of what is mounted on its /proc and /sys, -1: nothing is */
	/* paths are as they are written; read-only is the mount of the path alone; and a root that
	 * is masked is no error, although nothing is hidden by what lies on it */
	bool as_runc;
};

/*
 * A masked file shows null (O_PATH of a verified /dev/null), a masked directory an empty read-only
 * one; all directories share one filesystem, *ret_empty (0: there is none). label: SELinux mount
 * label or NULL. The root itself is refused.
 */
int ar_mask_paths(const struct ar_mask_tree *tree, const struct ar_strings *paths, int null,
		  const char *label, dev_t *ret_empty, struct ar_error *err);
/*
 * With everything that is mounted below, unless it is as with runc. Masks come afterwards: what is
 * made read-only is a copy that lies on its place, and shows what was not masked yet. Nothing is
 * ever laid on the root, nor on /proc and /sys themselves: their own mounts become read-only.
 */
int ar_readonly_paths(const struct ar_mask_tree *tree, const struct ar_strings *paths,
		      struct ar_error *err);
/*
 * Whether all that is as it was meant, by way of root: the container's "/" after pivot_root. A
 * masked path must be null or on the file system empty.
 */
int ar_masks_verify(int root, const struct ar_strings *masked, dev_t empty,
		    const struct ar_strings *readonly, struct ar_error *err);
/* Check that fd is the null device: a character device 1:3 (CVE-2025-31133). */
int ar_null_verify(int fd, struct ar_error *err);
