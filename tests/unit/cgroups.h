/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/cgroup.h"

/*
 * Cgroups on the host's own v2 tree: needs root and such a tree; limits need their controllers. All
 * lives below /agentrun-test.PID of the tree, and is removed when the program ends. Each test is
 * its own process, so nothing needs to be undone in it.
 */
extern pid_t test_pid;		    /* of the program, which the tests are children of */
extern struct ar_arena *test_arena; /* made by cgroup_at() */
extern struct ar_error test_error;

/* A place for one, which is not made. A test that cannot have it is a skip. */
struct ar_cgroup cgroup_at(const char *name);
struct ar_cgroup cgroup_made(const char *name);
/* Without the controller in the tree the test is a skip. */
void need_controller(const struct ar_cgroup *cgroup, const char *name);
/* Removes it, and checks that it is gone. */
void cgroup_removed(struct ar_cgroup *cgroup);
bool cgroup_there(const struct ar_cgroup *cgroup, const char *path);
/* A child born in the cgroup (its sub) that waits for a signal. */
pid_t cgroup_sleeper(const struct ar_cgroup *cgroup, const char *sub);
/* The exit code of a child, once it has ended. */
int reap(pid_t pid);
/* What a file of it says; until the next call. */
char *cgroup_get(const struct ar_cgroup *cgroup, const char *file);
void cgroup_sub(const struct ar_cgroup *cgroup, const char *name);

/* In the place of test_main(). */
int cgroup_test_main(void);
