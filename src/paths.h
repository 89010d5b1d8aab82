/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct ar_arena;
struct ar_error;

/* path against the working directory, lexically clean, as runc does; "" and NULL are errors of the
 * caller. 0 or -errno. */
int ar_path_from_cwd(struct ar_arena *arena, const char *path, const char **ret,
		     struct ar_error *err);
