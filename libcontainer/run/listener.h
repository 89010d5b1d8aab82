/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

struct ar_error;
struct ar_run;

/*
 * The descriptor of a filter with SCMP_ACT_NOTIFY goes to linux.seccomp.listenerPath, with the JSON
 * of config-linux.md "containerProcessState".
 *
 * Every system call of a process whose filter is in force may wait for the very agent that is about
 * to get that descriptor. So a thread that was there before the filter, and shares descriptors and
 * memory but not the filter, sends it; the filtered thread makes no call meanwhile, it looks at
 * memory. The thread ends before the program is executed.
 *
 * Under a real-time policy, on one processor, the other thread would never run then: so read(2)
 * waits, as elsewhere under the filter. The agent is free to answer it: it has its descriptor.
 */
struct ar_listener {
	int sock;	     /* connected to the agent */
	const char *message; /* the JSON */
	size_t len;
	int fd;	    /* of the filter, once it is known */
	int result; /* 0 until it is sent; then 1 or -errno */
	int sent;   /* under a real-time policy: an eventfd(2) that says so, else -1 */
};

/* Start the thread. */
int ar_listener_start(struct ar_listener *listener, struct ar_error *err);
/* Hand the filter's descriptor over (-1: there is none, let the thread end) and wait until it is
 * sent. */
int ar_listener_finish(struct ar_listener *listener, int fd, struct ar_error *err);
/* The JSON for a process of run's container; from malloc(). */
char *ar_listener_message(const struct ar_run *run, const char *status);
