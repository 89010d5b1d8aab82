/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/merge.h"

#include <errno.h>

#include "policy/merging.h"

/*
 * The order of the nouns. Each reads what the bundle asks (from) and leaves what the container gets
 * (to).
 *
 *  tightening   first: it may raise the profile, and with it every value
 *  sweep        what is refused as a whole needs no further look
 *  namespaces   before process: groups are judged by the ids they are on the host
 *  home         after mounts: a home that the bundle mounts gets no overlay
 *  userns       after mounts: it marks those that are bound
 */
static void (*const order[])(struct ar_merging *m) = {
	ar_merge_tightening, ar_merge_sweep,	   ar_merge_flags,  ar_merge_root,
	ar_merge_namespaces, ar_merge_process,	   ar_merge_mounts, ar_merge_home,
	ar_merge_userns,     ar_merge_devices,	   ar_merge_linux,  ar_merge_resources,
	ar_merge_hooks,	     ar_merge_annotations,
};

/* Copies to be written of what the nouns change; made when the bundle has none, so that nobody
 * looks for NULL. */
static struct ar_spec *copy_spec(struct ar_arena *arena, const struct ar_spec *spec)
{
	struct ar_spec *to = ar_memdup(arena, spec, sizeof(*to));

	to->process = spec->process ? ar_memdup(arena, spec->process, sizeof(*to->process))
				    : ar_alloc(arena, sizeof(*to->process));
	to->root = spec->root ? ar_memdup(arena, spec->root, sizeof(*to->root))
			      : ar_alloc(arena, sizeof(*to->root));
	to->linux = spec->linux ? ar_memdup(arena, spec->linux, sizeof(*to->linux))
				: ar_alloc(arena, sizeof(*to->linux));
	to->linux->resources =
		to->linux->resources
			? ar_memdup(arena, to->linux->resources, sizeof(*to->linux->resources))
			: ar_alloc(arena, sizeof(*to->linux->resources));
	return to;
}

static struct ar_effective *effective_new(struct ar_arena *arena, const struct ar_config *config,
					  const struct ar_asked *asked)
{
	struct ar_effective *e = ar_alloc(arena, sizeof(*e));

	e->profile = asked->profile;
	e->digest = asked->digest;
	for (int c = 0; c < AR_CONTROL_COUNT; c++) {
		enum ar_control control = (enum ar_control)c;
		const char *configured = ar_map_get(&config->strengths, ar_control_name(control));

		e->strength[c] = ar_control_strength(asked->profile, control);
		if (configured && e->strength[c] != AR_OFF)
			(void)ar_strength_from_name(configured, &e->strength[c]); /* config.c has
										     checked the
										     names */
	}
	return e;
}

/* compat: exactly what the bundle says. */
static const struct ar_effective *merge_compat(struct ar_arena *arena, const struct ar_spec *spec,
					       const struct ar_config *config,
					       const struct ar_facts *facts,
					       const struct ar_asked *asked)
{
	struct ar_effective *e = effective_new(arena, config, asked);

	e->spec = spec;
	e->mount_source = facts->mount_source;
	e->new_keyring = !asked->no_new_keyring;
	e->no_pivot = asked->no_pivot;
	return e;
}

static int merge(struct ar_arena *arena, const struct ar_spec *spec, const struct ar_config *config,
		 const struct ar_facts *facts, const struct ar_asked *asked,
		 const struct ar_effective **ret, struct ar_error *refusal)
{
	static const struct ar_linux no_linux;
	struct ar_merging m = { .arena = arena,
				.profile = asked->profile,
				.config = config,
				.facts = facts,
				.caller = &facts->caller,
				.asked = asked };
	struct ar_spec from = *spec;

	if (!from.linux)
		from.linux = ar_memdup(arena, &no_linux, sizeof(no_linux));
	m.from = ar_memdup(arena, &from, sizeof(from));
	m.to = copy_spec(arena, m.from);
	m.out = effective_new(arena, config, asked);
	m.out->spec = m.to;
	ar_values_get(m.profile, config, &m.values);
	for (size_t i = 0; i < AR_COUNT(order); i++)
		order[i](&m);
	m.out->profile = m.profile;
	m.out->decisions = ar_decisions(&m);
	m.out->refusals = m.refusals;
	*ret = m.out;
	if (refusal)
		*refusal = m.refusal;
	return m.refusals ? -EPERM : 0;
}

/* What both ways of asking check first. */
static int check_profile(const struct ar_asked *asked, struct ar_error *err)
{
	switch (asked->profile) {
	case AR_PROFILE_COMPAT:
	case AR_PROFILE_AGENT:
	case AR_PROFILE_STRICT:
		return 0;
	default:
		return ar_refuse(err, ENOTSUP, "profile '%s' is not part of this version",
				 ar_profile_name(asked->profile));
	}
}

int ar_merge(struct ar_arena *arena, const struct ar_spec *spec, const struct ar_config *config,
	     const struct ar_facts *facts, const struct ar_asked *asked,
	     const struct ar_effective **ret, struct ar_error *err)
{
	const struct ar_effective *effective;
	int r = check_profile(asked, err);

	if (r < 0)
		return r;
	if (asked->profile == AR_PROFILE_COMPAT) {
		*ret = merge_compat(arena, spec, config, facts, asked);
		return 0;
	}
	r = merge(arena, spec, config, facts, asked, &effective, err);
	if (r == 0)
		*ret = effective;
	return r;
}

int ar_merge_show(struct ar_arena *arena, const struct ar_spec *spec,
		  const struct ar_config *config, const struct ar_facts *facts,
		  const struct ar_asked *asked, const struct ar_effective **ret,
		  struct ar_error *err)
{
	int r = check_profile(asked, err);

	if (r < 0)
		return r;
	if (asked->profile == AR_PROFILE_COMPAT)
		*ret = merge_compat(arena, spec, config, facts, asked);
	else
		(void)merge(arena, spec, config, facts, asked, ret, NULL); /* refusals are decisions
									      here */
	return 0;
}
