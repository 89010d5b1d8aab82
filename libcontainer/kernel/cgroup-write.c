/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-limits.h"
#include "kernel/cgroup.h"

/* One application of limits. */
struct writing {
	struct ar_arena *arena;
	const struct ar_cgroup *cgroup;
	const struct ar_limit_default *defaults;
	struct ar_limit_default missing;
	const char *controllers; /* of the cgroup itself */
	struct ar_error *err;
};

/* The member of a set of defaults that the part stands for, NULL for none. */
static bool *member(struct ar_limit_default *set, enum ar_limit_part part)
{
	switch (part) {
	case AR_LIMIT_PIDS:
		return &set->pids;
	case AR_LIMIT_MEMORY:
		return &set->memory;
	case AR_LIMIT_SWAP:
		return &set->swap;
	case AR_LIMIT_OTHER:
		break;
	}
	return NULL;
}

/* Take a limit that cannot be applied: fine when it was only our own default. */
static bool give_up(struct writing *w, const struct ar_limit *limit)
{
	struct ar_limit_default defaults = w->defaults ? *w->defaults
						       : (struct ar_limit_default){ 0 };
	bool *is_default = member(&defaults, limit->part);

	if (!is_default || !*is_default)
		return false;
	*member(&w->missing, limit->part) = true;
	return true;
}

/* --- controllers --- */

static int read_controllers(struct writing *w)
{
	char text[512];
	int r = ar_file_peek(w->cgroup->fd, "cgroup.controllers", text, sizeof(text));

	if (r < 0)
		return ar_fail(w->err, -r, "read the controllers of cgroup '%s'", w->cgroup->path);
	w->controllers = ar_strdup(w->arena, text);
	return 0;
}

/* Enable what is missing and can be there. */
static int enable_missing(struct writing *w, const struct ar_limits *limits)
{
	const char **names = ar_alloc_array(w->arena, limits->n + 1, sizeof(*names));
	size_t n = ar_limits_controllers(limits, names, 0), missing = 0;

	for (size_t i = 0; i < n; i++) {
		if (!ar_cgroup_lists(w->controllers, names[i]) &&
		    ar_cgroup_lists(w->cgroup->controllers, names[i]))
			names[missing++] = names[i];
	}
	if (missing == 0)
		return 0;
	/* what came of it is seen in the cgroup itself */
	(void)ar_cgroup_enable_above(w->cgroup->root_fd, w->cgroup->path, names, missing, NULL);
	return read_controllers(w);
}

static int no_controller(struct writing *w, const struct ar_limit *limit)
{
	struct ar_error why = { 0 };
	int r;

	if (give_up(w, limit) || (limit->flags & AR_LIMIT_NEUTRAL))
		return 0;
	if (!ar_cgroup_lists(w->cgroup->controllers, limit->controller))
		return ar_refuse(
			w->err, EOPNOTSUPP,
			"linux.resources.%s cannot be set: the cgroup v2 tree has no controller '%s'",
			limit->field, limit->controller);
	/* once more, for the reason */
	r = ar_cgroup_enable_above(w->cgroup->root_fd, w->cgroup->path, &limit->controller, 1,
				   &why);
	return ar_refuse(w->err, EOPNOTSUPP, "linux.resources.%s cannot be set: %s", limit->field,
			 r < 0 ? why.text : "its controller does not become available");
}

/* Swap stands before the memory that it follows from, and is seldom asked for: memory is named. */
static int without_controller(struct writing *w, const struct ar_limits *limits, size_t at)
{
	const struct ar_limit *limit = &limits->item[at], *next = limit + 1;
	int r = 0;

	if (limit->part == AR_LIMIT_SWAP && at + 1 < limits->n && next->part == AR_LIMIT_MEMORY)
		r = no_controller(w, next);
	return r == 0 ? no_controller(w, limit) : r;
}

/* Keep the limits whose controller is there. */
static int keep_possible(struct writing *w, struct ar_limits *limits)
{
	size_t kept = 0;
	int r = enable_missing(w, limits);

	for (size_t i = 0; r == 0 && i < limits->n; i++) {
		const struct ar_limit *limit = &limits->item[i];

		if (!limit->controller || ar_cgroup_lists(w->controllers, limit->controller))
			limits->item[kept++] = *limit;
		else
			r = without_controller(w, limits, i);
	}
	limits->n = kept;
	return r;
}

/* --- files --- */

/* 1: refused as invalid, to be tried again; 2: left out. */
static int write_one(struct writing *w, const struct ar_limit *limit)
{
	struct ar_error why = { 0 };
	int r = ar_file_write(w->cgroup->fd, limit->file, limit->value, &why);

	if (r == -ENOENT && limit->else_file)
		r = ar_file_write(w->cgroup->fd, limit->else_file, limit->else_value, &why);
	if (r == 0)
		return 0;
	if (r == -EINVAL && (limit->flags & AR_LIMIT_AGAIN))
		return 1;
	if (r == -ENOENT && (give_up(w, limit) || (limit->flags & AR_LIMIT_IF_THERE)))
		return 2;
	return ar_refuse(w->err, -r, "linux.resources.%s cannot be set in cgroup '%s': %s",
			 limit->field, w->cgroup->path, why.text);
}

/* The kernel counts memory in pages: it rounds down. */
static bool same_memory(const char *asked, const char *got)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), bytes, kept;

	if (ar_parse_u64(asked, &bytes) < 0)
		return false;
	if (ar_streq(got, "max"))
		return bytes / page >= LONG_MAX / page;
	return ar_parse_u64(got, &kept) == 0 && kept == bytes / page * page;
}

static int read_back(const struct writing *w, const struct ar_limit *limit)
{
	char got[64];
	int r;

	if (!(limit->flags & AR_LIMIT_READ_BACK))
		return 0;
	r = ar_file_peek(w->cgroup->fd, limit->file, got, sizeof(got));
	if (r < 0)
		return ar_fail(w->err, -r, "read back '%s' of cgroup '%s'", limit->file,
			       w->cgroup->path);
	if (ar_streq(got, limit->value))
		return 0;
	if (ar_streq(limit->controller, "memory") && same_memory(limit->value, got))
		return 0;
	return ar_refuse(
		w->err, EIO,
		"linux.resources.%s of cgroup '%s': '%s' was written to '%s', which says '%s'",
		limit->field, w->cgroup->path, limit->value, limit->file, got);
}

static int write_all(struct writing *w, const struct ar_limits *limits)
{
	const struct ar_limit **again = ar_alloc_array(w->arena, limits->n + 1, sizeof(*again));
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < limits->n; i++) {
		r = write_one(w, &limits->item[i]);
		if (r == 1)
			again[n++] = &limits->item[i];
		else if (r == 0)
			r = read_back(w, &limits->item[i]);
	}
	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct ar_limit last = *again[i];

		last.flags &= ~AR_LIMIT_AGAIN;
		r = write_one(w, &last);
	}
	return r < 0 ? r : 0;
}

/*
 * v2 takes any new limit and kills what exceeds it; v1 refuses one below the usage.
 * checkBeforeUpdate asks for the manner of v1. Usage that cannot be read (a new cgroup) stands in
 * nobody's way.
 */
static int check_usage(const struct writing *w, const struct ar_memory *memory)
{
	uint64_t usage;

	if (!memory || memory->check_before_update != AR_YES)
		return 0;
	if (ar_cgroup_number(w->cgroup->fd, "memory.current", &usage) < 0)
		return 0;
	if (memory->swap.set && memory->swap.value > 0 && (uint64_t)memory->swap.value <= usage)
		return ar_refuse(w->err, EBUSY,
				 "rejecting memory+swap limit %" PRId64 " <= usage %" PRIu64,
				 memory->swap.value, usage);
	if (memory->limit.set && memory->limit.value > 0 && (uint64_t)memory->limit.value <= usage)
		return ar_refuse(w->err, EBUSY,
				 "rejecting memory limit %" PRId64 " <= usage %" PRIu64,
				 memory->limit.value, usage);
	return 0;
}

int ar_cgroup_limits_apply(const struct ar_cgroup *cgroup, const struct ar_resources *resources,
			   const struct ar_limit_default *defaults,
			   struct ar_limit_default *ret_missing, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct writing w = { .arena = arena, .cgroup = cgroup, .defaults = defaults, .err = err };
	struct ar_limits limits = { 0 };
	int r = 0;

	if (resources)
		r = ar_limits_plan(arena, resources, &limits, err);
	if (r == 0 && limits.n > 0) {
		r = read_controllers(&w);
		if (r == 0)
			r = keep_possible(&w, &limits);
		if (r == 0)
			r = check_usage(&w, resources->memory);
		if (r == 0)
			r = write_all(&w, &limits);
	}
	if (r == 0 && ret_missing)
		*ret_missing = w.missing;
	return r;
}
