/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "base/table.h"
#include "spec/spec.h"

struct ar_error;

/* RLIMIT_* names and numbers; n entries. */
const struct ar_name *ar_rlimit_names(size_t *ret_n);
/*
 * getrlimit(2): set each of a list of struct ar_rlimit on this process, before it gives up
 * CAP_SYS_RESOURCE. A type may stand there once. RLIMIT_NOFILE is not lowered yet, as there may be
 * more to open than it allows: only its hard limit is raised, if the list has a higher one.
 */
int ar_rlimits_apply(const struct ar_list *rlimits, struct ar_error *err);
/* After that: RLIMIT_NOFILE as the list has it, which needs no capability any more. */
int ar_rlimits_apply_nofile(const struct ar_list *rlimits, struct ar_error *err);
