/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "spec/spec.h"

/*
 * The files that container engines put into every container: their own resolv.conf, secrets,
 * volumes. Known by the shape of the source and by the destination, so that any data root will do;
 * they come before every denial of a path, since engines keep them below /run and /var/lib.
 */
enum ar_engine_access {
	AR_ENGINE_AS_ASKED,  /* writable if the engine says so */
	AR_ENGINE_READ_ONLY, /* never written by a container */
};
struct ar_engine_file {
	const char *engine;
	const char *source, *destination; /* patterns, see ar_shape_matches() */
	enum ar_engine_access access;
	const char *note; /* worth a decision of its own, NULL: no */
};

/*
 * The entry that a bind of resolved source onto destination (both clean) is, NULL: none. id: the
 * container's, or NULL when it is not known yet: then any will do where its own is meant.
 */
const struct ar_engine_file *ar_engine_file_find(const struct ar_spec *spec, const char *id,
						 const char *source, const char *destination);

/* The entry of a volume, of whichever container or pod, that path is or lies in; NULL: none. */
const struct ar_engine_file *ar_engine_volume_find(const char *path);

/*
 * The annotation in which Kubernetes' engine that keeps its states there, containerd's CRI or
 * CRI-O, names the image. They set what they annotate of pods themselves, and nothing of an image
 * or of a pod's maker reaches it; with another engine (some podman) an image can bring any
 * annotation, and users give any. NULL: it is none of these.
 */
const char *ar_engine_image_key(const char *state_root);

bool ar_engine_is_kubelet(const struct ar_engine_file *file);
/* No engine's: the host's own, which every image may need. */
bool ar_engine_is_host(const struct ar_engine_file *file);

/* Whether it is known by a shape alone, wherever it lies and wherever it is mounted. */
bool ar_engine_file_is_anywhere(const struct ar_engine_file *file);

/*
 * Whether path is what engines call the root of a container. They keep roots beside their sockets,
 * among the data of other services, and beside what else they keep of containers.
 */
bool ar_engine_root_is(const char *path);

/*
 * Patterns are paths by components: "**" any number of components, "{name}" any one, "{id}" a
 * container's id (12 to 64 lower-case hexadecimal digits), "{own}" that of this one, "{pod}" a
 * pod's uid; anything else as fnmatch(3).
 */
bool ar_shape_matches(const char *pattern, const char *path);
