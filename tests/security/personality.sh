#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# READ_IMPLIES_EXEC makes every page executable that is only read, MMAP_PAGE_ZERO maps what NULL points to.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

probes=(read-implies-exec read-implies-exec-garbage mmap-page-zero)

test_begin "a process cannot take a personality that weakens its memory"
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

test_begin "what debuggers set, no randomization of addresses, is allowed"
probe_bundle .
run_probes agent no-randomize
expect_probe no-randomize OK
assert_nothing_left
