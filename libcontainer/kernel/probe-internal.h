/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/probe.h"
#include "policy/trust.h"

/* A mount beneath a source that a recursive bind, or the root, brings along. */
struct ar_submount {
	struct ar_source *source;
	dev_t dev;
	ino_t ino;
};

/* A directory of the host that was looked at. */
struct ar_place {
	const char *path;
	dev_t dev;
	ino_t ino; /* 0: it is not there */
};

/* Where the name of a directory leads, NULL: nowhere. */
struct ar_folder {
	const char *name, *resolved;
};

/* A gathering while it runs; private to probe*.c. */
struct ar_probing {
	struct ar_arena *arena;
	const struct ar_spec *spec;
	const struct ar_config *config;
	int bundle_fd;
	struct ar_trust trust;
	struct ar_facts *facts;
	struct ar_submount *submounts;
	size_t n_submounts;
	struct ar_place *places; /* of probe-sources.c */
	size_t n_places, places_room;
	struct ar_folder *folders; /* of probe-sockets.c */
	size_t n_folders, folders_room;
	int shortage; /* the errno of it, 0 */
};

/*
 * Most of what cannot be looked at counts as "is not there". Where that is for want of descriptors
 * or memory it would be a wrong answer: the whole gathering fails then. error: an errno, or -errno.
 */
void ar_probe_failed(struct ar_probing *p, int error);

/* probe-sources.c: the root and the sources of binds, opened and looked at; which profile decides
 * how closely. */
int ar_probe_root(struct ar_probing *p, struct ar_error *err);
int ar_probe_sources(struct ar_probing *p, struct ar_error *err);
/* probe-mounts.c: their other names, and what is mounted beneath them; after the targets, before
 * their holdings. */
void ar_probe_mounts(struct ar_probing *p);
/* MOUNT_ATTR_* of struct ar_source for f_flags of statfs(2). */
uint64_t ar_probe_attr(unsigned long f_flags);
/* Where agentrun itself keeps something, for what follows. */
void ar_probe_own_data(struct ar_probing *p);
/* What of hostpaths.h, and of that, each source is or holds. */
void ar_probe_holdings(struct ar_probing *p);
/* Whether the root is looked into like a source: what engines made of an image holds nothing of the
 * host's. */
bool ar_probe_root_inside(const struct ar_facts *facts);
/* probe-sockets.c: which of them have a socket that a service listens at; after their other
 * names. */
int ar_probe_sockets(struct ar_probing *p, struct ar_error *err);
/* probe-idmap.c: which of them can be id-mapped, if there is an id range to map to. */
void ar_probe_idmap(struct ar_probing *p);
/* Whether a copy of the mount behind fd takes the mapping of that user namespace: 1, 0, or -errno
 * when there is no copy. */
int ar_probe_can_map(int fd, int userns);
/* probe-userns.c: what the user namespace of that path maps to ids of this one, struct
 * ar_id_mapping. -ESTALE: the path leads to another one than expected, "user:[4026532008]". */
int ar_probe_userns_maps(struct ar_arena *arena, const char *path, const char *expected,
			 struct ar_list *ret_uids, struct ar_list *ret_gids);
/* probe.c: whether level 2 of vm.memfd_noexec holds on a kernel of that release. */
bool ar_memfd_noexec_works(const char *release);
/*
 * probe-lsm.c: the first of the engines' default profiles that is loaded and enforced; NULL: none,
 * or with -errno the list of them cannot be read.
 */
const char *ar_probe_apparmor_default(struct ar_arena *arena, int *ret_error);
/* "enforce", "complain", "unconfined" ...: the mode of a profile that is loaded; NULL: it is not;
 * AR_APPARMOR_UNKNOWN. */
const char *ar_probe_apparmor_mode(struct ar_arena *arena, const char *name);
/* probe-targets.c: destinations with the links of the root resolved, and the user's home. */
void ar_probe_targets(struct ar_probing *p);
void ar_probe_home(struct ar_probing *p);
