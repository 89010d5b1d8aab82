#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime-spec config-linux.md: resources, as the files of the container's cgroup say; cgroup v2.
# shellcheck disable=SC2016 # scripts are for the container's shell
set -euo pipefail
. "$(dirname "$0")/properties.bash"

# limit NAME FILE EXPECTED CONFIG [KEY=VALUE...]: what FILE of the cgroup says.
limit() {
	property "linux.resources.$1" unified=yes config=".linux.resources.$4" run="cd /sys/fs/cgroup && cat $2" output="$3" "${@:5}"
}

limit pids.limit pids.max 33 'pids.limit = 33' needs=pids
limit 'pids.limit 0 or less' pids.max max 'pids.limit = -1' needs=pids
limit 'pids.limit 0 is none' pids.max max 'pids.limit = 0' needs=pids runc=no
property "linux.resources.pids.limit holds" needs=pids unified=yes config='.linux.resources.pids.limit = 5' \
	run='for i in 1 2 3 4 5 6 7 8; do sleep 1 & done 2>&1' status=2 match='[Cc]an.t fork|Resource temporarily unavailable'

limit memory.limit memory.max 33554432 'memory.limit = 33554432' needs=memory
limit memory.reservation memory.low 16777216 'memory.reservation = 16777216' needs=memory
limit 'memory.swap, the limit of both' 'memory.max memory.swap.max' $'33554432\n33554432' 'memory = {limit: 33554432, swap: 67108864}' needs="memory swap"
limit 'memory.swap, unlimited' memory.swap.max max 'memory = {limit: 33554432, swap: -1}' needs="memory swap"
limit 'memory.limit, unlimited' memory.max max 'memory.limit = -1' needs=memory
property "linux.resources.memory.limit holds" needs=memory unified=yes config='.linux.resources.memory = {limit: 33554432, swap: 33554432}' \
	run='exec tail /dev/zero' status=137
property "linux.resources.memory.checkBeforeUpdate" needs=memory unified=yes runc=1.1 \
	config='.linux.resources.memory = {limit: 67108864} | .mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs"}]' \
	run='head -c 40000000 /dev/zero >/mnt/x; exec sleep 100' \
	host='for i in $(seq 300); do [ "$("${runtime[@]}" exec "$id" cat /sys/fs/cgroup/memory.current)" -lt 8388608 ] || break; sleep 0.1; done; echo "{\"memory\": {\"limit\": 4194304, \"checkBeforeUpdate\": true}}" | "${runtime[@]}" update --resources - "$id" 2>&1 | grep -o "memory" | head -n 1; "${runtime[@]}" exec "$id" cat /sys/fs/cgroup/memory.max' \
	output=$'memory\n67108864'

limit cpu.shares cpu.weight 100 'cpu.shares = 1024' needs=cpu runc=no
limit 'cpu.shares, the least' cpu.weight 1 'cpu.shares = 2' needs=cpu
limit 'cpu.shares, the most' cpu.weight 10000 'cpu.shares = 262144' needs=cpu
limit 'cpu.quota and period' cpu.max '20000 50000' 'cpu = {quota: 20000, period: 50000}' needs=cpu
limit 'cpu.quota alone' cpu.max '20000 100000' 'cpu.quota = 20000' needs=cpu
limit 'cpu.quota -1' cpu.max 'max 50000' 'cpu = {quota: -1, period: 50000}' needs=cpu
limit cpu.burst cpu.max.burst 10000 'cpu = {quota: 20000, period: 50000, burst: 10000}' needs="cpu kernel:5.14" runc=1.2
limit cpu.idle cpu.idle 1 'cpu.idle = 1' needs="cpu kernel:5.15" runc=1.2
limit cpu.cpus cpuset.cpus.effective 0 'cpu.cpus = "0"' needs=cpuset
limit cpu.mems cpuset.mems.effective 0 'cpu.mems = "0"' needs=cpuset
property "linux.resources.cpu.cpus holds" needs=cpuset unified=yes config='.linux.resources.cpu.cpus = "0"' \
	run='grep Cpus_allowed_list /proc/self/status' output=$'Cpus_allowed_list:\t0'

# A disk of the machine: limits are by device.
disk=$(lsblk --nodeps --noheadings --output MAJ:MIN,TYPE 2>/dev/null | awk '$2 == "disk" || $2 == "loop" { print $1; exit }') || disk=
if [ -n "$disk" ]; then
	device="major: ${disk%:*}, minor: ${disk#*:}"
	limit 'blockIO.throttleReadBpsDevice' io.max "$disk rbps=1048576 wbps=max riops=max wiops=max" "blockIO.throttleReadBpsDevice = [{$device, rate: 1048576}]" needs=io
	limit 'blockIO.throttleWriteBpsDevice' io.max "$disk rbps=max wbps=1048576 riops=max wiops=max" "blockIO.throttleWriteBpsDevice = [{$device, rate: 1048576}]" needs=io
	limit 'blockIO.throttleReadIOPSDevice' io.max "$disk rbps=max wbps=max riops=1000 wiops=max" "blockIO.throttleReadIOPSDevice = [{$device, rate: 1000}]" needs=io
	limit 'blockIO.throttleWriteIOPSDevice' io.max "$disk rbps=max wbps=max riops=max wiops=1000" "blockIO.throttleWriteIOPSDevice = [{$device, rate: 1000}]" needs=io
	limit 'blockIO.weight' 'io.bfq.weight 2>/dev/null | grep -x "default 200" || cat io.weight 2>/dev/null | grep -c default' 'default 200' \
		'blockIO.weight = 200' needs="io bfq"
	limit 'blockIO.weightDevice' 'io.bfq.weight' "default 100"$'\n'"$disk 300" "blockIO.weightDevice = [{$device, weight: 300}]" needs="io bfq"
else
	test_begin "linux.resources.blockIO"
	skip "needs a block device"
fi

page=$(printf '%s\n' /sys/kernel/mm/hugepages/* | sed -n 's/.*hugepages-\([0-9]*\)kB$/\1/p' | sort -n | head -n 1)
if [ -n "$page" ]; then
	if [ "$page" -ge 1048576 ]; then size=$((page / 1048576))GB; else size=$((page / 1024))MB; fi
	limit hugepageLimits "hugetlb.$size.max" $((page * 2048)) "hugepageLimits = [{pageSize: \"$size\", limit: $((page * 2048))}]" needs=hugetlb
	limit 'hugepageLimits, the reservation too' "hugetlb.$size.rsvd.max" $((page * 2048)) "hugepageLimits = [{pageSize: \"$size\", limit: $((page * 2048))}]" \
		needs=hugetlb runc=1.2
	property "linux.resources.hugepageLimits of another size" needs=hugetlb unified=yes config='.linux.resources.hugepageLimits = [{pageSize: "3MB", limit: 1}]' error=3MB
else
	test_begin "linux.resources.hugepageLimits"
	skip "needs huge pages"
fi
rdma=$(printf '%s\n' /sys/class/infiniband/* | head -n 1)
rdma=${rdma##*/}
if [ "$rdma" != '*' ]; then
	limit rdma 'rdma.max | sed "s/ *$//"' "$rdma hca_handle=3 hca_object=1000" "rdma = {\"$rdma\": {hcaHandles: 3, hcaObjects: 1000}}" needs=rdma
else
	test_begin "linux.resources.rdma"
	skip "needs an RDMA device"
fi

# What only v1 has is left out.
while read -r field; do
	property "linux.resources.${field%% *} is left out" unified=yes config=".linux.resources.$field" run='echo runs' output=runs
done <<'FIELDS'
memory.swappiness = 10
memory.disableOOMKiller = true
cpu.realtimeRuntime = 950000
cpu.realtimePeriod = 1000000
network.classID = 1
network.priorities = [{name: "lo", priority: 5}]
blockIO.leafWeight = 10
memory.kernel = 100000000
memory.kernelTCP = 100000000
memory.useHierarchy = true
FIELDS
property "the controllers of the container's cgroup" unified=yes needs=cgroup \
	host='own=$(sed -n "s/^0:://p" /proc/$pid/cgroup); root=$(cgroup_root); cmp "$root/cgroup.controllers" "$root$own/cgroup.controllers" && echo all' output=all

limit unified 'pids.max cgroup.max.depth' $'44\n7' 'unified = {"pids.max": "44", "cgroup.max.depth": "7"}' needs=pids
limit 'unified, no controller needed' 'cgroup.max.descendants' 9 'unified = {"cgroup.max.descendants": "9"}' needs=cgroup
property "linux.resources.unified, an unknown key" needs=cgroup unified=yes config='.linux.resources.unified = {"nonesuch.max": "1"}' error=nonesuch

# --- devices -------------------------------------------------------------------------------------

# A device that needs no capability to be opened; /dev/zero is always allowed, under whatever name.
if grep -qx 10:229 /sys/class/misc/fuse/dev 2>/dev/null; then
	nodes='.linux.devices = [{path: "/dev/one", type: "c", major: 1, minor: 5, fileMode: 438}, {path: "/dev/two", type: "c", major: 10, minor: 229, fileMode: 438}]'
	opens='(exec 3</dev/two) 2>/dev/null && echo read; (exec 3>/dev/two) 2>/dev/null && echo written; head -c 1 /dev/one | wc -c'
	rules() {
		echo "$nodes | .linux.resources.devices = [{allow: false, access: \"rwm\"}, $1]"
	}
	property "linux.resources.devices: what no rule allows is refused" unified=yes run="$opens" output=1 config="$(rules 'empty')"
	property "linux.resources.devices: what a rule allows is open" unified=yes run="$opens" output=$'read\nwritten\n1' \
		config="$(rules '{allow: true, type: "c", major: 10, minor: 229, access: "rw"}')"
	property "linux.resources.devices: access" unified=yes run="$opens" output=$'read\n1' \
		config="$(rules '{allow: true, type: "c", major: 10, minor: 229, access: "r"}')"
	property "linux.resources.devices: a missing number is any" unified=yes run="$opens" output=$'read\nwritten\n1' \
		config="$(rules '{allow: true, type: "c", major: 10, access: "rw"}')"
	property "linux.resources.devices: the last rule that fits counts" unified=yes run="$opens" output=$'read\n1' \
		config="$(rules '{allow: true, type: "c", access: "rw"}, {allow: false, type: "c", major: 10, minor: 229, access: "w"}')"
	property "linux.resources.devices: a type of all" unified=yes run="$opens" output=$'read\nwritten\n1' \
		config="$(rules '{allow: true, type: "a", access: "rwm"}')"
else
	test_begin "linux.resources.devices"
	skip "needs the device 'fuse'"
fi
property "linux.resources.devices: /dev/net/tun is open always" needs=CAP_MKNOD unified=yes \
	config='.process.capabilities |= map_values(. + ["CAP_MKNOD"]) | .root.readonly = false | .linux.resources.devices = [{allow: false, access: "rwm"}]' \
	run='mknod /tun c 10 200; (: </tun) 2>&1 | grep -c "not permitted"' status=1 output=0
property "linux.resources.devices: nodes may be made, not opened" needs=CAP_MKNOD unified=yes \
	config='.process.capabilities |= map_values(. + ["CAP_MKNOD"] | unique) | .root.readonly = false
		| .linux.resources.devices = [{allow: false, access: "rwm"}]' \
	run='mknod /tmp/a c 10 229 && echo made; mknod /tmp/b b 7 1 && echo made; (exec 3</tmp/a) 2>/dev/null || (exec 3</tmp/b) 2>/dev/null || echo refused' \
	output=$'made\nmade\nrefused'
property "linux.resources.devices: a bundle that lists none opens the default ones alone" needs=CAP_MKNOD unified=yes \
	config='.process.capabilities |= map_values(. + ["CAP_MKNOD"] | unique) | .root.readonly = false | del(.linux.resources)' \
	run='mknod /tmp/a c 10 229 && mknod /tmp/b c 1 5 && head -c 1 /tmp/b | wc -c; (exec 3</tmp/a) 2>&1 | grep -o "Operation not permitted"' \
	output=$'1\nOperation not permitted'

properties_end
