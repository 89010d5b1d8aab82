/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/seccomp.h"

/*
 * A bundle's profile as a filter: planned, its calls' numbers found by libseccomp, its program
 * made. A profile that asks for nothing makes none. *ret_library is libseccomp's file.
 */
int ar_seccomp_compile(struct ar_arena *arena, const struct ar_seccomp *profile,
		       struct ar_filters *ret, const char **ret_library, struct ar_error *err);
