/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json/text.h"

#include <stdint.h>
#include <string.h>

#include "base/escape.h"

size_t ar_json_text_newlines(const char *text, size_t at)
{
	const char *end = text + at;
	size_t n = 0;

	while ((text = memchr(text, '\n', (size_t)(end - text)))) {
		text++;
		n++;
	}
	return n;
}

/* The value of XXXX behind \u; UINT32_MAX when there are no four hexadecimal digits. */
static uint32_t unicode_escape(const unsigned char *s, size_t left)
{
	uint32_t value = 0;

	if (left < 6 || s[0] != '\\' || s[1] != 'u')
		return UINT32_MAX;
	for (size_t i = 2; i < 6; i++) {
		unsigned char c = s[i], low = c | 0x20;

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			value = value << 4 | (uint32_t)(low - 'a' + 10);
		else
			return UINT32_MAX;
	}
	return value;
}

/* The length of the escape at s; 0 for half of a surrogate pair, which stands for no character. */
static size_t escape_length(const unsigned char *s, size_t left)
{
	uint32_t first = unicode_escape(s, left), second;

	if (first == UINT32_MAX)
		return left < 2 ? 1 : 2; /* \n, or broken: the parser tells */
	if (first < 0xd800 || first > 0xdfff)
		return 6;
	second = first < 0xdc00 ? unicode_escape(s + 6, left - 6) : 0;
	return second >= 0xdc00 && second <= 0xdfff ? 12 : 0;
}

/* Eight bytes at a time while they are plain: most of a text. */
static size_t plain_length(const unsigned char *s, size_t left)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	size_t at = 0;

	for (; left - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		uint64_t word, no_backslash;

		memcpy(&word, s + at, sizeof(word));
		no_backslash = word ^ ones * '\\';
		/* a top bit set, a zero byte, a backslash */
		if ((word | ((word - ones) & ~word) | ((no_backslash - ones) & ~no_backslash)) &
		    tops)
			break;
	}
	return at;
}

const char *ar_json_text_check(const char *text, size_t len, size_t *ret_at)
{
	const unsigned char *s = (const unsigned char *)text;

	for (size_t at = 0; at < len;) {
		size_t step = plain_length(s + at, len - at);

		if (step == 0 && s[at] == '\\') {
			step = escape_length(s + at, len - at);
			if (step == 0) {
				*ret_at = at;
				return "half of a surrogate pair in a string";
			}
		} else if (step == 0) {
			step = ar_utf8_length(s + at, len - at);
			if (step == 0 || s[at] == '\0') {
				*ret_at = at;
				return step == 0 ? "not UTF-8" : "a NUL byte";
			}
		}
		at += step;
	}
	return NULL;
}

/* The length of the comment at s, 0 when there is none that ends. */
static size_t comment_length(const char *s, size_t left)
{
	const char *end = NULL;

	if (left < 2 || s[0] != '/')
		return 0;
	if (s[1] == '/') {
		end = memchr(s, '\n', left);
		return end ? (size_t)(end - s) : left;
	}
	if (s[1] == '*')
		end = memmem(s + 2, left - 2, "*/", 2);
	return end ? (size_t)(end - s) + 2 : 0;
}

bool ar_json_text_blank(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t step = text[at] && strchr(" \t\r\n", text[at])
				      ? 1
				      : comment_length(text + at, len - at);

		if (step == 0)
			return false;
		at += step;
	}
	return true;
}
