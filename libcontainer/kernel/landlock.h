/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_error;

/* The Landlock ABI of this kernel, 0 for none (landlock(7), 5.13; scopes from ABI 6, 6.12). */
int ar_landlock_abi(void);
/*
 * Put this thread into a Landlock domain of its own: no file is restricted, abstract sockets
 * outside are out of reach and, with signals, signals too; processes outside the domain cannot be
 * traced nor their memory read. root: O_PATH of the container's /, needed below ABI 6 (a domain
 * must handle a file right there). -ENOSYS/-EOPNOTSUPP: not available. 1: below ABI 6, where a
 * domain keeps memory apart but neither sockets nor signals. no_new_privs must be set or
 * CAP_SYS_ADMIN held.
 */
int ar_landlock_scope(int abi, int root, int signals, struct ar_error *err);
