#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits that are reached: who is killed, who waits, and what is told of it.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup

eat='x=$(tail /dev/zero)'

if test_begin "init that is killed for its memory leaves a stopped container, and delete works" memory; then
	make_command "$bundle" '.linux.resources.memory.limit = 33554432' sh -c "$eat"
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	wait_status stopped
	check_match "what the kernel counted" "$(in_cgroup memory.events)" '^oom_kill [1-9]'
	run_agentrun delete "$id"
	expect_success
	assert_nothing_left
fi

if test_begin "a limit that is too low for the container to begin is named, and nothing is left" memory; then
	make_command "$bundle" '.linux.resources.memory = {limit: 4096, swap: 4096}' true
	for command in create run; do
		run_agentrun --profile compat "$command" --bundle "$bundle" "$id"
		expect_error "container init was OOM-killed (memory limit too low?)"
		assert_nothing_left
	done
fi

if test_begin "events tells of memory shortage while it watches" memory; then
	make_command "$bundle" '.linux.resources.memory.limit = 33554432 | .linux.resources.unified = {"memory.oom.group": "0"}' \
		sh -c 'while ! [ -e /tmp/go ]; do sleep 0.1; done; sh -c "x=\$(tail /dev/zero)"; sleep 2'
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	"$AGENTRUN" --root "$state" events --interval 200ms "$id" >"$TEST_TMP/events" 2>&1 &
	watcher=$!
	for _ in $(seq 100); do
		[ ! -s "$TEST_TMP/events" ] || break
		sleep 0.1
	done
	run_agentrun exec "$id" touch /tmp/go
	expect_success
	wait "$watcher" || fail "events ended with status $?"
	check_match "an event" "$(cat "$TEST_TMP/events")" "\"type\":\"oom\",\"id\":\"$id\""
	check_equal "statistics name what was used" \
		"$(jq -s 'map(select(.type == "stats").data.memory.usage.limit) | unique' -c "$TEST_TMP/events")" '[33554432]'
fi

if test_begin "an exec that is killed for its memory has status 137" memory; then
	make_command "$bundle" '.linux.resources.memory.limit = 33554432' sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	run_agentrun exec "$id" tail /dev/zero
	expect_status 137
fi

if test_begin "the early death of an exec is not laid on memory that was short before it" memory; then
	make_command "$bundle" '.linux.resources.memory.limit = 33554432' sleep 1000
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	run_agentrun exec "$id" sh -c "$eat"
	check_match "what the kernel counted" "$(in_cgroup memory.events)" '^oom_kill [1-9]'
	run_agentrun pause "$id"
	AGENTRUN_TEST=$lib_mark "$AGENTRUN" --root "$state" exec --ignore-paused "$id" true </dev/null >"$TEST_TMP/killed" 2>&1 &
	exec=$!
	pid='' init=$(container_pid "$id")
	for _ in $(seq 200); do
		pid=$(in_cgroup cgroup.procs | grep -vx "$init" || true)
		[ -z "$pid" ] || break
		sleep 0.05
	done
	kill -KILL "$pid"
	wait "$exec" && fail "exec succeeds"
	check_has "what it says" "$(cat "$TEST_TMP/killed")" "was killed by signal 9"
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

if test_begin "memory that is limited with swap may be swapped out and in, and nobody is killed" memory swap; then
	make_command "$bundle" '.linux.resources.memory = {"limit": 16777216, "swap": 100663296}' \
		sh -c 'x=$(head -c 20971520 /dev/zero | tr "\0" x); echo ${#x}'
	run_agentrun --profile compat run --bundle "$bundle" "$id"
	expect_success
	expect_output 20971520
fi

if test_begin "who has used up his processor time waits" cpu; then
	make_command "$bundle" '.linux.resources.cpu = {"quota": 10000, "period": 100000}' \
		sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i + 1)); done; exec sleep 1000'
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	for _ in $(seq 100); do
		! grep -q '^nr_throttled [1-9]' "$(cgroup_folder)/cpu.stat" || break
		sleep 0.1
	done
	check_match cpu.stat "$(in_cgroup cpu.stat)" '^nr_throttled [1-9]'
	run_agentrun events --stats "$id"
	check_true "events has it too" jq -e '.data.cpu.throttling.throttledPeriods > 0' <<<"$output"
fi

if test_begin "who writes faster than he may waits for the disk" io; then
	device=$(stat -c %d "$TEST_TMP")
	major=$((device >> 8 & 0xfff)) minor=$((device & 0xff | device >> 12 & 0xfff00))
	if ! [ -e "/sys/dev/block/$major:$minor" ]; then
		skip "needs a disk below the tests' folder"
	else
		mkdir -p "$TEST_TMP/disk"
		chmod 777 "$TEST_TMP/disk"
		make_command "$bundle" ".linux.resources.blockIO.throttleWriteBpsDevice =
			[{major: $major, minor: $minor, rate: 1048576}] |
			.mounts += [{destination: \"/disk\", type: \"bind\", source: \"$TEST_TMP/disk\", options: [\"rbind\", \"rw\"]}]" \
			dd if=/dev/zero of=/disk/file bs=1M count=3 oflag=direct
		started=$(date +%s%N)
		run_agentrun run --bundle "$bundle" "$id"
		expect_success
		check_equal "written" "$(stat -c %s "$TEST_TMP/disk/file")" 3145728
		spent=$((($(date +%s%N) - started) / 1000000))
		check_true "3 MB at 1 MB/s take two seconds at least, not $spent ms" test "$spent" -ge 2000
	fi
fi
