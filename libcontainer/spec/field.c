/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/field.h"

#include <string.h>

const char *ar_map_get(const struct ar_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->items[i].key, key) == 0)
			return map->items[i].value;
	return NULL;
}
