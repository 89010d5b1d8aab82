/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/facts.h"

const char *const ar_scratch_paths[AR_SCRATCH_COUNT] = { "/tmp", "/var/tmp", "/run" };
