/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/field.h"

/* Places of a host, as data: what a container must not see, and where writable binds come from. */

struct ar_host_path {
	const char *path;
	const char *what; /* "it is or holds <what>" */
};

/*
 * Never a bind's source: the path itself, nor a directory that contains it. probe compares with
 * files, so that another name of the same directory is found out too.
 */
const struct ar_host_path *ar_sensitive_paths(size_t *ret_n);
/* The first of them that path is or contains, NULL. */
const struct ar_host_path *ar_sensitive_held(const char *path);
/* What lies below these is no bind's source either. */
extern const struct ar_strings ar_system_trees;
/* Engines' data: nothing below is a bind's source but the engines' own files (engines.h). */
extern const struct ar_strings ar_engine_trees;
/* What engines keep of containers that run. */
extern const struct ar_strings ar_engine_state;
/* Below a home directory, as paths relative to it; probe looks for them beneath every source that
 * is a directory. */
extern const struct ar_strings ar_credential_paths;
/* Writable binds may come from below these. */
extern const struct ar_strings ar_writable_trees;
/* But not from these: what lies there is executed by root of the host. */
extern const struct ar_strings ar_root_programs;
/* Nor what belongs to root below these, where programs are installed. */
extern const struct ar_strings ar_programs;
/* No root filesystem is, contains or lies inside one of these. */
extern const struct ar_strings ar_root_denied;
/* In these only what engines call a root. */
extern const struct ar_strings ar_root_engines;
/* The container's own system directories: binds onto or below them are read-only. */
extern const struct ar_strings ar_container_system;
/* Groups whose members can become root of the host, or read its disks. */
extern const struct ar_strings ar_privileged_groups;

/* Why a file system of this f_type (statfs(2)) is none to bind from, NULL: it may be one. */
const char *ar_kernel_fs(uint64_t f_type);
/* Whether path is one of the trees or lies below one; both clean. */
bool ar_path_in(const char *path, const struct ar_strings *trees);
/* Whether path strictly contains one of the trees, or is one. */
bool ar_path_holds(const char *path, const struct ar_strings *trees);
/*
 * "it is or holds ...": the word for a path that probe or ar_sensitive_paths() found. Never NULL.
 */
const char *ar_sensitive_what(const char *path);
/* The credential store that path is or lies in, NULL: none. */
const char *ar_credential_in(const char *path);
