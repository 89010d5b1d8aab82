/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup-unit.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* systemd.unit(5): 255 characters, of these */
#define NAME_LENGTH_MAX 255
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@"

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && ar_streq(s + len - n, end);
}

static int check_name(const char *name, struct ar_error *err)
{
	if (strlen(name) > NAME_LENGTH_MAX)
		return ar_refuse(err, EINVAL,
				 "cgroupsPath: the name of the unit '%s' is longer than the %d "
				 "characters that systemd takes",
				 name, NAME_LENGTH_MAX);
	if (name[strspn(name, NAME_CHARACTERS)])
		return ar_refuse(err, EINVAL,
				 "cgroupsPath: '%s' is not the name of a systemd unit: '%c' is not "
				 "allowed in it",
				 name, name[strspn(name, NAME_CHARACTERS)]);
	return 0;
}

/* "a-b.slice" -> "/a.slice/a-b.slice", the root "-.slice" -> "". */
static int expand_slice(struct ar_arena *arena, const char *slice, const char **ret,
			struct ar_error *err)
{
	size_t len = strlen(slice) - strlen(".slice");
	const char *path = "";

	if (ar_streq(slice, "-.slice")) {
		*ret = "";
		return 0;
	}
	for (size_t i = 0; i <= len; i++) {
		if (i < len && slice[i] != '-')
			continue;
		if (i == 0 || slice[i - 1] == '-')
			return ar_refuse(err, EINVAL, "cgroupsPath: invalid slice name: %s", slice);
		path = ar_printf(arena, "%s/%.*s.slice", path, (int)i, slice);
	}
	*ret = path;
	return 0;
}

static int choose_slice(const char *asked, bool user, const char **ret, struct ar_error *err)
{
	if (!*asked)
		*ret = user ? "user.slice" : "system.slice";
	else if (ar_streq(asked, "-"))
		*ret = "-.slice";
	else if (ends_with(asked, ".slice") && !ar_streq(asked, ".slice"))
		*ret = asked;
	else
		return ar_refuse(err, EINVAL, "cgroupsPath: invalid slice name: %s", asked);
	return check_name(*ret, err);
}

/* Three parts, two colons. */
static int split(struct ar_arena *arena, const char *path, const char *part[3],
		 struct ar_error *err)
{
	char *rest = ar_strdup(arena, path);
	size_t n = 0;

	for (char *colon = rest; colon && n < 3; n++) {
		part[n] = rest;
		colon = strchr(rest, ':');
		if (colon && n < 2) {
			*colon = '\0';
			rest = colon + 1;
		}
	}
	if (n == 3 && !strchr(part[2], ':'))
		return 0;
	return ar_refuse(err, EINVAL,
			 "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd "
			 "cgroups, got '%s' instead",
			 path);
}

int ar_unit_choose(struct ar_arena *arena, const char *cgroups_path, const char *id, bool user,
		   struct ar_unit *ret, struct ar_error *err)
{
	const char *part[3] = { "", "agentrun", id }, *parent = "";
	struct ar_unit unit = { 0 };
	int r = 0;

	if (cgroups_path && *cgroups_path)
		r = split(arena, cgroups_path, part, err);
	if (r == 0)
		r = choose_slice(part[0], user, &unit.slice, err);
	if (r < 0)
		return r;
	unit.is_slice = ends_with(part[2], ".slice");
	unit.name = unit.is_slice ? part[2] : ar_printf(arena, "%s-%s.scope", part[1], part[2]);
	r = check_name(unit.name, err);
	if (r == 0)
		r = expand_slice(arena, unit.is_slice ? unit.name : unit.slice, &parent, err);
	if (r < 0)
		return r;
	if (unit.is_slice && !*parent)
		return ar_refuse(err, EINVAL, "cgroupsPath: a container cannot be the root slice");
	unit.path = unit.is_slice ? parent : ar_printf(arena, "%s/%s", parent, unit.name);
	*ret = unit;
	return 0;
}
