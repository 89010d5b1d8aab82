/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/effective.h"

/*
 * Resources as they are after an update: what asked sets comes over what base (may be NULL) has,
 * member by member; lists that are given replace the old ones, unified is taken key by key. A value
 * that changes nothing (0 where v1 means "not set") leaves the old one. Unlimited memory takes a
 * limit on swap with it, unless asked sets one. Devices stay.
 */
const struct ar_resources *ar_resources_overlay(struct ar_arena *arena,
						const struct ar_resources *base,
						const struct ar_resources *asked);

/* Which limits somebody asked for: they are no defaults of ours. */
struct ar_asked_limits {
	bool pids, memory, swap;
};

/*
 * The effective configuration with other resources: what the next update starts from. decisions are
 * added to those it has.
 */
const struct ar_effective *ar_effective_update(struct ar_arena *arena,
					       const struct ar_effective *effective,
					       const struct ar_resources *resources,
					       const struct ar_asked_limits *asked,
					       const struct ar_list *decisions);
/* The effective configuration with other schemas of Intel RDT, which come over those it has. */
const struct ar_effective *ar_effective_rdt(struct ar_arena *arena,
					    const struct ar_effective *effective,
					    const struct ar_intel_rdt *asked);
