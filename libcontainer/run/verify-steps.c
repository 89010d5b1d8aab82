/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "kernel/mask.h"
#include "kernel/mount-table.h"
#include "kernel/mount.h"
#include "run/init-steps.h"
#include "run/mount-target.h"
#include "run/run.h"

/* Procfs and sysfs must stand where the container and its masks expect them. */
static int verify_place(const char *path, int own, int found, struct ar_error *err)
{
	bool same = false;
	int r = own >= 0 ? ar_mount_same(own, found, path, &same, err) : 0;

	if (r < 0 || own < 0 || same)
		return r;
	return ar_refuse(err, EAGAIN, "'%s' was moved away while the container was made", path);
}

/*
 * Read back what the configuration promises of its mounts, as the container will see them: an
 * attack that exchanged a target must not leave a place without its flags.
 */
static int verify_one(struct ar_run *run, size_t i, const struct ar_mount *m, struct ar_error *err)
{
	struct ar_mount_options options;
	_cleanup_fd_ int fd = -1;
	int r = ar_target_find(run, i, m, &fd, err);

	if (r == -ENOENT)
		return 0; /* covered by a later mount above it */
	ar_mount_options_parse(run->arena, &m->options, &options);
	if (r == 0)
		r = ar_mount_verify(fd, options.attr_set | options.rec_set, m->destination, err);
	if (r == 0 && ar_streq(m->destination, "/proc"))
		r = verify_place(m->destination, run->own_proc, fd, err);
	if (r == 0 && ar_streq(m->destination, "/sys"))
		r = verify_place(m->destination, run->own_sys, fd, err);
	return r;
}

/* From above the root, where whatever lies on it would show instead of it. */
static int verify_masks(struct ar_run *run, struct ar_error *err)
{
	_cleanup_fd_ int above = open("/..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct ar_linux *linux = ar_run_linux(run);
	bool same = false;
	int r;

	if (above < 0)
		return ar_fail(err, errno, "open '/..' of the container");
	r = ar_mount_same(run->root, above, "/", &same, err);
	if (r < 0)
		return r;
	if (!same)
		return ar_refuse(err, EBUSY, "something is mounted on the container's root");
	return ar_masks_verify(above, &linux->masked_paths, run->mask_dev, &linux->readonly_paths,
			       err);
}

static int verify(struct ar_run *run, struct ar_error *err)
{
	const struct ar_list *list = &run->effective->spec->mounts;
	const struct ar_mount *m = list->items;

	for (size_t i = 0; i < list->n; i++) {
		/* of two mounts on a place the last one shows */
		int r = ar_run_mount_on(run, m[i].destination) == &m[i]
				? verify_one(run, i, &m[i], err)
				: 0;

		if (r < 0)
			return r;
	}
	return verify_masks(run, err);
}
const struct ar_step ar_step_verify = { "read back mounts", AR_INIT, 0, verify, NULL };
