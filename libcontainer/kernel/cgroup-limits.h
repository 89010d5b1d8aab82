/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ar_arena;
struct ar_error;
struct ar_resources;

/*
 * linux.resources, which speaks of cgroup v1, in terms of v2: which file gets which text. Pure;
 * private to cgroup*.c and its tests.
 */

/* cgroup-v2.rst: the default of cpu.max, in microseconds */
#define AR_CPU_PERIOD 100000

/* Which member of struct ar_limit_default a limit belongs to. */
enum ar_limit_part { AR_LIMIT_OTHER, AR_LIMIT_PIDS, AR_LIMIT_MEMORY, AR_LIMIT_SWAP };

#define AR_LIMIT_READ_BACK 1u /* what the kernel says afterwards must be the same */
#define AR_LIMIT_IF_THERE 2u  /* the file may be missing: it then has nothing to limit */
#define AR_LIMIT_AGAIN 4u     /* refused as invalid: once more after all others */
#define AR_LIMIT_NEUTRAL 8u   /* what a group has anyway: without its controller too */

struct ar_limit {
	const char *field;	/* for messages: "memory.limit" */
	const char *controller; /* NULL: the core's own files */
	const char *file, *value;
	const char *else_file, *else_value; /* where file is missing; NULL: none */
	enum ar_limit_part part;
	unsigned int flags;
};
/* In the order in which they are written. */
struct ar_limits {
	struct ar_limit *item;
	size_t n, room;
};

/*
 * What is set and not a value that changes nothing (0, null) becomes a limit; memory from arena.
 * What v2 cannot do is an error where it is a limit, and left out with a debug message where runc
 * leaves it out as well.
 */
int ar_limits_plan(struct ar_arena *arena, const struct ar_resources *resources,
		   struct ar_limits *ret, struct ar_error *err);
/*
 * The controllers they need, each once, behind the n names that are there already; how many were
 * added.
 */
size_t ar_limits_controllers(const struct ar_limits *limits, const char **names, size_t n);

/* --- cgroup-convert.c --- */

/* cpu.shares [2, 262144] -> cpu.weight [1, 10000]; 0 stays 0. */
uint64_t ar_cpu_weight(uint64_t shares);
/* blkio.weight [10, 1000] -> io.weight [1, 10000]; 0 stays 0. */
uint64_t ar_io_weight(uint64_t weight);
/*
 * memory.memsw (memory and swap together) -> memory.swap.max: *ret bytes, -1 for unlimited,
 * INT64_MIN for "leave it". Both arguments: -1 unlimited, 0 not set.
 */
int ar_swap_limit(int64_t memory_and_swap, int64_t memory, int64_t *ret, struct ar_error *err);
