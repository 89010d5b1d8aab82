/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/*
 * Features of this kernel that the runtime builds on, each asked of the kernel itself by a call
 * that changes nothing: its arguments are wrong, and the error tells whether it is known. A filter
 * that hides a call from us hides the feature.
 */
enum ar_feature {
	AR_FEATURE_CLONE_INTO_CGROUP,
	AR_FEATURE_OPENAT2,
	AR_FEATURE_PIDFD,
	AR_FEATURE_CLOSE_RANGE,
	AR_FEATURE_MOUNT_API,
	AR_FEATURE_MOUNT_SETATTR,
	AR_FEATURE_SECCOMP,
	AR_FEATURE_SECCOMP_NOTIFY,
	AR_FEATURE_MEMFD_NOEXEC,
	AR_FEATURE_TIME_NAMESPACE,
	AR_FEATURE_COUNT
};
bool ar_feature_has(enum ar_feature feature);

/*
 * Whether what path leads to can be mounted with other ids (mount_setattr(2), MOUNT_ATTR_IDMAP):
 * tried on a copy of its mount that is attached nowhere. 0: it cannot; -errno: it could not be
 * tried.
 */
int ar_feature_idmap(const char *path);
/* Whether device programs can be attached to the cgroup tree mounted at root (bpf(2)): 1, 0, or
 * -errno where we may not ask. */
int ar_feature_cgroup_bpf(const char *root);
