#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls that nearly every exploit of the kernel starts from: bpf and perf_event_open (its largest parsers),
# userfaultfd (holds the kernel at a fault of the caller's choosing).
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

probes=(bpf perf userfaultfd)

test_begin "bpf, perf_event_open and userfaultfd are denied"
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
