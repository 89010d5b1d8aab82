#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An exec that has begun when its container ends, and one that cannot go on itself.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:strace

# traced OPTION...: an exec in $id under strace, which cannot look for leaks itself
traced() {
	ASAN_OPTIONS=detect_leaks=0 run_command strace -qq -o "$TEST_TMP/trace" "$@" \
		"$AGENTRUN" --root "$state" exec "$id" true
}

# number CALL REGEX: of which CALL in the trace of an exec the arguments match
number() {
	grep "^$1(" "$TEST_TMP/trace" | grep -nE -m 1 "$2" | cut -d : -f 1
}

# longer than an exec takes to come there
wait=$((${AGENTRUN_RUN_SECONDS:-60} / 15))

while IFS='|' read -r what call regex; do
	test_begin "the container ends before $what: the exec says that it is stopped"
	make_command "$bundle" . sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	traced
	expect_success
	pid=$(container_pid "$id")
	(
		sleep "$wait"
		kill -KILL "$pid"
	) &
	traced -e "inject=$call:delay_enter=$((wait * 2))000000:when=$(number "$call" "$regex")"
	wait
	check_has "the trace" "$(cat "$TEST_TMP/trace")" "(DELAYED)"
	expect_status 255
	check_match "errors" "$errors" 'msg="exec failed: cannot exec in a stopped container"$'
	run_agentrun delete "$id"
	expect_success
	assert_nothing_left
done <<'CASES'
its namespaces are opened|openat|/ns/pid
the process is made|clone3|.
CASES

test_begin "an exec that cannot wait for its process ends it"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec --detach "$id" sleep 2344
run_agentrun exec "$id" sh -c 'ps | grep "[s]leep 234"'
expect_success
expect_output_has "sleep 2344"
traced
expect_success
ASAN_OPTIONS=detect_leaks=0 run_command strace -qq -o "$TEST_TMP/trace" -e "inject=poll:error=ENOMEM:when=$(number poll '\], 9, -1\)')" \
	"$AGENTRUN" --root "$state" exec "$id" sleep 2345
expect_status 255
expect_error "wait for the container: cannot allocate memory"
run_agentrun exec "$id" sh -c 'ps | grep "[s]leep 2345"'
expect_status 1
expect_output ""
run_agentrun delete --force "$id"
assert_nothing_left
