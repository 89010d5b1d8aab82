/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "policy/merging.h"

/* cgroup v2 writes what is left of a page: a limit below is none. */
#define MEMORY_UNLIMITED INT64_C(0x7ffffffffffff000)

bool ar_limit_asked(const struct ar_opt_i64 *limit)
{
	return limit->set && limit->value > 0 && limit->value < MEMORY_UNLIMITED;
}

/* --- unified --- */

/*
 * Keys of cgroup v2 that bound a container or share out what it may have anyway. Not those that
 * keep something from its neighbours: io.latency slows them down until its own target is met,
 * memory.low and memory.min are not reclaimed, cpuset.cpus.partition takes processors away.
 */
static const char *const unified_keys[] = {
	"cpu.idle",    "cpu.max",	   "cpu.max.burst",    "cpu.weight", "cpu.weight.nice",
	"cpuset.cpus", "cpuset.mems",	   "io.bfq.weight",    "io.max",     "io.weight",
	"memory.high", "memory.oom.group", "memory.zswap.max", "misc.max",   "rdma.max",
};

static bool has_key(const char *key)
{
	for (size_t i = 0; i < AR_COUNT(unified_keys); i++)
		if (ar_streq(key, unified_keys[i]))
			return true;
	/* hugetlb.2MB.max, hugetlb.1GB.rsvd.max */
	return ar_starts_with(key, "hugetlb.") && strlen(key) > 4 &&
	       ar_streq(key + strlen(key) - 4, ".max");
}

/* Limits by their v2 names, which would be written over ours. */
static bool within_limit(const char *key, const char *value, uint64_t memory, uint64_t pids)
{
	uint64_t max = 0, v; /* of memory.swap.max */

	/* without a limit of ours any is one that was missing */
	if (ar_streq(key, "memory.max"))
		max = memory ? memory : UINT64_MAX;
	else if (ar_streq(key, "pids.max"))
		max = pids ? pids : UINT64_MAX;
	else if (!ar_streq(key, "memory.swap.max"))
		return has_key(key);
	return ar_parse_u64(value, &v) == 0 && v <= max;
}

static void hold_unified(struct ar_merging *m, struct ar_resources *r, uint64_t memory,
			 uint64_t pids)
{
	static const char path[] = "linux.resources.unified";
	struct ar_map got = { ar_alloc_array(m->arena, r->unified.n + 2, sizeof(struct ar_pair)),
			      0 };

	for (size_t i = 0; i < r->unified.n; i++) {
		const struct ar_pair *p = &r->unified.items[i];

		if (within_limit(p->key, p->value, memory, pids) ||
		    ar_opted_out(m, path, p->value, p->key))
			got.items[got.n++] = *p;
		else
			ar_decide_as(m, path, ar_printf(m->arena, "%s[%s]", path, p->key), p->value,
				     "left out", NULL);
	}
	r->unified = got;
}

/* --- memory, cpu --- */

static const char *limit_text(struct ar_merging *m, const struct ar_opt_i64 *v)
{
	if (!v->set)
		return "";
	return v->value > 0   ? ar_size_text(m->arena, (uint64_t)v->value)
	       : v->value < 0 ? "unlimited"
			      : "0";
}

/* memory.swap is memory and swap together: the same as the limit means no swap. */
static void hold_swap(struct ar_merging *m, struct ar_memory *mem, uint64_t limit)
{
	static const char path[] = "linux.resources.memory.swap";
	const char *asked = limit_text(m, &mem->swap);

	if (ar_limit_asked(&mem->swap) && (uint64_t)mem->swap.value == limit)
		return;
	if (mem->swap.set && ar_opted_out(m, path, asked, NULL))
		return;
	mem->swap = (struct ar_opt_i64){ true, (int64_t)limit };
	if (*asked)
		ar_decide(m, path, asked, "none");
	m->out->swap_default = true;
}

static void hold_memory(struct ar_merging *m, struct ar_memory *mem, uint64_t limit)
{
	static const char reservation[] = "linux.resources.memory.reservation";
	const char *asked = limit_text(m, &mem->reservation);

	if (ar_limit_asked(&mem->reservation) && !ar_opted_out(m, reservation, asked, NULL)) {
		ar_decide(m, reservation, asked, "left out");
		mem->reservation.set = false;
	}
	if (mem->disable_oom_killer == AR_YES) {
		ar_decide(m, "linux.resources.memory.disableOOMKiller", "true", "false");
		mem->disable_oom_killer = AR_NO;
	}
	if (limit)
		hold_swap(m, mem, limit);
}

static void hold_cpu(struct ar_merging *m, struct ar_resources *r)
{
	struct ar_cpu *cpu;

	if (!r->cpu)
		return;
	cpu = ar_memdup(m->arena, r->cpu, sizeof(*cpu));
	if (cpu->realtime_runtime.set && cpu->realtime_runtime.value != 0)
		ar_decide(m, "linux.resources.cpu.realtimeRuntime",
			  ar_printf(m->arena, "%" PRId64, cpu->realtime_runtime.value), "none");
	if (cpu->realtime_period.set && cpu->realtime_period.value != 0)
		ar_decide(m, "linux.resources.cpu.realtimePeriod",
			  ar_printf(m->arena, "%" PRIu64, cpu->realtime_period.value), "none");
	cpu->realtime_runtime.set = cpu->realtime_period.set = false;
	r->cpu = cpu;
}

void ar_hold_resources(struct ar_merging *m, struct ar_resources *r, uint64_t memory_limit,
		       uint64_t pids_limit)
{
	if (r->memory) {
		struct ar_memory *mem = ar_memdup(m->arena, r->memory, sizeof(*mem));

		hold_memory(m, mem, memory_limit);
		r->memory = mem;
	}
	hold_cpu(m, r);
	hold_unified(m, r, memory_limit, pids_limit);
}

/* --- create --- */

static bool has_controller(const struct ar_facts *f, const char *name)
{
	return ar_words_have(f->cgroup_controllers, " ", name, strlen(name));
}

/*
 * A limit that was asked for makes the control required: to be without it is an error. False: it is
 * ours, and this host cannot hold it.
 */
static bool settle(struct ar_merging *m, enum ar_control control, const char *controller,
		   bool asked, bool *ret_default)
{
	if (asked) {
		m->out->strength[control] = AR_REQUIRED;
		return true;
	}
	if (!has_controller(m->facts, controller)) {
		ar_not_applied(m, control,
			       ar_printf(m->arena, "the cgroup tree has no %s controller",
					 controller));
		return false;
	}
	*ret_default = true;
	return true;
}

/* A limit lowered by a tightening; one that would raise it is refused. */
static uint64_t tightened(struct ar_merging *m, const struct ar_opt_u64 *wish, uint64_t limit,
			  const char *path, const char *name)
{
	const char *has = ar_size_text(m->arena, limit),
		   *wants = ar_size_text(m->arena, wish->value);

	if (!wish->set || wish->value == limit)
		return limit;
	if (wish->value > limit) {
		ar_refused(m, "bundle-policy", name, wants, NULL,
			   ar_printf(m->arena, "it would raise the limit of %s", has));
		return limit;
	}
	ar_decide_as(m, "bundle-policy", path, has, wants, "the bundle's own policy");
	return wish->value;
}

uint64_t ar_memory_ceiling(const struct ar_values *values, uint64_t total, const char **ret_why)
{
	*ret_why = values->memory_ceiling ? "the configuration's memory-ceiling"
					  : "an eighth of its memory stays the host's";
	return values->memory_ceiling ? values->memory_ceiling : total - total / 8;
}

static uint64_t held_memory(struct ar_merging *m, const char *path, uint64_t limit)
{
	const char *text = ar_size_text(m->arena, limit);
	const char *why;
	uint64_t ceiling = ar_memory_ceiling(&m->values, m->facts->memory_total, &why);

	if (!ceiling || limit <= ceiling || ar_opted_out(m, path, text, NULL))
		return limit;
	ar_decide_as(m, path, path, text, ar_size_text(m->arena, ceiling), why);
	return ceiling;
}

/* 0: there is none. */
static uint64_t memory_limit(struct ar_merging *m, struct ar_memory *mem)
{
	static const char path[] = "linux.resources.memory.limit";
	const struct ar_opt_u64 *wish = &m->tighten.memory_limit;
	bool asked = ar_limit_asked(&mem->limit);
	uint64_t limit = asked ? (uint64_t)mem->limit.value : m->values.memory_limit;
	const char *ignored;
	uint64_t ceiling = ar_memory_ceiling(&m->values, m->facts->memory_total, &ignored);

	if (!settle(m, AR_CONTROL_MEMORY_LIMIT, "memory", asked || wish->set,
		    &m->out->memory_default)) {
		mem->limit.set = mem->swap.set = false;
		return 0;
	}
	/* who asks for nothing gets no more than who asks */
	if (!asked && ceiling && limit > ceiling)
		limit = ceiling;
	if (!asked)
		ar_decide(m, path, limit_text(m, &mem->limit), ar_size_text(m->arena, limit));
	else
		limit = held_memory(m, path, limit);
	limit = tightened(m, wish, limit, path, "the bundle's memory-limit");
	mem->limit = (struct ar_opt_i64){ true, (int64_t)limit };
	return limit;
}

/* 0: there is none. */
static uint64_t pids_limit(struct ar_merging *m, struct ar_resources *r)
{
	static const char path[] = "linux.resources.pids.limit";
	const struct ar_opt_u64 *wish = &m->tighten.pids_limit;
	struct ar_pids *pids = ar_alloc(m->arena, sizeof(*pids));
	bool asked = r->pids && ar_limit_asked(&r->pids->limit);
	uint64_t limit = asked ? (uint64_t)r->pids->limit.value : m->values.pids_limit;
	const char *text = !r->pids ? ""
			   : asked  ? ar_printf(m->arena, "%" PRIu64, limit)
				    : limit_text(m, &r->pids->limit);

	if (!settle(m, AR_CONTROL_PIDS_LIMIT, "pids", asked || wish->set, &m->out->pids_default)) {
		r->pids = NULL;
		return 0;
	}
	if (!asked) {
		if (limit > m->values.pids_ceiling)
			limit = m->values.pids_ceiling;
		ar_decide_as(m, "default-limits", path, text,
			     ar_printf(m->arena, "%" PRIu64, limit), NULL);
	} else if (limit > m->values.pids_ceiling && !ar_opted_out(m, path, text, NULL)) {
		limit = m->values.pids_ceiling;
		ar_decide(m, path, text, ar_printf(m->arena, "%" PRIu64, limit));
	}
	limit = tightened(m, wish, limit, path, "the bundle's pids-limit");
	pids->limit = (struct ar_opt_i64){ true, (int64_t)limit };
	r->pids = pids;
	return limit;
}

/*
 * One process of a container that ends for want of memory leaves the others in an unknown state:
 * end them all. Rootless it is left out beside a limit of ours, which need not have a cgroup.
 */
static void add_oom_group(struct ar_merging *m, struct ar_resources *r)
{
	static const char key[] = "memory.oom.group";
	struct ar_pair *items = r->unified.items; /* room was kept */

	for (size_t i = 0; i < r->unified.n; i++)
		if (ar_streq(items[i].key, key)) {
			items[i].value = "1";
			return;
		}
	if (has_controller(m->facts, "memory") && (m->facts->host_root || !m->out->memory_default))
		items[r->unified.n++] = (struct ar_pair){ key, "1" };
}

/* Engines send the section with zeros when nothing is asked. */
static bool limits_cpu(const struct ar_cpu *cpu)
{
	return cpu && (cpu->shares.value || cpu->quota.value > 0 || cpu->idle.value ||
		       (cpu->cpus && *cpu->cpus) || (cpu->mems && *cpu->mems));
}

/* Nothing left to limit: the section, sent with nothing in it, must not be taken for a wish. */
static bool limits_memory(const struct ar_memory *mem)
{
	return mem->limit.set || mem->swap.set || mem->reservation.set || mem->kernel.set ||
	       mem->kernel_tcp.set || mem->swappiness.set;
}

void ar_merge_resources(struct ar_merging *m)
{
	struct ar_resources *r = m->to->linux->resources;
	struct ar_memory *mem = ar_alloc(m->arena, sizeof(*mem));
	uint64_t memory, pids;

	if (r->memory)
		*mem = *r->memory;
	r->memory = mem;
	memory = memory_limit(m, mem);
	pids = pids_limit(m, r);
	if (!limits_memory(mem))
		r->memory = NULL;
	ar_hold_resources(m, r, memory, pids);
	add_oom_group(m, r);
	if (!limits_cpu(r->cpu))
		ar_nothing_held(m, AR_CONTROL_CPU_LIMIT, "no limit is asked for");
}
