/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/error.h"
#include "kernel/cgroup.h"
#include "life/container.h"

static int freeze(const struct ar_container *c, bool frozen, struct ar_error *err)
{
	_cleanup_cgroup_ struct ar_cgroup cgroup = AR_CGROUP_INIT;
	int r = ar_container_cgroup(c, "to freeze", &cgroup, err);

	return r < 0 ? r : ar_cgroup_freeze(&cgroup, frozen, err);
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
