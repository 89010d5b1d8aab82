/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

struct ar_error;

/* A duration as Go writes it, "1h30m", "1.5s", "100ms", in nanoseconds. -EINVAL: invalid duration
 * "x". */
int ar_duration_parse(const char *s, int64_t *ret_ns, struct ar_error *err);
