/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

/* seccomp(2) takes 16 bits of data with an action. */
#define RETURN_MAX UINT16_MAX
/* A system call has six arguments. */
#define ARGUMENT_MAX 5

static const struct ar_name actions[] = {
	{ .name = "SCMP_ACT_KILL" },	    { .name = "SCMP_ACT_KILL_PROCESS" },
	{ .name = "SCMP_ACT_KILL_THREAD" }, { .name = "SCMP_ACT_TRAP" },
	{ .name = "SCMP_ACT_ERRNO" },	    { .name = "SCMP_ACT_TRACE" },
	{ .name = "SCMP_ACT_ALLOW" },	    { .name = "SCMP_ACT_LOG" },
	{ .name = "SCMP_ACT_NOTIFY" },
};
static const struct ar_name operators[] = {
	{ .name = "SCMP_CMP_NE" },	  { .name = "SCMP_CMP_LT" }, { .name = "SCMP_CMP_LE" },
	{ .name = "SCMP_CMP_EQ" },	  { .name = "SCMP_CMP_GE" }, { .name = "SCMP_CMP_GT" },
	{ .name = "SCMP_CMP_MASKED_EQ" },
};
static const struct ar_name architectures[] = {
	{ .name = "SCMP_ARCH_X86" },	     { .name = "SCMP_ARCH_X86_64" },
	{ .name = "SCMP_ARCH_X32" },	     { .name = "SCMP_ARCH_ARM" },
	{ .name = "SCMP_ARCH_AARCH64" },     { .name = "SCMP_ARCH_LOONGARCH64" },
	{ .name = "SCMP_ARCH_M68K" },	     { .name = "SCMP_ARCH_MIPS" },
	{ .name = "SCMP_ARCH_MIPS64" },	     { .name = "SCMP_ARCH_MIPS64N32" },
	{ .name = "SCMP_ARCH_MIPSEL" },	     { .name = "SCMP_ARCH_MIPSEL64" },
	{ .name = "SCMP_ARCH_MIPSEL64N32" }, { .name = "SCMP_ARCH_PPC" },
	{ .name = "SCMP_ARCH_PPC64" },	     { .name = "SCMP_ARCH_PPC64LE" },
	{ .name = "SCMP_ARCH_S390" },	     { .name = "SCMP_ARCH_S390X" },
	{ .name = "SCMP_ARCH_SH" },	     { .name = "SCMP_ARCH_SHEB" },
	{ .name = "SCMP_ARCH_PARISC" },	     { .name = "SCMP_ARCH_PARISC64" },
	{ .name = "SCMP_ARCH_RISCV64" },
};
static const struct ar_name flags[] = {
	{ .name = "SECCOMP_FILTER_FLAG_TSYNC" },
	{ .name = "SECCOMP_FILTER_FLAG_LOG" },
	{ .name = "SECCOMP_FILTER_FLAG_SPEC_ALLOW" },
	{ .name = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" },
};

static const struct ar_field seccomp_arg_fields[] = {
	AR_FIELD_U64(ar_seccomp_arg, index, "index", AR_F_REQUIRED, ARGUMENT_MAX),
	AR_FIELD_U64(ar_seccomp_arg, value, "value", AR_F_REQUIRED, 0),
	AR_FIELD_U64(ar_seccomp_arg, value_two, "valueTwo", 0, 0),
	AR_FIELD_NAME(ar_seccomp_arg, op, "op", AR_F_REQUIRED, operators),
};
const struct ar_class ar_seccomp_arg_class =
	AR_CLASS(ar_seccomp_arg, "seccomp argument", seccomp_arg_fields);

static const struct ar_field syscall_rule_fields[] = {
	AR_FIELD_STRINGS(ar_syscall_rule, names, "names", 0),
	AR_FIELD_NAME(ar_syscall_rule, action, "action", AR_F_REQUIRED, actions),
	AR_FIELD_U64(ar_syscall_rule, errno_ret, "errnoRet", 0, RETURN_MAX),
	AR_FIELD_LIST(ar_syscall_rule, args, "args", 0, ar_seccomp_arg),
};
const struct ar_class ar_syscall_rule_class =
	AR_CLASS_LINE(ar_syscall_rule, "seccomp rule", syscall_rule_fields, line);

/* config-linux.md, "Seccomp" */
static const struct ar_field seccomp_fields[] = {
	AR_FIELD_NAME(ar_seccomp, default_action, "defaultAction", AR_F_BLANK, actions),
	AR_FIELD_U64(ar_seccomp, default_errno_ret, "defaultErrnoRet", 0, RETURN_MAX),
	AR_FIELD_NAMES(ar_seccomp, architectures, "architectures", 0, architectures),
	AR_FIELD_NAMES(ar_seccomp, flags, "flags", 0, flags),
	AR_FIELD_STRING(ar_seccomp, listener_path, "listenerPath", AR_F_BLANK),
	AR_FIELD_STRING(ar_seccomp, listener_metadata, "listenerMetadata", AR_F_BLANK),
	AR_FIELD_LIST(ar_seccomp, syscalls, "syscalls", 0, ar_syscall_rule),
};
const struct ar_class ar_seccomp_class = AR_CLASS(ar_seccomp, "seccomp", seccomp_fields);
