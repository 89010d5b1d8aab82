#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The id is part of paths: the state directory, the cgroup.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

mkdir -p "$state" "$TEST_TMP/outside"
: >"$TEST_TMP/outside/keep"

test_begin "an id that leads out of the state directory is refused by every command"
for name in .. . ../outside ../../etc a/../../outside /etc "" "a b" $'a\nb' "a/b" "$(printf 'x%.0s' $(seq 1100))"; do
	attack_bundle .
	for command in run create; do
		run_agentrun "$command" --bundle "$bundle" -- "$name"
		check_false "$command '$name' succeeded" [ "$status" = 0 ]
		check_lacks "what ran" "$output" escaped
	done
	for command in "delete --force" state "kill %s KILL" start pause resume ps "exec %s true" events; do
		# shellcheck disable=SC2086
		case $command in
		*%s*) run_agentrun ${command%% *} "$name" "${command##* }" ;;
		*) run_agentrun $command "$name" ;;
		esac
		check_true "$command '$name': status" [ "$status" != 0 -o "${command%% *}" = delete ]
	done
done
check_true "what lies outside is still there" [ -e "$TEST_TMP/outside/keep" ]
check_equal "what is beside the state directory" "$(ls "$TEST_TMP/outside")" keep
assert_nothing_left

test_begin "delete --force of an id that leads out removes nothing"
cp -r "$TEST_TMP/outside" "$TEST_TMP/victim"
run_agentrun delete --force ../victim
check_true "it is still there" [ -e "$TEST_TMP/victim/keep" ]
assert_nothing_left

test_begin "an id that is only unusual is taken"
attack_bundle .
run_agentrun run --bundle "$bundle" "$id-A_b.c+d"
expect_success
expect_output escaped
assert_nothing_left
