#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A second procfs has neither masked nor read-only paths: uid 0 without any capability writes core_pattern there.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "a procfs or sysfs anywhere but in its place is refused"
for pair in proc=/mnt proc=/tmp/proc proc=/dev/proc sysfs=/mnt sysfs=/sys/x cgroup=/mnt cgroup2=/mnt; do
	attack_bundle '.mounts += [{destination: $where, type: $type, source: $type}]' \
		--arg type "${pair%%=*}" --arg where "${pair#*=}"
	expect_refused "mounts[${pair#*=}]"
done
assert_nothing_left

test_begin "nor over itself, to get rid of what was masked"
attack_bundle '.mounts += [{destination: "/proc", type: "proc", source: "proc"}]'
expect_refused "mounts[/proc].type" "mounted there already"
assert_nothing_left

test_begin "a procfs of the container is protected, wherever a link makes it be"
attack_bundle '.mounts += [{destination: "/elsewhere", type: "proc", source: "proc"}]'
ln -s mnt "$bundle/rootfs/elsewhere"
expect_refused "mounts[/elsewhere]"
assert_nothing_left

test_begin "mount(2) makes none either, with all rights asked for"
probe_bundle "$privileged"
run_probes agent mount-proc umount-masked remount-root
for probe in mount-proc umount-masked remount-root; do
	expect_probe "$probe" EPERM
done
assert_nothing_left

test_begin "where nothing guards, a second one lets core_pattern be opened for writing"
attack_bundle '.mounts += [{destination: "/mnt", type: "proc", source: "proc"}]
	| .process.args = ["sh", "-c", ": >>/mnt/sys/kernel/core_pattern && echo escaped"]'
expect_runs
assert_nothing_left
