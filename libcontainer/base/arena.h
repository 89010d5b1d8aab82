/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Memory that is released all at once. Parsed documents, specs and effective configurations live in
 * one arena each. Allocation never fails: a process that cannot get a few kilobytes ends with
 * a message (the other side of a walk sees end of file and undoes its part).
 */
struct ar_arena;

struct ar_arena *ar_arena_new(void);
void ar_arena_free(struct ar_arena *arena); /* NULL is allowed */

/* Zeroed memory, aligned for any type. Never NULL, not for size 0 either. */
void *ar_alloc(struct ar_arena *arena, size_t size);
/* count * size, checked for overflow. */
void *ar_alloc_array(struct ar_arena *arena, size_t count, size_t size);
char *ar_strdup(struct ar_arena *arena, const char *s); /* NULL gives NULL */
char *ar_strndup(struct ar_arena *arena, const char *s, size_t len);
char *ar_printf(struct ar_arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void *ar_memdup(struct ar_arena *arena, const void *p, size_t size);
/*
 * An array with a place for item n: items itself, or a larger copy. *room is how many items of that
 * size there is memory for; it starts as 0, with items NULL.
 */
void *ar_arena_grow(struct ar_arena *arena, void *items, size_t n, size_t *room, size_t size);

static inline void ar_arena_freep(struct ar_arena **arena)
{
	ar_arena_free(*arena);
}
#define _cleanup_arena_ __attribute__((cleanup(ar_arena_freep)))
