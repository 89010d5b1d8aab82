/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cbpf.h"
#include "kernel/seccomp-resolve.h"

/*
 * The program of a plan, of the tables that were made for it: a binary search over the numbers for
 * each architecture; others get SECCOMP_RET_KILL_THREAD, as libseccomp gives them. -E2BIG: longer
 * than the kernel takes. Pure.
 */
int ar_seccomp_program(struct ar_arena *arena, const struct ar_seccomp_plan *plan,
		       const struct ar_seccomp_table *tables, size_t n, struct ar_cbpf *ret);
