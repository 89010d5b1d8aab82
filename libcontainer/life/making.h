/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "life/life.h"
#include "life/streams.h"
#include "policy/merge.h"
#include "run/run.h"

/*
 * A container on its way into being: what create, run and explain have in common up to the plan,
 * and the plan's execution.
 */
struct ar_making {
	struct ar_arena *arena;
	char *bundle; /* absolute */
	int bundle_fd;
	char *config; /* the text of config.json */
	size_t config_len;
	struct ar_spec *spec;
	struct ar_facts *facts;
	const struct ar_effective *effective;
	struct ar_dir dir;
	struct ar_record record;
	const char *state_root;
	struct ar_run run;
	struct ar_plan plan;
	struct ar_streams streams; /* of a container that is attended to */
};
void ar_making_init(struct ar_making *making);
void ar_making_done(struct ar_making *making);
#define _cleanup_making_ __attribute__((cleanup(ar_making_done)))

/* Read the bundle (NULL: the working directory) and look at the host. */
int ar_making_read(struct ar_making *making, const struct ar_context *ctx, const char *bundle,
		   const char *id, struct ar_error *err);
/*
 * Decide. asked: flags that can weaken; profile, digest and the bundle's policy are filled in here.
 */
int ar_making_decide(struct ar_making *making, const struct ar_context *ctx, struct ar_asked *asked,
		     struct ar_error *err);
/*
 * What comes before a plan: the record and the run are filled in, and the state directory is made.
 */
int ar_making_prepare(struct ar_making *making, const struct ar_context *ctx,
		      const struct ar_create_args *args, bool await_start, struct ar_error *err);
/* Walk the plan: state directory, cgroup, init. Whatever fails is undone. */
int ar_making_walk(struct ar_making *making, const struct ar_context *ctx,
		   const struct ar_create_args *args, bool await_start, struct ar_error *err);
/* Undo a container that was made. */
void ar_making_undo(struct ar_making *making);
/*
 * The plan failed, and is undone: remove the state, and run poststop hooks where others have begun.
 */
void ar_making_fail(struct ar_making *making);
/* Stay with its init until that ends. */
struct ar_attend_signals;
int ar_making_attend(struct ar_making *making, const struct ar_attend_signals *signals,
		     int *ret_code, struct ar_error *err);
