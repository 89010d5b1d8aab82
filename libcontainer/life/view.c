/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "life/container.h"

/*
 * A record without a process is a create at work, which holds the lock, or one that died. The
 * directory is opened once more, since a lock belongs to an open directory.
 */
static bool is_at_work(const struct ar_dir *dir)
{
	_cleanup_fd_ int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* what cannot be opened is being removed: by somebody at work */
	return fd < 0 || flock(fd, LOCK_SH | LOCK_NB) < 0;
}

static int look(struct ar_arena *arena, const struct ar_dir *dir, struct ar_view *ret,
		struct ar_error *err)
{
	int r = ar_record_read(arena, dir, &ret->record, err);

	return r < 0 ? r : ar_record_status(dir, ret->record, &ret->status, NULL, err);
}

int ar_container_view(const char *root, struct ar_arena *arena, const char *id, struct ar_view *ret,
		      struct ar_error *err)
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	struct ar_view view = { 0 };
	int r;

	r = ar_dir_open(root, id, AR_LOCK_NONE, &dir, err);
	if (r == 0)
		r = look(arena, &dir, &view, err);
	if (r == 0 && view.status == AR_STATUS_CREATING && !is_at_work(&dir)) {
		/* it may have come to its end since the record was read */
		r = look(arena, &dir, &view, err);
		if (r == 0 && view.status == AR_STATUS_CREATING)
			view.status = AR_STATUS_STOPPED;
	}
	if (r < 0)
		return r;
	*ret = view;
	return 0;
}

int ar_life_view(const struct ar_context *ctx, struct ar_arena *arena, const char *id,
		 struct ar_view *ret, struct ar_error *err)
{
	return ar_container_view(ctx->root, arena, id, ret, err);
}
