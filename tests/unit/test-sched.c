/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/caps.h"
#include "kernel/sched.h"

#include "test.h"

static int open_proc(void)
{
	return open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int oom_score(pid_t pid)
{
	char path[64];
	int score = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	f = fopen(path, "re");
	CHECK(f);
	CHECK_INT(fscanf(f, "%d", &score), 1);
	fclose(f);
	return score;
}

static void without_capabilities(void)
{
	struct ar_cap_sets none = { 0 };
	struct ar_error err;

	CHECK_INT(ar_caps_apply(&none, &err), 0);
}

TEST("oom_score_adj is raised without any right")
{
	struct ar_opt_i64 score = { true, 700 };
	struct ar_error err;

	CHECK_INT(ar_oom_score_apply(open_proc(), &score, &err), 0);
	CHECK_INT(oom_score(getpid()), 700);
}

TEST("oom_score_adj that is not asked stays")
{
	struct ar_opt_i64 score = { false, 700 };
	struct ar_error err;
	int before = oom_score(getpid());

	CHECK_INT(ar_oom_score_apply(open_proc(), &score, &err), 0);
	CHECK_INT(oom_score(getpid()), before);
}

TEST("oom_score_adj that is so already needs no right and no descriptor to write")
{
	struct ar_opt_i64 score = { true, oom_score(getpid()) };
	struct ar_error err;

	without_capabilities();
	CHECK_INT(ar_oom_score_apply(open_proc(), &score, &err), 0);
}

TEST("lowering oom_score_adj without the right says what is missing")
{
	struct ar_opt_i64 lower = { true, oom_score(getpid()) - 1 };
	struct ar_error err;

	if (lower.value < -1000)
		SKIP("needs an oom_score_adj above the lowest");
	without_capabilities();
	CHECK_INT(ar_oom_score_apply(open_proc(), &lower, &err), -EACCES);
	CHECK_HAS(err.text, "(lowering it needs CAP_SYS_RESOURCE): permission denied");
}

TEST("an oom_score_adj outside its range is refused")
{
	struct ar_opt_i64 score = { true, 1001 };
	struct ar_error err;

	CHECK_INT(ar_oom_score_apply(open_proc(), &score, &err), -EINVAL);
	CHECK_STR(err.text, "process.oomScoreAdj: 1001 is not between -1000 and 1000");
}

TEST("a policy and its nice value are set")
{
	struct ar_scheduler batch = { .policy = "SCHED_BATCH", .nice = { true, 5 } };
	struct ar_error err;

	CHECK_INT(ar_scheduler_apply(&batch, &err), 0);
	CHECK_INT(sched_getscheduler(0), SCHED_BATCH);
	CHECK_INT(getpriority(PRIO_PROCESS, 0), 5);
}

TEST("flags of a policy are set")
{
	const char *flags[] = { "SCHED_FLAG_RESET_ON_FORK", NULL };
	struct ar_scheduler idle = { .policy = "SCHED_IDLE", .flags = { flags, 1 } };
	struct ar_error err;

	CHECK_INT(ar_scheduler_apply(&idle, &err), 0);
	CHECK_INT(sched_getscheduler(0), SCHED_IDLE | SCHED_RESET_ON_FORK);
}

TEST("a deadline policy is set with its three times")
{
	struct ar_scheduler deadline = { .policy = "SCHED_DEADLINE",
					 .runtime = { true, 1000000 },
					 .deadline = { true, 10000000 },
					 .period = { true, 20000000 } };
	struct ar_scheduler other = { .policy = "SCHED_OTHER" };
	struct ar_error err;
	int r = ar_scheduler_apply(&deadline, &err);

	if (r == -EPERM || r == -EBUSY)
		SKIP("needs CAP_SYS_NICE and room for a deadline task");
	CHECK_INT(r, 0);
	CHECK_INT(sched_getscheduler(0), 6);
	CHECK_INT(ar_scheduler_apply(&other, &err), 0); /* such a task may not fork, as sanitizers
							   do */
}

TEST("a real-time policy gets its priority")
{
	struct ar_scheduler fifo = { .policy = "SCHED_FIFO", .priority = { true, 7 } };
	struct sched_param param;
	struct ar_error err;
	int r = ar_scheduler_apply(&fifo, &err);

	if (r == -EPERM)
		SKIP("needs CAP_SYS_NICE and real-time time for this cgroup");
	CHECK_INT(r, 0);
	CHECK_INT(sched_getscheduler(0), SCHED_FIFO);
	CHECK_INT(sched_getparam(0, &param), 0);
	CHECK_INT(param.sched_priority, 7);
}

TEST("unknown policies, flags and values are named")
{
	const char *flags[] = { "SCHED_FLAG_FAST", NULL };
	struct ar_scheduler policy = { .policy = "SCHED_FAST" };
	struct ar_scheduler flag = { .policy = "SCHED_OTHER", .flags = { flags, 1 } };
	struct ar_scheduler nice = { .policy = "SCHED_OTHER", .nice = { true, 20 } };
	struct ar_error err;

	CHECK_INT(ar_scheduler_apply(&policy, &err), -EINVAL);
	CHECK_STR(err.text, "process.scheduler.policy: unknown policy 'SCHED_FAST'");
	CHECK_INT(ar_scheduler_apply(&flag, &err), -EINVAL);
	CHECK_STR(err.text, "process.scheduler.flags: unknown flag 'SCHED_FLAG_FAST'");
	CHECK_INT(ar_scheduler_apply(&nice, &err), -EINVAL);
	CHECK_STR(err.text, "process.scheduler.nice: 20 is not between -20 and 19");
}

TEST("no scheduler leaves everything as it is")
{
	int before = sched_getscheduler(0);
	struct ar_scheduler empty = { 0 };
	struct ar_error err;

	CHECK_INT(ar_scheduler_apply(NULL, &err), 0);
	CHECK_INT(ar_scheduler_apply(&empty, &err), 0);
	CHECK_INT(sched_getscheduler(0), before);
}

TEST("a priority before others is left without any right, one behind them stays")
{
	struct sched_param param = { .sched_priority = 5 }, none = { 0 };
	struct ar_error err;

	if (setpriority(PRIO_PROCESS, 0, -5) < 0 || sched_setscheduler(0, SCHED_FIFO, &param) < 0)
		SKIP("needs CAP_SYS_NICE");
	without_capabilities();
	CHECK_INT(ar_scheduler_restrain(&err), 0);
	CHECK_INT(sched_getscheduler(0), SCHED_OTHER);
	CHECK_INT(getpriority(PRIO_PROCESS, 0), 0);
	CHECK_INT(setpriority(PRIO_PROCESS, 0, 7), 0);
	CHECK_INT(sched_setscheduler(0, SCHED_BATCH, &none), 0);
	CHECK_INT(ar_scheduler_restrain(&err), 0);
	CHECK_INT(sched_getscheduler(0), SCHED_BATCH);
	CHECK_INT(getpriority(PRIO_PROCESS, 0), 7);
}

TEST("an I/O priority before others is left, one behind them stays")
{
	static const struct {
		int class, value, then_class, then_value;
	} table[] = { { IOPRIO_CLASS_BE, 0, IOPRIO_CLASS_BE, 4 },
		      { IOPRIO_CLASS_BE, 6, IOPRIO_CLASS_BE, 6 },
		      { IOPRIO_CLASS_IDLE, 0, IOPRIO_CLASS_IDLE, 0 },
		      { IOPRIO_CLASS_RT, 7, IOPRIO_CLASS_BE, 4 } };
	struct ar_error err;

	for (size_t i = 0; i < AR_COUNT(table); i++) {
		if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
			    IOPRIO_PRIO_VALUE(table[i].class, table[i].value)) < 0)
			SKIP("needs CAP_SYS_NICE");
		CHECK_INT(ar_io_priority_restrain(&err), 0);
		CHECK_INT(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0),
			  IOPRIO_PRIO_VALUE(table[i].then_class, table[i].then_value));
	}
}

TEST("an I/O class and its priority are set")
{
	struct ar_io_priority io = { "IOPRIO_CLASS_BE", { true, 6 } };
	struct ar_error err;

	CHECK_INT(ar_io_priority_apply(&io, &err), 0);
	CHECK_INT(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0),
		  IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
}

TEST("unknown I/O classes and priorities are named")
{
	struct ar_io_priority class = { "IOPRIO_CLASS_X", { true, 1 } };
	struct ar_io_priority value = { "IOPRIO_CLASS_BE", { true, 8 } };
	struct ar_error err;

	CHECK_INT(ar_io_priority_apply(&class, &err), -EINVAL);
	CHECK_STR(err.text, "process.ioPriority.class: unknown class 'IOPRIO_CLASS_X'");
	CHECK_INT(ar_io_priority_apply(&value, &err), -EINVAL);
	CHECK_STR(err.text, "process.ioPriority.priority: 8 is not between 0 and 7");
}

TEST("the affinity becomes the list")
{
	struct ar_error err;
	cpu_set_t set;

	CHECK_INT(sched_getaffinity(0, sizeof(set), &set), 0);
	if (!CPU_ISSET(0, &set))
		SKIP("needs CPU 0");
	CHECK_INT(ar_affinity_apply("0", &err), 0);
	CHECK_INT(sched_getaffinity(0, sizeof(set), &set), 0);
	CHECK_INT(CPU_COUNT(&set), 1);
	CHECK(CPU_ISSET(0, &set));
}

TEST("the affinity becomes that of nobody in particular again")
{
	struct ar_error err;
	cpu_set_t before, after;

	ar_affinity_reset();
	CHECK_INT(sched_getaffinity(0, sizeof(before), &before), 0);
	if (!CPU_ISSET(0, &before))
		SKIP("needs CPU 0");
	CHECK_INT(ar_affinity_apply("0", &err), 0);
	ar_affinity_reset();
	CHECK_INT(sched_getaffinity(0, sizeof(after), &after), 0);
	CHECK(CPU_EQUAL(&before, &after));
}

TEST("CPUs that are not there do not count, but one must be")
{
	struct ar_error err;

	CHECK_INT(ar_affinity_apply("0-8191", &err), 0);
	CHECK_INT(ar_affinity_apply("8000", &err), -EINVAL);
	CHECK_HAS(err.text, "set the CPU affinity to 8000 (none of these CPUs may be used)");
	CHECK_INT(ar_affinity_apply("x", &err), -EINVAL);
	CHECK_STR(err.text, "process.execCPUAffinity: 'x' is not a list of CPUs");
}

int main(void)
{
	return test_main();
}
