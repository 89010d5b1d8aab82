/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "policy/facts.h"

/* Newer than the headers of Linux 6.1. The kernel takes a longer structure, if what it does not
 * know is zero. */
struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;	     /* ABI 6 */
};
#define SCOPE_ABSTRACT_UNIX_SOCKET (1u << 0)
#define SCOPE_SIGNAL (1u << 1)
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1u << 13) /* ABI 2 */
#endif

int ar_landlock_abi(void)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, (size_t)0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/*
 * A domain must restrict something. Moving files between directories is always restricted, and the
 * only right that can be handled without taking anything away: granted on /, all is as before.
 */
static int grant_refer(int ruleset, int root, struct ar_error *err)
{
	const struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_REFER,
							 .parent_fd = root };

	if (syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return ar_fail(err, errno, "Landlock: grant moving files below /");
	return 0;
}

int ar_landlock_scope(int abi, int root, int signals, struct ar_error *err)
{
	struct ruleset attributes = { 0 };
	/* the kernel of ABI 1 to 3 does not know the later members: their zeros would do, a shorter
	 * structure says it */
	size_t size = abi >= AR_LANDLOCK_ABI_SCOPES ? sizeof(attributes)
						    : sizeof(attributes.handled_access_fs);
	_cleanup_fd_ int ruleset = -1;
	int r;

	if (abi < 1)
		return ar_refuse(err, ENOSYS, "this kernel has no Landlock");
	if (abi < AR_LANDLOCK_ABI_DOMAIN)
		return ar_refuse(
			err, EOPNOTSUPP,
			"this kernel's Landlock has no domain that leaves moving files alone "
			"(it is of ABI %d, %d is needed)",
			abi, AR_LANDLOCK_ABI_DOMAIN);
	if (abi >= AR_LANDLOCK_ABI_SCOPES)
		attributes.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | (signals ? SCOPE_SIGNAL : 0);
	else
		attributes.handled_access_fs = LANDLOCK_ACCESS_FS_REFER;

	ruleset = (int)syscall(__NR_landlock_create_ruleset, &attributes, size, 0);
	if (ruleset < 0)
		return ar_fail(err, errno, "Landlock: make a ruleset");
	r = abi >= AR_LANDLOCK_ABI_SCOPES ? 0 : grant_refer(ruleset, root, err);
	if (r < 0)
		return r;
	if (syscall(__NR_landlock_restrict_self, ruleset, 0) < 0)
		return ar_fail(err, errno, "Landlock: enter a domain");
	return abi < AR_LANDLOCK_ABI_SCOPES;
}
