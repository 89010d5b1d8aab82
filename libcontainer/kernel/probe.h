/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/config.h"
#include "policy/effective.h"
#include "policy/facts.h"

struct ar_error;

/*
 * Gather what policy needs to know of this host, the bundle's root and its mount sources. bundle is
 * the absolute path of bundle_fd. Each bind source is opened once (O_PATH) and judged and mounted
 * by that descriptor; a missing one is an error: "bind mount source '...': no such file or
 * directory". What the profile does not look at is not gathered: compat costs the descriptors
 * alone.
 *
 * *ret_facts lives in arena; its descriptors are the caller's: ar_facts_done().
 */
int ar_probe(struct ar_arena *arena, const struct ar_spec *spec, enum ar_profile profile,
	     int bundle_fd, const char *bundle, const char *id, const char *state_root,
	     const struct ar_config *config, struct ar_facts **ret_facts, struct ar_error *err);
/* What a new process inherits from this one. userns: this process, or the new one when its limits
 * are set, is not in the initial user namespace, where no limit can be raised. */
int ar_probe_caller(struct ar_arena *arena, bool userns, struct ar_caller *ret,
		    struct ar_error *err);
/* Bytes of the host's memory, 0: unknown. */
uint64_t ar_probe_memory(void);
/* Close the descriptors; NULL is allowed. */
void ar_facts_done(struct ar_facts *facts);

static inline void ar_facts_donep(struct ar_facts **facts)
{
	ar_facts_done(*facts);
}
#define _cleanup_facts_ __attribute__((cleanup(ar_facts_donep)))
