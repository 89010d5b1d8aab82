#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What hooks find of the container: its tree stands at the path that the bundle has for it, in the container's mount
# namespace, until the old root goes away. Hooks of GPU drivers, lxcfs and others mount there; in the compat profile.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

# root_hook KIND SCRIPT: a jq filter; the script has the container's root as $root and its process as $pid.
root_hook() {
	jq -cn --arg kind "$1" --arg script "root='$bundle/rootfs'; pid=\$(jq .pid); $2" \
		'{($kind): [{path: "/bin/sh", args: ["sh", "-c", $script],
			env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]}' | sed 's/^/.hooks += /'
}

# root_bundle SCRIPT FILTER...
root_bundle() {
	local script=$1 filter=. part
	shift
	for part; do
		filter+=" | $part"
	done
	make_bundle "$bundle" "$filter | .root.readonly = false
		| .mounts += [{destination: \"/mnt\", type: \"tmpfs\", source: \"tmpfs\"}]
		| .process.args = [\"sh\", \"-c\", \"$script\"]"
	echo "of the image" >"$bundle/rootfs/etc/brought"
	echo "of the host" >"$bundle/brought"
}

# without those of another file of tests
hosts_mounts() {
	awk -v own="$TEST_TMP/" 'index($5, own) == 1 || $5 !~ "/agentrun-test\\."' /proc/self/mountinfo | wc -l
}

for propagation in rslave rshared private; do
	before=$(hosts_mounts)

	test_begin "a hook on the host mounts into the container by its namespace and its path ($propagation)"
	root_bundle "cat /etc/brought" ".linux.rootfsPropagation = \"$propagation\"" \
		"$(root_hook createRuntime "nsenter --target \$pid --mount mount --bind '$bundle/brought' \$root/etc/brought")"
	run_agentrun --profile compat run --bundle "$bundle" "$id"
	expect_success
	check_equal "what the container has" "$output" "of the host"

	test_begin "createContainer hooks see the container's mounts, and mount among them ($propagation)"
	root_bundle "cat /mnt/there" ".linux.rootfsPropagation = \"$propagation\"" \
		"$(root_hook createContainer "test -d \$root/proc/self && mount -t tmpfs none \$root/mnt &&
			stat --file-system --format %T \$root/dev >\$root/mnt/there")"
	run_agentrun --profile compat run --bundle "$bundle" "$id"
	expect_success
	check_equal "what the container has" "$output" tmpfs

	check_equal "mounts of the host" "$(hosts_mounts)" "$before"
	assert_nothing_left
done

test_begin "so it is in a user namespace"
root_bundle "cat /mnt/there" '.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
	"$(root_hook createContainer "mount -t tmpfs none \$root/mnt && echo hook >\$root/mnt/there")"
chown -R 100000:100000 "$bundle/rootfs"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
check_equal "what the container has" "$output" hook
assert_nothing_left

test_begin "a root filesystem that root of the user namespace cannot reach is run all the same"
root_bundle "cat /etc/brought" '.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
chown -R 100000:100000 "$bundle/rootfs"
chmod 0700 "$bundle"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
check_equal "what the container has" "$output" "of the image"
assert_nothing_left

test_begin "without pivot_root too"
root_bundle "cat /mnt/there" "$(root_hook createContainer "mount -t tmpfs none \$root/mnt && echo hook >\$root/mnt/there")"
run_agentrun --profile compat run --no-pivot --bundle "$bundle" "$id"
expect_success
check_equal "what the container has" "$output" hook
assert_nothing_left

test_begin "kernel parameters are set after hooks, which may bring the network interface they speak of"
root_bundle "cat /proc/sys/net/ipv4/conf/brought0/rp_filter" \
	'.linux.sysctl = {"net.ipv4.conf.brought0.rp_filter": "2"}' \
	"$(root_hook prestart "nsenter --target \$pid --net ip link add brought0 type veth peer name brought1")"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
check_equal "the parameter" "$output" 2
assert_nothing_left
