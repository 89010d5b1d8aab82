/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ar_arena;
struct ar_cgroup;
struct ar_error;
struct ar_json_writer;

/*
 * What a cgroup has used, in the terms of runc's "events" (its types/events.go), which engines
 * read. A controller that is not there leaves zeros. Times in nanoseconds, sizes in bytes,
 * UINT64_MAX: no limit.
 */

/* Pressure stall information (kernel Documentation/accounting/psi.rst). */
struct ar_psi_line {
	uint64_t avg10, avg60, avg300; /* hundredths of a percent */
	uint64_t total;		       /* microseconds */
};
struct ar_psi {
	bool present;
	struct ar_psi_line some, full;
};
struct ar_stat {
	const char *key;
	uint64_t value;
};
struct ar_io_stat {
	uint64_t major, minor;
	uint64_t read_bytes, write_bytes, reads, writes;
};
struct ar_hugetlb_stat {
	const char *page_size; /* "2MB" */
	uint64_t usage, failcnt;
};
struct ar_memory_usage {
	uint64_t usage, max, limit;
};
struct ar_stats {
	struct {
		uint64_t total, user, kernel;
		uint64_t periods, throttled_periods, throttled_time;
		struct ar_psi psi;
	} cpu;
	struct {
		bool present;
		uint64_t cache;
		struct ar_memory_usage memory;
		struct ar_memory_usage swap; /* memory and swap together, as v1 counts */
		struct ar_stat *raw;	     /* n entries of memory.stat, by key */
		size_t n_raw;
		struct ar_psi psi;
	} memory;
	struct {
		uint64_t current, limit; /* limit 0: none */
	} pids;
	struct {
		struct ar_io_stat *device;
		size_t n;
		struct ar_psi psi;
	} io;
	struct ar_hugetlb_stat *hugetlb;
	size_t n_hugetlb;
};

/* memory from arena. -ENODEV: the cgroup is gone. */
int ar_cgroup_stats(struct ar_arena *arena, const struct ar_cgroup *cgroup, struct ar_stats *ret,
		    struct ar_error *err);
/*
 * The "data" of an event of type "stats", with runc's keys. rdt: JSON of "intel_rdt", NULL for
 * none.
 */
void ar_stats_encode(struct ar_json_writer *w, const struct ar_stats *stats, const char *rdt);

/* Out of memory, watched for. fd is to be polled for input, then ar_cgroup_oom_read(). */
struct ar_oom_watch {
	int fd;
	int directory; /* of the cgroup */
	uint64_t kills;
};
#define AR_OOM_WATCH_INIT ((struct ar_oom_watch){ -1, -1, 0 })
int ar_cgroup_oom_open(const struct ar_cgroup *cgroup, struct ar_oom_watch *ret,
		       struct ar_error *err);
/*
 * How many processes were killed since the last look; -ENODEV: the cgroup is empty or gone, nothing
 * will happen any more.
 */
int ar_cgroup_oom_read(struct ar_oom_watch *watch);
void ar_cgroup_oom_close(struct ar_oom_watch *watch);
