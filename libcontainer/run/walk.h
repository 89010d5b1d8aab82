/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct ar_run;

/*
 * A plan is one list of steps for two actors, the host's process and the container's init. Both
 * hold the same list and take turns: where the actor changes, the one that comes next waits for one
 * datagram from the other. Hand-overs are derived from the list; there are no numbered syncs.
 *
 *   host   open ... clone | id mappings |           | hooks |             | finish |
 *   init                  |             | root, dev |       | masks, caps |        | await start, exec
 *
 * A step that fails ends both walks: its error, prefixed with the step's name, crosses in the
 * datagram, and the host undoes its steps in reverse. End of file means that the other side died:
 * the step it was in is known from a shared page, so that it is named and nothing waits for ever.
 */
enum ar_actor { AR_HOST, AR_INIT };

#define AR_STEP_BESIDE 1u /* the other side does not wait for it */
#define AR_STEP_PLAIN 2u  /* its errors are whole sentences: no step name before them */
#define AR_STEP_CLONE 4u  /* makes the init: returns AR_WALK_CHILD there */

#define AR_WALK_CHILD 1

struct ar_step {
	const char *name;
	enum ar_actor actor;
	unsigned int flags;
	int (*run)(struct ar_run *run, struct ar_error *err);
	void (*undo)(struct ar_run *run); /* NULL: nothing to undo */
};

#define AR_PLAN_MAX 64
struct ar_plan {
	const struct ar_step *steps[AR_PLAN_MAX];
	size_t n;
};
void ar_plan_add(struct ar_plan *plan, const struct ar_step *step);

/* One page of shared memory: where init is, and what became of the controls that it applies. */
#define AR_NOTES_MAX 32
struct ar_note {
	char result; /* 0: nothing noted, 'y' enforced, 'n' not applied, 'o' relaxed */
	char why[103];
};
struct ar_shared {
	volatile int progress; /* the step that init is in, -1 */
	struct ar_note notes[AR_NOTES_MAX];
};

/* What the two sides hold besides the list. */
struct ar_walk {
	int channel;		  /* our end, SOCK_SEQPACKET; after "await start" the pipe to it */
	int other_end;		  /* the init's end, until the clone */
	int pidfd;		  /* of init, on the host's side */
	struct ar_shared *shared; /* a page that both sides see */
	int heard;		  /* the last step of the other side that it reported, -1 */
	int limit_ms;		  /* how long one streak of init may take, -1: no bound */
	int sent_fd;		  /* goes along with the next datagram, -1 */
	int received_fd;	  /* came along with one, -1 */
};
#define AR_WALK_INIT                           \
	((struct ar_walk){ .channel = -1,      \
			   .other_end = -1,    \
			   .pidfd = -1,        \
			   .heard = -1,        \
			   .limit_ms = 120000, \
			   .sent_fd = -1,      \
			   .received_fd = -1 })

/* Make channel and page. */
int ar_walk_open(struct ar_walk *walk, struct ar_error *err);
void ar_walk_close(struct ar_walk *walk);

/*
 * Walk the host's side of the plan. On failure everything done is undone. In the init this does not
 * return: it walks its own side to the exec, or reports and exits.
 */
int ar_walk_run(const struct ar_plan *plan, struct ar_run *run, struct ar_error *err);
/* After the host's last step: wait until init has executed its program (end of file) or failed. */
int ar_walk_finish(const struct ar_plan *plan, struct ar_run *run, struct ar_error *err);
/* Undo the host's steps, last first. */
void ar_walk_undo(const struct ar_plan *plan, size_t done, struct ar_run *run);
/* Init: tell "start" that only the program's execution is left. */
int ar_walk_announce(struct ar_run *run, struct ar_error *err);
/*
 * The answer to "start" on the pipe from init: 0 when it executed its program, which is an end of
 * file after ar_walk_announce(), else its error. An end of file alone is its death.
 */
int ar_walk_answer(int pipe, int pidfd, struct ar_error *err);
/* Init: send what is to go along with the next datagram now, with one of its own. */
int ar_walk_send_fd(struct ar_run *run, struct ar_error *err);
/* Report an error from init through its channel and exit. */
void ar_walk_fail(struct ar_run *run, const struct ar_error *err) __attribute__((noreturn));
