#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# containerd whose cgroups are made by systemd: ctr run --runc-systemd-cgroup, and pods of a handler with SystemdCgroup,
# which is what a kubelet with "cgroupDriver: systemd" needs.
set -euo pipefail
. "$(dirname "$0")/../integration/systemd.bash"
. "$(dirname "$0")/cri.bash"
needs systemd

ctr_() {
	run_command nsenter --target "$host_pid" --mount --net --wd=/ -- \
		ctr --address "$containerd_socket" --namespace "$lib_mark" "$@"
}

# property UNIT NAME
property() {
	systemctl show --value --property="$2" "$1"
}

# gone UNIT: at most ten seconds
gone() {
	for _ in $(seq 100); do
		[ "$(property "$1" ActiveState)" = active ] || return 0
		sleep 0.1
	done
	fail "$1 is $(property "$1" ActiveState)"
}

test_begin "containerd starts where systemd is reached"
cri_start v2 /run/systemd /run/dbus
ctr_ images import "$TEST_TMP/box.tar"
expect_success

# --- ctr -----------------------------------------------------------------------------------------

test_begin "a container of ctr is a scope, and so is what is executed in it"
unit=agentrun-$id.scope
ctr_ run --detach --null-io --runtime io.containerd.runc.v2 --runc-binary "$runtime" --runc-systemd-cgroup \
	--cgroup "system.slice:agentrun:$id" docker.io/library/box:latest "$id" sleep 600
expect_success
check_equal "its unit" "$(property "$unit" ActiveState)" active
group=$(property "$unit" ControlGroup)
check_match "the unit's cgroup" "$group" "/system\\.slice/$unit\$"
ctr_ tasks ps "$id"
pid=$(awk 'NR == 2 { print $1 }' <<<"$output")
check_equal "where its process is" "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$group"
ctr_ tasks exec --detach --exec-id one "$id" sleep 601
expect_success
pid=$(in_host pgrep -f '^sleep 601$')
check_equal "where an executed process is" "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$group"
ctr_ tasks exec --exec-id two "$id" sh -c 'echo inside; exit 5'
expect_status 5
expect_output inside
ctr_ tasks pause "$id"
expect_success
ctr_ tasks resume "$id"
expect_success
ctr_ tasks delete --force "$id"
ctr_ containers delete "$id"
expect_success
gone "$unit"

if test_begin "limits of ctr are those of the scope" memory cpu; then
	unit=agentrun-$id.scope
	ctr_ run --detach --null-io --runtime io.containerd.runc.v2 --runc-binary "$runtime" --runc-systemd-cgroup \
		--cgroup "system.slice:agentrun:$id" --memory-limit 67108864 --cpus 0.5 docker.io/library/box:latest "$id" sleep 600
	expect_success
	check_equal MemoryMax "$(property "$unit" MemoryMax)" 67108864
	check_equal CPUQuotaPerSecUSec "$(property "$unit" CPUQuotaPerSecUSec)" 500ms
	# ctr mounts no cgroup tree into a container
	check_equal memory.max "$(cat "$(cgroup_root)$(property "$unit" ControlGroup)/memory.max")" 67108864
	ctr_ tasks delete --force "$id"
	ctr_ containers delete "$id"
	gone "$unit"
fi

# --- pods ----------------------------------------------------------------------------------------

# start_limited_pod: in a slice of its own, as the kubelet makes it; a container with limits. $slice
start_limited_pod() {
	slice=kubepods-pod${id//-/_}.slice
	pod_config ".linux.cgroup_parent = \"$slice\""
	start_pod agentrun-systemd
	expect_success
	start_container '.linux.resources = {cpu_period: 100000, cpu_quota: 50000, cpu_shares: 512, memory_limit_in_bytes: 67108864}' sleep 600
	expect_success
}

if test_begin "a pod's containers are scopes of its slice, with their limits" cpu memory pids; then
	start_limited_pod
	unit=cri-containerd-$container.scope
	for name in "$unit" "cri-containerd-$pod.scope"; do
		check_equal "$name" "$(property "$name" ActiveState)" active
		check_match "the cgroup of $name" "$(property "$name" ControlGroup)" "/$slice/$name\$"
	done
	check_equal MemoryMax "$(property "$unit" MemoryMax)" 67108864
	check_equal CPUQuotaPerSecUSec "$(property "$unit" CPUQuotaPerSecUSec)" 500ms
	if has agentrun; then
		check_equal TasksMax "$(property "$unit" TasksMax)" 1024
	fi
	exec_in cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max
	check_equal "limits from inside" "$said" $'67108864\n50000 100000'
	check_equal "status of what is executed" "$code" 0
	exec_in sh -c 'echo inside; exit 5'
	check_equal "executed" "$said $code" "inside 5"

	cri UpdateContainerResources "$(jq -n --arg id "$container" '{container_id: $id, linux: {memory_limit_in_bytes: 134217728}}')"
	expect_success
	check_equal "MemoryMax after an update" "$(property "$unit" MemoryMax)" 134217728
	exec_in cat /sys/fs/cgroup/memory.max
	check_equal "memory.max after an update" "$said" 134217728

	cri StopContainer "$(jq -n --arg id "$container" '{container_id: $id, timeout: 0}')"
	expect_success
	cri RemoveContainer "$(jq -n --arg id "$container" '{container_id: $id}')"
	expect_success
	gone "$unit"
	sandbox=cri-containerd-$pod.scope
	remove_pod
	expect_success
	gone "$sandbox"
	systemctl stop "$slice"
fi

if test_begin "a container of such a pod is caged" agentrun cpu; then
	start_limited_pod
	exec_in probe
	expect_cage "exec with systemd's cgroups" "$said"
	remove_pod
	systemctl stop "$slice"
fi

test_begin "when all is removed nothing is left"
check_equal "units" "$(systemctl list-units --all --plain --no-legend "*$lib_mark*" "*${lib_mark//-/_}*" 'cri-containerd-*.scope')" ''
cri_end
