/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/strings.h"

struct ar_arena;
struct ar_error;
struct stat;

/*
 * A container on disk: <root>/<id>/ (0711) holds
 *   state.json      the record, and members of runc's file of that name (0600, replaced
 *                   atomically)
 *   effective.json  the effective configuration (0600, replaced by "update")
 *   exec.fifo, exec.answer
 *                   0600, while it waits for "start": what lets init go, and what comes of it
 *   notify/         of NOTIFY_SOCKET's proxy
 *   criu-root       while it is restored
 *   seccomp.bpf     the filters that "exec" loads again (0600)
 * The directory's own lock (flock) is held by whoever changes the container.
 */

/* "start" writes to the one, and hears by the other whether the program was executed. */
#define AR_FIFO_START "exec.fifo"
#define AR_FIFO_ANSWER "exec.answer"

/* Whether a directory of ours can be believed: what others could have put into it, or replaced in
 * it, must not be. */
enum ar_dir_trust { AR_DIR_TRUSTED, AR_DIR_OF_OTHERS, AR_DIR_OPEN_TO_OTHERS };
enum ar_dir_trust ar_dir_trust(const struct stat *st);

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

/* All ids below root, sorted; n entries. A missing root is an empty list and -ENOENT. */
int ar_ids(struct ar_arena *arena, const char *root, struct ar_strings *ret, struct ar_error *err);
