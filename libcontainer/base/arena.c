/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/*
 * Chunks of growing size, filled from the front. What does not fit a chunk's rest gets a new one,
 * so at most half of a chunk is wasted; something large gets a chunk of its own.
 */
#define FIRST_CHUNK 8192
#define LAST_CHUNK (1024 * 1024)

/*
 * Under AddressSanitizer every allocation is a chunk of its own: an overrun from one object into
 * the next is seen there, which a shared chunk would hide.
 */
#if defined(__SANITIZE_ADDRESS__)
#define ALONE true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ALONE true
#endif
#endif
#ifndef ALONE
#define ALONE false
#endif

struct chunk {
	struct chunk *older;
	alignas(max_align_t) char data[];
};

struct ar_arena {
	struct chunk *chunks;
	char *free; /* in the newest shared chunk */
	size_t left;
	size_t next_size;
};

struct ar_arena *ar_arena_new(void)
{
	struct ar_arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		ar_no_memory();
	arena->next_size = FIRST_CHUNK;
	return arena;
}

void ar_arena_free(struct ar_arena *arena)
{
	if (!arena)
		return;
	for (struct chunk *chunk = arena->chunks, *older; chunk; chunk = older) {
		older = chunk->older;
		free(chunk);
	}
	free(arena);
}

static char *chunk_new(struct ar_arena *arena, size_t size)
{
	struct chunk *chunk;

	if (size > PTRDIFF_MAX - sizeof(*chunk))
		ar_no_memory();
	chunk = calloc(1, sizeof(*chunk) + size); /* large ones come zeroed from the kernel for
						     nothing */
	if (!chunk)
		ar_no_memory();
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	return chunk->data;
}

static void *take(struct ar_arena *arena, size_t size, size_t align)
{
	size_t skip = -(uintptr_t)arena->free & (align - 1);
	char *p;

	size = size ? size : 1; /* an empty array is not NULL */
	if (ALONE || size > arena->next_size / 2)
		return chunk_new(arena, size);
	if (arena->left < skip || arena->left - skip < size) {
		arena->free = chunk_new(arena, arena->next_size);
		arena->left = arena->next_size;
		if (arena->next_size < LAST_CHUNK)
			arena->next_size *= 2;
		skip = 0;
	}
	p = arena->free + skip;
	arena->free = p + size;
	arena->left -= skip + size;
	return p;
}

void *ar_alloc(struct ar_arena *arena, size_t size)
{
	return take(arena, size, alignof(max_align_t));
}

void *ar_alloc_array(struct ar_arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		ar_no_memory();
	return ar_alloc(arena, total);
}

char *ar_strndup(struct ar_arena *arena, const char *s, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		ar_no_memory();
	copy = take(arena, len + 1, 1); /* zeroed: the terminator is there */
	memcpy(copy, s, len);
	return copy;
}

char *ar_strdup(struct ar_arena *arena, const char *s)
{
	return s ? ar_strndup(arena, s, strlen(s)) : NULL;
}

char *ar_printf(struct ar_arena *arena, const char *fmt, ...)
{
	va_list args;
	char *s;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		ar_no_memory();
	s = take(arena, (size_t)len + 1, 1);
	va_start(args, fmt);
	(void)vsnprintf(s, (size_t)len + 1, fmt, args); /* measured above */
	va_end(args);
	return s;
}

void *ar_memdup(struct ar_arena *arena, const void *p, size_t size)
{
	void *copy = ar_alloc(arena, size);

	if (size)
		memcpy(copy, p, size);
	return copy;
}

void *ar_arena_grow(struct ar_arena *arena, void *items, size_t n, size_t *room, size_t size)
{
	size_t had = *room;
	void *larger;

	if (n < had)
		return items;
	*room = 2 * n + 16;
	larger = ar_alloc_array(arena, *room, size);
	if (had > 0)
		memcpy(larger, items, had * size);
	return larger;
}
