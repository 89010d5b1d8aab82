#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SCMP_ACT_NOTIFY: the agent at listenerPath gets the listener and decides.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../helpers.bash"
needs root command:python3
build_helper interrupted

# notifying_bundle CALL...: these calls are notified, all others allowed.
notifying_bundle() {
	make_bundle "$bundle" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		listenerPath: $socket, listenerMetadata: "as the bundle says",
		syscalls: [{names: $ARGS.positional, action: "SCMP_ACT_NOTIFY"}]}
		| .root.readonly = false' --arg socket "$TEST_TMP/agent" --args "$@"
}

# start_agent [signal]
start_agent() {
	rm -f "$TEST_TMP/agent" "$TEST_TMP/messages"
	AGENTRUN_TEST=$lib_mark python3 "$(dirname "$0")/seccomp-notify.py" "$TEST_TMP/agent" "$TEST_TMP/messages" 60 "$@" &
	agent=$!
	for _ in $(seq 100); do
		[ ! -S "$TEST_TMP/agent" ] || return 0
		sleep 0.05
	done
	fail "the agent does not listen"
}

stop_agent() {
	kill "$agent"
	wait "$agent" 2>/dev/null || true
}

test_begin "the agent at listenerPath decides about a call"
start_agent
notifying_bundle mkdir mkdirat
edit_bundle "$bundle" '.process.args = ["mkdir", "/made"]'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "Invalid cross-device link"
stop_agent
check_false "it was not made" [ -e "$bundle/rootfs/made" ]
check_equal "what came with the listener" \
	"$(jq -c '[.fds, .metadata, .state.id, .state.bundle, (.pid > 1)]' "$TEST_TMP/messages")" \
	"[[\"seccompFd\"],\"as the bundle says\",\"$id\",\"$bundle\",true]"
assert_nothing_left

test_begin "the listener reaches the agent of a container with few descriptors, too"
start_agent
notifying_bundle mkdir mkdirat
edit_bundle "$bundle" '.process.args = ["mkdir", "/made"] | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 4, hard: 4}]'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "Invalid cross-device link"
stop_agent
assert_nothing_left

test_begin "calls that the runtime itself makes may be notified without a deadlock"
start_agent
notifying_bundle execve openat sendmsg fcntl close mmap brk nanosleep clock_nanosleep exit
edit_bundle "$bundle" '.process.args = ["echo", "went on"]'
RUN_SECONDS=20 run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
expect_output "went on"
stop_agent
assert_nothing_left

# All that a process does on its way to its program, or that who hands the listener over could need: with the
# filter before the ids change, and as the last thing of all.
every_call=(writev sendmsg sendto recvmsg recvfrom read fcntl openat openat2 close close_range connect socket
	ioctl dup dup3 poll ppoll futex mmap munmap mprotect brk prctl capset setgroups setresuid setresgid fchdir
	chdir getcwd umask faccessat2 newfstatat statx readlinkat getpid getppid prlimit64 sched_yield clone
	exit exit_group execve)
for privileges in true false; do
	test_begin "any call of the runtime but write may be notified, and exec's as well (noNewPrivileges $privileges)"
	start_agent
	notifying_bundle "${every_call[@]}"
	edit_bundle "$bundle" '.process.args = ["sh", "-c", "echo went on; sleep 100"]
		| .process.noNewPrivileges = $privileges' --argjson privileges "$privileges"
	RUN_SECONDS=20 run_agentrun --profile compat create --bundle "$bundle" "$id"
	expect_success
	RUN_SECONDS=20 run_agentrun start "$id"
	expect_success
	RUN_SECONDS=20 run_agentrun exec "$id" echo so did this
	expect_output "so did this"
	run_agentrun delete --force "$id"
	stop_agent
	check_equal "listeners sent" "$(wc -l <"$TEST_TMP/messages")" 2
	assert_nothing_left
done

test_begin "write, and every call at once, are not notified, as with runc"
notifying_bundle mkdir write
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "SCMP_ACT_NOTIFY cannot be used for write"
edit_bundle "$bundle" '.linux.seccomp.syscalls = [] | .linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY"'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error SCMP_ACT_NOTIFY
assert_nothing_left

test_begin "exec sends a listener of its own"
start_agent
notifying_bundle mkdir mkdirat
edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec "$id" mkdir /made
expect_error "Invalid cross-device link"
run_agentrun delete --force "$id"
stop_agent
check_equal "listeners sent" "$(wc -l <"$TEST_TMP/messages")" 2
check_equal "the state of the second" "$(jq -r .state.status "$TEST_TMP/messages" | tail -n 1)" running
assert_nothing_left

if test_begin "a real-time policy on one processor does not keep the listener from its agent" CAP_SYS_NICE; then
	start_agent
	notifying_bundle mkdir mkdirat
	edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	jq '.process | .args = ["mkdir", "/made"] | .scheduler = {policy: "SCHED_FIFO", priority: 10}
		| .execCPUAffinity = {initial: "0", final: "0"}' "$bundle/config.json" >"$TEST_TMP/process.json"
	RUN_SECONDS=10 run_agentrun exec --process "$TEST_TMP/process.json" "$id"
	expect_error "Invalid cross-device link"
	run_agentrun delete --force "$id"
	stop_agent
	check_equal "listeners sent" "$(wc -l <"$TEST_TMP/messages")" 2
	assert_nothing_left
fi

# The agent has the call by then: a signal that does not kill leaves it waiting, with the flag.
while read -r what flags expected; do
	if test_begin "a signal while the agent decides, $what SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" kernel:5.19; then
		start_agent signal
		notifying_bundle mkdir mkdirat
		edit_bundle "$bundle" ".process.args = [\"/bin/interrupted\", \"/made\"] | .linux.seccomp.flags = $flags"
		cp "$helpers_folder/interrupted" "$bundle/rootfs/bin"
		run_agentrun --profile compat run --bundle "$bundle" "$id"
		expect_success
		expect_output "$expected"
		stop_agent
		assert_nothing_left
	fi
done <<'FLAGS'
without [] EINTR
with ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] EXDEV
FLAGS

test_begin "nobody at listenerPath: no container"
rm -f "$TEST_TMP/agent"
notifying_bundle mkdir
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "linux.seccomp.listenerPath"
assert_nothing_left

test_begin "notification without a listenerPath is refused"
notifying_bundle mkdir
edit_bundle "$bundle" 'del(.linux.seccomp.listenerPath)'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "listenerPath"
assert_nothing_left

test_begin "the agent profile does not let another process answer for the kernel"
start_agent
notifying_bundle mkdir
run_agentrun --profile agent run --bundle "$bundle" "$id"
expect_error "linux.seccomp.listenerPath"
stop_agent
assert_nothing_left
