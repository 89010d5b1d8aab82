#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime-spec config-linux.md: seccomp. The listener is tests/integration/seccomp-notify.sh.
# shellcheck disable=SC2016 # scripts are for the container's shell
set -euo pipefail
. "$(dirname "$0")/properties.bash"

# rule ACTION [MORE]: for getpriority(2), which nothing here needs.
rule() {
	printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getpriority"], action: "%s"%s}]}' "$1" "${2-}"
}

property "an action for a call: SCMP_ACT_ERRNO" config="$(rule SCMP_ACT_ERRNO)" as='/observe call getpriority' output=EPERM
property "errnoRet" config="$(rule SCMP_ACT_ERRNO ', errnoRet: 12')" as='/observe call getpriority' output=ENOMEM
property "SCMP_ACT_ALLOW" config="$(rule SCMP_ACT_ALLOW)" as='/observe call getpriority' output=OK
property "SCMP_ACT_LOG lets it go on" config="$(rule SCMP_ACT_LOG)" as='/observe call getpriority' output=OK
property "SCMP_ACT_KILL" config="$(rule SCMP_ACT_KILL)" run='/observe call getpriority 2>/dev/null; echo $?' match='^(159|Bad system call.*159)$'
property "SCMP_ACT_KILL_THREAD" config="$(rule SCMP_ACT_KILL_THREAD)" run='/observe call getpriority 2>/dev/null; echo $?' match='159$'
property "SCMP_ACT_KILL_PROCESS" config="$(rule SCMP_ACT_KILL_PROCESS)" run='/observe call getpriority 2>/dev/null; echo $?' match='159$'
property "SCMP_ACT_TRAP" config="$(rule SCMP_ACT_TRAP)" run='/observe call getpriority 2>/dev/null; echo $?' match='159$'
property "SCMP_ACT_TRACE without a tracer" config="$(rule SCMP_ACT_TRACE)" as='/observe call getpriority' output=ENOSYS
property "the program itself is killed: status 159" config="$(rule SCMP_ACT_KILL_PROCESS)" as='/observe call getpriority' status=159 output=''

# All that is not named fails.
allow='.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{action: "SCMP_ACT_ALLOW", names: ["access", "arch_prctl", "brk", "capget",
	"capset", "chdir", "clock_nanosleep", "clone", "close", "dup", "dup2", "dup3", "epoll_ctl", "epoll_pwait", "execve", "exit", "exit_group", "faccessat2", "fchdir",
	"fcntl", "fstat", "fstatfs", "futex", "getcwd", "getdents64", "getegid", "geteuid", "getgid", "getpgrp", "getpid", "getppid", "getrandom", "gettid",
	"getuid", "ioctl", "lseek", "madvise", "mmap", "mprotect", "munmap", "nanosleep", "newfstatat", "openat", "openat2", "prctl", "pread64", "prlimit64", "read",
	"readlinkat", "readlink", "recvmsg", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "seccomp", "sendmsg",
	"set_robust_list", "set_tid_address", "setgid", "setgroups", "setresgid", "setresuid", "setsid", "setuid", "sigaltstack", "stat", "statx", "tgkill", "uname",
	"unlinkat", "wait4", "write", "writev", "close_range"]}]}'
property "defaultAction" config="$allow" as='/observe call getpriority' output=EPERM
property "defaultErrnoRet" config="$allow | .linux.seccomp.defaultErrnoRet = 38" as='/observe call getpriority' output=ENOSYS

# --- arguments -----------------------------------------------------------------------------------

# OPERATOR VALUE VALUE-TWO, an argument that fits and one that does not
while read -r operator value second fits fails; do
	for it in fits fails; do
		if [ "$it" = fits ]; then argument=$fits expected=EIO; else argument=$fails expected=OK; fi
		property "args, $operator $value${second#0}: $argument $it" as="/observe call umask $argument" output="$expected" \
			config=".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"umask\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 5,
				args: [{index: 0, value: $value, valueTwo: $second, op: \"$operator\"}]}]}"
	done
done <<'ARGUMENTS'
SCMP_CMP_EQ 7 0 7 8
SCMP_CMP_NE 7 0 8 7
SCMP_CMP_LT 7 0 6 7
SCMP_CMP_LE 7 0 7 8
SCMP_CMP_GT 7 0 8 7
SCMP_CMP_GE 7 0 7 6
SCMP_CMP_MASKED_EQ 12 4 5 9
ARGUMENTS
property "args, a value of more than 32 bits" as='/observe call umask 0x100000007' output=EIO \
	config='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["umask"], action: "SCMP_ACT_ERRNO", errnoRet: 5,
		args: [{index: 0, value: 4294967303, op: "SCMP_CMP_EQ"}]}]}'
socket='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 5,
	args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 1, value: 2, op: "SCMP_CMP_EQ"}]}]}'
property "args, of several all must fit" config="$socket" run='/observe call socket 1 2 0; /observe call socket 1 1 0' output=$'EIO\nOK'
property "args, two on the same argument: either fits" as='/observe call umask 8' output=EIO \
	config='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["umask"], action: "SCMP_ACT_ERRNO", errnoRet: 5,
		args: [{index: 0, value: 7, op: "SCMP_CMP_EQ"}, {index: 0, value: 8, op: "SCMP_CMP_EQ"}]}]}'
property "names that no kernel has are left out" config='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
	syscalls: [{names: ["no_such_call", "getpriority"], action: "SCMP_ACT_ERRNO"}]}' as='/observe call getpriority' output=EPERM
property "of two rules for a call, with and without arguments, both say what they do" runc=no \
	config='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["umask"], action: "SCMP_ACT_ALLOW"},
		{names: ["umask"], action: "SCMP_ACT_ERRNO", errnoRet: 5, args: [{index: 0, value: 7, op: "SCMP_CMP_EQ"}]}]}' \
	run='/observe call umask 7; /observe call umask 8' output=$'EIO\nOK'

# --- architectures and flags ---------------------------------------------------------------------

property "architectures" config="$(rule SCMP_ACT_ERRNO) | .linux.seccomp.architectures = [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\", \"SCMP_ARCH_AARCH64\"]" \
	as='/observe call getpriority' output=EPERM
property "architectures, an unknown one" config="$(rule SCMP_ACT_ERRNO) | .linux.seccomp.architectures = [\"SCMP_ARCH_ABACUS\"]" error=SCMP_ARCH_ABACUS
property "the mode and the count of filters" config="$(rule SCMP_ACT_ERRNO)" run='grep -E "^Seccomp:" /proc/self/status' output=$'Seccomp:\t2'
# asked NAME FLAGS BIT SINCE: what the kernel is asked for with these flags; null: they are left out. The effects are a line in
# the log, and the speed of some processors. Of TSYNC there is none: a single thread becomes the container.
asked() {
	local optional=
	[ "$3" != 0 ] || optional='?' # runc calls prctl(2)
	property "flags, $1" needs=command:strace runc="$4" config="$(rule SCMP_ACT_ERRNO) | .linux.seccomp += ({flags: $2} | del(.flags | nulls))" \
		before='[ -z "${ASAN_OPTIONS+set}" ] || export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0' \
		host='strace -f -qq -X raw -e trace=seccomp -o "$volume/calls" "${runtime[@]}" run --bundle "$bundle" "$id-2" >"$volume/out" 2>&1
			grep -o "seccomp(0x1, [0-9a-fx]*, {len" "$volume/calls" | sort -u; cat "$volume/out"' run='/observe call getpriority; exec sleep 1' \
		match="^(seccomp\(0x1, $3, \{len"$'\n'")${optional}EPERM\$"
}
while read -r flag bit since; do
	asked "$flag" "[\"SECCOMP_FILTER_FLAG_$flag\"]" "$bit" "$since"
done <<'FLAGS'
LOG 0x2 1.2
SPEC_ALLOW 0x4 1.2
TSYNC 0 1.2
FLAGS
asked "left out: SPEC_ALLOW" null 0x4 1.2
asked "an empty list: none" '[]' 0 1.2
# The kernel's word for it, where the processor has something to protect.
property "flags, SPEC_ALLOW: a thread is not slowed down for it" runc=1.2 config="$(rule SCMP_ACT_ERRNO) | .linux.seccomp.flags = [\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]" \
	run='sed -n "s/^Speculation_Store_Bypass:[[:space:]]*//p" /proc/self/status' match='^(thread vulnerable|not vulnerable|vulnerable|globally mitigated|unknown)$'
property "flags, an unknown one" runc=1.2 config="$(rule SCMP_ACT_ERRNO) | .linux.seccomp.flags = [\"SECCOMP_FILTER_FLAG_BEST\"]" error=SECCOMP_FILTER_FLAG_BEST
property "an unknown action" config="$(rule SCMP_ACT_BEST)" error=SCMP_ACT_BEST
property "without no_new_privs" config="$(rule SCMP_ACT_ERRNO) | .process.noNewPrivileges = false" \
	run='/observe call getpriority; grep NoNewPrivs /proc/self/status' output=$'EPERM\nNoNewPrivs:\t0'

# Without no_new_privs the filter holds for the last steps of the runtime too, which must not need what a program need not.
user='.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000}'
deny() {
	echo "$user | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [$1], action: \"SCMP_ACT_ERRNO\"}]}"
}
for call in close_range openat2 faccessat2 setresuid getgroups; do
	property "without no_new_privs, a filter without $call" config="$(deny "\"$call\"")" as="/observe call getpriority" output=OK
	property "without no_new_privs, a filter without $call: create, start and exec" config="$(deny "\"$call\"")" \
		host='"${runtime[@]}" exec "$id" /observe call getpriority' output=OK
done
denied='"close_range", "openat2", "faccessat2", "setresuid", "setresgid", "setgroups", "getgroups", "prctl", "fchdir", "getcwd", "capget", "sendmsg",
	"recvmsg", "sendto", "recvfrom", "poll", "ppoll", "openat", "readlinkat", "statx"'
property "without no_new_privs, a filter without any call that is the runtime's" runc=no config="$(deny "$denied")" as="/observe call getpriority" output=OK
property "... with a terminal" runc=no config="$(deny "$denied") | .process.terminal = true" as="/observe call getpriority" output=OK
two='.process.capabilities = (["CAP_CHOWN", "CAP_SYS_ADMIN"] as $two | {bounding: $two, permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"], inheritable: $two, ambient: $two})'
property "... by a user who has capabilities: these alone are left" runc=no run='grep ^Cap[IPEA] /proc/self/status' \
	config="$(deny '"close_range", "openat2", "capget", "sendmsg"') | $two" \
	output=$'CapInh:\t0000000000200001\nCapPrm:\t0000000000000001\nCapEff:\t0000000000000001\nCapAmb:\t0000000000000001'
property "without no_new_privs, while it is created: the capabilities that were asked, and the filter" config="$(deny '"getpriority"')" \
	host='"${runtime[@]}" create --bundle "$bundle" "$id-2"; sed -n "/^CapEff\|^CapPrm\|^Seccomp:/p" "/proc/$("${runtime[@]}" state "$id-2" | jq .pid)/status"
		"${runtime[@]}" delete --force "$id-2"' output=$'CapPrm:\t0000000020000420\nCapEff:\t0000000020000420\nSeccomp:\t2'
property "exec has it too" config="$(rule SCMP_ACT_ERRNO)" host='"${runtime[@]}" exec "$id" /observe call getpriority' output=EPERM

properties_end
