#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2025-52881, CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: what is written to or mounted on /proc
# and /sys must not go where the image or another mount sends it.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

for profile in compat agent; do
	for place in proc sys; do
		test_begin "$profile: an image whose /$place is a link is refused"
		make_command "$bundle" . true
		rm -rf "${bundle:?}/rootfs/$place"
		mkdir "$bundle/rootfs/elsewhere"
		ln -s elsewhere "$bundle/rootfs/$place"
		run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
		expect_error "/$place"
		check_equal "in the link's place" "$(ls -A "$bundle/rootfs/elsewhere")" ""
		assert_nothing_left
	done

	test_begin "$profile: a sysctl is written by the kernel, not into a file of the image"
	make_command "$bundle" '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "99"}' \
		cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	mkdir -p "$bundle/rootfs/proc/sys/net/ipv4"
	echo untouched >"$bundle/rootfs/proc/sys/net/ipv4/ip_unprivileged_port_start"
	run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
	expect_output 99
	check_equal "the image's file" "$(cat "$bundle/rootfs/proc/sys/net/ipv4/ip_unprivileged_port_start")" untouched
	assert_nothing_left

	test_begin "$profile: a tmpfs over /proc does not catch what is asked of procfs"
	make_command "$bundle" '.mounts += [{destination: "/proc", type: "tmpfs", source: "tmpfs"}]
		| .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "99"} | .process.oomScoreAdj = 500' \
		sh -c 'ls -A /proc/sys /proc/self 2>/dev/null'
	run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
	check_lacks "files of procfs that are none" "$output" port_start
	assert_nothing_left
done

test_begin "a label that no security module takes stops the container"
if has apparmor || has selinux; then
	skip "this host has a security module: the label could be a real one"
else
	for field in apparmorProfile selinuxLabel; do
		make_command "$bundle" ".process.$field = \"something_t\"" true
		run_agentrun --profile compat run --bundle "$bundle" "$id"
		check_false "$field was asked and not applied" [ "$status" = 0 ]
	done
fi
assert_nothing_left
