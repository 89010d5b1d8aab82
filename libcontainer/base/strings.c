/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strings.h"

#include <string.h>

#include "base/arena.h"

bool ar_strings_have(const struct ar_strings *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], s) == 0)
			return true;
	return false;
}

struct ar_strings ar_strings_join(struct ar_arena *arena, const struct ar_strings *a,
				  const struct ar_strings *b)
{
	size_t n = a->n + b->n;
	const char **items = ar_alloc_array(arena, n + 1, sizeof(*items));

	for (size_t i = 0; i < a->n; i++)
		items[i] = a->items[i];
	for (size_t i = 0; i < b->n; i++)
		items[a->n + i] = b->items[i];
	return (struct ar_strings){ .items = items, .n = n };
}

struct ar_strings ar_strings_with(struct ar_arena *arena, const struct ar_strings *list,
				  const char *s)
{
	return ar_strings_join(arena, list, &(struct ar_strings){ .items = &s, .n = 1 });
}

void ar_grow_add(struct ar_grow *g, const char *s)
{
	g->list.items = ar_arena_grow(g->arena, g->list.items, g->list.n + 1, &g->room,
				      sizeof(*g->list.items));
	g->list.items[g->list.n++] = s;
	g->list.items[g->list.n] = NULL;
}
