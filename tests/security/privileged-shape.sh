#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The shape of "docker run --privileged": nothing of it is left.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# shellcheck disable=SC2016
look='grep -E "^(Cap...|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\t"
	for path in /file /etc/file /proc/sys/kernel/domainname /sys/kernel/file /sys/fs/cgroup/cgroup.procs /proc/sysrq-trigger; do
		[ "$(stat -c %t:%T $path 2>/dev/null)" = 1:3 ] && continue # the null device masks it
		(: >>$path) 2>/dev/null && echo "written: $path"
	done
	test -s /proc/kcore && echo "read: kcore"
	ls /sys/firmware /proc/acpi 2>/dev/null | grep -v : | grep . && echo "seen: firmware"
	ulimit -c
	true'

test_begin "capabilities, filter, paths and devices are those of every container"
make_command "$bundle" "$privileged | .process.rlimits = [] | .process.oomScoreAdj = -1000" sh -c "$look"
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output_has "NoNewPrivs:1"
expect_output_has "Seccomp:2"
# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE
for set in CapPrm CapEff CapBnd; do
	expect_output_has "$set:00000000000004fb"
done
for set in CapInh CapAmb; do
	expect_output_has "$set:0000000000000000"
done
for word in written read seen; do
	check_lacks "what was reached" "$output" "$word:"
done
check_equal "the limit of core files" "$(tail -n 1 <<<"$output")" 0
assert_nothing_left

test_begin "it is no more likely to survive when memory is short than the runtime"
make_command "$bundle" "$privileged | .process.oomScoreAdj = -1000" cat /proc/self/oom_score_adj
run_agentrun run --bundle "$bundle" "$id"
expect_success
check_true "not below 0" [ "$output" -ge 0 ]
assert_nothing_left

test_begin "exec --cap and a process file of the same shape get the same cage"
make_command "$bundle" "$privileged" sleep 100
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec --cap CAP_SYS_ADMIN --cap CAP_MKNOD "$id" sh -c "$look"
expect_success
expect_output_has "CapEff:00000000000004fb"
expect_output_has "Seccomp:2"
check_lacks "what was reached" "$output" "written:"
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "where nothing guards, all of it is had"
make_command "$bundle" "$privileged" sh -c "$look"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
expect_output_has "NoNewPrivs:0"
expect_output_has "Seccomp:0"
expect_output_has "written: /file"
expect_output_has "written: /sys/fs/cgroup/cgroup.procs"
assert_nothing_left
