/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define AR_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline bool ar_streq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}
static inline bool ar_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Whether the first len bytes of word are one of the words of list, which any of the separators
 * part. NULL list: no. */
bool ar_words_have(const char *list, const char *separators, const char *word, size_t len);

/* A growing, always terminated text. Starts as AR_TEXT_INIT, ends with ar_text_done(). */
struct ar_text {
	char *s; /* never NULL after the first append; use ar_text_str() */
	size_t len, room;
};
#define AR_TEXT_INIT ((struct ar_text){ 0 })
void ar_text_done(struct ar_text *t);
void ar_text_add(struct ar_text *t, const char *s);
void ar_text_add_n(struct ar_text *t, const char *s, size_t n);
void ar_text_addf(struct ar_text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(2)));
void ar_text_addv(struct ar_text *t, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0), nonnull(2)));
const char *ar_text_str(const struct ar_text *t); /* "" when empty */
#define _cleanup_text_ __attribute__((cleanup(ar_text_done)))

/*
 * Whole-string decimal numbers: 0 or -EINVAL (not a number) or -ERANGE. No leading blanks, no '+'.
 */
int ar_parse_i64(const char *s, int64_t *ret);
int ar_parse_u64(const char *s, uint64_t *ret);

/* free() for _cleanup_free_ */
void ar_freep(void *p);
#define _cleanup_free_ __attribute__((cleanup(ar_freep)))
