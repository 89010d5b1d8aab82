/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ar_error;

/*
 * clone3(2) of this process as fork() would, into the cgroup of descriptor cgroup (-1: stay).
 * In the child 0 is returned; in the parent the pid, and *ret_pidfd. flags are CLONE_NEW* and
 * CLONE_PARENT.
 */
pid_t ar_clone(uint64_t flags, int cgroup, int *ret_pidfd);
/* No signal is blocked or ignored any more, whatever our caller had: execve(2) keeps both. */
int ar_signals_reset(void);
/*
 * No other process may look into this one and its /proc files without rights over all (it is not
 * dumpable). Ids that change may take that back, as fs.suid_dumpable has it. 0 or -errno.
 */
int ar_process_hide(void);
/* waitid(2) on a pidfd: *ret_status as from waitpid(2). */
int ar_pidfd_wait(int pidfd, int *ret_status);
/* Whether it has ended, reaped or not, or does so within that time. */
bool ar_pidfd_ended(int pidfd, int limit_ms);
/* 128+signal or the exit status. */
int ar_exit_code(int status);
/*
 * The start time of a process in clock ticks after boot (field 22 of /proc/PID/stat); tells reused
 * pids apart. *ret_state (may be NULL) is its state (field 3): 'R', 'Z' ...
 */
int ar_process_start_time(pid_t pid, uint64_t *ret, char *ret_state);
/* 0: pid is still the process that started at start_time, and no zombie; -ESRCH otherwise. */
int ar_process_check(pid_t pid, uint64_t start_time);
/*
 * A pidfd of pid, if it is still the process that started at start_time and no zombie.
 * -ESRCH otherwise.
 */
int ar_process_open(pid_t pid, uint64_t start_time, int *ret_pidfd);
