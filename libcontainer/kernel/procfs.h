/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/str.h"

/*
 * A trusted procfs is a descriptor (O_PATH will do) of the root of a procfs that no container can
 * mount upon: a detached one (fsmount(2), open_tree(2)), or the host's own. A mounted /proc of a
 * container is none: what is read or written below it may be another file (CVE-2019-16884,
 * CVE-2025-52881).
 */

/*
 * Open a file of it. Other mounts and magic links are not crossed; "self" and "thread-self" may
 * lead the path. A descriptor, or -errno without a sentence (-EXDEV: something is mounted there;
 * -EBADF: proc is no procfs).
 */
int ar_procfs_open(int proc, const char *path, int flags);
/* Append a whole file. 0 or -errno; -EFBIG above 1 MiB. */
int ar_procfs_read(int proc, const char *path, struct ar_text *ret);
/* The same of a file that is open, from where it stands. */
int ar_procfs_read_fd(int fd, struct ar_text *ret);
/* The same into a buffer, for where memory may be limited already (RLIMIT_AS, RLIMIT_DATA); it ends
 * with a NUL. -EFBIG: it does not fit. */
int ar_procfs_peek(int proc, const char *path, char *buf, size_t size);
/* Write text in one write(2). 0 or -errno. */
int ar_procfs_write(int proc, const char *path, const char *text);
