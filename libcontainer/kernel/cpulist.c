/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cpulist.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define WORD_BITS (8 * sizeof(unsigned long))

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t\n");
}

/* The number at *s, which is moved behind it. */
static int take_number(const char **s, size_t *ret)
{
	size_t value = 0;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	for (; isdigit((unsigned char)**s); (*s)++) {
		value = value * 10 + (size_t)(**s - '0');
		if (value >= AR_CPULIST_BITS)
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

/* "3" or "0-3" */
static int take_member(const char **s, struct ar_cpulist *list)
{
	size_t first, last;
	int r = take_number(s, &first);

	if (r < 0)
		return r;
	last = first;
	if (**s == '-') {
		(*s)++;
		r = take_number(s, &last);
		if (r < 0)
			return r;
		if (last < first)
			return -EINVAL;
	}
	for (size_t i = first; i <= last; i++)
		list->mask[i / WORD_BITS] |= 1ul << (i % WORD_BITS);
	if (list->bits < last + 1)
		list->bits = last + 1;
	return 0;
}

int ar_cpulist_parse(const char *text, struct ar_cpulist *ret)
{
	struct ar_cpulist list = { 0 };

	for (;;) {
		int r;

		text = skip_blanks(text);
		r = take_member(&text, &list);
		if (r < 0)
			return r;
		text = skip_blanks(text);
		if (!*text)
			break;
		if (*text++ != ',')
			return -EINVAL;
	}
	*ret = list;
	return 0;
}
