/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/error.h"
#include "kernel/cgroup.h"
#include "life/container.h"

static int freeze(const struct ar_container *c, bool frozen, struct ar_error *err)
{
	struct ar_cgroup cgroup __attribute__((cleanup(ar_cgroup_close))) = AR_CGROUP_INIT;
	const struct ar_record *record = c->record;
	int r;

	if (!record->cgroup)
		return ar_refuse(err, ENOTSUP, "container has no cgroup of its own to freeze");
	r = ar_cgroup_reopen(c->arena, record->cgroup_root, record->cgroup, &cgroup, err);
	if (r < 0)
		return r;
	if (cgroup.fd < 0)
		return ar_refuse(err, ENOENT, "the container's cgroup '%s' is gone",
				 record->cgroup);
	return ar_cgroup_freeze(&cgroup, frozen, err);
}

int ar_life_pause(const struct ar_context *ctx, const char *id, struct ar_error *err)
{
	_cleanup_container_ struct ar_container c;
	int r = ar_container_open(&c, ctx, id, AR_LOCK_EXCLUSIVE, err);

	if (r < 0)
		return r;
	if (c.status != AR_STATUS_CREATED && c.status != AR_STATUS_RUNNING)
		return ar_refuse(err, EINVAL, "container not running");
	return freeze(&c, true, err);
}

int ar_life_resume(const struct ar_context *ctx, const char *id, struct ar_error *err)
{
	_cleanup_container_ struct ar_container c;
	int r = ar_container_open(&c, ctx, id, AR_LOCK_EXCLUSIVE, err);

	if (r < 0)
		return r;
	if (c.status != AR_STATUS_PAUSED)
		return ar_refuse(err, EINVAL, "container not paused");
	return freeze(&c, false, err);
}
