#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# io_uring does on its own what a filter of system calls watches: IORING_OP_SOCKET is a socket without socket(2).
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

probes=(io-uring-setup io-uring-socket)

test_begin "io_uring cannot be set up, so that no ring opens a socket"
probe_bundle "$privileged"
run_probes agent "${probes[@]}"
for probe in "${probes[@]}"; do
	expect_probe "$probe" 'EPERM'
done
assert_nothing_left

test_begin "exec gets no further"
probe_bundle "$privileged"
edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec "$id" /surface "${probes[@]}"
expect_success
for probe in "${probes[@]}"; do
	expect_probe "$probe" 'EPERM'
done
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "the probes succeed where nothing guards"
probe_bundle "$privileged"
run_probes compat "${probes[@]}"
control_probes "${probes[@]}"
assert_nothing_left

test_begin "an opt-out for single calls lets these in and nothing else"
cat >"$TEST_TMP/io-uring.conf" <<-'CONF'
	{ "opt-outs": [ { "control": "seccomp", "path": "io_uring_setup", "reason": "a database" },
		{ "control": "seccomp", "path": "io_uring_enter", "reason": "a database" } ] }
CONF
probe_bundle "$privileged"
edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
run_agentrun --config "$TEST_TMP/io-uring.conf" run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun state "$id"
check_equal "seccomp" "$(jq -r .agentrun.controls.seccomp.result <<<"$output")" relaxed
run_agentrun exec "$id" /surface io-uring-setup keyctl
expect_success
control_probes io-uring-setup
expect_probe keyctl EPERM
run_agentrun delete --force "$id"
assert_nothing_left
