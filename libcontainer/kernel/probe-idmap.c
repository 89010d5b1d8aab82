/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "kernel/idmap.h"
#include "kernel/mount.h"
#include "kernel/probe-internal.h"

/* No table says which filesystems can be id-mapped, and an overlay says no: it is tried. */
bool ar_probe_can_map(int fd, int userns)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	_cleanup_fd_ int tree = -1;

	return fd >= 0 && ar_mount_clone(fd, true, &tree) == 0 &&
	       ar_sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) ==
		       0;
}

void ar_probe_idmap(struct ar_probing *p)
{
	const struct ar_config *c = p->config;
	struct ar_id_mapping map = { .container_id = { true, 0 } };
	const struct ar_list maps = { &map, 1 };
	_cleanup_fd_ int proc = -1, userns = -1;
	struct ar_facts *f = p->facts;
	struct ar_error err = { 0 };

	/* only who has an id range to give asks */
	if (!f->host_root || !c->subid_start.set || !c->subid_count.set)
		return;
	map.host_id = c->subid_start;
	map.size = c->subid_count;
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0 || ar_idmap_userns(proc, &maps, &maps, &userns, &err) < 0) {
		ar_debug("id-mapped mounts: %s", err.text);
		return;
	}
	f->root.idmap = ar_probe_can_map(f->root.fd, userns);
	for (size_t i = 0; i < f->n_sources; i++)
		f->sources[i].idmap = ar_probe_can_map(f->sources[i].fd, userns);
}
