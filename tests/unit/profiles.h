/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "kernel/seccomp.h"

struct ar_arena;

/* A seccomp profile from JSON text, as in config.json; fails the test when it is none. */
const struct ar_seccomp *profile_parse(struct ar_arena *arena, const char *json);
/* The same from tests/unit/data/seccomp-<name>.json. */
const struct ar_seccomp *profile_read(struct ar_arena *arena, const char *name);
/* Compiled by libseccomp; skips the test where that is not installed. */
struct ar_filters profile_compile(struct ar_arena *arena, const struct ar_seccomp *profile);
