/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "spec/mount-options.h"
#include "spec/spec.h"

/* A mount's options are strings; tightening means other strings. */

#define AR_WANT_NOSUID 1u
#define AR_WANT_NODEV 2u
#define AR_WANT_NOEXEC 4u
#define AR_WANT_RO 8u

/*
 * options with everything in want in force: what contradicts is left out, what is missing is added,
 * for the whole tree when the mount is recursive (rnosuid, rnodev, rnoexec, rro). The same list
 * when nothing changes.
 */
struct ar_strings ar_mount_tighten(struct ar_arena *arena, const struct ar_strings *options,
				   unsigned int want, bool recursive);
/*
 * options without what would clear one of these MOUNT_ATTR_* (AR_WANT_* and nosymfollow): top for
 * words about the mount itself, tree for those about all that it brings. The same list when nothing
 * changes.
 */
struct ar_strings ar_mount_keeping(struct ar_arena *arena, const struct ar_strings *options,
				   uint64_t top, uint64_t tree);
/* options with that word of propagation and no other. The same list when nothing changes. */
struct ar_strings ar_mount_propagating(struct ar_arena *arena, const struct ar_strings *options,
				       const char *want);
/* The options of a that b has not. */
struct ar_strings ar_options_lost(struct ar_arena *arena, const struct ar_strings *a,
				  const struct ar_strings *b);
/*
 * The size of a tmpfs: missing becomes normal, more than ceiling (or a share of the host's memory)
 * becomes ceiling, where UINT64_MAX is none. *ret_changed tells.
 */
struct ar_strings ar_mount_sized(struct ar_arena *arena, const struct ar_strings *options,
				 uint64_t normal, uint64_t ceiling, bool *ret_changed);
/*
 * The options of a file system without what is data for it and not in known (blank-separated):
 * another way to say its size, settings of the whole host. A limit of inodes that is none, or above
 * the ceiling, becomes the ceiling; a label with a comma stands in quotes. The same list when
 * nothing changes.
 */
struct ar_strings ar_mount_known(struct ar_arena *arena, const struct ar_strings *options,
				 const char *known, uint64_t inodes);
/* As runc has it: the type "bind", or an option bind or rbind with any type. */
bool ar_mount_is_bind(const struct ar_mount *mount, const struct ar_mount_options *options);
