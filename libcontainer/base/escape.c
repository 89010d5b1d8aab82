/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/escape.h"

#include <stdint.h>

size_t ar_utf8_length(const unsigned char *s, size_t left)
{
	uint32_t c;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	c = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* longer than needed, a surrogate, beyond Unicode */
	if ((len == 3 && c < 0x800) || (len == 4 && c < 0x10000) || c > 0x10ffff ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

bool ar_is_utf8(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = 1;

	while (*p && len) {
		len = ar_utf8_length(p, 4);
		p += len;
	}
	return len > 0;
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
		size_t len = ar_utf8_length(p, 4);

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
