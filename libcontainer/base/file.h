/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ar_arena;
struct ar_error;
struct stat;

/*
 * Read a whole regular file of at most max bytes, terminated with a NUL that *ret_len does not
 * count. Errors name the file: a directory, something that is no regular file and a larger one are
 * refused (-EISDIR, -EINVAL, -EFBIG). dirfd may be AT_FDCWD.
 */
int ar_file_read(struct ar_arena *arena, int dirfd, const char *path, size_t max, char **ret_text,
		 size_t *ret_len, struct ar_error *err);
/* The same for a file that the caller named, which may be a fifo: "-p <(make it)", /dev/stdin. */
int ar_file_read_given(struct ar_arena *arena, int dirfd, const char *path, size_t max,
		       char **ret_text, size_t *ret_len, struct ar_error *err);
/*
 * The same for an open descriptor (proc and cgroup files, pipes, standard input); name is for
 * messages.
 */
int ar_file_read_fd(struct ar_arena *arena, int fd, const char *name, size_t max, char **ret_text,
		    size_t *ret_len, struct ar_error *err);
/*
 * A short one-line file into buf, terminated, without the last newline: 0 or -errno, -EFBIG when it
 * is longer. For control files whose absence is an answer: there is no message.
 */
int ar_file_peek(int dirfd, const char *path, char *buf, size_t size);
/* Replace dirfd/name atomically (O_EXCL temporary ".name.tmp" beside it, then rename). */
int ar_file_replace(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		    struct ar_error *err);
/* Write text to an existing file in one write(2), as the kernel's control files want it. */
int ar_file_write(int dirfd, const char *path, const char *text, struct ar_error *err);
/*
 * Remove a directory tree below dirfd without following links nor crossing mounts. Missing is fine.
 */
int ar_tree_remove(int dirfd, const char *name, struct ar_error *err);
/*
 * The entries of a directory that was opened to be read: *fd belongs to the stream then, and is -1.
 * NULL with errno, which is that of the caller where *fd was never opened.
 */
DIR *ar_entries_open(int *fd);
void ar_entries_close(DIR **entries);
#define _cleanup_entries_ __attribute__((cleanup(ar_entries_close)))
/* Whether it is the null device, whatever its name is. */
bool ar_is_null_device(const struct stat *st);
