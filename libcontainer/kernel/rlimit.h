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
 * CAP_SYS_RESOURCE. A type may stand there once. Of RLIMIT_NOFILE only the hard limit is raised: what
 * this process still opens may be more than it allows.
 */
int ar_rlimits_apply(const struct ar_list *rlimits, struct ar_error *err);
/* The rest of it: RLIMIT_NOFILE as the list has it. It takes no right any more. */
int ar_rlimits_apply_nofile(const struct ar_list *rlimits, struct ar_error *err);
