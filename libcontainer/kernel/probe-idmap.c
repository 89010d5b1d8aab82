/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "kernel/idmap.h"
#include "kernel/mount.h"
#include "kernel/probe-internal.h"

/* No table says which filesystems can be id-mapped, and an overlay says no: it is tried. */
int ar_probe_can_map(int fd, int userns)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	_cleanup_fd_ int tree = -1;
	int r = fd < 0 ? -EBADF : ar_mount_clone(fd, true, &tree);

	return r < 0 ? r
		     : ar_sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
					    sizeof(attr)) == 0;
}

static bool can_map(struct ar_probing *p, const struct ar_source *s, int userns)
{
	int r = ar_probe_can_map(s->fd, userns);

	ar_probe_failed(p, r < 0 ? r : 0);
	return r > 0;
}

void ar_probe_idmap(struct ar_probing *p)
{
	const struct ar_config *c = p->config;
	struct ar_id_mapping map = { .container_id = { true, 0 } };
	const struct ar_list maps = { &map, 1 };
	_cleanup_fd_ int proc = -1, userns = -1;
	struct ar_facts *f = p->facts;
	struct ar_error err = { 0 };
	int r = 0;

	/* only who has an id range to give asks */
	if (!f->host_root || !c->subid_start.set || !c->subid_count.set)
		return;
	map.host_id = c->subid_start;
	map.size = c->subid_count;
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		r = ar_fail(&err, errno, "open /proc");
	if (r == 0)
		r = ar_idmap_userns(proc, &maps, &maps, &userns, &err);
	if (r < 0) {
		ar_probe_failed(p, r);
		ar_debug("id-mapped mounts: %s", err.text);
		return;
	}
	if (can_map(p, &f->root, userns))
		f->root.idmap = true;
	for (size_t i = 0; i < f->n_sources; i++)
		if (can_map(p, &f->sources[i], userns))
			f->sources[i].idmap = true;
}
