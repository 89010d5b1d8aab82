#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TIOCSTI types into the terminal of whoever looks at the container, TIOCLINUX pastes on a console. The kernel
# looks at the low 32 bits of a request alone (CVE-2019-10063), so the upper half must not hide one.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

probes=(tiocsti tiocsti-garbage tioclinux tioclinux-garbage tiocsetd)

test_begin "nothing is typed into a terminal, whatever stands in the upper half of the request"
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
