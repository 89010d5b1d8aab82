/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "spec/spec.h"

struct ar_error;

/*
 * Become the user: standard streams are given to it (it may want to open /dev/stdout again), umask
 * (0022 when not asked), supplementary groups, gid, uid; then the ids are read back. user NULL:
 * root without further groups.
 *
 * setgroups_denied: this user namespace has "deny" in /proc/PID/setgroups; that is an error only if
 * groups are asked.
 */
int ar_ids_apply(const struct ar_user *user, bool setgroups_denied, struct ar_error *err);
