/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "duration.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ns", 1 },	   { "us", 1000 },	{ "\302\265s", 1000 }, { "\316\274s", 1000 },
	{ "ms", 1000000 }, { "s", 1000000000 }, { "m", 60000000000 },  { "h", 3600000000000 },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One "1.5" at *s: whole and, below it, 18 digits of a fraction with their scale. */
struct number {
	int64_t whole, fraction, scale;
};

static int read_number(const char **s, struct number *ret)
{
	struct number n = { .scale = 1 };
	bool any = false;

	for (; is_digit(**s); (*s)++, any = true) {
		if (__builtin_mul_overflow(n.whole, 10, &n.whole) ||
		    __builtin_add_overflow(n.whole, **s - '0', &n.whole))
			return -ERANGE;
	}
	if (**s == '.') {
		for ((*s)++; is_digit(**s); (*s)++, any = true) {
			if (n.scale >= 100000000000000000)
				continue; /* finer than a nanosecond of any unit that fits */
			n.fraction = n.fraction * 10 + (**s - '0');
			n.scale *= 10;
		}
	}
	*ret = n;
	return any ? 0 : -EINVAL;
}

/* The unit at *s, which ends where a number begins. 0: none of that name. */
static int64_t read_unit(const char **s)
{
	size_t len = strcspn(*s, ".0123456789");

	for (size_t i = 0; i < AR_COUNT(units); i++) {
		if (strlen(units[i].name) == len && memcmp(units[i].name, *s, len) == 0) {
			*s += len;
			return units[i].ns;
		}
	}
	return 0;
}

static int read_part(const char **s, int64_t *total)
{
	struct number n;
	int64_t unit, ns, below;
	int r;

	r = read_number(s, &n);
	if (r < 0)
		return r;
	unit = read_unit(s);
	if (unit == 0)
		return -EINVAL;
	below = (int64_t)((double)n.fraction * ((double)unit / (double)n.scale));
	if (__builtin_mul_overflow(n.whole, unit, &ns) || __builtin_add_overflow(ns, below, &ns) ||
	    __builtin_add_overflow(*total, ns, total))
		return -ERANGE;
	return 0;
}

int ar_duration_parse(const char *s, int64_t *ret_ns, struct ar_error *err)
{
	const char *at = s;
	bool negative = *at == '-';
	int64_t total = 0;
	int r = 0;

	if (*at == '-' || *at == '+')
		at++;
	if (strcmp(at, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	if (*at == '\0')
		r = -EINVAL;
	while (r == 0 && *at)
		r = read_part(&at, &total);
	if (r < 0)
		return ar_refuse(err, EINVAL, "invalid duration \"%s\"", s);
	*ret_ns = negative ? -total : total;
	return 0;
}
