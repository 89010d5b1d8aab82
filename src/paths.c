/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/path.h"

int ar_path_from_cwd(struct ar_arena *arena, const char *path, const char **ret,
		     struct ar_error *err)
{
	char cwd[PATH_MAX], *absolute;

	if (path[0] == '/') {
		absolute = ar_strdup(arena, path);
	} else {
		/* "(unreachable)" in front: the directory is not below our root */
		if (!getcwd(cwd, sizeof(cwd)) || cwd[0] != '/')
			return ar_fail(err, ENOENT, "resolve '%s': working directory", path);
		absolute = ar_printf(arena, "%s/%s", cwd, path);
	}
	ar_path_clean(absolute);
	*ret = absolute;
	return 0;
}
