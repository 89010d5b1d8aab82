/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

struct ar_error;

/*
 * A size as docker writes it: "512m", "1.5g", "64KiB", "10 MB", all by powers of 1024, or bytes.
 * -EINVAL: invalid size: 'x'.
 */
int ar_bytes_parse(const char *s, int64_t *ret_bytes, struct ar_error *err);
