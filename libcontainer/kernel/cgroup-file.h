/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ar_arena;
struct ar_cgroup;
struct ar_error;

/*
 * The files of a cgroup; private to cgroup*.c. fd is a directory's. What returns only -errno leaves
 * the message to its caller.
 */

/* A number, "max" is UINT64_MAX. */
int ar_cgroup_number(int fd, const char *file, uint64_t *ret);
/* The value behind key in a flat keyed file ("populated 0\nfrozen 1\n"). -ENODATA: no such key. */
int ar_cgroup_keyed(int fd, const char *file, const char *key, uint64_t *ret);
/* Whether a blank-separated list has the word. */
bool ar_cgroup_lists(const char *list, const char *word);
/*
 * Wait until key of cgroup.events has that value: 0, -ETIMEDOUT, or -ENODEV when the cgroup was
 * removed. deadline as from ar_now_ms().
 */
int ar_cgroup_await(int fd, const char *key, uint64_t value, int64_t deadline);
/*
 * That neither the cgroup nor one above it is frozen: -EBUSY names the one that is. cgroup-freeze.c
 */
int ar_cgroup_check_thawed(const struct ar_cgroup *cgroup, struct ar_error *err);

/* Where a process ("self", or its pid) is, by /proc/PID/cgroup: in arena. cgroup-path.c */
int ar_cgroup_of(struct ar_arena *arena, const char *pid, char **ret, struct ar_error *err);

/*
 * Enable controllers for the children of the directory fd, which is called path in messages: those
 * that it has and that are not enabled yet. The first failure is returned, the others are tried
 * nevertheless.
 */
int ar_cgroup_enable(int fd, const char *path, const char *const *names, size_t n,
		     struct ar_error *err);
/* The same in all ancestors of path, from the root on; all of them are tried. */
int ar_cgroup_enable_above(int root_fd, const char *path, const char *const *names, size_t n,
			   struct ar_error *err);
