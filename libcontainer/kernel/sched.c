/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/sched.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/table.h"
#include "kernel/cpulist.h"
#include "kernel/procfs.h"

/* what getpriority(2) itself says of nice 0 */
#define NICE_0 20
/* in the middle of the best-effort class */
#define IO_NORMAL 4
/* of a priority's data, the rest of which are hints since Linux 6.5 */
#define IO_LEVEL_MASK 7

/* --- oom_score_adj, proc(5) --- */

#define OOM_FILE "self/oom_score_adj"
#define OOM_MIN (-1000)
#define OOM_MAX 1000

static int read_oom_score(int proc, int64_t *ret, struct ar_error *err)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;
	int r = ar_procfs_read(proc, OOM_FILE, &text);

	if (r < 0)
		return ar_fail(err, -r, "read /proc/" OOM_FILE);
	if (text.len > 0 && text.s[text.len - 1] == '\n')
		text.s[--text.len] = '\0';
	r = ar_parse_i64(ar_text_str(&text), ret);
	if (r < 0)
		return ar_refuse(err, EPROTO, "/proc/" OOM_FILE " does not hold a number");
	return 0;
}

int ar_oom_score_apply(int proc, const struct ar_opt_i64 *score, struct ar_error *err)
{
	char text[24];
	int64_t have;
	int r;

	if (!score->set)
		return 0;
	if (score->value < OOM_MIN || score->value > OOM_MAX)
		return ar_refuse(err, EINVAL,
				 "process.oomScoreAdj: %" PRIi64 " is not between %d and %d",
				 score->value, OOM_MIN, OOM_MAX);
	r = read_oom_score(proc, &have, err);
	if (r < 0 || have == score->value)
		return r;
	(void)snprintf(text, sizeof(text), "%" PRIi64, score->value); /* 5 bytes at most */
	r = ar_procfs_write(proc, OOM_FILE, text);
	if (r < 0)
		return ar_fail(err, -r, "set oom_score_adj from %" PRIi64 " to %" PRIi64 "%s", have,
			       score->value,
			       have > score->value ? " (lowering it needs CAP_SYS_RESOURCE)" : "");
	return 0;
}

/* --- sched_setattr(2) --- */

/*
 * <linux/sched/types.h> clashes with <sched.h>, which has this structure itself from glibc 2.41 on.
 */
struct sched_attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static const struct ar_name policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", 4 }, /* reserved by the kernel, which refuses it */
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
};

static const struct ar_name sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
};

static int sched_attributes_make(const struct ar_scheduler *from, struct sched_attributes *ret,
				 struct ar_error *err)
{
	const struct ar_name *policy = ar_name_find(policies, AR_COUNT(policies), from->policy);

	if (!policy)
		return ar_refuse(err, EINVAL, "process.scheduler.policy: unknown policy '%s'",
				 from->policy);
	if (from->nice.value < -20 || from->nice.value > 19)
		return ar_refuse(err, EINVAL,
				 "process.scheduler.nice: %" PRIi64 " is not between -20 and 19",
				 from->nice.value);
	if (from->priority.value < 0 || from->priority.value > 99)
		return ar_refuse(err, EINVAL,
				 "process.scheduler.priority: %" PRIi64 " is not between 0 and 99",
				 from->priority.value);
	*ret = (struct sched_attributes){
		.size = sizeof(*ret),
		.policy = (uint32_t)policy->value,
		.nice = (int32_t)from->nice.value,
		.priority = (uint32_t)from->priority.value,
		.runtime = from->runtime.value,
		.deadline = from->deadline.value,
		.period = from->period.value,
	};
	for (size_t i = 0; i < from->flags.n; i++) {
		const struct ar_name *flag =
			ar_name_find(sched_flags, AR_COUNT(sched_flags), from->flags.items[i]);

		if (!flag)
			return ar_refuse(err, EINVAL, "process.scheduler.flags: unknown flag '%s'",
					 from->flags.items[i]);
		ret->flags |= flag->value;
	}
	return 0;
}

int ar_scheduler_apply(const struct ar_scheduler *scheduler, struct ar_error *err)
{
	struct sched_attributes attributes;
	int r;

	if (!scheduler || !scheduler->policy || !scheduler->policy[0])
		return 0;
	r = sched_attributes_make(scheduler, &attributes, err);
	if (r < 0)
		return r;
	if (syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
		return ar_fail(err, errno, "set scheduling policy %s", scheduler->policy);
	return 0;
}

/* Needs no right: policies are only left for the ordinary one, and nice values only raised. */
int ar_scheduler_restrain(struct ar_error *err)
{
	const struct sched_param none = { 0 };
	int policy = sched_getscheduler(0);
	long nice;

	if (policy < 0)
		return ar_fail(err, errno, "the caller's scheduling policy");
	policy &= ~SCHED_RESET_ON_FORK;
	if (policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_DEADLINE) {
		if (sched_setscheduler(0, SCHED_OTHER, &none) < 0)
			return ar_fail(err, errno, "leave the caller's real-time policy");
	}
	nice = syscall(SYS_getpriority, PRIO_PROCESS, 0);
	if (nice < 0 || (nice > NICE_0 && setpriority(PRIO_PROCESS, 0, 0) < 0))
		return ar_fail(err, errno, "leave the caller's nice value");
	return 0;
}

/* --- ioprio_set(2) --- */

static const struct ar_name io_classes[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
};

int ar_io_priority_apply(const struct ar_io_priority *io, struct ar_error *err)
{
	const struct ar_name *class;

	if (!io || !io->class_name || !io->class_name[0])
		return 0;
	class = ar_name_find(io_classes, AR_COUNT(io_classes), io->class_name);
	if (!class)
		return ar_refuse(err, EINVAL, "process.ioPriority.class: unknown class '%s'",
				 io->class_name);
	if (io->priority.value < 0 || io->priority.value > 7)
		return ar_refuse(err, EINVAL,
				 "process.ioPriority.priority: %" PRIi64 " is not between 0 and 7",
				 io->priority.value);
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_PRIO_VALUE(class->value, (uint64_t)io->priority.value)) < 0)
		return ar_fail(err, errno, "set I/O priority %s %" PRIi64, io->class_name,
			       io->priority.value);
	return 0;
}

int ar_io_priority_restrain(struct ar_error *err)
{
	long now = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
	int class = now < 0 ? IOPRIO_CLASS_NONE : (int)IOPRIO_PRIO_CLASS(now);

	/* a kernel without I/O priorities gives none */
	if (now < 0 && errno != ENOSYS)
		return ar_fail(err, errno, "read the I/O priority");
	if (class != IOPRIO_CLASS_RT &&
	    (class != IOPRIO_CLASS_BE || (now & IO_LEVEL_MASK) >= IO_NORMAL))
		return 0;
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, IO_NORMAL)) < 0)
		return ar_fail(err, errno, "leave the caller's I/O priority");
	return 0;
}

/* --- sched_setaffinity(2) --- */

void ar_affinity_reset(void)
{
	struct ar_cpulist all;

	memset(&all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all.mask), all.mask);
}

static int parse_affinity(const char *cpus, struct ar_cpulist *ret, struct ar_error *err)
{
	int r = ar_cpulist_parse(cpus, ret);

	if (r < 0)
		return ar_refuse(err, -r, "process.execCPUAffinity: '%s' is not a list of CPUs",
				 cpus);
	return 0;
}

int ar_affinity_check(const char *cpus, struct ar_error *err)
{
	struct ar_cpulist list;

	return cpus && cpus[0] ? parse_affinity(cpus, &list, err) : 0;
}

int ar_affinity_apply(const char *cpus, struct ar_error *err)
{
	struct ar_cpulist list;
	int r;

	if (!cpus || !cpus[0])
		return 0;
	r = parse_affinity(cpus, &list, err);
	if (r < 0)
		return r;
	/* The kernel takes a mask longer than its own: CPUs that it lacks do not count. */
	if (syscall(SYS_sched_setaffinity, 0, sizeof(list.mask), list.mask) < 0)
		return ar_fail(err, errno, "set the CPU affinity to %s%s", cpus,
			       errno == EINVAL ? " (none of these CPUs may be used)" : "");
	return 0;
}
