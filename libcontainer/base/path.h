/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct ar_arena;
struct ar_error;

/* $PATH where nobody says one. */
#define AR_PATH_USUAL "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* As many links as the kernel follows in one path (path_resolution(7)). */
#define AR_LINKS_MAX 40

/*
 * Everything inside a container's root is opened beneath a descriptor of it, with openat2(2)
 * (Linux 5.6): the container cannot redirect a path by links, "..", or /proc magic.
 */

/*
 * Open path with RESOLVE_IN_ROOT beneath root; flags as for openat(2), O_CLOEXEC is added. fd or
 * -errno.
 */
int ar_open_in_root(int root, const char *path, int flags, mode_t mode);
/* As above, but no symbolic link at all may be followed (RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH). */
int ar_open_no_links(int root, const char *path, int flags, mode_t mode);
/*
 * mkdir -p beneath root: walks links inside the root, never out of it. *ret_fd is an O_PATH
 * descriptor of the last directory. Exists already: fine if it is a directory.
 */
int ar_mkdir_in_root(int root, const char *path, mode_t mode, int *ret_fd, struct ar_error *err);
/*
 * An O_PATH descriptor of a regular file made beneath root, with its parents, when it is missing.
 */
int ar_mkfile_in_root(int root, const char *path, mode_t mode, int *ret_fd, struct ar_error *err);
/*
 * Lexically clean: one leading '/', no '//', '.', or '..'. In place, so the path must start with
 * '/' (asserted); what may be relative goes through ar_path_absolute().
 */
void ar_path_clean(char *path);
/* A clean copy in arena; a relative path is taken as below '/'. */
char *ar_path_absolute(struct ar_arena *arena, const char *path);
/* Whether path is dir or lies below it; both clean and absolute. */
int ar_path_within(const char *path, const char *dir);
/*
 * The resolved path behind an O_PATH descriptor (readlink of /proc/self/fd/N), into buf. 0 or
 * -errno; -ENOENT when it was removed, -EXDEV when it has no path here.
 */
int ar_fd_realpath(int fd, char *buf, size_t size);
