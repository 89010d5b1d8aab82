#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mount's place was judged by where links of the image lead, and taken as it is written where another mount covers
# these links by then: a link "sys" in the image's empty /proc let a tmpfs lie over the kernel's /proc/sys.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

mkdir -p "$TEST_TMP/volume"

# linked_bundle FILTER LINK TARGET: the image has that link.
linked_bundle() {
	attack_bundle "$1"
	mkdir -p "$(dirname "$bundle/rootfs$2")" "$bundle/rootfs/y"
	rm -rf "${bundle:?}/rootfs$2"
	ln -s "$3" "$bundle/rootfs$2"
}

for place in /proc/sys /proc/self /sys/kernel /dev/pts/x /dev/null; do
	test_begin "a tmpfs on $place is refused, also where the image has a link there"
	linked_bundle ".mounts += [{destination: \"$place\", type: \"tmpfs\", source: \"tmpfs\"}]" "$place" /y
	expect_refused "mounts[$place].destination"
	assert_nothing_left

	test_begin "and so is a bind on $place"
	linked_bundle ".mounts += [{destination: \"$place\", type: \"bind\", source: \"$TEST_TMP/volume\", options: [\"rbind\"]}]" \
		"$place" /y
	expect_refused "mounts[$place].destination"
	assert_nothing_left
done

for pair in proc=/proc sysfs=/sys cgroup=/sys/fs/cgroup; do
	test_begin "a ${pair%%=*} of its place by a link that another mount covers is refused"
	linked_bundle ".mounts |= map(select(.destination != \"${pair#*=}\")) | .mounts +=
		[{destination: \"/d\", type: \"tmpfs\", source: \"tmpfs\"}, {destination: \"/d/y\", type: \"${pair%%=*}\", source: \"x\"}]" \
		/d/y "${pair#*=}"
	expect_refused "mounts[/d/y].type"
	assert_nothing_left
done

# look_over FILTER: the host has a procfs in the root, on /y
look_over() {
	linked_bundle "$1" /d/l /y
	# shellcheck disable=SC2016 # for the other shell
	run_command unshare --mount --propagation private sh -euc 'mount -t proc proc "$1" && shift && exec "$@"' sh \
		"$bundle/rootfs/y" "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
}

test_begin "what the host has mounted in the root is not covered by a mount that a link would lead there"
look_over '.mounts += [{destination: "/d", type: "tmpfs", source: "tmpfs"}, {destination: "/d/l", type: "tmpfs", source: "tmpfs"}]'
expect_error "root.path"
expect_error "it is a procfs of the host"
check_lacks "what ran" "$output" escaped
# control: but by one that is there
look_over '.mounts += [{destination: "/d", type: "tmpfs", source: "tmpfs"}, {destination: "/y", type: "tmpfs", source: "tmpfs"}]'
expect_output escaped
assert_nothing_left

# as_text PLACE FILTER: a writable bind on a place that is a link to /y in the image; prints its flags.
as_text() {
	linked_bundle "$2 | .mounts += [{destination: \"$1\", type: \"bind\", source: \"$TEST_TMP/volume$3\", options: [\"rbind\"]}]
		| .process.args = [\"awk\", \"\$5 == \\\"$1\\\" || \$5 == \\\"/y\\\" { print \$6 }\", \"/proc/self/mountinfo\"]" "$1" /y
	[ -d "$TEST_TMP/volume$3" ] || { rmdir "$bundle/rootfs/y" && touch "$bundle/rootfs/y"; }
	run_agentrun run --bundle "$bundle" "$id"
	expect_success
}

test_begin "a file of /proc that engines may cover is not to be written to"
echo engine >"$TEST_TMP/volume/file"
as_text /proc/cpuinfo . /file
check_match "flags" "$output" '^ro,'
assert_nothing_left

test_begin "nor is a place in the container's system"
mkdir -p "$TEST_TMP/volume/local/x"
as_text /usr/local/x ".mounts += [{destination: \"/usr/local\", type: \"bind\", source: \"$TEST_TMP/volume/local\", options: [\"rbind\"]}]" ""
check_match "flags" "$output" '^ro,'
assert_nothing_left

test_begin "in /dev nothing runs"
as_text /dev/x . ""
check_match "flags" "$output" noexec
assert_nothing_left

test_begin "a harmless link that another mount covers is none of that"
attack_bundle ".mounts += [{destination: \"/var/run\", type: \"tmpfs\", source: \"tmpfs\"},
	{destination: \"/var/run/secrets\", type: \"bind\", source: \"$TEST_TMP/volume\", options: [\"rbind\"]}]"
mkdir -p "$bundle/rootfs/run" "$bundle/rootfs/var"
ln -s /run "$bundle/rootfs/var/run"
run_agentrun run --bundle "$bundle" "$id"
expect_output escaped
assert_nothing_left

test_begin "a tmpfs over /proc/sys is refused in compat too, as by runc"
linked_bundle '.mounts += [{destination: "/proc/sys", type: "tmpfs", source: "tmpfs"}] |
	.process.args = ["sh", "-c", "[ -z \"$(ls -A /proc/sys)\" ] && echo escaped"]' /proc/sys /y
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "cannot be mounted because it is inside /proc"
check_lacks "what ran" "$output" escaped
assert_nothing_left
