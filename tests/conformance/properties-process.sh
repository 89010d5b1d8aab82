#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime-spec config.md: process, root, hostname, domainname, annotations; config-linux.md: personality,
# memoryPolicy, timeOffsets.
# shellcheck disable=SC2016 # scripts are for the container's shell
set -euo pipefail
. "$(dirname "$0")/properties.bash"

# --- process -------------------------------------------------------------------------------------

property "process.args" as="/observe call getpid" output=OK
property "process.env, an empty HOME is the user's own" config='.process.env = ["A=b", "HOME="]' as=/bin/env output=$'A=b\nHOME=/root'
property "process.env" config='.process.env += ["WORD=two words", "EMPTY="]' run='echo "[$WORD][$EMPTY]"' output='[two words][]'
property "process.cwd" config='.process.cwd = "/var/tmp"' run=pwd output=/var/tmp
property "process.cwd, made where it is missing" config='.process.cwd = "/made/here" | .root.readonly = false' run=pwd output=/made/here
property "process.terminal" runc=no config='.process.terminal = true' run='tty; [ -c /dev/console ] && echo console' match='/dev/(pts/0|console).*console'
property "process.consoleSize" runc=no config='.process.terminal = true | .process.consoleSize = {height: 33, width: 99}' \
	run='stty size' match='^33 99'
property "process.user.uid and gid" config='.process.user = {uid: 1000, gid: 2000}' run='id -u; id -g' output=$'1000\n2000'
property "process.user.additionalGids" config='.process.user = {uid: 1000, gid: 2000, additionalGids: [6, 3000]}' \
	run='grep ^Groups /proc/self/status' match=$'^Groups:\t6 (2000 )?3000 ?$'
property "process.user.umask" config='.process.user.umask = 23' run=umask output=0027
property "process.noNewPrivileges true" config='.process.noNewPrivileges = true' run='grep NoNewPrivs /proc/self/status' output=$'NoNewPrivs:\t1'
property "process.noNewPrivileges false" config='.process.noNewPrivileges = false' run='grep NoNewPrivs /proc/self/status' output=$'NoNewPrivs:\t0'
property "process.oomScoreAdj" config='.process.oomScoreAdj = 321' run='cat /proc/self/oom_score_adj' output=321

# Of a user other than root: execve(2) gives root what is in its bounding set.
property "process.capabilities, all five sets" \
	config='.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SYS_TIME"], permitted: ["CAP_CHOWN", "CAP_KILL"],
		effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN", "CAP_KILL"], ambient: ["CAP_CHOWN"]}' \
	run='sed -n "s/^Cap\(...\):[[:space:]]*0*/\1 /p" /proc/self/status' \
	output=$'Inh 21\nPrm 1\nEff 1\nBnd 2000021\nAmb 1'
property "process.capabilities of root" config='.process.capabilities = {bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"]}' \
	run='sed -n "s/^Cap\(...\):[[:space:]]*0*/\1 /p" /proc/self/status' output=$'Inh \nPrm 1\nEff 1\nBnd 1\nAmb '
property "process.capabilities of no set" config='.process.capabilities = {}' run='grep -E "^Cap(Prm|Eff|Bnd)" /proc/self/status | tr -d "0\n"' \
	output=$'CapPrm:\tCapEff:\tCapBnd:\t'
# runc up to 1.2 and crun do the same; runc since 1.3 leaves such a process all that the caller has.
property "process.capabilities left out" runc=no config='del(.process.capabilities)' run='grep -E "^Cap(Prm|Eff|Bnd)" /proc/self/status | tr -d "0\n"' \
	output=$'CapPrm:\tCapEff:\tCapBnd:\t'

# rlimit TYPE LINE-OF-LIMITS: half of a value that everybody may have.
rlimit() {
	property "process.rlimits $1" config=".process.rlimits = [{type: \"$1\", soft: 11, hard: 12}]" \
		as="/bin/grep -E ^$2.*[^0-9]11[^0-9]+12[^0-9] /proc/self/limits" match="$2"
}
property "process.rlimits RLIMIT_NOFILE" config='.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]' \
	run='ulimit -Sn; ulimit -Hn' output=$'100\n200'
property "process.rlimits RLIMIT_NOFILE of a few" config='.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 10}]' \
	run='ulimit -Sn; ulimit -Hn' output=$'10\n10'
property "process.rlimits RLIMIT_CPU" config='.process.rlimits = [{type: "RLIMIT_CPU", soft: 1000, hard: 2000}]' \
	run='ulimit -St; ulimit -Ht' output=$'1000\n2000'
property "process.rlimits RLIMIT_AS" config='.process.rlimits = [{type: "RLIMIT_AS", soft: 8589934592, hard: 17179869184}]' \
	run='ulimit -Sv; ulimit -Hv' output=$'8388608\n16777216'
property "process.rlimits RLIMIT_DATA" config='.process.rlimits = [{type: "RLIMIT_DATA", soft: 1073741824, hard: 2147483648}]' \
	run='ulimit -Sd; ulimit -Hd' output=$'1048576\n2097152'
property "process.rlimits RLIMIT_RSS" config='.process.rlimits = [{type: "RLIMIT_RSS", soft: 1024, hard: 2048}]' \
	run='grep "Max resident" /proc/self/limits' match='1024 +2048'
property "process.rlimits RLIMIT_STACK" config='.process.rlimits = [{type: "RLIMIT_STACK", soft: 1048576, hard: 4194304}]' \
	run='ulimit -Ss; ulimit -Hs' output=$'1024\n4096'
property "process.rlimits RLIMIT_NPROC" config='.process.rlimits = [{type: "RLIMIT_NPROC", soft: 500, hard: 600}]' \
	run='grep "Max processes" /proc/self/limits' match='500 +600'
property "process.rlimits RLIMIT_FSIZE" config='.process.rlimits = [{type: "RLIMIT_FSIZE", soft: 1048576, hard: 2097152}]' \
	run='grep "Max file size" /proc/self/limits' match='1048576 +2097152'
rlimit RLIMIT_CORE 'Max.core.file.size'
rlimit RLIMIT_MEMLOCK 'Max.locked.memory'
rlimit RLIMIT_LOCKS 'Max.file.locks'
rlimit RLIMIT_SIGPENDING 'Max.pending.signals'
rlimit RLIMIT_MSGQUEUE 'Max.msgqueue.size'
property "process.rlimits RLIMIT_NICE, RTPRIO, RTTIME" needs="CAP_SYS_RESOURCE" \
	config='.process.rlimits = [{type: "RLIMIT_NICE", soft: 5, hard: 6}, {type: "RLIMIT_RTPRIO", soft: 7, hard: 8},
		{type: "RLIMIT_RTTIME", soft: 100000, hard: 200000}]' \
	run='grep -E "nice|realtime" /proc/self/limits | tr -s " " | cut -d " " -f 4,5' output=$'5 6\n7 8\n100000 200000'

# More than the caller itself has; the container's next processes, too.
ulimit -q 819200 2>/dev/null || true
property "process.rlimits, raised" needs="CAP_SYS_RESOURCE" config='.process.rlimits = [{type: "RLIMIT_MSGQUEUE", soft: 900000, hard: 1000000}]' \
	run='grep msgqueue /proc/self/limits' match='900000 +1000000'
property "process.rlimits, raised, of a process that is executed" needs="CAP_SYS_RESOURCE" \
	config='.process.rlimits = [{type: "RLIMIT_MSGQUEUE", soft: 900000, hard: 1000000}]' \
	host='"${runtime[@]}" exec "$id" grep msgqueue /proc/self/limits' match='900000 +1000000'
property "process.rlimits RLIMIT_NICE, by which a user may go before others" needs="CAP_SYS_RESOURCE" \
	config='.process.user = {uid: 1000, gid: 1000} | del(.process.capabilities) | .process.rlimits = [{type: "RLIMIT_NICE", soft: 25, hard: 25}]' \
	run='/observe call setpriority 0 0 -5; /observe call setpriority 0 0 -6' output=$'OK\nEACCES'

property "process.scheduler SCHED_OTHER" runc=1.2 config='.process.scheduler = {policy: "SCHED_OTHER", nice: 7}' as='/observe sched' output='SCHED_OTHER 0 7 0'
property "process.scheduler SCHED_BATCH" runc=1.2 config='.process.scheduler = {policy: "SCHED_BATCH", nice: 5}' as='/observe sched' output='SCHED_BATCH 0 5 0'
property "process.scheduler SCHED_IDLE" runc=1.2 config='.process.scheduler = {policy: "SCHED_IDLE"}' as='/observe sched' match='^SCHED_IDLE 0 [0-9]+ 0$'
property "process.scheduler SCHED_FIFO" runc=1.2 unified=yes config='.process.scheduler = {policy: "SCHED_FIFO", priority: 9}' as='/observe sched' output='SCHED_FIFO 0 0 9'
property "process.scheduler SCHED_RR and flags" runc=1.2 unified=yes as='/observe sched' \
	config='.process.scheduler = {policy: "SCHED_RR", priority: 3, flags: ["SCHED_FLAG_RESET_ON_FORK"]}' output='SCHED_RR 1 0 3'
property "process.scheduler SCHED_DEADLINE" runc=1.2 as='/observe sched' \
	config='.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 30000000, period: 30000000}' \
	output='SCHED_DEADLINE 0 0 0 1000000/30000000/30000000'
property "process.scheduler SCHED_DEADLINE and its flags" runc=1.2 as='/observe sched' \
	config='.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 30000000, period: 30000000,
		flags: ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"]}' output='SCHED_DEADLINE 6 0 0 1000000/30000000/30000000'
property "process.scheduler SCHED_FLAG_KEEP_POLICY" runc=no as='/observe sched' \
	config='.process.scheduler = {policy: "SCHED_BATCH", nice: 6, flags: ["SCHED_FLAG_KEEP_POLICY"]}' output='SCHED_OTHER 0 6 0'
property "process.scheduler SCHED_FLAG_KEEP_PARAMS" runc=no as='/observe sched' \
	config='.process.scheduler = {policy: "SCHED_BATCH", nice: 6, flags: ["SCHED_FLAG_KEEP_PARAMS"]}' output="SCHED_OTHER 0 $(nice) 0"
property "process.scheduler of another name" runc=no config='.process.scheduler = {policy: "SCHED_BEST"}' error=SCHED_BEST
property "process.ioPriority IOPRIO_CLASS_BE" runc=1.2 config='.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}' as='/observe ioprio' output='BE 6'
property "process.ioPriority IOPRIO_CLASS_RT" runc=1.2 config='.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 1}' as='/observe ioprio' output='RT 1'
property "process.ioPriority IOPRIO_CLASS_IDLE" runc=1.2 config='.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}' as='/observe ioprio' match='^IDLE'
property "process.execCPUAffinity" runc=1.3 config='.process.execCPUAffinity = {initial: "0", final: "0"}' \
	host='"${runtime[@]}" exec "$id" grep Cpus_allowed_list /proc/self/status' output=$'Cpus_allowed_list:\t0'
# The first of them is over when the program runs.
last_cpu=$(sed 's/.*[-,]//' /sys/devices/system/cpu/online)
while read -r affinity calls; do
	property "process.execCPUAffinity, as the kernel is asked: $affinity" runc=no needs=command:strace \
		config=".process.execCPUAffinity = $affinity" before='[ -z "${ASAN_OPTIONS+set}" ] || export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0' \
		host='strace -f -qq -e trace=sched_setaffinity -o "$volume/calls" "${runtime[@]}" exec "$id" true
			echo $(sed -n "s/.*sched_setaffinity([^[]*\[\([0-9]*\).* = 0$/\1/p" "$volume/calls")' output="$calls"
done <<AFFINITIES
{initial:"0"} 0
{initial:"$last_cpu"} $last_cpu
{initial:"0",final:"$last_cpu"} 0 $last_cpu
{final:"$last_cpu"} $last_cpu
AFFINITIES
# A caller that is bound to a CPU binds no container.
cpus='Cpus_allowed_list:[[:space:]]*'
all_cpus=$(taskset -c 0-1023 sed -n "s/^$cpus//p" /proc/self/status)
property "the CPUs are not those of the caller" runc=1.4 before='taskset -pc 0 $BASHPID >/dev/null' \
	host='sed -n "s/^$cpus//p" "/proc/$pid/status"; "${runtime[@]}" exec "$id" sed -n "s/^$cpus//p" /proc/self/status' output="$all_cpus"$'\n'"$all_cpus"
taskset -pc "$all_cpus" $$ >/dev/null
# One that confines is loaded in tests/integration/apparmor.sh.
property "process.apparmorProfile that is not loaded" runc=no config='.process.apparmorProfile = "no-such-profile"' error=AppArmor
property "process.selinuxLabel" needs=selinux config='.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"' \
	run='cat /proc/self/attr/current' output='system_u:system_r:container_t:s0:c1,c2'
property "a session keyring of its own" as='/observe keyring' match="^_ses\\.t[0-9]"

# --- standard streams ----------------------------------------------------------------------------

# What the caller has is not mapped in there.
userns='.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
for uid in 0 1000; do
	property "streams opened anew in a user namespace, by user $uid" needs=userns config="$userns | .process.user = {uid: $uid, gid: $uid}" \
		run='echo out >/dev/stdout; echo err >/dev/stderr; stat -Lc %u /dev/stdout /dev/stderr' output=$'out\n'$uid$'\n'$uid
	property "streams of exec opened anew in a user namespace, by user $uid" needs=userns config="$userns" \
		host='echo given | "${runtime[@]}" exec --user '$uid:$uid' "$id" sh -c "cat </dev/stdin >/dev/stdout; stat -Lc %u /dev/stdin /dev/stdout" 2>&1 | cat' \
		output=$'given\n'$uid$'\n'$uid
done

# --- root and names ------------------------------------------------------------------------------

property "root.readonly true" config='.root.readonly = true' run='touch /x 2>&1' status=1 match='Read-only file system'
property "root.readonly false" config='.root.readonly = false' run='touch /x && echo written' output=written
property "root.path, absolute" before='make_rootfs "$volume/other"; touch "$volume/other/here"; cp "$helpers_folder/observe" "$volume/other"' \
	config=".root.path = \"$volume/other\"" run='ls -d /here' output=/here
property "hostname" config='.hostname = "some-name"' run='hostname; cat /proc/sys/kernel/hostname' output=$'some-name\nsome-name'
property "domainname" runc=1.2 config='.hostname = "a" | .domainname = "some.domain"' as='/observe uname' output='a some.domain'
property "annotations" config='.annotations = {"org.example.key": "a value"}' \
	host='"${runtime[@]}" state "$id" | jq -r ".annotations[\"org.example.key\"]"' output='a value'

# --- linux: what a process is started with -------------------------------------------------------

property "linux.personality LINUX32" runc=1.2 config='.linux.personality = {domain: "LINUX32"}' as='/observe personality' output=0x8
property "linux.personality LINUX" runc=1.2 config='.linux.personality = {domain: "LINUX"}' as='/observe personality' output=0x0
property "linux.personality LINUX32, by uname" runc=1.2 config='.linux.personality = {domain: "LINUX32"}' run='uname -m' \
	match='^(i.86|armv.*|ppc.*|s390|mips.*|riscv32)$'
# MODE, its nodes and flags | the kernel's word for it, its flags and nodes
while IFS='|' read -r since needs mode nodes flags expected; do
	property "linux.memoryPolicy $mode $flags" runc="$since" needs="$needs" as='/observe mempolicy' output="$expected" \
		config=".linux.memoryPolicy = {mode: \"$mode\", nodes: \"$nodes\", flags: ($flags)}"
done <<'MODES'
1.4|numa|MPOL_DEFAULT||[]|DEFAULT 0x0 0x0
1.4|numa|MPOL_BIND|0|[]|BIND 0x0 0x1
1.4|numa|MPOL_BIND|0|["MPOL_F_STATIC_NODES"]|BIND 0x8000 0x1
1.4|numa|MPOL_BIND|0|["MPOL_F_RELATIVE_NODES"]|BIND 0x4000 0x1
1.4|numa kernel:5.12|MPOL_BIND|0|["MPOL_F_NUMA_BALANCING"]|BIND 0x2000 0x1
1.4|numa kernel:5.12|MPOL_BIND|0|["MPOL_F_NUMA_BALANCING", "MPOL_F_STATIC_NODES"]|BIND 0xa000 0x1
1.4|numa|MPOL_INTERLEAVE|0|[]|INTERLEAVE 0x0 0x1
1.4|numa kernel:6.9|MPOL_WEIGHTED_INTERLEAVE|0|[]|WEIGHTED_INTERLEAVE 0x0 0x1
1.4|numa|MPOL_PREFERRED|0|[]|PREFERRED 0x0 0x1
1.4|numa kernel:5.15|MPOL_PREFERRED_MANY|0|["MPOL_F_RELATIVE_NODES"]|PREFERRED_MANY 0x4000 0x1
1.4|numa|MPOL_LOCAL||[]|LOCAL 0x0 0x0
MODES
property "linux.timeOffsets" runc=1.2 needs=timens as='/observe clocks' \
	config='.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 1000000000}, boottime: {secs: 2000000000, nanosecs: 5}}' \
	match='^10[0-9]{8} 20[0-9]{8}$'
property "linux.timeOffsets without a time namespace" runc=no config='.linux.timeOffsets = {monotonic: {secs: 1}}' error=time

properties_end
