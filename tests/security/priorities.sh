#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever starts a container, or an exec, has a priority before others' work, or a personality without address
# randomization: the container has not.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root CAP_SYS_NICE command:chrt command:ionice command:setarch

# ahead ARGUMENT...: agentrun, started by somebody who goes before everybody else
ahead() {
	run_command nice -n "$((-5 - $(nice)))" ionice -c 1 -n 0 chrt --fifo 10 setarch --addr-no-randomize \
		"$AGENTRUN" --root "$state" "$@"
	expect_success
}

# look PID: its policy, real-time priority, nice value, I/O priority and personality
look() {
	# of stat(5), behind the name, the nice value is the 17th field
	echo "$(chrt --pid "$1" | sed -nE '/(policy|priority):/s/.*: //p' | tr '\n' ' ')$(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 17) $(ionice -p "$1") $(
		cat "/proc/$1/personality")"
}

# by_exec: the pid of a sleep that an exec has started
by_exec() {
	ahead exec --detach --pid-file "$TEST_TMP/exec.pid" "$id" sleep 1000
	cat "$TEST_TMP/exec.pid"
}

start() {
	make_command "$bundle" "$2" sleep 1000
	ahead --profile "$1" run --detach --bundle "$bundle" "$id"
}

for profile in agent strict; do
	test_begin "nothing of it is inherited by a container of $profile, nor by an exec"
	start "$profile" .
	check_match "init" "$(look "$(container_pid "$id")")" '^SCHED_OTHER 0 0 (none: prio 4|best-effort: prio 4) 00000000$'
	check_match "an exec" "$(look "$(by_exec)")" '^SCHED_OTHER 0 0 (none: prio 4|best-effort: prio 4) 00000000$'
	run_agentrun delete --force "$id"
	assert_nothing_left
done

test_begin "what is behind others' work is kept"
make_command "$bundle" . sleep 1000
run_command nice -n "$((7 - $(nice)))" ionice -c 3 chrt --batch 0 "$AGENTRUN" --root "$state" run --detach --bundle "$bundle" "$id"
expect_success
check_equal "init" "$(look "$(container_pid "$id")")" "SCHED_BATCH 0 7 idle 00000000"
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "what is asked for is had, also by an exec"
start agent '.process.scheduler = {policy: "SCHED_BATCH", nice: 3} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
check_equal "init" "$(look "$(container_pid "$id")")" "SCHED_BATCH 0 3 best-effort: prio 6 00000000"
check_equal "an exec" "$(look "$(by_exec)")" "SCHED_BATCH 0 3 best-effort: prio 6 00000000"
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "nor by one whose flags ask to keep it"
start agent '.process.scheduler = {policy: "SCHED_OTHER", flags: ["SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS"]}'
check_match "init" "$(look "$(container_pid "$id")")" '^SCHED_OTHER 0 0 '
check_match "an exec" "$(look "$(by_exec)")" '^SCHED_OTHER 0 0 '
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "in compat it is inherited, as with runc"
start compat .
check_equal "init" "$(look "$(container_pid "$id")")" "SCHED_FIFO 10 -5 realtime: prio 0 00040000"
run_agentrun delete --force "$id"
assert_nothing_left
