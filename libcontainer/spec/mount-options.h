/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/field.h"

struct ar_arena;
struct ar_error;

/*
 * The mount options of config.md, "Linux mount options", and runc's. Of options that exclude each
 * other the last one counts; the same bit is never in a set and in the clear that belongs to it,
 * but for the access time: that is one field of MOUNT_ATTR__ATIME, and whenever an option says
 * something about it, all of the field is cleared and what is wanted set (mount_setattr(2)). Of
 * this mount's access times strictatime counts before noatime, and that before relatime, as with
 * mount(2).
 */
struct ar_mount_options {
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_* for this mount */
	uint64_t rec_set, rec_clr;   /* MOUNT_ATTR_* for the whole tree (rro, rnosuid ...) */
	/* MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_I_VERSION, MS_LAZYTIME, MS_SILENT */
	uint64_t sb_flags;
	uint64_t sb_clr;      /* the same, cleared */
	bool ro;	      /* "ro" was the last of ro and rw (superblock and mount) */
	bool bind, recursive; /* bind, rbind */
	bool remount;
	bool flags;    /* an option speaks of this mount's flags, or of its filesystem's */
	bool defaults; /* says nothing */
	unsigned long propagation; /* MS_PRIVATE ... with MS_REC for the r forms, the last; 0: none
				    */
	struct ar_u64s propagations; /* all, in their order */
	bool idmap, ridmap;
	bool tmpcopyup;
	struct ar_strings data; /* what is left is the filesystem's own: "size=64m" */
};

/*
 * Read a mount's options. Never fails on an unknown name: it is data for the filesystem. label
 * "context=" options are data too.
 */
void ar_mount_options_parse(struct ar_arena *arena, const struct ar_strings *options,
			    struct ar_mount_options *ret);
/*
 * As runc means them: the flags of a bind are changed by mounting it again, which says all of them,
 * so that what no option asks for is off, whatever the source had. Where no option speaks of flags
 * they stay, and so do access times of which none speaks, and what is locked (by a user namespace).
 */
void ar_mount_options_as_runc(struct ar_mount_options *options, bool locked);
/*
 * Options that stand alone: what is not a name of ours goes to mount(2) as text in other runtimes,
 * where a comma begins another option. A comma in double quotes (a label's categories), behind a
 * backslash (overlay) or in a label that is not quoted is the option's own.
 */
struct ar_strings ar_mount_options_split(struct ar_arena *arena, const struct ar_strings *options);
/* Whether it is context=, fscontext=, defcontext= or rootcontext=. */
bool ar_mount_option_is_label(const char *option);
/* All names that are not data, for the features command, sorted; n entries. */
const char *const *ar_mount_option_names(size_t *ret_n);
