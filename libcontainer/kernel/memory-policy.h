/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "base/table.h"
#include "spec/spec.h"

struct ar_error;

/* MPOL_* modes and MPOL_F_* flags of a configuration; n entries. */
const struct ar_name *ar_memory_policy_modes(size_t *ret_n);
const struct ar_name *ar_memory_policy_flags(size_t *ret_n);
/* set_mempolicy(2) for this process. NULL: nothing. */
int ar_memory_policy_apply(const struct ar_memory_policy *policy, struct ar_error *err);
