/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

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
 * The nodes of devices, but for /dev/ptmx, which is a link: those right in /dev beneath dev.
 * Directories in between are made. Where mknod(2) turns out to be refused, the host's nodes are
 * bound.
 */
#define AR_DEV_BIND 1u /* bind them anyway: in a user namespace mknod(2) is refused */
#define AR_DEV_PLAIN \
	2u /* as runc: a bound one has no flags, and one that is there stays what it is */
int ar_dev_nodes(int root, int dev, const struct ar_list *devices, unsigned int flags,
		 struct ar_error *err);
/* fd, stdin, stdout, stderr, ptmx -> pts/ptmx, and core if this kernel has one. */
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
