/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "spec/spec.h"

struct ar_arena;

struct ar_error;

/*
 * capabilities(7) of this process, one bit a capability. The order in the last mile: bound (needs
 * CAP_SETPCAP), keep, the change of ids, apply, verify. Where a capability is needed longer, start
 * from ar_caps_held() and set less.
 */
struct ar_cap_sets {
	uint64_t effective, permitted, inheritable, bounding, ambient;
};

/* All names that may stand in a configuration, in the order of their numbers; n entries. */
const struct ar_name *ar_cap_names(size_t *ret_n);
/* Names (CAP_*) to masks, but for the unknown ones. NULL caps: all empty. */
void ar_caps_parse(const struct ar_capabilities *caps, struct ar_cap_sets *ret);
/* The names that no kernel knows, with blanks between them, NULL: none. config.md: they are told in
 * a warning, and are no reason to fail. */
const char *ar_caps_unknown(struct ar_arena *arena, const struct ar_capabilities *caps);
/* Drop from the bounding set what is not asked, unknown capabilities of newer kernels included. */
int ar_caps_bound(const struct ar_cap_sets *sets, struct ar_error *err);
/* Keep permitted capabilities over the change of ids (PR_SET_KEEPCAPS); execve(2) ends it. */
int ar_caps_keep(struct ar_error *err);
/*
 * Set permitted, effective and inheritable, then ambient. A capability that is asked but not held
 * is left out with a debug line, as runc does.
 */
int ar_caps_apply(const struct ar_cap_sets *sets, struct ar_error *err);
/* Permitted, effective and inheritable as they are; the other sets are left empty. */
int ar_caps_held(struct ar_cap_sets *ret, struct ar_error *err);
/* Set these three, by one call. What is no longer permitted is not ambient either. */
int ar_caps_set(const struct ar_cap_sets *sets, struct ar_error *err);
/*
 * Read back from proc (a trusted procfs, kernel/procfs.h): -EPERM when a set exceeds the asked one.
 */
int ar_caps_verify(int proc, const struct ar_cap_sets *sets, struct ar_error *err);
