/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

struct ar_error;

/*
 * How much of the machine this process may take, besides cgroups. All of it may need a capability
 * (CAP_SYS_NICE, CAP_SYS_RESOURCE), so it comes before the change of ids. Not asked: nothing is
 * done.
 */

/* oom_score_adj through proc (a trusted procfs); written only if it differs. A process that changed
 * its ids or user namespace does not own its file any more. */
int ar_oom_score_apply(int proc, const struct ar_opt_i64 *score, struct ar_error *err);
/* sched_setattr(2). After the last fork: a SCHED_DEADLINE task may not. */
int ar_scheduler_apply(const struct ar_scheduler *scheduler, struct ar_error *err);
/*
 * Of what was inherited nothing stays that goes before others' work: no real-time policy, no nice
 * value below 0. What is behind it stays.
 */
int ar_scheduler_restrain(struct ar_error *err);
/* ioprio_set(2) */
int ar_io_priority_apply(const struct ar_io_priority *io, struct ar_error *err);
/* The same as ar_scheduler_restrain(): nothing above the middle of the best-effort class. */
int ar_io_priority_restrain(struct ar_error *err);
/* sched_setaffinity(2) to all CPUs: what is left of them is the cgroup's. It cannot fail in a way
 * that matters: then it stays as it is. */
void ar_affinity_reset(void);
/* The same to a list of CPUs as "0-3,7"; NULL or "": nothing. */
int ar_affinity_apply(const char *cpus, struct ar_error *err);
/* Whether it is one that ar_affinity_apply() takes. */
int ar_affinity_check(const char *cpus, struct ar_error *err);
