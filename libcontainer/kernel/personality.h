/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

struct ar_error;

/* The native one, without the flags that were inherited. */
int ar_personality_reset(struct ar_error *err);
/* personality(2): LINUX or LINUX32; runtime-spec 1.3 has no flags yet. NULL: nothing. */
int ar_personality_apply(const struct ar_personality *personality, struct ar_error *err);
