/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct ar_error;
struct ar_notify;
struct ar_streams;

/*
 * What "run" and "exec" do in the foreground while the process of the container lives: pass signals
 * on to it, reap what is reparented to us, copy between the caller's streams and the container's,
 * and take its exit status.
 */

/* Signals that wait for us instead of ending us. */
struct ar_attend_signals {
	int fd;		 /* signalfd */
	sigset_t before; /* the caller's mask */
};
#define AR_ATTEND_SIGNALS_INIT ((struct ar_attend_signals){ .fd = -1 })

/*
 * Before the process is made, so that no signal is lost between its start and ar_attend(). Children
 * inherit the blocked mask: a container's program gets an empty one, and default actions, by the
 * last mile. subreaper: orphans of the container become our children (PR_SET_CHILD_SUBREAPER).
 */
int ar_attend_begin(bool subreaper, struct ar_attend_signals *ret, struct ar_error *err);
/* The end, when nothing is left to clean up: the mask is as before, and signals that still wait
 * take effect. */
void ar_attend_end(struct ar_attend_signals *signals);

struct ar_attend {
	int signals;		    /* the signalfd of ar_attend_begin() */
	pid_t pid;		    /* a child of ours */
	int pidfd;		    /* of it */
	int master;		    /* of its terminal, -1: it has none */
	struct ar_streams *streams; /* that it has without a terminal; NULL: the caller's own */
	struct ar_notify *notify;   /* that the program tells when it is ready */
	int in, out;		    /* the caller's side of the terminal: 0 and 1 */
	bool whole; /* pipes are copied until all who hold them are gone, not the process alone */
};
/*
 * Until the process ends. *ret_code is its exit status, or 128 and the signal. What it wrote to its
 * terminal or pipes before it ended is written out before this returns; the caller's terminal is as
 * it was, whatever happens.
 */
int ar_attend(const struct ar_attend *attend, int *ret_code, struct ar_error *err);
