/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/idmap.h"
#include "kernel/ns.h"
#include "kernel/probe-internal.h"

int ar_probe_userns_maps(struct ar_arena *arena, const char *path, const char *expected,
			 struct ar_list *ret_uids, struct ar_list *ret_gids)
{
	_cleanup_fd_ int userns = ar_ns_open(path), proc = -1;

	if (userns < 0)
		return userns;
	if (!ar_streq(ar_ns_text(arena, userns), expected))
		return -ESTALE;
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return -errno;
	return ar_idmap_read(arena, proc, userns, ret_uids, ret_gids, NULL);
}
