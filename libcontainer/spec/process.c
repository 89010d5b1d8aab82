/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

static const struct ar_field console_size_fields[] = {
	/* the kernel's struct winsize has 16 bits for each */
	AR_FIELD_U64(ar_console_size, height, "height", AR_F_REQUIRED, UINT16_MAX),
	AR_FIELD_U64(ar_console_size, width, "width", AR_F_REQUIRED, UINT16_MAX),
};
const struct ar_class ar_console_size_class =
	AR_CLASS(ar_console_size, "consoleSize", console_size_fields);

static const struct ar_field user_fields[] = {
	AR_FIELD_U64(ar_user, uid, "uid", 0, UINT32_MAX),
	AR_FIELD_U64(ar_user, gid, "gid", 0, UINT32_MAX),
	AR_FIELD_U64(ar_user, umask, "umask", 0, UINT32_MAX),
	AR_FIELD_U64S(ar_user, additional_gids, "additionalGids", 0, UINT32_MAX),
	AR_FIELD_STRING(ar_user, username, "username", AR_F_BLANK),
};
const struct ar_class ar_user_class = AR_CLASS(ar_user, "user", user_fields);

/* Names are not looked at here: runc and engines live with kernels that know more or fewer. */
static const struct ar_field capabilities_fields[] = {
	AR_FIELD_STRINGS(ar_capabilities, bounding, "bounding", 0),
	AR_FIELD_STRINGS(ar_capabilities, effective, "effective", 0),
	AR_FIELD_STRINGS(ar_capabilities, inheritable, "inheritable", 0),
	AR_FIELD_STRINGS(ar_capabilities, permitted, "permitted", 0),
	AR_FIELD_STRINGS(ar_capabilities, ambient, "ambient", 0),
};
const struct ar_class ar_capabilities_class =
	AR_CLASS(ar_capabilities, "capabilities", capabilities_fields);

/* getrlimit(2) */
static const struct ar_name rlimits[] = {
	{ .name = "RLIMIT_AS" },	 { .name = "RLIMIT_CORE" },
	{ .name = "RLIMIT_CPU" },	 { .name = "RLIMIT_DATA" },
	{ .name = "RLIMIT_FSIZE" },	 { .name = "RLIMIT_LOCKS" },
	{ .name = "RLIMIT_MEMLOCK" },	 { .name = "RLIMIT_MSGQUEUE" },
	{ .name = "RLIMIT_NICE" },	 { .name = "RLIMIT_NOFILE" },
	{ .name = "RLIMIT_NPROC" },	 { .name = "RLIMIT_RSS" },
	{ .name = "RLIMIT_RTPRIO" },	 { .name = "RLIMIT_RTTIME" },
	{ .name = "RLIMIT_SIGPENDING" }, { .name = "RLIMIT_STACK" },
};
static const struct ar_field rlimit_fields[] = {
	AR_FIELD_NAME(ar_rlimit, type, "type", AR_F_REQUIRED, rlimits),
	AR_FIELD_U64(ar_rlimit, hard, "hard", AR_F_REQUIRED, 0),
	AR_FIELD_U64(ar_rlimit, soft, "soft", AR_F_REQUIRED, 0),
};
const struct ar_class ar_rlimit_class = AR_CLASS(ar_rlimit, "rlimit", rlimit_fields);

/* sched_setattr(2) */
static const struct ar_name policies[] = {
	{ .name = "SCHED_OTHER" },    { .name = "SCHED_FIFO" }, { .name = "SCHED_RR" },
	{ .name = "SCHED_BATCH" },    { .name = "SCHED_ISO" },	{ .name = "SCHED_IDLE" },
	{ .name = "SCHED_DEADLINE" },
};
static const struct ar_name scheduler_flags[] = {
	{ .name = "SCHED_FLAG_RESET_ON_FORK" },	 { .name = "SCHED_FLAG_RECLAIM" },
	{ .name = "SCHED_FLAG_DL_OVERRUN" },	 { .name = "SCHED_FLAG_KEEP_POLICY" },
	{ .name = "SCHED_FLAG_KEEP_PARAMS" },	 { .name = "SCHED_FLAG_UTIL_CLAMP_MIN" },
	{ .name = "SCHED_FLAG_UTIL_CLAMP_MAX" },
};
static const struct ar_field scheduler_fields[] = {
	AR_FIELD_NAME(ar_scheduler, policy, "policy", AR_F_REQUIRED, policies),
	AR_FIELD_I64(ar_scheduler, nice, "nice", 0, -20, 19),
	AR_FIELD_I64(ar_scheduler, priority, "priority", 0, 0, 99),
	AR_FIELD_NAMES(ar_scheduler, flags, "flags", 0, scheduler_flags),
	AR_FIELD_U64(ar_scheduler, runtime, "runtime", 0, 0),
	AR_FIELD_U64(ar_scheduler, deadline, "deadline", 0, 0),
	AR_FIELD_U64(ar_scheduler, period, "period", 0, 0),
};
const struct ar_class ar_scheduler_class = AR_CLASS(ar_scheduler, "scheduler", scheduler_fields);

/* ioprio_set(2) */
static const struct ar_name io_classes[] = {
	{ .name = "IOPRIO_CLASS_RT" },
	{ .name = "IOPRIO_CLASS_BE" },
	{ .name = "IOPRIO_CLASS_IDLE" },
};
static const struct ar_field io_priority_fields[] = {
	AR_FIELD_NAME(ar_io_priority, class_name, "class", AR_F_REQUIRED, io_classes),
	AR_FIELD_I64(ar_io_priority, priority, "priority", 0, 0, 7),
};
const struct ar_class ar_io_priority_class =
	AR_CLASS(ar_io_priority, "ioPriority", io_priority_fields);

static const struct ar_field exec_cpu_affinity_fields[] = {
	AR_FIELD_STRING(ar_exec_cpu_affinity, initial, "initial", AR_F_BLANK),
	AR_FIELD_STRING(ar_exec_cpu_affinity, final, "final", AR_F_BLANK),
};
const struct ar_class ar_exec_cpu_affinity_class =
	AR_CLASS(ar_exec_cpu_affinity, "execCPUAffinity", exec_cpu_affinity_fields);

/* config.md, "Process" */
static const struct ar_field process_fields[] = {
	AR_FIELD_TRI(ar_process, terminal, "terminal", 0),
	AR_FIELD_OBJECT(ar_process, console_size, "consoleSize", 0, ar_console_size),
	AR_FIELD_OBJECT(ar_process, user, "user", 0, ar_user),
	AR_FIELD_STRINGS(ar_process, args, "args", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRING(ar_process, command_line, "commandLine", AR_F_BLANK),
	AR_FIELD_STRINGS(ar_process, env, "env", 0),
	AR_FIELD_STRING(ar_process, cwd, "cwd", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_OBJECT(ar_process, capabilities, "capabilities", 0, ar_capabilities),
	AR_FIELD_LIST(ar_process, rlimits, "rlimits", 0, ar_rlimit),
	AR_FIELD_TRI(ar_process, no_new_privileges, "noNewPrivileges", 0),
	AR_FIELD_STRING(ar_process, apparmor_profile, "apparmorProfile", AR_F_BLANK),
	AR_FIELD_I64(ar_process, oom_score_adj, "oomScoreAdj", 0, -1000, 1000),
	AR_FIELD_OBJECT(ar_process, scheduler, "scheduler", 0, ar_scheduler),
	AR_FIELD_STRING(ar_process, selinux_label, "selinuxLabel", AR_F_BLANK),
	AR_FIELD_OBJECT(ar_process, io_priority, "ioPriority", 0, ar_io_priority),
	AR_FIELD_OBJECT(ar_process, exec_cpu_affinity, "execCPUAffinity", 0, ar_exec_cpu_affinity),
};
const struct ar_class ar_process_class = AR_CLASS(ar_process, "process", process_fields);
