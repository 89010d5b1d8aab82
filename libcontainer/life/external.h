/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "policy/effective.h"
#include "policy/facts.h"
#include "spec/field.h"

struct ar_arena;
struct ar_error;

/*
 * What of a container's mounts lies outside of it, and is not written to an image: binds, masked
 * files, device nodes that are bound. The image calls each by a key: a bind by its destination as
 * config.json writes it, a masked file "/dev/null", a node by its path.
 */

/* For a dump: mount points in the mount namespace of pid, and their keys. */
int ar_external_mounts(struct ar_arena *arena, const struct ar_spec *spec, pid_t pid,
		       struct ar_map *ret, struct ar_error *err);
/* For a restore: keys, and where they are on this host. */
void ar_external_sources(struct ar_arena *arena, const struct ar_effective *effective,
			 const struct ar_facts *facts, struct ar_map *ret);
/* Namespaces that were joined by path: "net[4026532008]:extRootNetNS" of process pid. */
int ar_external_namespaces(struct ar_arena *arena, const struct ar_spec *spec, pid_t pid,
			   struct ar_strings *ret, struct ar_error *err);
