/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The length of the UTF-8 character at s, 0 when there is none (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF). s is terminated, so that no continuation byte is read behind
 * its end.
 */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead, low, high; /* low, high: bounds of the second byte */
		unsigned char length;
	} forms[] = {
		{ 0x80, 0x00, 0x00, 0x00, 1 }, { 0xff, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xff, 0xed, 0x80, 0x9f, 3 }, { 0xf0, 0xe0, 0x80, 0xbf, 3 },
		{ 0xff, 0xf0, 0x90, 0xbf, 4 }, { 0xff, 0xf4, 0x80, 0x8f, 4 },
	};

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if (s[0] >= 0xf1 && s[0] <= 0xf3)
		return (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80 && (s[3] & 0xc0) == 0x80 ? 4
											       : 0;
	for (size_t i = 0; i < AR_COUNT(forms); i++) {
		if ((s[0] & forms[i].mask) != forms[i].lead)
			continue;
		if (forms[i].length == 1)
			return 1;
		if (s[1] < forms[i].low || s[1] > forms[i].high || (s[2] & 0xc0) != 0x80)
			return 0;
		return forms[i].length == 3 || (s[3] & 0xc0) == 0x80 ? forms[i].length : 0;
	}
	return 0;
}

/* The short escape for c, or 0. */
static char short_escape(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

enum style { JSON, LOG };

/* U+0080 to U+009F: a terminal may take them for escape sequences. */
static bool is_c1_control(const unsigned char *p)
{
	return p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;
}

/* One byte that cannot stay: a control character, or no UTF-8. */
static void escape_byte(struct ar_text *t, unsigned char c, bool valid, enum style style)
{
	char short_form = short_escape(c);

	if (short_form)
		ar_text_addf(t, "\\%c", short_form);
	else if (style == LOG)
		ar_text_addf(t, "\\x%02x", c);
	else if (valid)
		ar_text_addf(t, "\\u%04x", c);
	else
		ar_text_add(t, "\xef\xbf\xbd");
}

static void escape(struct ar_text *t, const char *s, enum style style)
{
	const unsigned char *p = (const unsigned char *)s, *plain = p;

	while (*p) {
		size_t len = utf8_length(p);

		if ((len > 1 && !is_c1_control(p)) ||
		    (len == 1 && *p >= 0x20 && *p != 0x7f && !short_escape(*p))) {
			p += len;
			continue;
		}
		ar_text_add_n(t, (const char *)plain, (size_t)(p - plain));
		if (len > 1) /* is_c1_control() */
			ar_text_addf(t, "\\u%04x", *++p);
		else
			escape_byte(t, *p, len == 1, style);
		plain = ++p;
	}
	ar_text_add_n(t, (const char *)plain, (size_t)(p - plain));
}

void ar_escape_json(struct ar_text *t, const char *s)
{
	escape(t, s, JSON);
}

void ar_escape_log(struct ar_text *t, const char *s)
{
	escape(t, s, LOG);
}
