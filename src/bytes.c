/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bytes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

/* The power of 1024 behind the number: "", "b", "k", "kb", "kib" ... -1: none of these. */
static int power_of(const char *suffix)
{
	static const char letters[] = "kmgtp";
	const char *letter;

	if (*suffix == '\0' || strcasecmp(suffix, "b") == 0)
		return 0;
	letter = strchr(letters, suffix[0] | 0x20);
	if (!letter || *letter == '\0')
		return -1;
	suffix++;
	if (*suffix == '\0' || strcasecmp(suffix, "b") == 0 || strcasecmp(suffix, "ib") == 0)
		return (int)(letter - letters) + 1;
	return -1;
}

static const char *skip_digits(const char *s)
{
	return s + strspn(s, "0123456789");
}

int ar_bytes_parse(const char *s, int64_t *ret_bytes, struct ar_error *err)
{
	const char *end = skip_digits(s);
	bool has_digits = end > s;
	double value;
	int power;

	if (*end == '.') {
		has_digits = has_digits || skip_digits(end + 1) > end + 1;
		end = skip_digits(end + 1);
	}
	if (!has_digits)
		return ar_refuse(err, EINVAL, "invalid size: '%s'", s);
	/* digits and at most one '.', so this is no hexadecimal, infinite or signed number */
	value = strtod(s, NULL);
	power = power_of(*end == ' ' ? end + 1 : end);
	if (power < 0)
		return ar_refuse(err, EINVAL, "invalid suffix: '%s'", end);
	for (int i = 0; i < power; i++)
		value *= 1024;
	if (value >= 9223372036854775808.0)
		return ar_refuse(err, ERANGE, "invalid size: '%s'", s);
	*ret_bytes = (int64_t)value;
	return 0;
}
