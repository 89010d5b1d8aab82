/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_arena;

/*
 * The cgroups below one, however they are called and however deep they go: three descriptors are
 * open at most. Private to cgroup*.c; fd is a directory's.
 */

struct ar_cgroup_name {
	struct ar_cgroup_name *next;
	const char *text;
};

/* The names of those right below, in arena; NULL: there are none. */
int ar_cgroup_children(struct ar_arena *arena, int fd, struct ar_cgroup_name **ret);

/*
 * What is done in each. What a function returns other than 0 ends the walk; -ENOENT and -ENODEV of
 * enter say that the cgroup went away meanwhile, which is fine.
 */
struct ar_cgroup_walker {
	int (*enter)(int fd, void *data);		       /* the top first, or NULL */
	int (*leave)(int above, const char *name, void *data); /* all below it first, or NULL */
	void *data;
};
int ar_cgroup_walk(int fd, const struct ar_cgroup_walker *by);
