#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Keys do not belong to a namespace: the host's keyrings, and a parser with a long history of defects.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

probes=(keyctl add-key request-key)

test_begin "keys can be neither made nor found nor asked for"
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
