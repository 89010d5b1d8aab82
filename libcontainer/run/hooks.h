/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "spec/spec.h"

struct ar_error;

/*
 * Hooks of config.json, config.md "POSIX-platform Hooks": programs that are run at points of a
 * container's life by the process that calls, in its namespaces, one after the other in the order
 * of the list.
 *
 *   prestart, createRuntime   host, after the namespaces are made     failure: create fails
 *   createContainer           init, before it enters its root         failure: create fails
 *   startContainer            init, before the program is executed    failure: start fails
 *   poststart                 host, after the program is executed     failure: start fails, and
 *                                                                     the container is stopped
 *   poststop                  host, after it is deleted               failure: a warning in the log
 */
enum ar_hook_kind {
	AR_HOOK_PRESTART,
	AR_HOOK_CREATE_RUNTIME,
	AR_HOOK_CREATE_CONTAINER,
	AR_HOOK_START_CONTAINER,
	AR_HOOK_POSTSTART,
	AR_HOOK_POSTSTOP,
	AR_HOOK_KIND_COUNT
};
/* "prestart", "createRuntime" ... as in config.json */
const char *ar_hook_kind_name(enum ar_hook_kind kind);
/* The list of that kind; NULL hooks: an empty one. Never NULL. */
const struct ar_list *ar_hooks_of(const struct ar_hooks *hooks, enum ar_hook_kind kind);

/* What a hook gets to know on its standard input: config.md "State". */
struct ar_hook_state {
	const char *oci_version; /* NULL: AR_SPEC_VERSION */
	const char *id;
	const char *status;		  /* "creating", "created", "running", "stopped" */
	pid_t pid;			  /* 0: left out, as when stopped */
	const char *bundle;		  /* absolute */
	const struct ar_map *annotations; /* NULL or empty: left out */
};

/* The surroundings of a hook, where its entry does not say. */
struct ar_hooks_where {
	/* The environment of a hook that has no "env". NULL: the caller's own, as runc has it. */
	char *const *env;
	bool empty_is_none; /* "env": [] is no environment of the hook's own */
	int cwd;	    /* O_PATH of its working directory, -1: the caller's */
	int limit_seconds;  /* for a hook without a timeout; 0: AR_HOOK_LIMIT_SECONDS, -1:
			       none */
};
#define AR_HOOKS_WHERE_INIT ((struct ar_hooks_where){ .cwd = -1 })
/* Longer than any caller of a runtime waits. */
#define AR_HOOK_LIMIT_SECONDS 600

/*
 * Run hooks. Each gets the state as compact JSON on standard input; output is kept up to 64 KiB. A
 * hook is over when its process is: one that leaves children behind with its output open is not
 * waited for. At its timeout its whole process group is killed.
 *
 * Errors: "error running createRuntime hook #0: exit status 1, stdout: ..., stderr: ...", "error
 * running createRuntime hook #0: hook ran past specified timeout of 2.0s". The first one that fails
 * ends the list; poststop goes on instead, logs a warning for each, and returns 0.
 */
int ar_hooks_run(enum ar_hook_kind kind, const struct ar_list *hooks,
		 const struct ar_hook_state *state, const struct ar_hooks_where *where,
		 struct ar_error *err);

/* The JSON of a state, from malloc(). */
char *ar_hook_state_json(const struct ar_hook_state *state);
