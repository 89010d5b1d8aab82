#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd makes the unit of a container, and its answer does not arrive.
set -euo pipefail
. "$(dirname "$0")/systemd.bash"
. "$(dirname "$0")/../lib.sh"
needs root systemd command:strace

# traced OPTION...: a create of $id under strace, which cannot look for leaks itself
traced() {
	ASAN_OPTIONS=detect_leaks=0 run_command strace -qq -s 200 -o "$TEST_TMP/trace" -e trace=sendmsg,recvmsg "$@" \
		"$AGENTRUN" --root "$state" --systemd-cgroup create --bundle "$bundle" "$id"
}

# How many messages had been taken when the unit was asked for, by the trace.
taken_before() {
	awk '/StartTransientUnit/ { print n + 0; exit } /^recvmsg/ { n++ }' "$TEST_TMP/trace"
}

test_begin "where the answer to the making of a unit is lost, the create fails soon and leaves nothing"
unit_bundle . sleep 1000
traced
expect_success
number=$(taken_before)
run_agentrun delete --force "$id"
hits=0
# how often it looks before a message is there varies
for ahead in -1 0 1 2 3; do
	SECONDS=0
	traced -e "inject=recvmsg:error=ECONNRESET:when=$((number + ahead))"
	check_true "it took $SECONDS seconds" test "$SECONDS" -lt 20
	if [ "$status" != 0 ]; then
		check_equal "the state" "$(ls "$state")" ""
	fi
	if sed -n '/StartTransientUnit/,/sendmsg/p' "$TEST_TMP/trace" | grep -q INJECTED; then
		hits=$((hits + 1))
		expect_error "unable to start unit"
	fi
	run_agentrun delete --force "$id"
done
check_true "an answer was lost in $hits of 5" test "$hits" -gt 0
assert_no_unit_left
