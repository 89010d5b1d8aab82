/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/effective.h"

struct ar_error;

/*
 * The rules: for every field of config.json, and for everything else that can weaken a container,
 * what each profile does with it and why. Data; the code behind a rule stands in the merge-NOUN.c
 * of its noun. compat keeps all.
 */

#define AR_RULE_TREE 1u	  /* holds for everything below the path too */
#define AR_RULE_JUDGED 2u /* of kind refused: only some values are, the noun's code judges */
#define AR_RULE_FLOOR 4u  /* built in: no opt-out reaches it */

struct ar_rule {
	/*
	 * "linux.resources.pids.limit", "mounts[].options", "linux.netDevices.*.name". What is no
	 * field has a path of its own: "flag.NAME" of create, "exec.NAME", "command.NAME".
	 */
	const char *path;
	enum ar_rule_kind agent, strict; /* vm: as agent */
	int control;			 /* enum ar_control that it belongs to, -1: none */
	unsigned int flags;
	const char *reason; /* a clause, for a human */
};

/* All of them, ascending by strcmp(3) of the paths. */
const struct ar_rule *ar_rules(size_t *ret_n);
/* The rule for a path: its own, or that of a tree it lies in; NULL: there is none. */
const struct ar_rule *ar_rule_find(const char *path);
/* What the profile does with it. */
enum ar_rule_kind ar_rule_kind(const struct ar_rule *rule, enum ar_profile profile);
/* "forced", "ceiling", "default", "refused", "kept" */
const char *ar_rule_kind_name(enum ar_rule_kind kind);
/* Whether text names a control, a rule's path or a path above one: what an opt-out may name. */
bool ar_rule_named(const char *text);
/* Whether there is a rule for that field, or rules for what is in it. */
bool ar_rule_covers(const char *field_path);
/*
 * Whether the profile lets a command be used that has no container to look at: path as
 * "command.restore", asked for the message ("restore"). 0 or -EPERM.
 */
int ar_rule_check(enum ar_profile profile, const char *path, const char *asked,
		  struct ar_error *err);
