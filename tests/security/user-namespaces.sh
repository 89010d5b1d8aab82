#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user namespace makes everybody root of code that was written for root: nf_tables, fsconfig
# (CVE-2022-0185), mounts. Neither unshare, clone, clone3 nor setns makes or enters one.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

made=(unshare-user unshare-net clone-user clone-net clone-user-garbage nf-tables userns-fsconfig)
entered=(setns fsopen fsconfig open-tree mount-proc remount-root umount-masked chroot)

test_begin "a container makes no namespace, for root as for a user"
probe_bundle "$privileged"
for user in 0 1000; do
	edit_bundle "$bundle" '.process.user = {uid: $uid, gid: $uid}' --argjson uid "$user"
	run_probes agent "${made[@]}" clone3-user clone-plain
	for probe in "${made[@]}"; do
		expect_probe "$probe" EPERM
	done
	# libc falls back to clone, whose flags can be seen
	expect_probe clone3-user ENOSYS
	expect_probe clone-plain OK
done
assert_nothing_left

test_begin "it enters none, and neither mounts nor unmounts"
probe_bundle "$privileged"
run_probes agent "${entered[@]}"
for probe in "${entered[@]}"; do
	expect_probe "$probe" EPERM
done
assert_nothing_left

test_begin "the probes succeed where nothing guards" userns
probe_bundle "$privileged | .process.user = {uid: 0, gid: 0}"
run_probes compat "${made[@]}" clone3-user setns fsopen open-tree mount-proc chroot
control_probes "${made[@]}" clone3-user setns fsopen open-tree mount-proc chroot
assert_nothing_left
