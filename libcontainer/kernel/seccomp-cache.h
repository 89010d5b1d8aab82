/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/seccomp.h"

/*
 * Compiled profiles on disk: /var/cache/agentrun/seccomp for root, else
 * $XDG_CACHE_HOME/agentrun/seccomp (~/.cache). It saves opening libseccomp and four fifths of the
 * half millisecond that Docker's profile takes. No error leaves here: what cannot be used is
 * compiled again.
 */

/* The folder, made if needed; it and all below is the caller's alone. -1: there is none. */
int ar_seccomp_cache_open(void);
/* The folder of agentrun that it lies in, if any, whether it is there or not. */
struct ar_strings ar_seccomp_cache_folders(struct ar_arena *arena);
/* A profile's name in the cache. */
void ar_seccomp_cache_key(const struct ar_seccomp *profile, char ret_key[65]);
/* Whether the profile is there, valid, and made by the libseccomp that is still installed. */
bool ar_seccomp_cache_get(struct ar_arena *arena, int dirfd, const char *key,
			  struct ar_filters *ret);
/* Keep it; library is the file that compiled it. The oldest go when there are more than
 * AR_SECCOMP_CACHE_MAX. */
void ar_seccomp_cache_put(int dirfd, const char *key, const char *library,
			  const struct ar_filters *filters);
#define AR_SECCOMP_CACHE_MAX 64
