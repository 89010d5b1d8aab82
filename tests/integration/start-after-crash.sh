#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A start that is killed at any of its system calls: the container runs, or can be started, and its status says which.
#
#   SWEEP_STEP   every how many system calls it is killed (default: 5; 1 for all); those that let init go in any case
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:strace

step=${SWEEP_STEP:-5}

# traced OPTION...: a start of $id under strace, which cannot look for leaks itself
traced() {
	ASAN_OPTIONS=detect_leaks=0 run_command sh -c '"$@"; exit' sh strace -qq -o "$TEST_TMP/trace" "$@" \
		"$AGENTRUN" --root "$state" start "$id"
}

create() {
	rm -f "$bundle/rootfs/started"
	run_agentrun --profile compat create --bundle "$bundle" "$id"
	expect_success
}

test_begin "a start that is killed at its system calls ($step apart) leaves a container that runs or can be started"
make_command "$bundle" '.root.readonly = false' sh -c 'echo >/started && exec sleep 1000'
create
traced
expect_success
mapfile -t all < <(sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$TEST_TMP/trace" | grep -v '^exit' | awk '{ print $1, ++seen[$1] }')
check_true "it makes more than 50 system calls, not ${#all[@]}" test "${#all[@]}" -gt 50
run_agentrun delete --force "$id"
declare -A seen=()
for ((n = 0; n < ${#all[@]}; n++)); do
	read -r call number <<<"${all[n]}"
	case $call in
	write | unlinkat | openat | renameat | flock) ;;
	*) ((n % step == 0)) || continue ;;
	esac
	create
	traced -e "inject=$call:signal=KILL:when=$number"
	now=$(container_status "$id")
	seen[$now]=1
	# refused where it has just been let go
	[ "$now" != created ] || run_agentrun start "$id"
	for _ in $(seq 100); do
		if [ -e "$bundle/rootfs/started" ]; then break; fi
		sleep 0.05
	done
	check_true "killed at $call $number, was $now: the program has started" test -e "$bundle/rootfs/started"
	check_equal "killed at $call $number: status" "$(container_status "$id")" running
	run_agentrun delete --force "$id"
done
check_equal "what it was after that" "$(printf '%s\n' "${!seen[@]}" | sort | tr '\n' ' ')" "created running "
assert_nothing_left
