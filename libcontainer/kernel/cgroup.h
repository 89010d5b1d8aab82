/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/spec.h"

struct ar_arena;
struct ar_error;

/*
 * cgroup v2 by the cgroupfs driver (kernel Documentation/admin-guide/cgroup-v2.rst). The tree may
 * be mounted at /sys/fs/cgroup, or beside v1 at /sys/fs/cgroup/unified or elsewhere. All work is
 * done on descriptors.
 */
struct ar_cgroup {
	const char *root; /* mount point of the v2 tree */
	const char *path; /* below it, clean: "/agentrun/<id>" */
	int root_fd;	  /* O_PATH of the tree's root */
	int fd;		  /* O_DIRECTORY of the cgroup, -1 while there is none */
	int made_from;	  /* depth of the first path component that ar_cgroup_make() made, -1 */
	const char *controllers; /* cgroup.controllers of the tree's root */
	bool alone;		 /* make() and open_made() ask what ar_cgroup_check_alone() does */
	bool spare;		 /* whoever is in it is not ours: end() and remove() kill nobody */
};
#define AR_CGROUP_INIT ((struct ar_cgroup){ .root_fd = -1, .fd = -1, .made_from = -1 })
void ar_cgroup_close(struct ar_cgroup *cgroup);
#define _cleanup_cgroup_ __attribute__((cleanup(ar_cgroup_close)))

/* The parent that ar_cgroup_locate() gives containers without a cgroupsPath. */
#define AR_CGROUP_PARENT "agentrun"

/* Find the v2 tree: *ret_root in arena. -ENOENT when there is none. */
int ar_cgroup_find_root(struct ar_arena *arena, const char **ret_root, struct ar_error *err);
/*
 * Fill in root, path and root_fd. cgroups_path as the spec has it: NULL "/agentrun/<id>"; absolute:
 * below the root; relative, or NULL when not the host's root: beside our own cgroup, since a cgroup
 * that holds processes, as ours does, cannot limit those below it. ".." is refused.
 */
int ar_cgroup_locate(struct ar_arena *arena, const char *cgroups_path, const char *id,
		     struct ar_cgroup *ret, struct ar_error *err);
/* The same for a path that is known already, below the root; fd is open when it is there. */
int ar_cgroup_at(struct ar_arena *arena, const char *path, struct ar_cgroup *ret,
		 struct ar_error *err);
/* The same from a record: nothing is resolved again. fd stays -1 when the cgroup is gone. */
int ar_cgroup_reopen(struct ar_arena *arena, const char *root, const char *path,
		     struct ar_cgroup *ret, struct ar_error *err);
/*
 * Make the directories and enable in each ancestor all controllers of the tree, where that can be
 * done. Refused: resources that cannot be limits; a cgroup that holds processes
 * ("container's cgroup is not empty: N process(es) found") or is frozen. On an error nothing is
 * left of what was made.
 */
int ar_cgroup_make(struct ar_cgroup *cgroup, const struct ar_resources *resources,
		   struct ar_error *err);
/*
 * What a cgroup that somebody else made must be for a container to start in it: -EBUSY as for
 * ar_cgroup_make(). There is none: fine.
 */
int ar_cgroup_check_unused(const struct ar_cgroup *cgroup, struct ar_error *err);
/* -EBUSY if it holds processes; a missing cgroup is fine. Does not look at freezing. */
int ar_cgroup_check_empty(const struct ar_cgroup *cgroup, struct ar_error *err);
/*
 * That it shares nothing with other containers: -EBUSY when there are cgroups below it, or
 * processes in one above it that is neither the tree's root nor above our own cgroup.
 */
int ar_cgroup_check_alone(const struct ar_cgroup *cgroup, struct ar_error *err);
/* Open it, made by somebody else since; it must be able to hold a container. */
int ar_cgroup_open_made(struct ar_cgroup *cgroup, struct ar_error *err);
/* Give it to a user of the host, as cgroup-v2.rst "Model of Delegation" has it: its directory, and
 * the files that the kernel says belong to that. */
int ar_cgroup_delegate(const struct ar_cgroup *cgroup, uid_t uid, struct ar_error *err);
/*
 * Kill what is in it (cgroup.kill, else a signal for each), unless it is spared or fd is not open;
 * wait for it to empty (bounded), remove it, what is below it, and of its parents what make() made,
 * or the one named "agentrun", if nothing else is there. Gone already is fine.
 */
int ar_cgroup_remove(struct ar_cgroup *cgroup, struct ar_error *err);
/*
 * What can be removed of it and its parents while others may be there: nothing is killed, and what
 * they still use is left to them.
 */
void ar_cgroup_leave(struct ar_cgroup *cgroup);
/* Only the first half, under the same conditions: kill and wait (bounded) until it is empty. */
int ar_cgroup_end(const struct ar_cgroup *cgroup, struct ar_error *err);
/* Whether nobody is in it, or it is gone, within that time. -ETIMEDOUT: somebody is; others:
 * unknown. */
int ar_cgroup_await_empty(const struct ar_cgroup *cgroup, int limit_ms);
/* Whether somebody else removes it within that time. */
bool ar_cgroup_await_gone(const struct ar_cgroup *cgroup, int limit_ms);
/*
 * Signal every process in it and below: none that is forked meanwhile escapes. Nothing there is
 * fine.
 */
int ar_cgroup_signal(const struct ar_cgroup *cgroup, int signo, struct ar_error *err);
/* Freeze or thaw and wait until it is so (bounded). */
int ar_cgroup_freeze(const struct ar_cgroup *cgroup, bool frozen, struct ar_error *err);
bool ar_cgroup_is_frozen(const struct ar_cgroup *cgroup);
/* The same of the cgroup whose file cgroup.freeze that is. */
bool ar_cgroup_freeze_is_on(int dirfd, const char *file);
/*
 * Move pid into it (exec into an existing one where clone3 could not). sub: a cgroup below it, or
 * NULL.
 */
int ar_cgroup_enter(const struct ar_cgroup *cgroup, const char *sub, pid_t pid,
		    struct ar_error *err);
/*
 * Where pid is: the cgroup below this one, in arena, or NULL for this one itself. A container that
 * divided its cgroup cannot take processes in its top one any more (-EBUSY): exec follows its init
 * instead. -ENOENT: pid is not in it.
 */
int ar_cgroup_sub_of(struct ar_arena *arena, const struct ar_cgroup *cgroup, pid_t pid,
		     const char **ret_sub, struct ar_error *err);
/* An O_DIRECTORY descriptor for CLONE_INTO_CGROUP. */
int ar_cgroup_open_sub(const struct ar_cgroup *cgroup, const char *sub, int *ret_fd,
		       struct ar_error *err);
/*
 * All pids in it and below, host's view, ascending. Those that have no pid in our namespace are
 * left out.
 */
int ar_cgroup_pids(struct ar_arena *arena, const struct ar_cgroup *cgroup, pid_t **ret,
		   size_t *ret_n, struct ar_error *err);

/* Without the limits that only cgroup v1 has, which are refused below: as runc leaves them out on a
 * host with v2 alone. NULL for NULL. */
const struct ar_resources *ar_resources_without_v1(struct ar_arena *arena,
						   const struct ar_resources *resources);
/* A limit that was only our own default and could not be applied. */
struct ar_limit_default {
	bool pids, memory, swap; /* these members of resources are defaults, not asked */
};
/*
 * Write the limits, and read them back. A limit that was asked and whose controller is missing
 * fails and names it; one in defaults sets its member of *ret_missing. With no defaults, as for an
 * update, ret_missing may be NULL.
 */
int ar_cgroup_limits_apply(const struct ar_cgroup *cgroup, const struct ar_resources *resources,
			   const struct ar_limit_default *defaults,
			   struct ar_limit_default *ret_missing, struct ar_error *err);
/*
 * Allow and deny devices by a BPF program on the cgroup (BPF_CGROUP_DEVICE, Linux 4.15). -EPERM
 * where BPF may not be attached. *ret_program is its id; 0 where all is allowed and none attached.
 */
int ar_cgroup_devices_apply(const struct ar_cgroup *cgroup, const struct ar_list *rules,
			    uint32_t *ret_program, struct ar_error *err);
/* 1: that program is still the one that is attached; 0: another is, or none. */
int ar_cgroup_devices_held(const struct ar_cgroup *cgroup, uint32_t program, struct ar_error *err);
/* oom_kill count of memory.events, 0 where there is none. */
uint64_t ar_cgroup_oom_kills(const struct ar_cgroup *cgroup);
