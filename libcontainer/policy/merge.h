/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/config.h"
#include "policy/effective.h"
#include "policy/facts.h"

struct ar_error;

/* What a command asks of the merge beside the bundle: the profile, the bundle's own policy, and
 * those flags that can weaken a container, each of which has a rule. */
struct ar_asked {
	enum ar_profile profile; /* chosen by --profile, the program's name or the configuration */
	bool no_pivot, no_new_keyring, cgroup_disabled;
	const char *bundle_policy; /* text of the bundle's agentrun.json, NULL */
	const char *digest;	   /* of config.json as it was read: "sha256:...", NULL */
};

/*
 * spec + policy + facts -> effective configuration. Pure: no system call. Refusals name the field,
 * what was asked and why it is refused. *ret lives in arena and refers to spec.
 */
int ar_merge(struct ar_arena *arena, const struct ar_spec *spec, const struct ar_config *config,
	     const struct ar_facts *facts, const struct ar_asked *asked,
	     const struct ar_effective **ret, struct ar_error *err);

/*
 * The same to be looked at: what would be refused is a decision of kind "refused", and the answer
 * is 0. Not to be run: ar_merge() is for that.
 */
int ar_merge_show(struct ar_arena *arena, const struct ar_spec *spec,
		  const struct ar_config *config, const struct ar_facts *facts,
		  const struct ar_asked *asked, const struct ar_effective **ret,
		  struct ar_error *err);

/*
 * The process of an "exec": asked is merged with the container's own process the way runc does and
 * then held to the container's profile. Inherited when missing: cwd, capabilities, labels,
 * oom_score_adj, scheduler, I/O priority and affinity, and in a hardened profile user, env (when
 * the list is empty), rlimits and no_new_privs; never args, terminal and console size. A list that
 * is given replaces the container's: --env and --cap are appended to the container's own by the
 * caller. by: who starts it, whose limits and score it would inherit; compat does not look at it.
 * decisions may be NULL. -EPERM: it is refused.
 */
int ar_merge_exec(struct ar_arena *arena, const struct ar_effective *container,
		  const struct ar_caller *by, const struct ar_process *asked,
		  const struct ar_process **ret, struct ar_list *decisions, struct ar_error *err);

/* New limits of an "update", held to the container's profile. memory_total: bytes of the host's, 0:
 * unknown. */
int ar_merge_update(struct ar_arena *arena, const struct ar_effective *container,
		    const struct ar_config *config, uint64_t memory_total,
		    const struct ar_resources *asked, const struct ar_resources **ret,
		    struct ar_list *decisions, struct ar_error *err);

/* The annotations of a bundle that the profile acts on, sorted, NULL behind them; one that ends in
 * '.' stands for all that begin so. */
const char *const *ar_annotations_followed(enum ar_profile profile);
