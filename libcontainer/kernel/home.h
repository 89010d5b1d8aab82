/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ar_error;

/*
 * Make a directory of the image writable without writing to the image: an overlay of it whose upper
 * layer is a tmpfs of size bytes, both mounted over it, nosuid and nodev (overlayfs,
 * Documentation/filesystems/overlayfs.rst). home is a path beneath root (O_PATH of the container's
 * "/") whose links are resolved, before pivot_root(2) while /proc is the host's. A missing
 * directory is -ENOENT; the mount covers nothing when it fails.
 */
int ar_home_overlay(int root, const char *home, uint64_t size, bool noexec, struct ar_error *err);
