/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* name <-> value, for everything the spec spells as a string. */
struct ar_name {
	const char *name;
	uint64_t value;
};

/* NULL when the name is not in the table of n entries. */
const struct ar_name *ar_name_find(const struct ar_name *table, size_t n, const char *name);
/* The first name with that value, NULL when there is none. */
const char *ar_name_of(const struct ar_name *table, size_t n, uint64_t value);
