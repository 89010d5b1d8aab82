/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "spec/spec.h"

struct ar_error;

/*
 * /dev of the container: runtime-spec config-linux.md "Default Devices" and linux.devices.
 * Everything is made beneath a descriptor of the container's own /dev directory; a link in its
 * place is refused (CVE-2026-41579).
 */

/* An O_PATH descriptor of <root>/dev, which must be a real directory. -ENOENT: there is none. */
int ar_dev_open(int root, int *ret_dev, struct ar_error *err);
/*
 * The nodes of devices. bind: make them by binding the host's nodes (in a user namespace mknod(2)
 * is refused), which is done too where it turns out to be refused. Directories in between are made.
 */
int ar_dev_nodes(int root, const struct ar_list *devices, bool bind, struct ar_error *err);
/* fd, stdin, stdout, stderr, core, and ptmx -> pts/ptmx. */
int ar_dev_links(int dev, struct ar_error *err);
/*
 * Standard streams that are the host's null device become the container's own: an open file of a
 * mount that the container does not have cannot be checkpointed.
 */
int ar_dev_own_null(int dev, struct ar_error *err);
/* Bind the terminal over /dev/console. */
int ar_dev_console(int dev, int tty, struct ar_error *err);
/* The six devices of the spec that every container has. */
const struct ar_device *ar_dev_defaults(size_t *ret_n);
