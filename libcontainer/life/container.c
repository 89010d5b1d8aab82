/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/container.h"

#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/caps.h"
#include "kernel/cgroup.h"
#include "state/effective.h"

/* How long it may take until the cgroup shows that all of a pid namespace has ended. */
#define EMPTY_WAIT_MS 500

int ar_container_open(struct ar_container *c, const struct ar_context *ctx, const char *id,
		      enum ar_lock lock, struct ar_error *err)
{
	int r;

	*c = (struct ar_container){ .arena = ar_arena_new(), .dir = AR_DIR_INIT, .pidfd = -1 };
	r = ar_dir_open(ctx->root, id, lock, &c->dir, err);
	if (r == 0)
		r = ar_record_read(c->arena, &c->dir, &c->record, err);
	if (r == 0)
		r = ar_record_status(&c->dir, c->record, &c->status, &c->pidfd, err);
	return r;
}

int ar_container_cgroup(const struct ar_container *c, const char *use, struct ar_cgroup *ret,
			struct ar_error *err)
{
	const struct ar_record *record = c->record;
	int r;

	if (!record->cgroup)
		return ar_refuse(err, ENOTSUP, "container has no cgroup of its own %s", use);
	r = ar_cgroup_reopen(c->arena, record->cgroup_root, record->cgroup, ret, err);
	if (r == 0 && ret->fd < 0)
		r = ar_refuse(err, ENOENT, "the container's cgroup '%s' is gone", record->cgroup);
	return r;
}

int ar_container_read_effective(struct ar_container *c, struct ar_error *err)
{
	return ar_effective_load(c->arena, c->dir.fd, &c->effective, err);
}

void ar_container_tell_capabilities(struct ar_arena *arena, const struct ar_process *process)
{
	const char *unknown = process && process->capabilities
				      ? ar_caps_unknown(arena, process->capabilities)
				      : NULL;

	if (unknown)
		ar_log(AR_LOG_WARN, "ignoring unknown or unavailable capabilities: [%s]", unknown);
}

/* Whether another container that lives, or is being made, has the same cgroup: 1, 0, or -errno while
 * we lack what it takes to read the records. */
static int is_shared(const char *root, const struct ar_record *record, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_strings ids;
	int r = ar_ids(arena, root, &ids, err);

	if (r < 0)
		return ar_is_shortage(-r) ? r : 0;
	for (size_t i = 0; i < ids.n; i++) {
		struct ar_view view;

		if (ar_streq(ids.items[i], record->id))
			continue;
		r = ar_container_view(root, arena, ids.items[i], &view, err);
		if (r < 0 && ar_is_shortage(-r))
			return r;
		if (r == 0 && view.status != AR_STATUS_STOPPED &&
		    ar_streq(view.record->cgroup, record->cgroup) &&
		    ar_streq(view.record->cgroup_root, record->cgroup_root))
			return 1;
	}
	return 0;
}

/*
 * With its init all of a pid namespace has ended. Who is in the cgroup of such a container belongs
 * to somebody else, as to another container that was started with the same cgroupsPath: it lives
 * on, as with runc. Without a pid namespace of its own the container's processes outlive its init,
 * and those of a create that died may not have seen that yet: they are its own unless another
 * container is on record for that cgroup.
 */
int ar_container_occupants(const char *root, const struct ar_record *record,
			   const struct ar_effective *effective, const struct ar_cgroup *cgroup,
			   enum ar_occupants *ret, struct ar_error *err)
{
	const struct ar_namespace *ns = effective ? ar_spec_namespace(effective->spec, "pid")
						  : NULL;
	bool own_namespace = ns && !ar_namespace_is_joined(ns);
	bool ending = own_namespace || !record->pid.value;
	int r = ar_cgroup_await_empty(cgroup, ending ? EMPTY_WAIT_MS : 0);

	/* where nobody can tell whose processes these are, none is killed: the cgroup is removed
	 * only if it is empty */
	*ret = AR_OCCUPANTS_NONE;
	if (r == 0 || (own_namespace && r != -ETIMEDOUT))
		return 0;
	r = own_namespace ? 1 : is_shared(root, record, err);
	*ret = r == 0 ? AR_OCCUPANTS_ITS : AR_OCCUPANTS_OTHERS;
	return r < 0 ? r : 0;
}

void ar_container_tell_others(const char *id, const struct ar_cgroup *cgroup)
{
	ar_log(AR_LOG_WARN, "container %s: cgroup '%s' holds processes of others: it stays", id,
	       cgroup->path);
}

void ar_container_done(struct ar_container *c)
{
	ar_close_fd(&c->pidfd);
	ar_dir_close(&c->dir);
	ar_arena_free(c->arena);
}
