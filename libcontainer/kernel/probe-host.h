/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ar_arena;

/* What a host's settings say of cgroups, security modules, user namespaces and KVM. Looked at only:
 * nothing is changed, and what cannot be read is as if it were not there. */
struct ar_host {
	const char *release, *machine; /* of uname(2), "" when it fails */
	/* cgroups */
	const char *cgroup_root;     /* mount point of the v2 tree, NULL: none */
	const char *controllers;     /* of its root, blank-separated */
	const char *v1_controllers;  /* that are mounted as v1 trees, blank-separated; "": none */
	const char *own_cgroup;	     /* of this process in the v2 tree, NULL: in none */
	const char *own_controllers; /* that cgroup's */
	bool own_writable;	     /* cgroups can be made in it, or beside it by root */
	bool systemd;		     /* is the init of this host */
	/* security modules */
	const char *modules; /* comma-separated, NULL: cannot be read (securityfs is not mounted) */
	bool apparmor, selinux, selinux_enforcing;
	const char *apparmor_default; /* an engine's default profile that is enforced, NULL: none */
	int landlock_abi;
	const char *core_pattern; /* kernel.core_pattern, NULL: cannot be read */
	/* users */
	uid_t euid;
	bool userns;		     /* we are in a user namespace */
	const char *user;	     /* name by /etc/passwd, NULL: not there */
	int64_t max_user_namespaces; /* -1: unknown */
	int unprivileged_userns;     /* kernel.unprivileged_userns_clone, -1: no such setting */
	int apparmor_userns;	     /* kernel.apparmor_restrict_unprivileged_userns, likewise */
	uint64_t subuids, subgids;   /* that the user may map, by /etc/subuid and /etc/subgid */
	bool newuidmap, newgidmap;   /* the helpers are in PATH, or where Debian has them */
	/* KVM */
	int kvm;	     /* version of its interface, 12 as it is; -errno of /dev/kvm */
	bool virtualization; /* the processor has extensions for it */
};

void ar_host_look(struct ar_arena *arena, struct ar_host *ret);
/* Who has ids of count from first on, by etc's passwd, group, subuid or subgid: "user 'name' (id
 * 1000 in /etc/passwd)", "user 'name' (ids 100000 to 165535 in /etc/subuid)", in arena; NULL:
 * nobody. */
const char *ar_host_ids_owner(struct ar_arena *arena, const char *etc, uint64_t first,
			      uint64_t count);
/* Whether list, of names with blanks, commas or ends of lines between them, has that name. */
bool ar_host_lists(const char *list, const char *name);
/* The file of a program: name itself if it has a slash, else by PATH and the usual directories, in
 * arena; NULL: there is none that can be executed. */
const char *ar_host_program(struct ar_arena *arena, const char *name);
