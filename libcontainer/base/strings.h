/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ar_arena;

/* A list of texts. */
struct ar_strings {
	const char **items; /* n entries, and NULL behind them */
	size_t n;
};
bool ar_strings_have(const struct ar_strings *list, const char *s);
/* Copies of list with s behind it, of a with b behind it; the texts are kept as they are. */
struct ar_strings ar_strings_with(struct ar_arena *arena, const struct ar_strings *list,
				  const char *s);
struct ar_strings ar_strings_join(struct ar_arena *arena, const struct ar_strings *a,
				  const struct ar_strings *b);

/* A list that grows in an arena. */
struct ar_grow {
	struct ar_arena *arena;
	struct ar_strings list;
	size_t room;
};
void ar_grow_add(struct ar_grow *g, const char *s);
