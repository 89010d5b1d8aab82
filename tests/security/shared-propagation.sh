#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With shared propagation what the container mounts appears on the host, and what the host mounts in it.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "a root whose mounts are shared with the host is refused"
for how in shared rshared; do
	attack_bundle '.linux.rootfsPropagation = $how' --arg how "$how"
	expect_refused "linux.rootfsPropagation" "$how"
done
assert_nothing_left

test_begin "a bind that is shared with the host is refused"
mkdir -p "$TEST_TMP/volume"
for how in shared rshared; do
	bind_bundle "$TEST_TMP/volume" "$how"
	expect_refused "mounts[/host]"
done
assert_nothing_left

test_begin "remount, which changes what was mounted before, is refused"
attack_bundle '.mounts += [{destination: "/proc/sys", type: "bind", source: "/proc/sys", options: ["bind", "remount", "rw"]}]'
expect_refused "mounts[/proc/sys]"
assert_nothing_left

test_begin "no mount of a container is a peer of one of the host"
bind_bundle "$TEST_TMP/volume"
edit_bundle "$bundle" '.process.args = ["sh", "-c", "grep -c shared: /proc/self/mountinfo"]'
run_agentrun run --bundle "$bundle" "$id"
expect_output 0
assert_nothing_left

test_begin "shared mounts are shared where nothing guards"
attack_bundle '.linux.rootfsPropagation = "shared"
	| .process.args = ["sh", "-c", "grep -q shared: /proc/self/mountinfo && echo escaped"]'
expect_runs
assert_nothing_left
