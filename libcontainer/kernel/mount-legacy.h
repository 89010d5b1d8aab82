/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/mount.h"

/* The same by mount(2) and /proc/self/fd: kernels before 5.12, filters that answer ENOSYS, and
 * options of a filesystem that are too long for fsconfig(2). */
int ar_mount_legacy_fs(const struct ar_mount_request *request, int target, int *ret_mount,
		       struct ar_error *err);
int ar_mount_legacy_bind(const struct ar_mount_request *request, int target, int *ret_mount,
			 struct ar_error *err);
/* The flags of a bind on the attached mount, and those of its tree on every mount below it. */
int ar_mount_legacy_flags(int mount, const struct ar_mount_options *options, const char *name,
			  struct ar_error *err);
int ar_mount_legacy_set(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation,
			const char *name, struct ar_error *err);
