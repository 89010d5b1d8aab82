#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Disks, memory, virtual machines: nodes that the bundle lists, that are bound, that the image has, or that the
# container makes.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# MAJOR:MINOR of sda, mem, port, kmsg, kvm, fuse, loop0, vda
nodes='[{path: "/dev/sda", type: "b", major: 8, minor: 0}, {path: "/dev/mem", type: "c", major: 1, minor: 1},
	{path: "/dev/port", type: "c", major: 1, minor: 4}, {path: "/dev/kmsg", type: "c", major: 1, minor: 11},
	{path: "/dev/kvm", type: "c", major: 10, minor: 232}, {path: "/dev/fuse", type: "c", major: 10, minor: 229},
	{path: "/dev/loop0", type: "b", major: 7, minor: 0}, {path: "/dev/sub/vda", type: "b", major: 254, minor: 0}]'
made=(mknod-b-8-0 mknod-b-7-0 mknod-b-254-0 mknod-c-1-1 mknod-c-1-11 mknod-c-10-232 mknod-c-10-229)

test_begin "devices that the bundle lists are not there"
make_command "$bundle" "$privileged | .linux.devices = $nodes" sh -c 'find /dev -type b -o -name mem -o -name port \
	-o -name kmsg -o -name kvm -o -name fuse'
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output ""
assert_nothing_left

test_begin "no node is made, with all rights asked for"
probe_bundle "$privileged"
run_probes agent "${made[@]}"
for probe in "${made[@]}"; do
	expect_probe "$probe" EPERM
done
assert_nothing_left

test_begin "a node that the image brings, under a harmless name, is not opened"
probe_bundle "$privileged"
mknod -m 666 "$bundle/rootfs/null" c 1 11
mknod -m 666 "$bundle/rootfs/etc/disk" b 7 0
run_probes agent open:/null open:/etc/disk
expect_probe open:/null 'EACCES|EPERM'
expect_probe open:/etc/disk 'EACCES|EPERM'
# control: it is the device rules and nodev that stop it
run_probes compat open:/null
control_probe open:/null
assert_nothing_left

test_begin "a node of the host that is bound below /dev is left out, elsewhere it is refused"
make_command "$bundle" '.mounts += [{destination: "/dev/kmsg", type: "bind", source: "/dev/kmsg", options: ["bind"]}]' \
	sh -c 'test -e /dev/kmsg || echo none'
run_agentrun run --bundle "$bundle" "$id"
expect_output none
bind_bundle /dev/kmsg
expect_refused "mounts[/host].source"
assert_nothing_left

test_begin "a node in a volume is not opened"
mkdir -p "$TEST_TMP/volume"
mknod -m 666 "$TEST_TMP/volume/disk" c 1 11
probe_bundle '.'
bind_bundle "$TEST_TMP/volume" rw dev
run_probes agent open:/host/disk
expect_probe open:/host/disk 'EACCES|EPERM'
edit_bundle "$bundle" "$privileged"
run_probes compat open:/host/disk
control_probe open:/host/disk
assert_nothing_left

if test_begin "where nothing guards, a node is made and opened" CAP_MKNOD; then
	# kmsg: there on every Linux, and to open it reads nothing
	make_command "$bundle" "$privileged | .linux.devices = [{path: \"/dev/kmsg\", type: \"c\", major: 1, minor: 11}]" \
		sh -c 'exec 3</dev/kmsg && mknod /node c 1 11 && exec 3</node && echo escaped'
	expect_runs
	assert_nothing_left
fi

if test_begin "the host's nodes keep mode and owner in a user namespace that maps root to itself" userns; then
	before=$(stat -c '%a %u %g %Z' /dev/full)
	# shellcheck disable=SC2016 # for the shell in the container
	make_command "$bundle" "$privileged"' | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings' \
		sh -c 'chmod 666 /dev/full; chown 0:0 /dev/null; echo x >/dev/null && head -c 1 /dev/zero | wc -c'
	run_agentrun run --bundle "$bundle" "$id"
	expect_success
	expect_output 1
	check_match "errors" "$errors" "chmod: /dev/full: Read-only file system"
	check_equal "the host's" "$(stat -c '%a %u %g %Z' /dev/full)" "$before"
	assert_nothing_left
fi
