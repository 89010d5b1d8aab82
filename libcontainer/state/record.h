/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "spec/field.h"

struct ar_arena;
struct ar_error;

/*
 * A container on disk: <root>/<id>/ (0711) holds
 *   state.json      the record below, and members of runc's file of that name (0600, replaced
 *                   atomically)
 *   effective.json  the effective configuration (0600, replaced by "update")
 *   exec.fifo, exec.answer
 *                   0600, while it waits for "start": what lets init go, and what comes of it
 *   notify/         of NOTIFY_SOCKET's proxy
 *   criu-root       while it is restored
 *   seccomp.bpf     the filters that "exec" loads again (0600)
 * The directory's own lock (flock) is held by whoever changes the container.
 */
enum ar_status {
	AR_STATUS_CREATING,
	AR_STATUS_CREATED,
	AR_STATUS_RUNNING,
	AR_STATUS_PAUSED,
	AR_STATUS_STOPPED
};
const char *ar_status_name(enum ar_status status);

/* "start" writes to the one, and hears by the other whether the program was executed. */
#define AR_FIFO_START "exec.fifo"
#define AR_FIFO_ANSWER "exec.answer"

/* What became of a control: one line of "state". */
struct ar_outcome {
	const char *control; /* ar_control_name() */
	const char *result;  /* "enforced", "relaxed", "not applied", "off" */
	const char *why;     /* of any but a plain "enforced" or "off" */
};

struct ar_record {
	struct ar_opt_i64 version; /* of this format: 1; older ones stay readable */
	const char *id;
	const char *oci_version;      /* of the runtime-spec's state that is told */
	struct ar_opt_i64 pid;	      /* of init; 0 before it exists */
	struct ar_opt_u64 start_time; /* of that process, clock ticks after boot */
	const char *bundle;	      /* absolute */
	const char *rootfs;	      /* absolute */
	const char *hostname;	      /* that config.json asks for; NULL: none */
	struct ar_list namespaces;    /* struct ar_namespace, as config.json asks for them */
	const char *created;	      /* RFC 3339 with nanoseconds, UTC */
	struct ar_opt_u64 owner;      /* uid that created it */
	const char *profile;
	const char *cgroup; /* directory below the v2 root: "/docker/<id>"; written before it is
			       made; NULL: none */
	const char *cgroup_root; /* mount point of the v2 tree */
	const char *unit; /* of systemd, whose cgroup it is: "docker-<id>.scope"; written before it
			     is made; NULL: none */
	const char *manager; /* whose unit: "system", "user" */
	const char *backend; /* "native" */
	const char *digest;
	enum ar_tri started; /* "start" has run */
	enum ar_tri hooks;   /* those of the host have begun, so that poststop ones must run */
	struct ar_map annotations;
	struct ar_list outcomes; /* struct ar_outcome */
};
extern const struct ar_class ar_record_class, ar_outcome_class;

/* ids: 1 to 1024 of [A-Za-z0-9_+.-], not "." nor "..": else "invalid container ID format". */
int ar_id_check(const char *id, struct ar_error *err);

/* What is open while a container is being worked on. */
struct ar_dir {
	int fd;	  /* O_DIRECTORY of <root>/<id>, locked as asked */
	int root; /* O_DIRECTORY of <root> */
};
#define AR_DIR_INIT ((struct ar_dir){ -1, -1 })
void ar_dir_close(struct ar_dir *dir);
#define _cleanup_dir_ __attribute__((cleanup(ar_dir_close)))

/* A lock is waited for: a minute, or two seconds. -EBUSY: "container 'x' is in use by another
 * command". */
enum ar_lock { AR_LOCK_NONE, AR_LOCK_EXCLUSIVE, AR_LOCK_BRIEFLY };

/* Make <root> (0711, its parents 0755) and <root>/<id>, locked. -EEXIST "container with given ID
 * already exists". */
int ar_dir_create(const char *root, const char *id, struct ar_dir *ret, struct ar_error *err);
/* Open it. -ENOENT "container does not exist". After a lock the directory is looked up again. */
int ar_dir_open(const char *root, const char *id, enum ar_lock lock, struct ar_dir *ret,
		struct ar_error *err);
/* Let others work on it while it stays open; and take the lock again: -ESTALE when it was deleted
 * meanwhile. */
void ar_dir_unlock(struct ar_dir *dir);
int ar_dir_lock(struct ar_dir *dir, const char *id, struct ar_error *err);
/* Remove <root>/<id> and what is in it; the caller holds the lock. */
int ar_dir_remove(struct ar_dir *dir, const char *id, struct ar_error *err);

int ar_record_write(const struct ar_dir *dir, const struct ar_record *record, struct ar_error *err);
/* -ENOENT when there is none yet (a create that died early). */
int ar_record_read(struct ar_arena *arena, const struct ar_dir *dir, struct ar_record **ret,
		   struct ar_error *err);

/* All ids below root, sorted; n entries. A missing root is an empty list and -ENOENT. */
int ar_ids(struct ar_arena *arena, const char *root, struct ar_strings *ret, struct ar_error *err);

/*
 * The status as the kernel has it now: creating (no pid yet), created (the fifo is still there),
 * running, paused (the cgroup is frozen), stopped (no such process, a zombie, or another process
 * with that pid). *ret_pidfd (may be NULL) is -1 when stopped.
 */
int ar_record_status(const struct ar_dir *dir, const struct ar_record *record, enum ar_status *ret,
		     int *ret_pidfd, struct ar_error *err);
