#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files by which the kernel starts a program of the caller's choosing on the host, as root: core_pattern, modprobe,
# binfmt_misc, uevent_helper, release_agent (CVE-2022-0492); and writes to cgroups.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# Opened for writing and nothing written, so that a success harms nobody. What is masked is the null device.
# shellcheck disable=SC2016
open_all='for path in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hotplug \
	/proc/sys/kernel/poweroff_cmd /proc/sys/fs/binfmt_misc/register /proc/sys/kernel/sysrq /proc/sysrq-trigger \
	/sys/kernel/uevent_helper /sys/kernel/uevent_seqnum /sys/kernel/mm/ksm/run /sys/fs/cgroup/cgroup.procs \
	/sys/fs/cgroup/cgroup.subtree_control /sys/fs/cgroup/release_agent /sys/fs/cgroup/notify_on_release \
	/sys/fs/cgroup/cgroup.kill /sys/fs/cgroup/cgroup.freeze /sys/fs/cgroup/devices.allow /proc/irq/default_smp_affinity; do
	[ -c $path ] && [ "$(stat -c %t:%T $path)" = 1:3 ] && continue
	[ -e $path ] && (: >>$path) 2>/dev/null && echo "opened: $path"
done
mkdir /sys/fs/cgroup/child 2>/dev/null && echo "made: a cgroup"
true'

test_begin "none of them can be opened, with all rights asked for"
make_command "$bundle" "$privileged" sh -c "$open_all"
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output ""
assert_nothing_left

test_begin "nor by an exec"
make_command "$bundle" "$privileged" sleep 100
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec --cap CAP_SYS_ADMIN "$id" sh -c "$open_all"
expect_success
expect_output ""
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "no hierarchy with a release_agent, and no binfmt_misc, is mounted"
for type in cgroup binfmt_misc; do
	attack_bundle '.mounts += [{destination: "/mnt", type: $type, source: $type, options: ["rw", "rdma"]}]' --arg type "$type"
	expect_refused "mounts[/mnt].type"
done
probe_bundle "$privileged"
run_probes agent mount-proc unshare-user
expect_probe mount-proc EPERM
expect_probe unshare-user EPERM
assert_nothing_left

test_begin "where nothing guards, they are opened"
make_command "$bundle" "$privileged" sh -c "$open_all"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
expect_output_has "opened: /proc/sys/kernel/core_pattern"
expect_output_has "opened: /sys/fs/cgroup/cgroup.procs"
expect_output_has "made: a cgroup"
assert_nothing_left
