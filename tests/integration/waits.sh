#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long init and hooks are waited for, by what the kernel is asked: in compat without an end, as with runc.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:strace

# traced OPTION ARGUMENT...: agentrun under strace, which cannot look for leaks itself; $waits are the waits of more than
# a minute and those without an end
traced() {
	local option=$1
	shift
	ASAN_OPTIONS=detect_leaks=0 run_command strace "$option" -qq -o "$TEST_TMP/trace" -e trace=poll \
		"$AGENTRUN" --root "$state" "$@"
	expect_success
	waits=$(sed -nE 's/.*poll\(.*\], [0-9]+, (-1|[0-9]{6,})[ ,)].*/\1/p' "$TEST_TMP/trace" | sort -un | tr '\n' ' ')
}

test_begin "compat has no limit of its own, neither for init nor for a hook"
make_command "$bundle" '.hooks = {createRuntime: [{path: "/bin/true"}], createContainer: [{path: "/bin/true"}],
	startContainer: [{path: "/bin/true"}], poststart: [{path: "/bin/true"}], poststop: [{path: "/bin/true"}]}' true
traced -f --profile compat run --bundle "$bundle" "$id"
check_equal "limits of run" "$waits" "-1 "
assert_nothing_left

test_begin "compat has no limit of its own for a process of exec"
make_command "$bundle" . sleep 1000
run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
expect_success
traced -q exec "$id" true
check_equal "limits of exec" "$waits" "-1 "
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "a hook's own timeout holds in compat"
make_command "$bundle" '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "100"], timeout: 1}]' true
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "hook ran past specified timeout of 1.0s"
assert_nothing_left

test_begin "the other profiles wait two minutes for init, and for a process of exec"
make_command "$bundle" . sleep 1000
traced -q run --detach --bundle "$bundle" "$id"
check_equal "limits of run" "$waits" "120000 "
traced -q exec --detach "$id" true
check_equal "limits of exec" "$waits" "120000 "
run_agentrun delete --force "$id"
assert_nothing_left
