/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "spec/field.h"

/*
 * What policy needs to know of this host, gathered once by kernel/probe before it decides, so that
 * ar_merge() makes no system call and tests can make facts up.
 */

/* Landlock keeps memory apart from the first, abstract sockets and signals too from the second ABI
 * on (Linux 5.19, 6.12). */
#define AR_LANDLOCK_ABI_DOMAIN 2
#define AR_LANDLOCK_ABI_SCOPES 6

/* A path of the host, resolved once. What is judged is this descriptor, and this descriptor is what
 * gets mounted. */
struct ar_source {
	int fd;		      /* O_PATH, or -1 when it could not be opened */
	int error;	      /* the errno of that, 0 */
	const char *asked;    /* as the spec has it, made absolute against the bundle */
	const char *resolved; /* without links; NULL: it has no path that we reach */
	mode_t mode;	      /* st_mode */
	uid_t uid;
	dev_t dev, rdev;
	ino_t ino;
	uint64_t fs_type; /* f_type of statfs(2): a procfs stays one under whatever name it is
			     reached */
	bool idmap;	  /* its filesystem can be id-mapped (mount_setattr(2)) */
	bool recursive;	  /* the bind brings what is mounted beneath it */
	uint64_t attr;	  /* MOUNT_ATTR_* that its mount on the host has: read-only, nosuid, nodev,
			     noexec, nosymfollow */
	uint64_t attr_below;	  /* that a mount has which is brought along */
	const char *mounted;	  /* why a mount below it must not be bound; NULL: no reason */
	struct ar_strings names;  /* where else on the host the same is to be seen */
	struct ar_strings inside; /* and where what lies in it is */
	const char *socket; /* a socket in it that a process has bound, of root's or of somebody who
			       is not its owner; NULL: none */
	const char *holds;  /* the first path of hostpaths.h that it is, or that lies beneath it, or
			       NULL */
};

/* As messages and decisions name it. */
static inline const char *ar_source_shown(const struct ar_source *source)
{
	return source->resolved ? source->resolved : source->asked;
}

/* Of both lists, i below names.n + inside.n. */
static inline const char *ar_source_name(const struct ar_source *source, size_t i)
{
	return i < source->names.n ? source->names.items[i]
				   : source->inside.items[i - source->names.n];
}

struct ar_hook_fact {
	const char *resolved; /* the file behind hook.path, /proc/PID/exe links included; NULL: not
				 there */
	mode_t mode;
	uid_t uid;
	bool caller_may_write; /* the file, or a directory on the way to it, is not only root's to
				  change */
};

/* A group of the host that is as good as root there (hostpaths.h), found in its /etc/group. */
struct ar_group_fact {
	const char *name;
	gid_t gid;
};

/* The places of a container that get a fresh tmpfs, in the order of facts.scratch_target. */
enum ar_scratch { AR_SCRATCH_TMP, AR_SCRATCH_VAR_TMP, AR_SCRATCH_RUN, AR_SCRATCH_COUNT };
extern const char *const ar_scratch_paths[AR_SCRATCH_COUNT]; /* "/tmp", "/var/tmp", "/run" */

/* What a process of a container inherits from the one that starts it: this process. */
struct ar_caller {
	int oom_score_adj;
	uint64_t nofile_soft, nofile_hard; /* RLIMIT_NOFILE, 0: unknown */
	uint64_t rtprio_hard, nice_hard;
	bool may_raise;		 /* CAP_SYS_RESOURCE in the initial user namespace */
	struct ar_list rlimits;	 /* struct ar_rlimit: its hard limits, if it cannot raise them */
	struct ar_opt_u64 umask; /* only of who gives it to a further process, in compat */
};

/* The host's list of profiles cannot be read. */
#define AR_APPARMOR_UNKNOWN "unknown"

struct ar_facts {
	unsigned int kernel_major, kernel_minor;
	bool host_root; /* euid 0 in the initial user namespace */
	bool userns;	/* this process is in another one */
	uid_t overflow_uid;
	const char *cgroup_controllers; /* of the v2 tree's root, blank-separated; NULL: none */
	int landlock_abi;		/* 0: none */
	bool memfd_noexec;		/* the sysctl exists and level 2 works (>= 6.6) */
	bool apparmor, selinux;		/* enabled */
	const char *apparmor_asked;   /* the mode of process.apparmorProfile: "enforce", "complain",
					 AR_APPARMOR_UNKNOWN; NULL: it is not loaded */
	const char *apparmor_default; /* the first of the engines' default profiles that is loaded,
					 NULL */
	struct ar_source root;	      /* spec.root.path */
	struct ar_source *sources;    /* one for each bind mount, in the order of spec.mounts */
	int *mount_source;	      /* for each of spec.mounts: index into sources, -1 */
	size_t n_mounts, n_sources;
	const char **mount_target; /* for each of spec.mounts: its destination with links inside the
				      root resolved */
	const char *scratch_target[AR_SCRATCH_COUNT]; /* the same for ar_scratch_paths */
	const bool *own_device;	 /* for each of spec.linux.devices: at its path the host has the
				    device of that type and these numbers; NULL: none */
	const char **namespaces; /* for each of spec.linux.namespaces that has a path:
				    "net:[4026532008]", else NULL */
	size_t n_namespaces;
	bool joined_maps_root; /* a user namespace is joined in which root is root of the host */
	struct ar_list joined_gids;   /* struct ar_id_mapping: the groups of the host that it has */
	struct ar_group_fact *groups; /* the host's privileged groups */
	size_t n_groups;
	bool groups_unknown; /* /etc/group is there, and too long to be read, or it cannot be told
				what a joined namespace maps */
	struct ar_hook_fact *hooks; /* in the order prestart, createRuntime, ..., poststop */
	size_t n_hooks;
	const char *home; /* of the process user by the image's /etc/passwd, links resolved, NULL */
	bool home_exists;
	const char *bundle; /* absolute */
	const char *id;
	const char *state_root; /* where the states of containers are kept: each engine has its own
				 */
	struct ar_strings own_data;   /* what agentrun itself keeps, without links: the states */
	struct ar_strings own_caches; /* and the filters that it has compiled */
	const char *const *host_namespaces; /* "pid:[4026531836]" of this process, NULL behind the
					       last */
	struct ar_caller caller;
	uint64_t memory_total; /* bytes of the host's memory, 0: unknown */
	int64_t now;	       /* seconds since 1970, for opt-outs that expire */
};

/* Whether that owner is root of the host. In a user namespace 0 is somebody else, and root one of
 * those that are not mapped. */
static inline bool ar_is_hosts_root(const struct ar_facts *facts, uid_t uid)
{
	return uid == (facts->userns ? facts->overflow_uid : 0);
}
