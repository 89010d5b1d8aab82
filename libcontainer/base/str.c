/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

void ar_freep(void *p)
{
	free(*(void **)p);
	*(void **)p = NULL;
}

void ar_text_done(struct ar_text *t)
{
	free(t->s);
	*t = AR_TEXT_INIT;
}

/* Room for n more bytes and the terminator. */
static void text_reserve(struct ar_text *t, size_t n)
{
	size_t need, room;
	char *s;

	if (n >= PTRDIFF_MAX - t->len)
		ar_no_memory();
	need = t->len + n + 1;
	if (need <= t->room)
		return;
	room = need < 64 ? 64 : need + need / 2; /* need < PTRDIFF_MAX: no overflow */
	s = realloc(t->s, room);
	if (!s)
		ar_no_memory();
	t->s = s;
	t->room = room;
}

void ar_text_add_n(struct ar_text *t, const char *s, size_t n)
{
	text_reserve(t, n);
	if (n)
		memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void ar_text_add(struct ar_text *t, const char *s)
{
	ar_text_add_n(t, s, strlen(s));
}

void ar_text_addv(struct ar_text *t, const char *fmt, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	if (len < 0)
		ar_no_memory();
	text_reserve(t, (size_t)len);
	(void)vsnprintf(t->s + t->len, (size_t)len + 1, fmt, again); /* measured above */
	va_end(again);
	t->len += (size_t)len;
}

void ar_text_addf(struct ar_text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ar_text_addv(t, fmt, args);
	va_end(args);
}

const char *ar_text_str(const struct ar_text *t)
{
	return t->s ? t->s : "";
}

bool ar_words_have(const char *list, const char *separators, const char *word, size_t len)
{
	for (const char *at = list; at && *at; at += strspn(at, separators)) {
		size_t n = strcspn(at, separators);

		if (n > 0 && n == len && memcmp(at, word, n) == 0)
			return true;
		at += n;
	}
	return false;
}

/* All digits up to the terminator; a text that is no number is told from a number that is too
 * large. */
static int parse_digits(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	bool too_large = false;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
			too_large = true;
	}
	if (too_large || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int ar_parse_u64(const char *s, uint64_t *ret)
{
	return parse_digits(s, UINT64_MAX, ret);
}

int ar_parse_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t value;
	int r;

	r = parse_digits(s + negative, negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX, &value);
	if (r < 0)
		return r;
	*ret = (int64_t)(negative ? -value : value);
	return 0;
}
