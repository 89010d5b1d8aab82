/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kernel/variant.h"
#include "spec/field.h"

struct ar_arena;
struct ar_error;
struct ar_resources;

/*
 * What systemd is asked for when it makes a container's cgroup: the unit, and its properties. Pure;
 * systemd itself is spoken to in cgroup-systemd.c.
 */

struct ar_unit {
	const char *name;  /* "docker-<id>.scope" */
	const char *slice; /* "system.slice"; of a slice unit: the one it wants */
	const char *path;  /* of its cgroup, below that of its manager */
	bool is_slice;
};
/*
 * cgroups_path as engines write it for this driver: "slice:prefix:name", the unit is
 * <prefix>-<name>.scope, and a name that ends in ".slice" is a slice as it stands. NULL or "": as
 * ":agentrun:<id>". Without a slice it is system.slice, of a user's own manager user.slice; "-" is
 * the root. A slice "a-b.slice" lies in "a.slice" (systemd.slice(5)).
 */
int ar_unit_choose(struct ar_arena *arena, const char *cgroups_path, const char *id, bool user,
		   struct ar_unit *ret, struct ar_error *err);

struct ar_property {
	const char *name;
	struct ar_variant value;
};
/* In the order in which systemd takes them: of two with the same name the last one counts. */
struct ar_properties {
	struct ar_property *item;
	size_t n, room;
};
void ar_property_add(struct ar_arena *arena, struct ar_properties *properties, const char *name,
		     struct ar_variant value);

/* Some properties are fixed when a unit has started, and a slice does not have all. */
enum ar_unit_moment { AR_UNIT_START, AR_SLICE_START, AR_UNIT_CHANGE };
/*
 * linux.resources by the names of systemd.resource-control(5), as far as it has any. What it has
 * none for is only in the cgroup's files. version: of systemd.
 */
int ar_properties_of_resources(struct ar_arena *arena, const struct ar_resources *resources,
			       unsigned int version, enum ar_unit_moment moment,
			       struct ar_properties *properties, struct ar_error *err);
/*
 * Annotations "org.systemd.property.<name>", with values in GVariant's text format. Times in
 * seconds ("TimeoutStopSec") become what the bus has ("TimeoutStopUSec").
 */
int ar_properties_of_annotations(struct ar_arena *arena, const struct ar_map *annotations,
				 struct ar_properties *properties, struct ar_error *err);
