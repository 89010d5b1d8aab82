/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/update.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"

/* --- laying one structure over another, by its table of fields --- */

static void overlay_map(struct ar_arena *arena, struct ar_map *to, const struct ar_map *over)
{
	struct ar_map out = { ar_alloc_array(arena, to->n + over->n + 1, sizeof(struct ar_pair)),
			      0 };

	for (size_t i = 0; i < to->n; i++) {
		if (!ar_map_get(over, to->items[i].key))
			out.items[out.n++] = to->items[i];
	}
	for (size_t i = 0; i < over->n; i++)
		out.items[out.n++] = over->items[i];
	*to = out;
}

static void overlay(struct ar_arena *arena, const struct ar_class *class, void *to,
		    const void *over);

static void overlay_object(struct ar_arena *arena, const struct ar_class *class, void **to,
			   const void *over)
{
	void *copy = ar_alloc(arena, class->size);

	if (*to)
		memcpy(copy, *to, class->size);
	overlay(arena, class, copy, over);
	*to = copy;
}

/* The members of "over" that are set, over those of "to", which is a copy of our own. */
static void overlay(struct ar_arena *arena, const struct ar_class *class, void *to,
		    const void *over)
{
	static const size_t sizes[] = {
		[AR_T_STRING] = sizeof(const char *),
		[AR_T_TRI] = sizeof(enum ar_tri),
		[AR_T_I64] = sizeof(struct ar_opt_i64),
		[AR_T_U64] = sizeof(struct ar_opt_u64),
		[AR_T_STRINGS] = sizeof(struct ar_strings),
		[AR_T_LIST] = sizeof(struct ar_list),
		[AR_T_OBJECT_MAP] = sizeof(struct ar_list),
		[AR_T_U64S] = sizeof(struct ar_u64s),
		[AR_T_JSON] = sizeof(const struct ar_json *),
	};

	for (size_t i = 0; i < class->n; i++) {
		const struct ar_field *field = &class->fields[i];
		char *at = (char *)to + field->offset;
		const char *from = (const char *)over + field->offset;

		if (!ar_field_has_content(field, over))
			continue;
		if (field->type == AR_T_MAP)
			overlay_map(arena, (struct ar_map *)at, (const struct ar_map *)from);
		else if (field->type == AR_T_OBJECT)
			overlay_object(arena, field->of, (void **)at, *(void *const *)from);
		else
			memcpy(at, from, sizes[field->type]);
	}
}

/* --- resources --- */

static void drop_zero_i64(struct ar_opt_i64 *value)
{
	if (value->value == 0)
		value->set = false;
}

static void drop_zero_u64(struct ar_opt_u64 *value)
{
	if (value->value == 0)
		value->set = false;
}

/* A copy without the values by which v1 and engines say "not set". */
static struct ar_resources *without_zeros(struct ar_arena *arena, const struct ar_resources *asked)
{
	struct ar_resources *r = ar_memdup(arena, asked, sizeof(*asked));

	if (r->memory) {
		r->memory = ar_memdup(arena, r->memory, sizeof(*r->memory));
		drop_zero_i64(&r->memory->limit);
		drop_zero_i64(&r->memory->reservation);
		drop_zero_i64(&r->memory->swap);
	}
	if (r->cpu) {
		r->cpu = ar_memdup(arena, r->cpu, sizeof(*r->cpu));
		drop_zero_u64(&r->cpu->shares);
		drop_zero_i64(&r->cpu->quota);
		drop_zero_u64(&r->cpu->period);
		drop_zero_i64(&r->cpu->realtime_runtime);
		drop_zero_u64(&r->cpu->realtime_period);
		/* engines send empty lists of processors that they do not mean */
		if (r->cpu->cpus && !r->cpu->cpus[0])
			r->cpu->cpus = NULL;
		if (r->cpu->mems && !r->cpu->mems[0])
			r->cpu->mems = NULL;
	}
	if (r->pids) {
		r->pids = ar_memdup(arena, r->pids, sizeof(*r->pids));
		drop_zero_i64(&r->pids->limit);
	}
	if (r->block_io) {
		r->block_io = ar_memdup(arena, r->block_io, sizeof(*r->block_io));
		drop_zero_u64(&r->block_io->weight);
		drop_zero_u64(&r->block_io->leaf_weight);
	}
	return r;
}

const struct ar_resources *ar_resources_overlay(struct ar_arena *arena,
						const struct ar_resources *base,
						const struct ar_resources *asked)
{
	struct ar_resources *out = ar_alloc(arena, sizeof(*out));
	struct ar_resources *over = without_zeros(arena, asked);
	struct ar_list devices = { 0 };

	if (base) {
		*out = *base;
		devices = base->devices;
	}
	if (over->memory && over->memory->limit.set && over->memory->limit.value == -1 &&
	    !over->memory->swap.set)
		over->memory->swap = (struct ar_opt_i64){ true, -1 };
	overlay(arena, &ar_resources_class, out, over);
	out->devices = devices;
	return out;
}

/* --- the effective configuration --- */

static struct ar_list joined(struct ar_arena *arena, const struct ar_list *a,
			     const struct ar_list *b, size_t size)
{
	struct ar_list out = { ar_alloc_array(arena, a->n + b->n + 1, size), a->n + b->n };

	if (a->n)
		memcpy(out.items, a->items, a->n * size);
	if (b->n)
		memcpy((char *)out.items + a->n * size, b->items, b->n * size);
	return out;
}

const struct ar_effective *ar_effective_update(struct ar_arena *arena,
					       const struct ar_effective *effective,
					       const struct ar_resources *resources,
					       const struct ar_asked_limits *asked,
					       const struct ar_list *decisions)
{
	struct ar_effective *e = ar_memdup(arena, effective, sizeof(*effective));
	struct ar_spec *spec = ar_memdup(arena, effective->spec, sizeof(*spec));
	struct ar_linux *linux = spec->linux ? ar_memdup(arena, spec->linux, sizeof(*linux))
					     : ar_alloc(arena, sizeof(*linux));

	linux->resources = ar_memdup(arena, resources, sizeof(*resources));
	spec->linux = linux;
	e->spec = spec;
	e->pids_default = e->pids_default && !asked->pids;
	e->memory_default = e->memory_default && !asked->memory;
	e->swap_default = e->swap_default && !asked->swap;
	e->decisions = joined(arena, &effective->decisions, decisions, sizeof(struct ar_decision));
	return e;
}

const struct ar_effective *ar_effective_rdt(struct ar_arena *arena,
					    const struct ar_effective *effective,
					    const struct ar_intel_rdt *asked)
{
	struct ar_effective *e = ar_memdup(arena, effective, sizeof(*e));
	struct ar_spec *spec = ar_memdup(arena, e->spec, sizeof(*spec));
	struct ar_linux *linux = spec->linux ? ar_memdup(arena, spec->linux, sizeof(*linux))
					     : ar_alloc(arena, sizeof(*linux));
	struct ar_intel_rdt *rdt = ar_alloc(arena, sizeof(*rdt));

	if (linux->intel_rdt)
		*rdt = *linux->intel_rdt;
	if (asked->l3_cache_schema)
		rdt->l3_cache_schema = asked->l3_cache_schema;
	if (asked->mem_bw_schema)
		rdt->mem_bw_schema = asked->mem_bw_schema;
	linux->intel_rdt = rdt;
	spec->linux = linux;
	e->spec = spec;
	return e;
}
