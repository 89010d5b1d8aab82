#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A create, run or delete that is killed at any of its system calls leaves nothing that "delete --force" does not
# remove.
#
#   SWEEP_STEP   every how many system calls it is killed (default: 9; 1 for all)
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup command:strace

step=${SWEEP_STEP:-9}
# a sanitizer cannot look for leaks in what strace holds
export ASAN_OPTIONS=detect_leaks=0

# calls COMMAND...: the system calls that the tool itself makes, each with its number among those of its name
calls() {
	run_command strace -qq -o "$TEST_TMP/trace" "$AGENTRUN" --root "$state" "$@"
	[ "$status" = 0 ] || return 1
	sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$TEST_TMP/trace" | grep -v '^exit' | awk '{ print $1, ++seen[$1] }'
}

# kill_at "CALL NUMBER" COMMAND...: run it and kill it there; $where tells of it
kill_at() {
	local call number
	read -r call number <<<"$1"
	shift
	# a shell in between keeps bash from telling of the kill
	run_command sh -c '"$@"; exit' sh strace -qq -o "$TEST_TMP/trace" -e "inject=$call:signal=KILL:when=$number" \
		"$AGENTRUN" --root "$state" "$@"
	[ "$status" = 0 ] || killed=$((killed + 1))
	where="killed at call $number of $call: $(grep -v '^+++' "$TEST_TMP/trace" | tail -n 1)"
}

# After a forced deletion, which must succeed, nothing is left.
expect_deletion() {
	local before
	run_agentrun delete --force "$id"
	[ "$status" = 0 ] || fail "$where"$'\n'"delete: status $status, $errors"
	# shellcheck disable=SC2154 # of tests/tap.sh
	before=$tap_problems
	assert_nothing_left
	if [ "$tap_problems" != "$before" ]; then
		fail "$where"
		lib_clean
	fi
}

# The number of a few calls varies, so that some are not met.
expect_killed() {
	local tries=$(((${#all[@]} + step - 1) / step))
	note "${#all[@]} system calls, killed at $killed of $tries"
	check_true "most of them were killed: $killed of $tries" test "$killed" -ge $((tries * 9 / 10))
}

for command in create "run --detach"; do
	test_begin "$command is killed at each system call ($step apart) and deleted by force"
	make_command "$bundle" . sleep 1000
	# shellcheck disable=SC2086
	mapfile -t all < <(calls $command --bundle "$bundle" "$id")
	run_agentrun delete --force "$id"
	check_true "it makes more than 50 system calls, not ${#all[@]}" test "${#all[@]}" -gt 50
	killed=0
	for ((n = 0; n < ${#all[@]}; n += step)); do
		# shellcheck disable=SC2086
		kill_at "${all[n]}" $command --bundle "$bundle" "$id"
		expect_deletion
	done
	expect_killed
done

test_begin "delete --force is killed at each system call ($step apart) and repeated"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
mapfile -t all < <(calls delete --force "$id")
check_true "it makes more than 50 system calls, not ${#all[@]}" test "${#all[@]}" -gt 50
killed=0
for ((n = 0; n < ${#all[@]}; n += step)); do
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	kill_at "${all[n]}" delete --force "$id"
	expect_deletion
done
expect_killed
