/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What is told of a user by a line of passwd(5). */
struct ar_passwd {
	const char *name, *home;
};
/*
 * The next entry with that uid in *text, which is cut into pieces on the way and starts as the
 * whole file. Asking the name services would cost a start of theirs, and may hang. False: none is
 * left.
 */
bool ar_passwd_next(char **text, uint64_t uid, struct ar_passwd *ret);
