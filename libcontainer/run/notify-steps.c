/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/notify-steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "kernel/mount.h"
#include "kernel/rootfs.h"
#include "run/notify.h"
#include "run/run.h"

#define FLAGS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV)

static int make(struct ar_run *run, struct ar_error *err)
{
	_cleanup_fd_ int dir = -1;
	struct stat st;
	int r = ar_notify_make(run->dir->fd, &dir, err);

	if (r < 0)
		return r;
	if (fstat(dir, &st) < 0)
		return ar_fail(err, errno, "inspect the directory of NOTIFY_SOCKET");
	run->notify_dev = st.st_dev;
	run->notify_ino = st.st_ino;
	r = ar_mount_clone(dir, false, &run->notify_tree);
	if (r < 0 && r != -EPERM && r != -ENOSYS)
		return ar_fail(err, -r, "directory of NOTIFY_SOCKET");
	/* as with binds: without rights over the host's mounts init opens it again, whoever it is
	 * by then */
	if (r < 0 && fchmodat(run->dir->fd, AR_NOTIFY_CLOSED, 0711, 0) < 0)
		return ar_fail(err, errno, "open the directory of NOTIFY_SOCKET to init");
	/* "start" makes the socket of a "create" */
	return run->await_start ? 0 : ar_notify_listen(run->dir->fd, &run->notify, err);
}
const struct ar_step ar_step_notify_make = { "notify socket", AR_HOST, 0, make, NULL };

static int open_again(struct ar_run *run, int *ret, struct ar_error *err)
{
	const char *path = ar_printf(run->arena, "%s/" AR_NOTIFY_DIR, run->state_path);
	_cleanup_fd_ int fd = open(path, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return ar_fail(err, errno, "open '%s'", path);
	if (st.st_dev != run->notify_dev || st.st_ino != run->notify_ino)
		return ar_refuse(err, EAGAIN, "'%s' was exchanged while the container was made",
				 path);
	*ret = ar_steal_fd(&fd);
	return 0;
}

/* Links of the image are followed in compat alone, as with every mount. */
static int open_place(struct ar_run *run, int *ret, struct ar_error *err)
{
	_cleanup_fd_ int made = -1;
	int fd, r = ar_mkdir_in_root(run->root, AR_NOTIFY_PLACE, 0755, &made, err);

	if (r < 0)
		return r;
	if (run->effective->profile == AR_PROFILE_COMPAT) {
		*ret = ar_steal_fd(&made);
		return 0;
	}
	fd = ar_open_no_links(run->root, AR_NOTIFY_PLACE, O_PATH, 0);
	if (fd == -ELOOP)
		return ar_refuse(err, ELOOP, "target '%s': a link stands in its way",
				 AR_NOTIFY_PLACE);
	if (fd < 0)
		return ar_fail(err, -fd, "target '%s'", AR_NOTIFY_PLACE);
	*ret = fd;
	return 0;
}

static int place(struct ar_run *run, struct ar_error *err)
{
	const struct ar_mount_options options = { .bind = true, .attr_set = FLAGS };
	_cleanup_fd_ int origin = -1, target = -1, mount = -1;
	struct ar_mount_request q = {
		.name = AR_NOTIFY_PLACE,
		.options = &options,
		.tree = run->notify_tree,
		.origin = -1,
	};
	int r = 0;

	if (q.tree >= 0)
		q.inherited = ar_rootfs_inherited(ar_run_propagation(run));
	if (q.tree < 0) {
		r = open_again(run, &origin, err);
		q.origin = origin;
	}
	if (r == 0)
		r = open_place(run, &target, err);
	if (r == 0)
		r = ar_mount_place(&q, target, &mount, err);
	if (r == 0)
		r = ar_mount_verify(mount, FLAGS, AR_NOTIFY_PLACE, err);
	ar_close_fd(&run->notify_tree);
	return r;
}
const struct ar_step ar_step_notify_mount = { "notify socket", AR_INIT, 0, place, NULL };
