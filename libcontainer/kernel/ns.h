/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/spec.h"

struct ar_arena;
struct ar_error;

/* namespaces(7), in the order of this table wherever an array of them is kept. */
enum ar_ns {
	AR_NS_USER,
	AR_NS_PID,
	AR_NS_MOUNT,
	AR_NS_NETWORK,
	AR_NS_IPC,
	AR_NS_UTS,
	AR_NS_CGROUP,
	AR_NS_TIME,
	AR_NS_COUNT
};
/* The name in a configuration ("mount"), and in /proc/PID/ns ("mnt"). */
const char *ar_ns_name(enum ar_ns ns);
const char *ar_ns_file(enum ar_ns ns);

/*
 * Open the namespace behind path, whose descriptor or -errno is the answer: -EINVAL for what is
 * none. Nothing else is opened on the way: some devices act on being opened.
 */
int ar_ns_open(const char *path);
/* "net:[4026532008]", as /proc/PID/ns shows it, in arena; NULL: fd is no namespace. */
const char *ar_ns_text(struct ar_arena *arena, int fd);

/* Which namespaces a process gets: new ones and existing ones. */
struct ar_ns_set {
	uint64_t fresh;	       /* CLONE_NEW* of those that are made */
	int join[AR_NS_COUNT]; /* descriptors of those that are joined, else -1 */
};
#define AR_NS_SET_INIT ((struct ar_ns_set){ .join = { -1, -1, -1, -1, -1, -1, -1, -1 } })
void ar_ns_set_close(struct ar_ns_set *set);

/* What the configuration asks for. Paths are opened and checked to be namespaces of that type. */
int ar_ns_set_open(const struct ar_spec *spec, struct ar_ns_set *ret, struct ar_error *err);
/* All namespaces of a running process that differ from ours. */
int ar_ns_set_of(int proc, pid_t pid, struct ar_ns_set *ret, struct ar_error *err);

/*
 * Make a child in those namespaces and in the cgroup of descriptor cgroup (-1: ours): 0 in the
 * child, its pid here.
 *
 *  - What can be entered and left again (pid, net, ipc, uts, time of a privileged caller) is
 * entered by this process around the clone, so that the child is born there.
 *  - A user namespace cannot be left again: a process in between enters it and clones its sibling
 * (CLONE_PARENT).
 *  - A mount namespace is entered by the child, with ar_ns_enter_mount().
 *  - A cgroup namespace is the child's to enter, or, since a fresh one must be rooted at the new
 * cgroup, to unshare, with ar_ns_enter_cgroup().
 *
 * offsets: of a fresh time namespace. limit_ms: how long the process in between may take, which
 * stands still in a frozen cgroup; -1: no bound. -ETIMEDOUT: it took longer, and was killed.
 */
pid_t ar_ns_clone(struct ar_ns_set *set, const struct ar_list *offsets, int proc, int cgroup,
		  int limit_ms, int *ret_pidfd, struct ar_error *err);
int ar_ns_enter_mount(const struct ar_ns_set *set, struct ar_error *err);
int ar_ns_enter_cgroup(const struct ar_ns_set *set, struct ar_error *err);

/* Bring the loopback interface of this network namespace up. */
int ar_ns_loopback_up(struct ar_error *err);
