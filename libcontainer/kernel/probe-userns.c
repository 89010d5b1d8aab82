/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "base/arena.h"
#include "base/fd.h"
#include "kernel/idmap.h"
#include "kernel/ns.h"
#include "kernel/probe-internal.h"

static bool maps_root(const struct ar_list *mappings)
{
	ar_list_foreach(const struct ar_id_mapping, map, mappings)
		if (map->host_id.value == 0)
			return true;
	return false;
}

bool ar_probe_userns_maps_root(const char *path)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	_cleanup_fd_ int userns = ar_ns_open(path);
	_cleanup_fd_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct ar_list uids, gids;

	if (userns < 0 || proc < 0 || ar_idmap_read(arena, proc, userns, &uids, &gids, NULL) < 0)
		return true; /* not known to be harmless */
	return maps_root(&uids) || maps_root(&gids);
}
