/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

struct ar_arena;
struct ar_effective;
struct ar_error;

/* The effective configuration of a container, in its directory dirfd. */
#define AR_EFFECTIVE_FILE "effective.json"

/* Write it, or put it in the place of the one before. */
int ar_effective_save(int dirfd, const struct ar_effective *effective, struct ar_error *err);
/* Read it. -ENOENT: there is none yet. */
int ar_effective_load(struct ar_arena *arena, int dirfd, const struct ar_effective **ret,
		      struct ar_error *err);
/* The same from the file's text, which must live as long as the arena. */
int ar_effective_parse(struct ar_arena *arena, const char *text, size_t len,
		       const struct ar_effective **ret, struct ar_error *err);
