/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

/*
 * The effective configuration: what a container gets, after policy. Only merge.c makes one from a
 * bundle, and restores one from the state record. kernel/ and run/ take nothing else (or plain
 * descriptors), so that an unhardened spec cannot reach a system call by accident. Never written
 * after it is made.
 */

enum ar_profile {
	AR_PROFILE_UNSET,
	AR_PROFILE_COMPAT,
	AR_PROFILE_AGENT,
	AR_PROFILE_STRICT,
	AR_PROFILE_VM
};
const char *ar_profile_name(enum ar_profile profile);
/* How a profile reads what comes from a bundle or a caller: compat as runc does. */
enum ar_reading ar_profile_reading(enum ar_profile profile);
/* AR_PROFILE_UNSET for an unknown name. */
enum ar_profile ar_profile_from_name(const char *name);

/* No group has this number. */
#define AR_GROUPS_ALL UINT32_MAX

/* Required: cannot apply -> create fails. If available: cannot apply -> recorded as not applied. */
enum ar_strength { AR_OFF, AR_IF_AVAILABLE, AR_REQUIRED };
/* "off", "if-available", "required"; the other way only the last two. False: none of them. */
const char *ar_strength_name(enum ar_strength strength);
bool ar_strength_from_name(const char *name, enum ar_strength *ret);

/* The controls that are applied by code of their own and reported by "state". */
enum ar_control {
	AR_CONTROL_READONLY_ROOT,
	AR_CONTROL_SCRATCH,
	AR_CONTROL_BINDS,
	AR_CONTROL_HOME,
	AR_CONTROL_NO_NEW_PRIVS,
	AR_CONTROL_CAPABILITIES,
	AR_CONTROL_SECCOMP,
	AR_CONTROL_NAMESPACES,
	AR_CONTROL_USER_NAMESPACE,
	AR_CONTROL_DEVICES,
	AR_CONTROL_LSM,
	AR_CONTROL_MASKED_PATHS,
	AR_CONTROL_MEMFD_NOEXEC,
	AR_CONTROL_PIDS_LIMIT,
	AR_CONTROL_MEMORY_LIMIT,
	AR_CONTROL_CPU_LIMIT,
	AR_CONTROL_RLIMITS,
	AR_CONTROL_LANDLOCK,
	AR_CONTROL_KEYRING,
	AR_CONTROL_HOOKS,
	AR_CONTROL_COUNT
};
const char *ar_control_name(enum ar_control control); /* "read-only-root", "scratch", ... */
/* AR_CONTROL_COUNT for an unknown name. */
enum ar_control ar_control_from_name(const char *name);

enum ar_rule_kind {
	AR_RULE_FORCED,
	AR_RULE_CEILING,
	AR_RULE_DEFAULT,
	AR_RULE_REFUSED,
	AR_RULE_KEPT
};

/* One change that policy made. */
struct ar_decision {
	const char *field; /* "process.capabilities.bounding" */
	const char *asked; /* what the bundle or flag said, "" for nothing */
	const char *got;   /* what it gets */
	const char *kind;  /* "refused", "forced", "ceiling", "default", "opt-out", "not applied" */
	const char *reason;  /* one clause */
	const char *control; /* of an opt-out: what it relaxes, all of it or a part; else NULL */
};
extern const struct ar_class ar_decision_class;

/* A configuration that policy has made: all that is applied comes from it. */
struct ar_effective {
	enum ar_profile profile;
	const struct ar_spec *spec; /* the OCI configuration that is applied */
	/*
	 * For each of spec->mounts: the index of its judged source in ar_facts.sources, or -1 when
	 * it has none (no bind) or when the effective configuration was restored from a record.
	 */
	const int *mount_source;
	/* For each of spec->mounts: where links led that stood in its way when policy judged it;
	 * the whole list is NULL in compat, which follows links as they are, and when restored. */
	const char *const *mount_target;
	/*
	 * For each of spec->mounts: policy made it read-only. What is not there in it is not made,
	 * but for those that are late: they become read-only when everything is mounted. NULL:
	 * none.
	 */
	const bool *mount_made_readonly, *mount_late_readonly;
	struct ar_list decisions; /* struct ar_decision */
	enum ar_strength strength[AR_CONTROL_COUNT];

	/* What an OCI configuration cannot say. */
	bool builtin_seccomp; /* the profile's own list on top of spec->linux->seccomp */
	struct ar_strings seccomp_allowed; /* calls that opt-outs add to that list */
	bool landlock_scope; /* a Landlock domain for every process tree, abstract sockets scoped */
	bool landlock_signals;	/* signals scoped too (strict) */
	bool memfd_noexec;	/* vm.memfd_noexec=2 in the container's pid namespace */
	bool dev_readonly;	/* /dev becomes read-only after set-up */
	bool root_nosuid_nodev; /* nosuid,nodev on the root mount */
	bool new_keyring;	/* a session keyring of its own */
	bool proc_hidepid;	/* subset=pid,hidepid=2 (strict) */
	bool no_pivot;		/* --no-pivot was asked and allowed */
	bool idmap_root;  /* the root shows its files with the ids of spec->linux's mappings, which
			     are ours */
	const char *home; /* directory in the container that gets an overlay, NULL: none */
	uint64_t home_size; /* bytes of its tmpfs upper */
	bool home_noexec;
	bool pids_default, memory_default, swap_default; /* that limit is ours alone, not asked */
	struct ar_u64s privileged_gids; /* groups of the host that no process gets, exec's neither;
					   AR_GROUPS_ALL: none at all */
	unsigned int refusals; /* decisions of kind "refused": not 0 only in what ar_merge_show()
				  returns */
	const char *digest;    /* of the bundle's config.json: "sha256:..." */
};

/* Why policy turned a control off that the profile has; NULL: it did not. */
const char *ar_effective_not_applied(const struct ar_effective *effective, enum ar_control control);

/* The administrator's reason to relax the control, or a part of it; NULL: it is whole. */
const char *ar_effective_relaxed(const struct ar_effective *effective, enum ar_control control);

/* "{profile, digest, controls, decisions, config: {...}}": what "explain", golden files and the
 * record show. */
void ar_effective_encode(struct ar_json_writer *w, const struct ar_effective *effective);
/* Restore one from what ar_effective_encode() wrote; name is for messages. */
int ar_effective_decode(struct ar_arena *arena, const char *name, const struct ar_json *json,
			const struct ar_effective **ret, struct ar_error *err);
