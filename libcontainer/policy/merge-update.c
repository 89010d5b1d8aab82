/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "policy/merging.h"

/* New limits for a container: held to the profile that it was created with. */

/* The limit in force when an update asks for none; 0: the container has none. */
static uint64_t own_limit(const struct ar_opt_i64 *own)
{
	return own && ar_limit_asked(own) ? (uint64_t)own->value : 0;
}

/* Memory: a new limit is held to the ceiling, and "unlimited" is not asked; swap follows the limit.
 */
static uint64_t update_memory(struct ar_merging *m, struct ar_resources *r, uint64_t total)
{
	static const char path[] = "linux.resources.memory.limit";
	const struct ar_memory *own = m->from->linux->resources->memory;
	uint64_t limit = own_limit(own ? &own->limit : NULL);
	const char *why;
	uint64_t ceiling = ar_memory_ceiling(&m->values, total, &why);
	struct ar_memory *mem;

	if (!r->memory)
		return limit;
	if (limit > ceiling && ceiling) {
		ceiling = limit;
		why = "an opt-out allows the container no more than this";
	}
	mem = ar_memdup(m->arena, r->memory, sizeof(*mem));
	if (ar_limit_asked(&mem->limit)) {
		limit = (uint64_t)mem->limit.value;
		if (ceiling && limit > ceiling) {
			ar_decide_as(m, path, path, ar_size_text(m->arena, limit),
				     ar_size_text(m->arena, ceiling), why);
			limit = ceiling;
			mem->limit.value = (int64_t)limit;
		}
	} else if (mem->limit.set) {
		if (mem->limit.value != 0 && limit)
			ar_decide(m, path, "unlimited", ar_size_text(m->arena, limit));
		mem->limit.set = false;
	}
	r->memory = mem;
	return limit;
}

static uint64_t update_pids(struct ar_merging *m, struct ar_resources *r)
{
	static const char path[] = "linux.resources.pids.limit";
	const struct ar_pids *own = m->from->linux->resources->pids;
	uint64_t limit = own_limit(own ? &own->limit : NULL), ceiling = m->values.pids_ceiling;
	struct ar_pids *pids;

	if (!r->pids)
		return limit;
	if (limit > ceiling)
		ceiling = limit; /* an opt-out allowed the container more */
	pids = ar_memdup(m->arena, r->pids, sizeof(*pids));
	if (!ar_limit_asked(&pids->limit)) {
		if (pids->limit.set && pids->limit.value != 0 && limit)
			ar_decide(m, path, "unlimited", ar_printf(m->arena, "%" PRIu64, limit));
		r->pids = NULL;
		return limit;
	}
	if ((uint64_t)pids->limit.value > ceiling) {
		ar_decide(m, path, ar_printf(m->arena, "%" PRId64, pids->limit.value),
			  ar_printf(m->arena, "%" PRIu64, ceiling));
		pids->limit.value = (int64_t)ceiling;
	}
	r->pids = pids;
	return (uint64_t)pids->limit.value;
}

int ar_merge_update(struct ar_arena *arena, const struct ar_effective *container,
		    const struct ar_config *config, uint64_t memory_total,
		    const struct ar_resources *asked, const struct ar_resources **ret,
		    struct ar_list *decisions, struct ar_error *err)
{
	struct ar_resources *r = ar_memdup(arena, asked, sizeof(*r));
	struct ar_merging m;
	uint64_t memory, pids;

	if (decisions)
		*decisions = (struct ar_list){ NULL, 0 };
	if (container->profile == AR_PROFILE_COMPAT) {
		*ret = r;
		return 0;
	}
	if (!container->spec->linux || !container->spec->linux->resources)
		return ar_refuse(err, EINVAL,
				 "the container's record has no limits to hold an update against");
	ar_merging_begin(&m, arena, container, config);
	if (r->devices.n) {
		ar_decide(&m, "linux.resources.devices", "new rules", "unchanged");
		r->devices = (struct ar_list){ NULL, 0 };
	}
	memory = update_memory(&m, r, memory_total);
	pids = update_pids(&m, r);
	ar_hold_resources(&m, r, memory, pids);
	if (decisions)
		*decisions = ar_decisions(&m);
	*ret = r;
	return 0;
}
