/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "spec/field.h"

struct ar_error;

/*
 * maskedPaths and readonlyPaths, on the container's own tree, before or after pivot_root. What does
 * not exist is left alone; everything else must succeed. A '*' in a component stands for every
 * entry of its directory.
 *
 * Paths of /proc and /sys are looked up in what is mounted there, by its descriptor: whoever can
 * write to the root filesystem might otherwise move the mount point away, so that nothing is found
 * to mask, and back again.
 */
struct ar_mask_tree {
	int root;      /* O_PATH of the container's "/" */
	int proc, sys; /* O_PATH of what is mounted on its /proc and /sys, -1: nothing is */
};

/*
 * A masked file shows null (O_PATH of a verified /dev/null), a masked directory an empty read-only
 * one; all directories share one filesystem. label: SELinux mount label or NULL.
 */
int ar_mask_paths(const struct ar_mask_tree *tree, const struct ar_strings *paths, int null,
		  const char *label, struct ar_error *err);
int ar_readonly_paths(const struct ar_mask_tree *tree, const struct ar_strings *paths,
		      struct ar_error *err);
/* Check that fd is the null device: a character device 1:3 (CVE-2025-31133). */
int ar_null_verify(int fd, struct ar_error *err);
