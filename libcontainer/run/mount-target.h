/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/spec.h"

struct ar_error;
struct ar_run;

/*
 * Where a mount goes, as a descriptor, so that nothing walks its path a second time. What is
 * missing is made: a file where file is true, else a directory; but never in a bind that policy
 * made read-only, for that would write to the host what the container must not.
 *
 * Whoever shares a volume with the container may put links into the way while it is made
 * (CVE-2021-30465). compat follows them, beneath the root, as runc does. The other profiles follow
 * no link that was not there when policy judged where the mount goes. Procfs and sysfs go to no
 * link in any profile: what masks and protects them does so at their place (CVE-2019-16884,
 * CVE-2019-19921, CVE-2023-27561).
 */
int ar_target_open(struct ar_run *run, size_t index, const struct ar_mount *mount, bool file,
		   int *ret_fd, struct ar_error *err);
/* The same for a look at a mount that was made. -ENOENT without a text. */
int ar_target_find(struct ar_run *run, size_t index, const struct ar_mount *mount, int *ret_fd,
		   struct ar_error *err);
/* That the target is not the container's root: what is laid on that shows nowhere, and to configure
 * its filesystem anew is not the container's business. */
int ar_target_check_root(const struct ar_run *run, const struct ar_mount *mount, int target,
			 struct ar_error *err);
/*
 * In compat, that the target is not in the container's /proc, but for the files that lxcfs stands
 * in for, nor that /proc itself unless what comes there is a procfs: as runc refuses it. What
 * processes are told of themselves, and masks, are worth nothing there else. source: a bind's, or
 * -1.
 */
int ar_target_check_proc(struct ar_run *run, const struct ar_mount *mount, int target, int source,
			 struct ar_error *err);
/*
 * Make the working directory where it is missing, as with runc, while the root can be written to.
 * What cannot be made is an error when it is entered, but for a bind that policy made read-only.
 */
int ar_target_working_directory(struct ar_run *run, struct ar_error *err);
