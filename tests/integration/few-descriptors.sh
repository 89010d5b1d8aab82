#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Commands that run out of file descriptors (RLIMIT_NOFILE): one that fails says why and leaves nothing, and nothing is
# weaker or half done.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup

most=40

# with LIMIT ARGUMENT...: agentrun with as many descriptors.
with() {
	local limit=$1
	shift
	# shellcheck disable=SC2016
	run_command sh -c 'ulimit -Sn "$1"; shift; exec "$@"' sh "$limit" "$AGENTRUN" --root "$state" "$@"
}

# told LIMIT: what failed has said why, in a line. The loader itself says it of very few.
told() {
	if [ "$status" != 0 ]; then
		check_match "what is said with $1 descriptors" "$errors" 'too many open files|Too many open files|cannot open|cannot be read'
	fi
}

for profile in agent compat; do
	test_begin "run ($profile)"
	make_command "$bundle" . sh -c 'echo hello; ls /proc/self/fd | wc -l'
	run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
	expect_success
	expected=$output
	fewest=
	for limit in $(seq 4 "$most"); do
		with "$limit" --profile "$profile" run --bundle "$bundle" "$id"
		told "$limit"
		if [ "$status" = 0 ]; then
			: "${fewest:=$limit}"
			check_equal "output with $limit descriptors" "$output" "$expected"
		else
			check_equal "output with $limit descriptors" "$output" ""
			check_equal "failed with more than $fewest" "${fewest:-none}" none
		fi
		[ -z "$tap_problems" ] || break
		check_false "a state directory with $limit descriptors" [ -e "$state/$id" ]
	done
	check_true "it runs with $most" [ -n "$fewest" ]
	assert_nothing_left
done

test_begin "create"
make_command "$bundle" . sleep 1000
fewest=
for limit in $(seq 4 "$most"); do
	with "$limit" create --bundle "$bundle" "$id"
	told "$limit"
	if [ "$status" = 0 ]; then
		fewest=$limit
		run_agentrun delete --force "$id"
		expect_success
	fi
	check_false "a state directory with $limit descriptors" [ -e "$state/$id" ]
done
check_true "it is created with $most" [ -n "$fewest" ]
assert_nothing_left

test_begin "start"
make_command "$bundle" . sleep 1000
run_agentrun create --bundle "$bundle" "$id"
for limit in $(seq 4 "$most"); do
	with "$limit" start "$id"
	told "$limit"
	[ "$status" != 0 ] || break
	check_equal "status" "$(container_status)" created
done
check_equal "status" "$(container_status)" running

test_begin "exec"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
fewest=
for limit in $(seq 4 "$most"); do
	with "$limit" exec "$id" sh -c 'grep -E "^(Seccomp|NoNewPrivs|CapBnd)" /proc/self/status; pwd'
	told "$limit"
	if [ "$status" = 0 ]; then
		: "${fewest:=$output}"
		check_equal "what it has with $limit descriptors" "$output" "$fewest"
	else
		check_equal "output with $limit descriptors" "$output" ""
	fi
done
check_has "with enough" "$fewest" NoNewPrivs
run_agentrun ps --format json "$id"
check_equal "processes" "$(jq length <<<"$output")" 1

test_begin "state, list, ps, pause, resume, update, kill, delete"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
commands=("state $id" "list" "ps $id" "pause $id" "resume $id" "kill $id 0" "delete --force $id")
if has pids; then commands=("update --pids-limit 100 $id" "${commands[@]}"); fi
for command in "${commands[@]}"; do
	read -ra words <<<"$command"
	for limit in $(seq 4 "$most"); do
		with "$limit" "${words[@]}"
		[ "$status" != 0 ] || break
		told "$limit"
	done
	check_equal "status of $command" "$status" 0
done
assert_nothing_left
