/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "spec/field.h"

struct ar_arena;
struct ar_dir;
struct ar_error;

/* What became of a control: one line of "state". */
struct ar_outcome {
	const char *control; /* ar_control_name() */
	const char *result;  /* "enforced", "relaxed", "not applied", "off" */
	const char *why;     /* of any but a plain "enforced" or "off" */
};

struct ar_record {
	struct ar_opt_i64 version; /* of this format: 1; older ones stay readable */
	const char *id;
	const char *oci_version;      /* of the runtime-spec's state that is told */
	struct ar_opt_i64 pid;	      /* of init; 0 before it exists */
	struct ar_opt_u64 start_time; /* of that process, clock ticks after boot */
	const char *bundle;	      /* absolute */
	const char *rootfs;	      /* absolute */
	const char *hostname;	      /* that config.json asks for; NULL: none */
	struct ar_list namespaces;    /* struct ar_namespace, as config.json asks for them */
	const char *created;	      /* RFC 3339 with nanoseconds, UTC */
	struct ar_opt_u64 owner;      /* uid that created it */
	const char *profile;
	const char *cgroup; /* directory below the v2 root: "/docker/<id>"; written before it is
			       made; NULL: none */
	const char *cgroup_root; /* mount point of the v2 tree */
	const char *unit; /* of systemd, whose cgroup it is: "docker-<id>.scope"; written before it
			     is made; NULL: none */
	const char *manager; /* whose unit: "system", "user" */
	const char *backend; /* "native" */
	const char *digest;
	enum ar_tri started; /* "start" has run */
	enum ar_tri hooks;   /* some have begun, or are about to, so that poststop ones must run */
	struct ar_map annotations;
	struct ar_list outcomes; /* struct ar_outcome */
};
extern const struct ar_class ar_record_class, ar_outcome_class;

/* Refused: a path in it that is not UTF-8. */
int ar_record_write(const struct ar_dir *dir, const struct ar_record *record, struct ar_error *err);
/* Whether there is one, of whatever contents. */
bool ar_record_exists(const struct ar_dir *dir);
/* -ENOENT when there is none yet (a create that died early). */
int ar_record_read(struct ar_arena *arena, const struct ar_dir *dir, struct ar_record **ret,
		   struct ar_error *err);
