/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/seccomp-plan.h"

/* A rule and the number of its call. */
struct ar_seccomp_entry {
	uint32_t number;
	const struct ar_seccomp_rule *rule;
};
/* A plan in the numbers of one architecture. */
struct ar_seccomp_table {
	uint32_t arch;	 /* AUDIT_ARCH_*, or AR_ARCH_X32 */
	bool narrow;	 /* its calls have arguments of 32 bits */
	uint32_t newest; /* the highest number that the plan speaks of */
	struct ar_seccomp_entry *entries;
	size_t n;
};
/* libseccomp's token of x32, which to the kernel is x86_64 with AR_X32_BIT in the numbers. */
#define AR_ARCH_X32 0x4000003eu
#define AR_X32_BIT 0x40000000u

/* The version of the libseccomp that is here, "2.5.4" in arena; NULL: there is none. */
const char *ar_seccomp_library_version(struct ar_arena *arena);
/*
 * Find the numbers of a plan's calls with libseccomp, which is opened for it: one table for the
 * native architecture, one for each other that the plan asks for. Names that libseccomp does not
 * know are left out, as runc does. *ret_library is the file that it came from.
 */
int ar_seccomp_resolve(struct ar_arena *arena, const struct ar_seccomp_plan *plan,
		       struct ar_seccomp_table **ret, size_t *ret_n, const char **ret_library,
		       struct ar_error *err);
