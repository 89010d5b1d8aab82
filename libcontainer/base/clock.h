/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Milliseconds of the clock that only goes forward (CLOCK_MONOTONIC), for deadlines. */
int64_t ar_now_ms(void);
