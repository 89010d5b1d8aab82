/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* As many CPUs or memory nodes as any kernel is built for. */
#define AR_CPULIST_BITS 8192
struct ar_cpulist {
	unsigned long mask[AR_CPULIST_BITS / (8 * sizeof(unsigned long))];
	size_t bits; /* the highest member and one */
};

/* A list as "0-3,7", blanks around members allowed. -EINVAL: no such list, or empty; -ERANGE: too
 * high a number. */
int ar_cpulist_parse(const char *list, struct ar_cpulist *ret);
