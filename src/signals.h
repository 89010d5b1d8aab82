/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct ar_error;

/* A signal by number, 0 included, or by name: "KILL", "sigkill", "RTMIN+3". -EINVAL: unknown signal
 * "x". */
int ar_signal_parse(const char *s, int *ret, struct ar_error *err);
