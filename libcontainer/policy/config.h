/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/effective.h"

/*
 * The administrator's file, /etc/agentrun/agentrun.conf: JSON with comments, strict (an unknown key
 * is an error). packaging/agentrun.schema.json describes it; agentrun-policy(5) explains it.
 */

/* What a rule would take away and the administrator leaves: each use becomes a decision. */
struct ar_opt_out {
	const char *control; /* a control's name, a field's path or a path above it */
	const char *image;   /* pattern (fnmatch) for the image's name, as the engine's annotations
				have it */
	const char *annotation; /* "key" or "key=pattern" */
	const char *path; /* pattern for the thing itself: a resolved source or hook, a device, a
			     capability */
	const char *reason;
	const char *expires; /* RFC 3339 date or time; NULL: never */
};
struct ar_hook_allow {
	const char *path;	/* the resolved file */
	struct ar_strings args; /* patterns (fnmatch), one for each argument; the last may be "..."
				 */
	const char *reason;
};
struct ar_config {
	const char *profile;	     /* the default one */
	const char *minimum_profile; /* neither --profile nor the name goes below it */
	/* sizes and limits; bytes */
	struct ar_opt_u64 scratch_size, home_size, tmpfs_ceiling, memory_limit, memory_ceiling,
		pids_limit, pids_ceiling, nofile_ceiling;
	struct ar_strings bind_sources; /* directories writable binds may come from, beside the
					   built-in ones */
	struct ar_strings engine_roots; /* data roots of engines beside the usual */
	struct ar_list hooks;		/* struct ar_hook_allow */
	struct ar_list opt_outs;	/* struct ar_opt_out */
	struct ar_map strengths;	/* control -> "required" | "if-available" */
	struct ar_opt_u64 subid_start, subid_count; /* the range of user namespaces that we make */
};
extern const struct ar_class ar_config_class;

#ifndef AR_SYSCONFDIR
#define AR_SYSCONFDIR "/etc"
#endif
#define AR_CONFIG_FILE AR_SYSCONFDIR "/agentrun/agentrun.conf"

/* The configuration of a host that has no file. */
extern const struct ar_config ar_config_default;

/*
 * Read path (NULL: AR_CONFIG_FILE; there a missing file means defaults).
 * The file and its directories must belong to root (or the overflow id) and be writable by nobody
 * else. With a path of its own, minimum_profile is still no lower than in the usual file.
 */
int ar_config_read(struct ar_arena *arena, const char *path, const struct ar_config **ret,
		   struct ar_error *err);
/* The same from a text, without the checks of the file; name is for messages. */
int ar_config_parse(struct ar_arena *arena, const char *name, const char *text, size_t len,
		    const struct ar_config **ret, struct ar_error *err);
