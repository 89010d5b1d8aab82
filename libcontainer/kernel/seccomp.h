/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/effective.h"

struct ar_arena;
struct ar_error;

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1u << 5) /* 5.19 */
#endif

/* One program for seccomp(2) SECCOMP_SET_MODE_FILTER. */
struct ar_filter {
	const struct sock_filter *code;
	size_t n;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_* */
	bool notifies;	    /* has SCMP_ACT_NOTIFY: a listener descriptor is wanted */
};
/* In the order in which they are installed. */
struct ar_filters {
	struct ar_filter item[4];
	size_t n;
};

/*
 * The filters of an effective configuration: the bundle's own profile (compiled, or taken from the
 * cache) first, the list built in for the container's profile last, so that on a tie of errnos the
 * list's is given. Made one where the first denies seccomp(2). memory from arena.
 */
int ar_filters_build(struct ar_arena *arena, const struct ar_effective *effective,
		     struct ar_filters *ret, struct ar_error *err);
/* To and from <state dir>/seccomp.bpf, for exec. */
int ar_filters_save(int dirfd, const struct ar_filters *filters, struct ar_error *err);
int ar_filters_load(struct ar_arena *arena, int dirfd, struct ar_filters *ret,
		    struct ar_error *err);
/* Whether the kernel takes a SECCOMP_FILTER_FLAG_*. */
bool ar_seccomp_has_flag(unsigned int flag);
/* Install them on this thread. *ret_listener: the notification descriptor or -1. Async-signal-safe,
 * no allocation. */
int ar_filters_install(const struct ar_filters *filters, int *ret_listener, struct ar_error *err);
