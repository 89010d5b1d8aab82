/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup-limits.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "spec/spec.h"

/* Some engines send it for every container. */
#define SHARES_DEFAULT 1024

struct planning {
	struct ar_arena *arena;
	struct ar_limits limits;
	struct ar_error *err;
};

/* A text that needs no memory of its own for the usual number. */
static const char *number(struct planning *p, uint64_t value)
{
	return ar_printf(p->arena, "%" PRIu64, value);
}

/* -1 is how v1 says unlimited. */
static const char *amount(struct planning *p, int64_t value)
{
	return value == -1 ? "max" : number(p, (uint64_t)value);
}

static void add(struct planning *p, struct ar_limit limit)
{
	struct ar_limits *l = &p->limits;

	l->item = ar_arena_grow(p->arena, l->item, l->n, &l->room, sizeof(*l->item));
	l->item[l->n++] = limit;
}

/* Names from the configuration that become a part of a file's name or of a line. */
static int check_name(const struct planning *p, const char *field, const char *name)
{
	static const char fine[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:@";

	if (name && name[0] && name[strspn(name, fine)] == '\0')
		return 0;
	return ar_refuse(p->err, EINVAL, "linux.resources.%s: '%s' is not a valid name", field,
			 name ? name : "");
}

static int check_amount(const struct planning *p, const char *field, const struct ar_opt_i64 *value)
{
	if (!value->set || value->value >= -1)
		return 0;
	return ar_refuse(p->err, EINVAL, "linux.resources.%s: %" PRId64 " is not a valid limit",
			 field, value->value);
}

/* --- what v2 does not have --- */

static void left_out(bool asked, const char *field, const char *why)
{
	if (asked)
		ar_debug("linux.resources.%s is ignored: %s", field, why);
}

static int no_equivalent(const struct planning *p, bool asked, const char *field)
{
	if (!asked)
		return 0;
	return ar_refuse(p->err, EOPNOTSUPP, "linux.resources.%s: cgroup v2 has no equivalent",
			 field);
}

/* --- memory --- */

static int memory_of_v1(const struct planning *p, const struct ar_memory *m)
{
	/*
	 * superseded: what was limited apart counts in the limit of memory, so that nothing is lost
	 */
	left_out(m->kernel.set && m->kernel.value != 0, "memory.kernel",
		 "kernel memory counts as memory");
	left_out(m->kernel_tcp.set && m->kernel_tcp.value != 0, "memory.kernelTCP",
		 "kernel memory counts as memory");
	left_out(m->use_hierarchy == AR_NO, "memory.useHierarchy",
		 "cgroup v2 is always hierarchical");
	if (no_equivalent(p, m->disable_oom_killer == AR_YES, "memory.disableOOMKiller") < 0)
		return -EOPNOTSUPP;
	return no_equivalent(p, m->swappiness.set, "memory.swappiness");
}

static int plan_memory(struct planning *p, const struct ar_memory *m)
{
	int64_t limit = m->limit.set ? m->limit.value : 0, swap;
	int r;

	r = memory_of_v1(p, m);
	if (r == 0)
		r = check_amount(p, "memory.limit", &m->limit);
	if (r == 0)
		r = check_amount(p, "memory.reservation", &m->reservation);
	if (r == 0)
		r = ar_swap_limit(m->swap.set ? m->swap.value : 0, limit, &swap, p->err);
	if (r < 0)
		return r;
	/* swap before memory, so that lowering both never lets what leaves memory flow into swap */
	if (swap != INT64_MIN)
		add(p, (struct ar_limit){ .field = "memory.swap",
					  .controller = "memory",
					  .file = "memory.swap.max",
					  .value = amount(p, swap),
					  .part = AR_LIMIT_SWAP,
					  .flags = AR_LIMIT_READ_BACK |
						   /* a kernel without swap has nothing to limit */
						   (swap <= 0 ? AR_LIMIT_IF_THERE : 0) });
	if (limit != 0)
		add(p, (struct ar_limit){ .field = "memory.limit",
					  .controller = "memory",
					  .file = "memory.max",
					  .value = amount(p, limit),
					  .part = AR_LIMIT_MEMORY,
					  .flags = AR_LIMIT_READ_BACK });
	if (m->reservation.set && m->reservation.value != 0)
		add(p, (struct ar_limit){ .field = "memory.reservation",
					  .controller = "memory",
					  .file = "memory.low",
					  .value = amount(p, m->reservation.value) });
	return 0;
}

/* --- pids --- */

static int plan_pids(struct planning *p, const struct ar_pids *pids)
{
	int r = check_amount(p, "pids.limit", &pids->limit);

	/*
	 * 0 is how callers say "not set", as podman run --pids-limit 0: runc takes it so up to 1.3,
	 * and what is installed beside such a one sends it. Nothing could run with it.
	 */
	if (r < 0 || !pids->limit.set || pids->limit.value == 0)
		return r;
	add(p, (struct ar_limit){ .field = "pids.limit",
				  .controller = "pids",
				  .file = "pids.max",
				  .value = amount(p, pids->limit.value),
				  .part = AR_LIMIT_PIDS,
				  .flags = AR_LIMIT_READ_BACK });
	return 0;
}

/* --- cpu and cpuset --- */

static void add_cpu(struct planning *p, const char *field, const char *file, const char *value,
		    unsigned int flags)
{
	add(p, (struct ar_limit){ .field = field,
				  .controller = "cpu",
				  .file = file,
				  .value = value,
				  .flags = flags });
}

static void plan_cpu_time(struct planning *p, const struct ar_cpu *c)
{
	int64_t quota = c->quota.set ? c->quota.value : 0;
	uint64_t period = c->period.set ? c->period.value : 0;

	/* The kernel wants burst <= quota of either the old or the new quota. */
	if (c->burst.set)
		add_cpu(p, "cpu.burst", "cpu.max.burst", number(p, c->burst.value), AR_LIMIT_AGAIN);
	if (quota == 0 && period == 0)
		return;
	if (period == 0)
		period = AR_CPU_PERIOD;
	add_cpu(p, "cpu.quota", "cpu.max",
		quota > 0 ? ar_printf(p->arena, "%" PRId64 " %" PRIu64, quota, period)
			  : ar_printf(p->arena, "max %" PRIu64, period),
		AR_LIMIT_READ_BACK);
}

static int plan_cpu(struct planning *p, const struct ar_cpu *c)
{
	bool idle = c->idle.set && c->idle.value == 1;
	int r;

	r = no_equivalent(p, c->realtime_runtime.set && c->realtime_runtime.value != 0,
			  "cpu.realtimeRuntime");
	if (r == 0)
		r = no_equivalent(p, c->realtime_period.set && c->realtime_period.value != 0,
				  "cpu.realtimePeriod");
	if (r < 0)
		return r;
	if (c->idle.set)
		add_cpu(p, "cpu.idle", "cpu.idle", ar_printf(p->arena, "%" PRId64, c->idle.value),
			0);
	/* an idle group has no weight: the kernel refuses one */
	left_out(idle && c->shares.set, "cpu.shares", "the group is idle");
	if (!idle && c->shares.set && c->shares.value != 0)
		add_cpu(p, "cpu.shares", "cpu.weight", number(p, ar_cpu_weight(c->shares.value)),
			c->shares.value == SHARES_DEFAULT ? AR_LIMIT_NEUTRAL : 0);
	plan_cpu_time(p, c);
	if (c->cpus && c->cpus[0])
		add(p, (struct ar_limit){ .field = "cpu.cpus",
					  .controller = "cpuset",
					  .file = "cpuset.cpus",
					  .value = c->cpus });
	if (c->mems && c->mems[0])
		add(p, (struct ar_limit){ .field = "cpu.mems",
					  .controller = "cpuset",
					  .file = "cpuset.mems",
					  .value = c->mems });
	return 0;
}

/* --- io --- */

/* BFQ takes the weights of v1 as they are; io.cost has a scale of its own. */
static void add_weight(struct planning *p, const char *field, const char *device, uint64_t weight)
{
	if (weight == 0)
		return;
	add(p, (struct ar_limit){ .field = field,
				  .controller = "io",
				  .file = "io.bfq.weight",
				  .value = ar_printf(p->arena, "%s%" PRIu64, device, weight),
				  .else_file = "io.weight",
				  .else_value = ar_printf(p->arena, "%s%" PRIu64, device,
							  ar_io_weight(weight)) });
}

static void plan_throttle(struct planning *p, const char *field, const char *key,
			  const struct ar_list *list)
{
	ar_list_foreach(const struct ar_throttle_device, device, list) {
		/* in v1 a rate of 0 takes the limit away */
		const char *rate = device->rate.value ? number(p, device->rate.value) : "max";

		add(p,
		    (struct ar_limit){ .field = field,
				       .controller = "io",
				       .file = "io.max",
				       .value = ar_printf(p->arena, "%" PRId64 ":%" PRId64 " %s=%s",
							  device->major.value, device->minor.value,
							  key, rate) });
	}
}

static int plan_io(struct planning *p, const struct ar_block_io *io)
{
	int r = no_equivalent(p, io->leaf_weight.set && io->leaf_weight.value != 0,
			      "blockIO.leafWeight");

	add_weight(p, "blockIO.weight", "", io->weight.value);
	ar_list_foreach(const struct ar_weight_device, device, &io->weight_device) {
		const char *name = ar_printf(p->arena, "%" PRId64 ":%" PRId64 " ",
					     device->major.value, device->minor.value);

		add_weight(p, "blockIO.weightDevice", name, device->weight.value);
		if (r == 0)
			r = no_equivalent(p,
					  device->leaf_weight.set && device->leaf_weight.value != 0,
					  "blockIO.weightDevice.leafWeight");
	}
	plan_throttle(p, "blockIO.throttleReadBpsDevice", "rbps", &io->throttle_read_bps);
	plan_throttle(p, "blockIO.throttleWriteBpsDevice", "wbps", &io->throttle_write_bps);
	plan_throttle(p, "blockIO.throttleReadIOPSDevice", "riops", &io->throttle_read_iops);
	plan_throttle(p, "blockIO.throttleWriteIOPSDevice", "wiops", &io->throttle_write_iops);
	return r;
}

/* --- hugetlb and rdma --- */

static int plan_hugepages(struct planning *p, const struct ar_list *limits)
{
	ar_list_foreach(const struct ar_hugepage_limit, page, limits) {
		const char *value = number(p, page->limit.value);
		int r = check_name(p, "hugepageLimits.pageSize", page->page_size);

		if (r < 0)
			return r;
		add(p, (struct ar_limit){
			       .field = "hugepageLimits",
			       .controller = "hugetlb",
			       .file = ar_printf(p->arena, "hugetlb.%s.max", page->page_size),
			       .value = value });
		/*
		 * reservations too, where the kernel counts them (5.7): no SIGBUS at the first
		 * touch
		 */
		add(p, (struct ar_limit){
			       .field = "hugepageLimits",
			       .controller = "hugetlb",
			       .file = ar_printf(p->arena, "hugetlb.%s.rsvd.max", page->page_size),
			       .value = value,
			       .flags = AR_LIMIT_IF_THERE });
	}
	return 0;
}

static int plan_rdma(struct planning *p, const struct ar_list *devices)
{
	ar_list_foreach(const struct ar_rdma, device, devices) {
		_cleanup_text_ struct ar_text line = AR_TEXT_INIT;
		int r = check_name(p, "rdma", device->device);

		if (r < 0)
			return r;
		if (!device->hca_handles.set && !device->hca_objects.set)
			continue;
		ar_text_add(&line, device->device);
		if (device->hca_handles.set)
			ar_text_addf(&line, " hca_handle=%" PRIu64, device->hca_handles.value);
		if (device->hca_objects.set)
			ar_text_addf(&line, " hca_object=%" PRIu64, device->hca_objects.value);
		add(p, (struct ar_limit){ .field = "rdma",
					  .controller = "rdma",
					  .file = "rdma.max",
					  .value = ar_strdup(p->arena, ar_text_str(&line)) });
	}
	return 0;
}

/* --- unified --- */

/* Files of the core that move or end processes: they are no settings. */
static const char *const no_settings[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill" };

static int plan_unified_key(struct planning *p, const struct ar_pair *pair)
{
	const char *dot = strchr(pair->key, '.');
	const char *field = ar_printf(p->arena, "unified[%s]", pair->key);
	char *lines, *save = NULL;
	struct ar_limit limit = { .field = field, .file = pair->key };

	if (strchr(pair->key, '/'))
		return ar_refuse(p->err, EINVAL,
				 "unified resource '%s' must be a file name (no slashes)",
				 pair->key);
	if (!dot || dot == pair->key || dot[1] == '\0')
		return ar_refuse(p->err, EINVAL,
				 "unified resource '%s' must be in the form CONTROLLER.PARAMETER",
				 pair->key);
	for (size_t i = 0; i < AR_COUNT(no_settings); i++) {
		if (ar_streq(pair->key, no_settings[i]))
			return ar_refuse(p->err, EINVAL, "unified resource '%s' is not a setting",
					 pair->key);
	}
	limit.controller = ar_strndup(p->arena, pair->key, (size_t)(dot - pair->key));
	if (ar_streq(limit.controller, "cgroup"))
		limit.controller = NULL;
	/* It says what becomes of a limit, and is worth nothing without one. */
	if (ar_streq(pair->key, "memory.oom.group"))
		limit.part = AR_LIMIT_MEMORY;
	/* Files with a line for each device take one in a write. */
	lines = ar_strdup(p->arena, pair->value ? pair->value : "");
	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		limit.value = line;
		add(p, limit);
	}
	return 0;
}

static int plan_unified(struct planning *p, const struct ar_map *unified)
{
	for (size_t i = 0; i < unified->n; i++) {
		int r = plan_unified_key(p, &unified->items[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* --- all --- */

static int plan_network(const struct planning *p, const struct ar_network *network)
{
	int r = no_equivalent(p, network->class_id.set && network->class_id.value != 0,
			      "network.classID");

	return r == 0 ? no_equivalent(p, network->priorities.n > 0, "network.priorities") : r;
}

int ar_limits_plan(struct ar_arena *arena, const struct ar_resources *resources,
		   struct ar_limits *ret, struct ar_error *err)
{
	struct planning p = { .arena = arena, .err = err };
	int r = 0;

	/* in runc's order; unified is last, so that it wins */
	if (resources->pids)
		r = plan_pids(&p, resources->pids);
	if (r == 0 && resources->memory)
		r = plan_memory(&p, resources->memory);
	if (r == 0 && resources->block_io)
		r = plan_io(&p, resources->block_io);
	if (r == 0 && resources->cpu)
		r = plan_cpu(&p, resources->cpu);
	if (r == 0)
		r = plan_hugepages(&p, &resources->hugepage_limits);
	if (r == 0)
		r = plan_rdma(&p, &resources->rdma);
	if (r == 0 && resources->network)
		r = plan_network(&p, resources->network);
	if (r == 0)
		r = plan_unified(&p, &resources->unified);
	if (r < 0)
		return r;
	*ret = p.limits;
	return 0;
}

size_t ar_limits_controllers(const struct ar_limits *limits, const char **names, size_t n)
{
	size_t before = n;

	for (size_t i = 0; i < limits->n; i++) {
		const char *name = limits->item[i].controller;
		size_t j = 0;

		while (name && j < n && !ar_streq(names[j], name))
			j++;
		if (name && j == n)
			names[n++] = name;
	}
	return n - before;
}
