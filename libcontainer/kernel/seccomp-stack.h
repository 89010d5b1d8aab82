/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/seccomp.h"

/*
 * What goes on top of a bundle's own filters (none is fine): with builtin, the list of that
 * profile, last, which also allows the calls named in allowed (NULL: none). Made one filter when
 * they could not be installed one behind the other: the bundle denies seccomp(2), or two of them
 * want a listener.
 */
int ar_filters_stack(struct ar_arena *arena, enum ar_profile profile, bool builtin,
		     const struct ar_strings *allowed, struct ar_filters *filters,
		     struct ar_error *err);
