/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/spec.h"

struct ar_arena;
struct ar_error;
struct ar_text;

/*
 * A bundle's profile (config-linux.md, "Seccomp"), checked and put in terms of the kernel. Pure: no
 * system call, no libseccomp.
 */

/* SCMP_CMP_* */
enum ar_compare {
	AR_COMPARE_NE,
	AR_COMPARE_LT,
	AR_COMPARE_LE,
	AR_COMPARE_EQ,
	AR_COMPARE_GE,
	AR_COMPARE_GT,
	AR_COMPARE_MASKED_EQ, /* (argument & a) == (b & a) */
};
struct ar_compare_arg {
	unsigned int arg; /* 0 to 5 */
	enum ar_compare op;
	uint64_t a, b;
};
/* One call; all comparisons must hold (none: always). */
struct ar_seccomp_rule {
	const char *name;
	uint32_t action; /* SECCOMP_RET_* with data */
	const struct ar_compare_arg *args;
	size_t n_args;
};
/*
 * What the profile says: of all rules of a call that hold the strictest counts, and the default
 * where none does. (Of two errnos the one with comparisons, then the one that stands first.)
 */
struct ar_seccomp_plan {
	bool empty; /* the profile asks for nothing */
	uint32_t default_action;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_* */
	bool notifies;	    /* has SECCOMP_RET_USER_NOTIF */
	bool newer_enosys; /* calls newer than any that has a rule get ENOSYS, as runc gives them */
	struct ar_seccomp_rule *rules; /* those of a call side by side */
	size_t n;
	const struct ar_strings *architectures; /* SCMP_ARCH_*; the native one belongs to it anyway
						 */
};
int ar_seccomp_plan(struct ar_arena *arena, const struct ar_seccomp *profile,
		    struct ar_seccomp_plan *ret, struct ar_error *err);

/* All that the compiled profile depends on, as a text that no other profile has. */
void ar_seccomp_text(const struct ar_seccomp *profile, struct ar_text *text);
