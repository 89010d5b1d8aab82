#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits of containers whose cgroup is a unit of systemd.
set -euo pipefail
. "$(dirname "$0")/systemd.bash"
. "$(dirname "$0")/../lib.sh"
needs root systemd

if test_begin "limits are properties of the unit and stand in its files" memory pids cpu cpuset; then
	running_unit '.linux.resources += {"memory": {"limit": 67108864, "reservation": 33554432, "swap": 67108864},
		"pids": {"limit": 50}, "cpu": {"shares": 512, "quota": 25500, "period": 50000, "cpus": "0"}}'
	check_equal MemoryMax "$(unit_property MemoryMax)" 67108864
	# a reservation is left out by the profile
	check_equal MemoryLow "$(unit_property MemoryLow)" 0
	check_equal MemorySwapMax "$(unit_property MemorySwapMax)" 0
	check_equal TasksMax "$(unit_property TasksMax)" 50
	check_equal CPUQuotaPerSecUSec "$(unit_property CPUQuotaPerSecUSec)" 510ms
	check_equal CPUQuotaPeriodUSec "$(unit_property CPUQuotaPeriodUSec)" 50ms
	check_equal AllowedCPUs "$(unit_property AllowedCPUs)" 0
	folder=$(cgroup_root)/system.slice/t-$id.scope
	check_equal CPUWeight "$(unit_property CPUWeight)" "$(cat "$folder/cpu.weight")"
	check_equal cpu.max "$(cat "$folder/cpu.max")" '25500 50000'
	check_equal memory.max "$(cat "$folder/memory.max")" 67108864
	check_equal pids.max "$(cat "$folder/pids.max")" 50
	run_agentrun delete --force "$id"
	assert_no_unit_left
fi

if test_begin "update changes the unit, and a reload of systemd does not change it back" memory pids cpu; then
	running_unit '.linux.resources += {"pids": {"limit": 50}}'
	run_agentrun update --memory 64m --pids-limit 60 --cpu-quota 33333 --cpu-period 100000 "$id"
	expect_success
	check_equal MemoryMax "$(unit_property MemoryMax)" 67108864
	check_equal TasksMax "$(unit_property TasksMax)" 60
	folder=$(cgroup_root)/system.slice/t-$id.scope
	check_equal cpu.max "$(cat "$folder/cpu.max")" '33333 100000'
	systemctl daemon-reload
	check_equal memory.max "$(cat "$folder/memory.max")" 67108864
	check_equal pids.max "$(cat "$folder/pids.max")" 60
	run_agentrun delete --force "$id"
	assert_no_unit_left
fi

if test_begin "keys of unified are properties where systemd has one, and written where not" memory; then
	running_unit '.linux.resources.unified = {"memory.high": "50331648", "memory.oom.group": "1"}'
	folder=$(cgroup_root)/system.slice/t-$id.scope
	check_equal MemoryHigh "$(unit_property MemoryHigh)" 50331648
	check_equal memory.high "$(cat "$folder/memory.high")" 50331648
	check_equal memory.oom.group "$(cat "$folder/memory.oom.group")" 1
	run_agentrun delete --force "$id"
	assert_no_unit_left
fi

if test_begin "a container that ran out of memory leaves no failed unit" memory; then
	unit_bundle '.linux.resources += {"memory": {"limit": 33554432}}' sh -c 'x=$(tail /dev/zero)'
	run_agentrun --systemd-cgroup run --bundle "$bundle" "$id"
	expect_status 137
	assert_no_unit_left
fi

test_end
