/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Whether a file is root's alone to change. In a user namespace root of the host appears as the
 * overflow id; there the caller must besides not be able to write.
 */
struct ar_trust {
	bool host_root; /* euid 0 in the initial user namespace */
	bool userns;	/* not in the initial user namespace */
	uid_t overflow_uid;
};
void ar_trust_get(struct ar_trust *ret);

/* Why the open file, or a directory on the way to it (path: its resolved name), is not root's
 * alone; NULL: it is. */
const char *ar_untrusted(const struct ar_trust *trust, int fd, const char *path);
