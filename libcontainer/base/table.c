/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/table.h"

#include <string.h>

const struct ar_name *ar_name_find(const struct ar_name *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const char *ar_name_of(const struct ar_name *table, size_t n, uint64_t value)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].value == value)
			return table[i].name;
	return NULL;
}
