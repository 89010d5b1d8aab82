/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_dir;
struct ar_error;
struct ar_record;

enum ar_status {
	AR_STATUS_CREATING,
	AR_STATUS_CREATED,
	AR_STATUS_RUNNING,
	AR_STATUS_PAUSED,
	AR_STATUS_STOPPED
};
const char *ar_status_name(enum ar_status status);

/*
 * The status as the kernel has it now: creating (no pid yet), created (init waits at the fifo),
 * running, paused (the cgroup is frozen), stopped (no such process, a zombie, or another process
 * with that pid). *ret_pidfd (may be NULL) is -1 when stopped.
 */
int ar_record_status(const struct ar_dir *dir, const struct ar_record *record, enum ar_status *ret,
		     int *ret_pidfd, struct ar_error *err);
