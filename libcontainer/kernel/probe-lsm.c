/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "kernel/probe-internal.h"

#define PROFILES "/sys/kernel/security/apparmor/profiles"
#define PROFILES_MAX (4u << 20)

/* The engines' default profiles, in the order in which they are looked for. */
static const char *const apparmor_profiles[] = { "docker-default", "containers-default",
						 "cri-containerd.apparmor.d", "crio-default",
						 "nerdctl-default" };

/* "<name> (enforce)" a line. containers-default has a version behind it. */
static const char *find_profile(struct ar_arena *arena, const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = list; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) != 0)
			continue;
		size_t n = strcspn(line, " \n");

		if ((line[len] == ' ' || line[len] == '-') &&
		    strncmp(line + n, " (enforce)", 10) == 0)
			return ar_strndup(arena, line, n);
	}
	return NULL;
}

static int read_profiles(struct ar_arena *arena, char **ret)
{
	_cleanup_fd_ int fd = open(PROFILES, O_RDONLY | O_CLOEXEC);
	size_t len;

	*ret = NULL;
	return fd < 0 ? -errno
		      : ar_file_read_fd(arena, fd, PROFILES, PROFILES_MAX, ret, &len, NULL);
}

const char *ar_probe_apparmor_default(struct ar_arena *arena, int *ret_error)
{
	const char *found = NULL;
	char *list;

	*ret_error = read_profiles(arena, &list);
	for (size_t i = 0; list && i < AR_COUNT(apparmor_profiles) && !found; i++)
		found = find_profile(arena, list, apparmor_profiles[i]);
	return found;
}

const char *ar_probe_apparmor_mode(struct ar_arena *arena, const char *name)
{
	size_t len = strlen(name);
	char *list;

	if (read_profiles(arena, &list) < 0)
		return AR_APPARMOR_UNKNOWN;
	/* names may have blanks; the mode is what stands in the last parentheses */
	for (const char *line = list; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && strncmp(line + len, " (", 2) == 0 &&
		    !memchr(line + len + 2, ' ', strcspn(line + len + 2, "\n")))
			return ar_strndup(arena, line + len + 2, strcspn(line + len + 2, ")\n"));
	}
	return NULL;
}
