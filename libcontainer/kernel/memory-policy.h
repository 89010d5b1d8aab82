/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

struct ar_error;

/* set_mempolicy(2) for this process. NULL: nothing. */
int ar_memory_policy_apply(const struct ar_memory_policy *policy, struct ar_error *err);
