/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "policy/facts.h"
#include "policy/merge.h"
#include "policy/profile.h"
#include "policy/rules.h"

/*
 * A merge while it runs; private to merge*.c. Each noun reads from->NOUN and leaves to->NOUN; what
 * it changes it says with ar_decide(), what must not be with ar_refused(). A refusal does not end
 * the merge: all of them are collected, so that a person sees them at once, and the first becomes
 * the error.
 */

/* What annotations and agentrun.json ask for: each member only tightens. */
struct ar_tightening {
	struct ar_opt_u64 memory_limit, pids_limit; /* held against what the container would get
						       without them */
	struct ar_strings masked_paths, readonly_paths, drop_capabilities;
};

struct ar_merging {
	struct ar_arena *arena;
	enum ar_profile profile;
	struct ar_values values;
	const struct ar_spec *from;
	const struct ar_config *config;
	const struct ar_facts *facts;	/* NULL in exec and update */
	const struct ar_caller *caller; /* NULL in update */
	const struct ar_asked *asked;	/* NULL there */
	struct ar_tightening tighten;

	struct ar_effective *out;
	struct ar_spec *to; /* out->spec; its process, root and linux are copies to be written */

	struct ar_decision *decisions;
	size_t n_decisions, room;
	unsigned int refusals;
	struct ar_error refusal; /* the first */
};

/* --- merging.c --- */

/* A merging for a container that exists: opt-outs took effect when it was made. */
void ar_merging_begin(struct ar_merging *m, struct ar_arena *arena,
		      const struct ar_effective *container, const struct ar_config *config);

/*
 * A change by the rule of path; asked or got NULL stand for nothing. Strings are kept as they are.
 */
void ar_decide(struct ar_merging *m, const char *path, const char *asked, const char *got);
/* The same for one of several: field is what is shown ("mounts[/etc/hosts].options"), reason NULL
 * the rule's. */
void ar_decide_as(struct ar_merging *m, const char *path, const char *field, const char *asked,
		  const char *got, const char *reason);
/*
 * What must not be. False when an opt-out of the administrator lets it pass, which is recorded.
 * thing: what an opt-out's path is matched with (NULL: nothing).
 */
bool ar_refused(struct ar_merging *m, const char *path, const char *field, const char *asked,
		const char *thing, const char *reason);
/* Whether an opt-out keeps what the rule of path would change; the use is recorded. */
bool ar_opted_out(struct ar_merging *m, const char *path, const char *asked, const char *thing);
/* The same, shown as field. */
bool ar_opted_out_as(struct ar_merging *m, const char *path, const char *field, const char *asked,
		     const char *thing);
/* The control cannot be applied here: recorded, or refused when configuration requires it. Turns it
 * off. */
void ar_not_applied(struct ar_merging *m, enum ar_control control, const char *why);
/* There is nothing that the control could hold: it is off, unless the configuration requires it. */
void ar_nothing_held(struct ar_merging *m, enum ar_control control, const char *why);
/* Hand the decisions over. */
struct ar_list ar_decisions(struct ar_merging *m);

/* "a, b, c"; at most max names, then "and N more". */
const char *ar_join(struct ar_arena *arena, const struct ar_strings *list, size_t max);
/* A number of bytes as a person writes it: "64m", "1g", "1000". */
const char *ar_size_text(struct ar_arena *arena, uint64_t bytes);
/* "64m" -> bytes; k, m, g, t in either case, an optional b. False: no size. */
bool ar_size_parse(const char *text, uint64_t *ret);

/* Why mounts are private. */
extern const char ar_mounts_later[];

/* --- the nouns, in the order of merge.c --- */

void ar_merge_tightening(struct ar_merging *m); /* merge-tighten.c */
void ar_merge_sweep(struct ar_merging *m);	/* merge-sweep.c */
void ar_merge_flags(struct ar_merging *m);	/* merge-root.c */
void ar_merge_root(struct ar_merging *m);
void ar_merge_home(struct ar_merging *m);
void ar_merge_namespaces(struct ar_merging *m); /* merge-namespaces.c */
void ar_merge_userns(struct ar_merging *m);
void ar_merge_process(struct ar_merging *m);	 /* merge-process.c */
void ar_merge_mounts(struct ar_merging *m);	 /* merge-mounts.c */
void ar_merge_devices(struct ar_merging *m);	 /* merge-devices.c */
void ar_merge_linux(struct ar_merging *m);	 /* merge-linux.c */
void ar_merge_resources(struct ar_merging *m);	 /* merge-resources.c */
void ar_merge_hooks(struct ar_merging *m);	 /* merge-hooks.c */
void ar_merge_annotations(struct ar_merging *m); /* merge-annotations.c */

/* --- shared with exec and update --- */

/* The most that a process may have. */
struct ar_process_ceiling {
	const struct ar_strings *capabilities; /* of any set */
	const char *capabilities_path;	       /* the rule to name: "process.capabilities.bounding",
						  "exec.cap" */
	uint64_t nofile;
	const struct ar_list *rlimits; /* whose hard limits are the most for their types */
	const char *apparmor;	       /* for a missing or unconfined profile, NULL: none */
	const char *selinux;	       /* the same */
	bool own_labels;	       /* exec: the container's labels win over every other */
};
void ar_hold_process(struct ar_merging *m, struct ar_process *p,
		     const struct ar_process_ceiling *ceiling);

/*
 * The members of resources that create and update hold alike: everything but limits that are left
 * out. memory_limit and pids_limit are those in force, for keys of "unified".
 */
void ar_hold_resources(struct ar_merging *m, struct ar_resources *r, uint64_t memory_limit,
		       uint64_t pids_limit);
/* A limit that is null, zero or negative is not asked. */
bool ar_limit_asked(const struct ar_opt_i64 *limit);
/* The most memory that a container of a host with so much may have, and why; 0: there is no bound.
 */
uint64_t ar_memory_ceiling(const struct ar_values *values, uint64_t total, const char **ret_why);
