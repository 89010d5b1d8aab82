/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/config.h"
#include "policy/effective.h"

struct ar_error;

/* The numbers of a profile, the administrator's values in their places. Sizes in bytes. */
struct ar_values {
	uint64_t scratch_size;	 /* of each of /tmp, /var/tmp, /run */
	uint64_t home_size;	 /* of the tmpfs above the image's home directory; 0: none */
	uint64_t tmpfs_ceiling;	 /* of a tmpfs that the bundle mounts */
	uint64_t memory_limit;	 /* where none is asked */
	uint64_t memory_ceiling; /* 0: what leaves the host an eighth of its memory */
	uint64_t pids_limit, pids_ceiling;
	uint64_t nofile_ceiling;
	struct ar_strings capabilities; /* no process has others */
	bool home_noexec;
	bool declared_binds; /* only engines' own files and configured sources */
	bool landlock_signals;
	bool proc_hidepid;
};

/* profile is not compat. */
void ar_values_get(enum ar_profile profile, const struct ar_config *config, struct ar_values *ret);
/* How strictly a control is held before configuration; AR_OFF for all of compat. */
enum ar_strength ar_control_strength(enum ar_profile profile, enum ar_control control);
/* Whether a holds a container at least as tightly as b. */
bool ar_profile_at_least(enum ar_profile a, enum ar_profile b);
/* The profile in force: option (may be NULL), the name the program was called by, the
 * configuration. */
int ar_profile_choose(const char *option, const char *argv0, const struct ar_config *config,
		      enum ar_profile *ret, struct ar_error *err);
