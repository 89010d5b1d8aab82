#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Binds of the host's /proc, /sys and what is mounted below them: each is a way to the kernel's settings.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "the host's /proc, /sys and cgroup tree are refused, whole or in part, writable or not"
for source in /proc /proc/sys /proc/sys/kernel /proc/1/root /proc/self/ns/net /proc/sysrq-trigger /proc/kcore \
	/sys /sys/kernel /sys/kernel/debug /sys/fs /sys/fs/cgroup /sys/class /sys/firmware "$(cgroup_root)"; do
	[ -e "$source" ] || continue
	for option in rw ro; do
		bind_bundle "$source" "$option"
		expect_refused "mounts[/host].source"
	done
done
assert_nothing_left

test_begin "a procfs that the host mounted elsewhere is told by what it is"
mkdir -p "$TEST_TMP/copy"
bind_bundle "$TEST_TMP/copy" ro
# shellcheck disable=SC2016
for type in proc sysfs tmpfs; do
	run_command unshare --mount --propagation private sh -c 'mount -t "$1" "$1" "$2" && shift 2 && exec "$@"' sh \
		"$type" "$TEST_TMP/copy" "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
	if [ "$type" = tmpfs ]; then
		expect_success
	else
		expect_error "is refused by the agent profile"
		expect_error "of the host"
	fi
done
assert_nothing_left

test_begin "where nothing guards, /proc/sys of the host can be opened for writing"
bind_bundle /proc/sys rw
edit_bundle "$bundle" '.process.args = ["sh", "-c", "test -w /host/kernel/core_pattern && echo escaped"]'
expect_runs
assert_nothing_left
