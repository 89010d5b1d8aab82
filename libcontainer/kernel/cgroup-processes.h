/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * How many processes are in the cgroup fd and below, those of other pid namespaces included.
 * Private to cgroup*.c.
 */
int ar_cgroup_count(int fd, size_t *ret);
