#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of the image that make root of a user: setuid, setgid, file capabilities; also from a volume.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root command:setcap

user_bundle() {
	probe_bundle ".process.user = {uid: 1000, gid: 1000} | $1"
	cp "$helpers_folder/surface" "$bundle/rootfs/setuid"
	cp "$helpers_folder/surface" "$bundle/rootfs/capable"
	chmod 6755 "$bundle/rootfs/setuid"
	setcap cap_net_raw,cap_setuid+ep "$bundle/rootfs/capable"
}

# What init had, as bounding set, would be enough for all of it.
can_gain="$privileged | .process.capabilities |= {bounding: .bounding, effective: [], permitted: []}"

test_begin "a setuid program of the image runs as its caller"
user_bundle "$can_gain"
edit_bundle "$bundle" '.process.args = ["/setuid", "euid-root"]'
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_probe euid-root EPERM
edit_bundle "$bundle" '.process.args = ["/capable", "socket-17-3-0", "socket-2-3-1", "chroot"]'
run_agentrun run --bundle "$bundle" "$id"
if [ "$status" = 0 ]; then
	expect_probe socket-17-3-0 EAFNOSUPPORT
	expect_probe socket-2-3-1 EPERM
	expect_probe chroot EPERM
else
	expect_error "peration not permitted"
fi
assert_nothing_left

test_begin "so does an exec as a user"
user_bundle "$can_gain"
edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec --user 1000:1000 "$id" /setuid euid-root
expect_probe euid-root EPERM
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "so does one in a volume or on a scratch file system, whatever options are asked for"
mkdir -p "$TEST_TMP/volume"
user_bundle "$can_gain"
cp -p "$bundle/rootfs/setuid" "$TEST_TMP/volume/setuid"
edit_bundle "$bundle" '.mounts += [{destination: "/host", type: "bind", source: $source, options: ["bind", "suid", "exec"]}]
	| .process.args = ["sh", "-c", "grep \" /host \" /proc/mounts; /host/setuid euid-root"]' --arg source "$TEST_TMP/volume"
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output_has nosuid
expect_probe euid-root EPERM
assert_nothing_left

test_begin "a setuid program makes root where nothing guards"
user_bundle "$can_gain"
edit_bundle "$bundle" '.process.args = ["/setuid", "euid-root"]'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_probe euid-root OK
edit_bundle "$bundle" '.process.args = ["/capable", "socket-2-3-1"]'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_probe socket-2-3-1 OK
assert_nothing_left
