/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/optout.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "policy/engines.h"

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t leap_years = month > 2 ? year : year - 1;

	return 365 * (year - 1970) + leap_years / 4 - leap_years / 100 + leap_years / 400 - 477 +
	       before[month - 1] + day - 1;
}

/* The zone of an RFC 3339 time, "Z" or "+02:00", in seconds. */
static int zone_parse(const char *text, int64_t *ret)
{
	unsigned int hours, minutes;
	char sign;
	int end = 0;

	if (ar_streq(text, "Z") || ar_streq(text, "z")) {
		*ret = 0;
		return 0;
	}
	if (sscanf(text, "%c%2u:%2u%n", &sign, &hours, &minutes, &end) != 3 || text[end] ||
	    hours > 23 || minutes > 59 || (sign != '+' && sign != '-'))
		return -EINVAL;
	*ret = (sign == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
	return 0;
}

int ar_expiry_parse(const char *text, int64_t *ret)
{
	unsigned int year, month, day, hour, minute, second;
	int64_t days, zone;
	int end = 0;

	if (strlen(text) < 10 || sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &end) != 3 ||
	    end != 10 || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
		return -EINVAL;
	days = days_of(year, month, day);
	if (!text[10]) {
		*ret = (days + 1) * 86400;
		return 0;
	}
	text += 11;
	if (text[-1] != 'T' && text[-1] != 't' && text[-1] != ' ')
		return -EINVAL;
	if (sscanf(text, "%2u:%2u:%2u%n", &hour, &minute, &second, &end) != 3 || end != 8 ||
	    hour > 23 || minute > 59 || second > 60)
		return -EINVAL;
	text += 8;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (zone_parse(text, &zone) < 0)
		return -EINVAL;
	*ret = days * 86400 + (int64_t)hour * 3600 + minute * 60 + second - zone;
	return 0;
}

/* A control's name, the rule's path or a path above it. */
static bool names_rule(const char *text, const struct ar_rule *rule)
{
	size_t len = strlen(text);

	if (rule->control >= 0 && ar_streq(text, ar_control_name((enum ar_control)rule->control)))
		return true;
	return strncmp(rule->path, text, len) == 0 && len > 0 &&
	       (rule->path[len] == '\0' || rule->path[len] == '.' || rule->path[len] == '[');
}

static bool image_matches(const char *pattern, const struct ar_spec *spec, const char *state_root)
{
	const char *key = ar_engine_image_key(state_root),
		   *name = key ? ar_map_get(&spec->annotations, key) : NULL;

	return name && fnmatch(pattern, name, 0) == 0;
}

static bool annotation_matches(const char *text, const struct ar_spec *spec)
{
	size_t len = strcspn(text, "=");

	for (size_t i = 0; i < spec->annotations.n; i++) {
		const struct ar_pair *pair = &spec->annotations.items[i];

		if (strncmp(pair->key, text, len) != 0 || pair->key[len])
			continue;
		return !text[len] || fnmatch(text + len + 1, pair->value, 0) == 0;
	}
	return false;
}

const struct ar_opt_out *ar_opt_out_find(const struct ar_config *config, const struct ar_spec *spec,
					 const struct ar_facts *facts, const struct ar_rule *rule,
					 const char *thing)
{
	ar_list_foreach(const struct ar_opt_out, o, &config->opt_outs) {
		int64_t expiry;

		if (!names_rule(o->control, rule))
			continue;
		if (o->expires &&
		    (ar_expiry_parse(o->expires, &expiry) < 0 || facts->now >= expiry))
			continue;
		if (o->image && !image_matches(o->image, spec, facts->state_root))
			continue;
		if (o->annotation && !annotation_matches(o->annotation, spec))
			continue;
		/* a star stops at '/': what lies below a directory must be named on purpose */
		if (o->path && (!thing || fnmatch(o->path, thing, FNM_PATHNAME) != 0))
			continue;
		return o;
	}
	return NULL;
}
