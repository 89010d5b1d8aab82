/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "life/life.h"

/* A container that stands, opened to be worked on. */
struct ar_container {
	struct ar_arena *arena;
	struct ar_dir dir;
	struct ar_record *record;
	enum ar_status status;
	int pidfd;			      /* of init, -1 when it does not run */
	const struct ar_effective *effective; /* after ar_container_read_effective() */
};
int ar_container_open(struct ar_container *ret, const struct ar_context *ctx, const char *id,
		      enum ar_lock lock, struct ar_error *err);
/* Its cgroup, open; use is what it is for, as messages say it: "to freeze". -ENOTSUP: it has none
 * of its own; -ENOENT: it is gone. */
int ar_container_cgroup(const struct ar_container *container, const char *use,
			struct ar_cgroup *ret, struct ar_error *err);
int ar_container_read_effective(struct ar_container *container, struct ar_error *err);
/* Of one whose init runs. SIGKILL ends all of it, also without a pid namespace of its own. */
int ar_container_kill(const struct ar_container *container, int signo, struct ar_error *err);
/* A warning for the capabilities of a process that no kernel knows, and that it so does not get. */
void ar_container_tell_capabilities(struct ar_arena *arena, const struct ar_process *process);
/* As ar_life_view(), of a container below that state root. */
int ar_container_view(const char *root, struct ar_arena *arena, const char *id, struct ar_view *ret,
		      struct ar_error *err);
/* Who is in the cgroup of a container that has ended, or whose create has died. */
enum ar_occupants {
	AR_OCCUPANTS_NONE,   /* nobody; do not kill, since whoever enters later is not its */
	AR_OCCUPANTS_ITS,    /* processes of the container, without its init */
	AR_OCCUPANTS_OTHERS, /* somebody else's: they live on */
};
/*
 * effective may be NULL, which says nothing of a pid namespace. root: where other containers are.
 * With an error, which is a want of descriptors or memory, they count as others.
 */
int ar_container_occupants(const char *root, const struct ar_record *record,
			   const struct ar_effective *effective, const struct ar_cgroup *cgroup,
			   enum ar_occupants *ret, struct ar_error *err);
/* A warning that the cgroup stays for those others. */
void ar_container_tell_others(const char *id, const struct ar_cgroup *cgroup);
void ar_container_done(struct ar_container *container);
#define _cleanup_container_ __attribute__((cleanup(ar_container_done)))
