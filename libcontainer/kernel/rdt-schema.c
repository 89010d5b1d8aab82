/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/rdt.h"
#include "spec/spec.h"

/* Memory bandwidth is decimal, the bit masks of caches are hexadecimal. */
static bool is_bandwidth(const char *line)
{
	return ar_starts_with(line, "MB:");
}

/* The lines of text but those of bandwidth, if they are to be left out. */
static void add_lines(struct ar_text *out, const char *text, bool without_bandwidth)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > 0 && !(without_bandwidth && is_bandwidth(text))) {
			ar_text_add_n(out, text, len);
			ar_text_add(out, "\n");
		}
		text += len + (text[len] == '\n');
	}
}

const char *ar_rdt_schemata(struct ar_arena *arena, const struct ar_intel_rdt *rdt)
{
	const char *cache = rdt->l3_cache_schema, *bandwidth = rdt->mem_bw_schema, *all;
	struct ar_text text = AR_TEXT_INIT;

	if (cache)
		add_lines(&text, cache, bandwidth && bandwidth[0]);
	if (bandwidth)
		add_lines(&text, bandwidth, false);
	/* last, so that it wins */
	for (size_t i = 0; i < rdt->schemata.n; i++)
		add_lines(&text, rdt->schemata.items[i], false);
	all = text.len > 0 ? ar_strdup(arena, ar_text_str(&text)) : NULL;
	ar_text_done(&text);
	return all;
}

/* "L3" of "   L3:0=ff;1=f0", and what is behind the colon. */
static const char *split(char *line, char **ret_values)
{
	char *colon = strchr(line, ':');

	line += strspn(line, " \t");
	if (!colon)
		return NULL;
	*colon = '\0';
	*ret_values = colon + 1;
	return line;
}

static bool same_value(const char *a, const char *b, int base)
{
	char *end_a, *end_b;
	unsigned long long x = strtoull(a, &end_a, base), y = strtoull(b, &end_b, base);

	/* "*" and the like are compared as they are */
	if (end_a == a || end_b == b || *end_a || *end_b)
		return ar_streq(a, b);
	return x == y;
}

static char *trimmed(char *s)
{
	char *end;

	s += strspn(s, " \t");
	end = s + strlen(s);
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return s;
}

/* The value of a domain in "0=ff;1=f0", NULL if it is not there. */
static char *value_of(struct ar_arena *arena, const char *values, const char *domain)
{
	char *copy = ar_strdup(arena, values), *save = NULL;

	for (char *item = strtok_r(copy, ";", &save); item; item = strtok_r(NULL, ";", &save)) {
		char *equals = strchr(item, '=');

		if (!equals)
			continue;
		*equals = '\0';
		if (ar_streq(trimmed(item), domain))
			return trimmed(equals + 1);
	}
	return NULL;
}

static bool same_values(struct ar_arena *arena, const char *asked, const char *has, int base)
{
	char *copy = ar_strdup(arena, asked), *save = NULL;

	for (char *item = strtok_r(copy, ";", &save); item; item = strtok_r(NULL, ";", &save)) {
		char *equals = strchr(item, '='), *value;

		if (!equals)
			return false;
		*equals = '\0';
		value = value_of(arena, has, trimmed(item));
		if (!value || !same_value(trimmed(equals + 1), value, base))
			return false;
	}
	return true;
}

/* The values of a resource in schemata, NULL if it has no line. */
static const char *values_of(struct ar_arena *arena, const char *schemata, const char *resource)
{
	char *copy = ar_strdup(arena, schemata), *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *values;

		if (ar_streq(split(line, &values), resource))
			return values;
	}
	return NULL;
}

int ar_rdt_compare(struct ar_arena *arena, const char *asked, const char *schemata,
		   struct ar_error *err)
{
	char *copy = ar_strdup(arena, asked), *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *whole = ar_strdup(arena, line), *resource, *has;
		char *values = NULL;

		resource = split(line, &values);
		if (!resource)
			return ar_refuse(err, EINVAL, "'%s' is not a line of a schemata file",
					 whole);
		has = values_of(arena, schemata, resource);
		if (!has || !same_values(arena, values, has, ar_streq(resource, "MB") ? 10 : 16))
			return ar_refuse(err, EEXIST,
					 "its class already exists and does not have '%s'", whole);
	}
	return 0;
}
