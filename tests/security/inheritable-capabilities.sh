#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2022-24769, CVE-2022-27650, CVE-2022-29162: inheritable capabilities give a program with file
# capabilities more than its user has.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

sets() {
	grep -E '^Cap(Inh|Amb)' /dev/stdin | awk '{print $1 $2}' | tr '\n' ' '
}
zero="CapInh:0000000000000000 CapAmb:0000000000000000 "
all='["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_NET_RAW"]'

test_begin "init has no inheritable nor ambient capability, whatever the bundle asks"
make_command "$bundle" ".process.capabilities = {bounding: $all, effective: $all, permitted: $all, inheritable: $all,
	ambient: $all}" cat /proc/self/status
run_agentrun run --bundle "$bundle" "$id"
expect_success
check_equal sets "$(echo "$output" | sets)" "$zero"
assert_nothing_left

test_begin "exec neither"
make_command "$bundle" . sleep 100
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
jq -n "{args: [\"cat\", \"/proc/self/status\"], cwd: \"/\", user: {uid: 0, gid: 0}, capabilities: {bounding: $all, effective: $all,
	permitted: $all, inheritable: $all, ambient: $all}}" >"$TEST_TMP/process.json"
run_agentrun exec --process "$TEST_TMP/process.json" "$id"
expect_success
check_equal sets "$(echo "$output" | sets)" "$zero"
run_agentrun exec --cap CAP_NET_RAW --cap CAP_SYS_ADMIN "$id" cat /proc/self/status
expect_success
check_equal sets "$(echo "$output" | sets)" "$zero"
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "the probe sees them where the bundle is obeyed"
make_command "$bundle" ".process.capabilities = {bounding: $all, effective: $all, permitted: $all, inheritable: $all,
	ambient: $all}" cat /proc/self/status
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
check_lacks sets "$(echo "$output" | sets)" "0000000000000000"
assert_nothing_left
