#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime-spec config-linux.md: namespaces, mappings, devices, paths, sysctl, netDevices, intelRdt; config.md: hooks.
# shellcheck disable=SC2016 # scripts are for the container's shell
set -euo pipefail
. "$(dirname "$0")/properties.bash"

# --- namespaces ----------------------------------------------------------------------------------

while read -r type file needs since; do
	property "namespaces, $type: one of its own" needs="${needs/-/}" runc="$since" host="[ -e /proc/\$pid/ns/$file ] && ! [ /proc/\$pid/ns/$file -ef /proc/self/ns/$file ] && echo own" output=own \
		config=".linux.namespaces |= (map(select(.type != \"$type\")) + [{type: \"$type\"}])
			| if \"$type\" == \"user\" then .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
				| .linux.gidMappings = .linux.uidMappings else . end"
done <<'TYPES'
pid pid - 1.0
network net - 1.0
mount mnt - 1.0
ipc ipc - 1.0
uts uts - 1.0
user user userns 1.0
cgroup cgroup - 1.0
time time timens 1.2
TYPES
while read -r type file extra; do
	property "namespaces, without $type: the host's" host="[ /proc/\$pid/ns/$file -ef /proc/self/ns/$file ] && echo the same" output='the same' \
		config="del(.linux.namespaces[] | select(.type == \"$type\")) $extra"
done <<'TYPES'
pid pid
network net
ipc ipc | (.mounts[] | select(.type == "mqueue")) = {destination: "/dev/mqueue", type: "tmpfs", source: "none"}
uts uts | del(.hostname)
cgroup cgroup
TYPES
# $volume/ns: those of a process that has them for itself
start_other() {
	local sleeper
	AGENTRUN_TEST=$lib_mark unshare --net --ipc --uts --cgroup sleep 600 &
	sleeper=$!
	disown
	ln -s "/proc/$sleeper/ns" "$volume/ns"
	while [ "$(cat "/proc/$sleeper/comm")" != sleep ]; do sleep 0.05; done
}
while read -r type file extra; do
	property "namespaces, $type: joined by its path" before=start_other host="[ /proc/\$pid/ns/$file -ef $volume/ns/$file ] && echo joined" output=joined \
		config="(.linux.namespaces[] | select(.type == \"$type\")) = {type: \"$type\", path: \"$volume/ns/$file\"} $extra"
done <<'TYPES'
network net
ipc ipc
uts uts | del(.hostname)
cgroup cgroup
TYPES
# $volume/ns: those of the first process of a pid namespace
start_first() {
	local waits child
	AGENTRUN_TEST=$lib_mark unshare --pid --fork --kill-child sleep 600 &
	waits=$!
	disown
	until child=$(cat "/proc/$waits/task/$waits/children") && [ -n "$child" ]; do sleep 0.05; done
	ln -s "/proc/${child% }/ns" "$volume/ns"
}
property "namespaces, pid: joined by its path" before=start_first config="(.linux.namespaces[] | select(.type == \"pid\")).path = \"$volume/ns/pid\"" \
	host="[ /proc/\$pid/ns/pid -ef $volume/ns/pid ] && sed -n 's/^NSpid:.*\t/joined as /p' /proc/\$pid/status" match='^joined as [2-9]'
# $volume/ns: those of a process with a user namespace
start_mapped() {
	local sleeper
	AGENTRUN_TEST=$lib_mark unshare --user sleep 600 &
	sleeper=$!
	disown
	while [ "$(cat "/proc/$sleeper/comm")" != sleep ]; do sleep 0.05; done
	echo 0 100000 65536 >"/proc/$sleeper/uid_map"
	echo 0 200000 65536 >"/proc/$sleeper/gid_map"
	ln -s "/proc/$sleeper/ns" "$volume/ns"
}
joined_user=".linux.namespaces += [{type: \"user\", path: \"$volume/ns/user\"}]"
its_mappings='.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
for with in . "$its_mappings"; do
	property "namespaces, user: joined by its path, with mappings: $with" needs=userns runc=1.2 before=start_mapped config="$joined_user | $with" \
		host="[ /proc/\$pid/ns/user -ef $volume/ns/user ] && stat -c %u:%g /proc/\$pid" output=100000:200000
done
property "namespaces, user: joined by its path, with mappings that are not its own" needs=userns runc=1.2 before=start_mapped \
	config="$joined_user | $its_mappings | .linux.gidMappings[0].hostID = 300000" error='apping'
property "namespaces, a path that is missing" config='(.linux.namespaces[] | select(.type == "ipc")).path = "/nonesuch"' error=/nonesuch
property "namespaces, a path of another type" runc=no before=start_other error=ipc \
	config=".linux.namespaces |= map(if .type == \"ipc\" then {type: \"ipc\", path: \"$volume/ns/net\"} else . end)"

property "linux.uidMappings and gidMappings" needs=userns host='tr -s " " </proc/$pid/uid_map; tr -s " " </proc/$pid/gid_map; stat -c %u:%g /proc/$pid' \
	config='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 1000, hostID: 5000, size: 10}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}]' \
	output=$' 0 100000 1000\n 1000 5000 10\n 0 200000 1000\n100000:200000'

# --- devices -------------------------------------------------------------------------------------

property "linux.devices, a character device" config='.linux.devices = [{path: "/dev/one", type: "c", major: 1, minor: 5, fileMode: 416, uid: 7, gid: 8}]' \
	run='stat -c "%F %t:%T %a %u:%g" /dev/one' output='character special file 1:5 640 7:8'
property "linux.devices, a block device" config='.linux.devices = [{path: "/dev/disk", type: "b", major: 7, minor: 250, fileMode: 384}]' \
	run='stat -c "%F %t:%T %a" /dev/disk' output='block special file 7:fa 600'
property "linux.devices, a fifo" config='.linux.devices = [{path: "/dev/pipe", type: "p", fileMode: 438}]' run='stat -c "%F %a" /dev/pipe' output='fifo 666'
property "linux.devices, type u is c" config='.linux.devices = [{path: "/dev/one", type: "u", major: 1, minor: 5}]' run='stat -c "%F %t:%T" /dev/one' output='character special file 1:5'
property "linux.devices, in a folder that is made" config='.linux.devices = [{path: "/dev/net/tun", type: "c", major: 10, minor: 200, fileMode: 438}]' \
	run='stat -c "%F %t:%T" /dev/net/tun' output='character special file a:c8'
property "the default devices" run='for d in null zero full tty random urandom; do stat -c "%t:%T %a" /dev/$d; done' \
	output=$'1:3 666\n1:5 666\n1:7 666\n5:0 666\n1:8 666\n1:9 666'

property "linux.devices, of two with one path the first" config='.linux.devices = [{path: "/dev/one", type: "c", major: 1, minor: 5}, {path: "/dev/one", type: "c", major: 1, minor: 3}]' \
	run='stat -c "%F %t:%T" /dev/one' output='character special file 1:5'
property "linux.devices, a path where something is" before='make_rootfs "$bundle/rootfs"; echo text >"$bundle/rootfs/dev/one"' \
	config='.linux.devices = [{path: "/dev/one", type: "c", major: 1, minor: 5}] | del(.mounts[] | select(.destination | startswith("/dev")))' \
	run='cat /dev/one' output=text
mapped='.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
ptmx='.linux.devices = [{path: "/dev/ptmx", type: "c", major: 5, minor: 2}, {path: "/dev/../dev/ptmx", type: "c", major: 5, minor: 2}]'
property "linux.devices, /dev/ptmx" config="$ptmx" run='readlink /dev/ptmx' output=pts/ptmx
property "linux.devices, /dev/ptmx in a user namespace" needs=userns config="$mapped | $ptmx" run='readlink /dev/ptmx' output=pts/ptmx
core=none
[ ! -e /proc/kcore ] || core=/proc/kcore
property "the kernel's memory, if it has it as a file" run='readlink /dev/core || echo none' output="$core"
property "the default devices in a user namespace" needs=userns config="$mapped" \
	run='for d in null zero full tty random urandom; do stat -c "%t:%T %a" /dev/$d; done; touch /dev/null; echo $?; awk "\$5 == \"/dev/null\" { print \$6 }" /proc/self/mountinfo' \
	match=$'^1:3 666\n1:5 666\n1:7 666\n5:0 666\n1:8 666\n1:9 666\n0\nrw,'

# --- paths ---------------------------------------------------------------------------------------

property "linux.maskedPaths, a file" config='.linux.maskedPaths = ["/proc/version"]' run='cat /proc/version | wc -c' output=0
property "linux.maskedPaths, a directory" config='.linux.maskedPaths = ["/proc/tty"]' run='ls /proc/tty | wc -l; touch /proc/tty/x 2>&1' status=1 match='^0.*Read-only'
property "linux.maskedPaths that are missing" config='.linux.maskedPaths = ["/nonesuch"]' run='echo runs' output=runs
property "linux.readonlyPaths" config='.linux.readonlyPaths = ["/tmp", "/nonesuch"] | .root.readonly = false' run='touch /tmp/x 2>&1; touch /var/tmp/x && echo elsewhere' \
	match='Read-only.*elsewhere'

property "linux.readonlyPaths, what is mounted below is not" config='.linux.readonlyPaths = ["/srv"]
		| .mounts += [{destination: "/srv", type: "tmpfs", source: "tmpfs"}, {destination: "/srv/below", type: "tmpfs", source: "tmpfs"}]' \
	run='touch /srv/x 2>&1; touch /srv/below/x && echo below' match='Read-only.*below'
property "linux.maskedPaths and readonlyPaths, a star is one" before='make_rootfs "$bundle/rootfs"; mkdir "$bundle/rootfs/srv/"{a,"a*"}; touch "$bundle/rootfs/srv/"{a,"a*"}"/file"' \
	config='.linux.maskedPaths = ["/srv/a*"] | .linux.readonlyPaths = ["/t*p"] | .root.readonly = false' run='ls -d /srv/*/file; touch /tmp/x && echo written' output=$'/srv/a/file\nwritten'

# --- sysctl --------------------------------------------------------------------------------------

property "linux.sysctl of the network" config='.linux.sysctl = {"net.ipv4.ip_forward": "1", "net.ipv4.ping_group_range": "0 5"}' \
	run='cat /proc/sys/net/ipv4/ip_forward; tr "\t" " " </proc/sys/net/ipv4/ping_group_range' output=$'1\n0 5'
property "linux.sysctl of ipc" config='.linux.sysctl = {"kernel.msgmax": "4242", "kernel.shm_rmid_forced": "1", "fs.mqueue.msg_max": "20"}' \
	run='cd /proc/sys && cat kernel/msgmax kernel/shm_rmid_forced fs/mqueue/msg_max' output=$'4242\n1\n20'
property "linux.sysctl of uts" config='.linux.sysctl = {"kernel.domainname": "by.sysctl"}' run='cat /proc/sys/kernel/domainname' output=by.sysctl
property "linux.sysctl with slashes" config='.linux.sysctl = {"net/ipv4/ip_forward": "1"}' run='cat /proc/sys/net/ipv4/ip_forward' output=1
property "linux.sysctl that is the host's" config='.linux.sysctl = {"vm.swappiness": "1"}' error=vm.swappiness
property "linux.sysctl without the namespace" config='.linux.sysctl = {"net.ipv4.ip_forward": "1"} | del(.linux.namespaces[] | select(.type == "network"))' error=net.ipv4.ip_forward

# --- network devices, cache ----------------------------------------------------------------------

new_link="ip link del ar-test0 2>/dev/null || true; ip link add ar-test0 type dummy && ip link set ar-test0 mtu 1400 && ip addr add 10.11.12.13/24 dev ar-test0 && ip link set ar-test0 up"
if ip link add ar-test0 type dummy 2>/dev/null; then
	property "linux.netDevices" runc=1.4 before="$new_link" config='.linux.netDevices = {"ar-test0": {}}' \
		run='ip -o link show ar-test0; ip -o addr show ar-test0' match='mtu 1400.*10\.11\.12\.13/24'
	property "linux.netDevices with another name" runc=1.4 before="$new_link" config='.linux.netDevices = {"ar-test0": {name: "eth7"}}' \
		run='ip -o addr show eth7' match='10\.11\.12\.13/24'
	ip link del ar-test0 2>/dev/null || true
else
	test_begin "linux.netDevices"
	skip "needs dummy network devices"
fi
property "linux.netDevices that are missing" runc=no config='.linux.netDevices = {"ar-nonesuch": {}}' error=ar-nonesuch
property "linux.intelRdt" runc=1.0 needs=resctrl config='.linux.intelRdt = {closID: "ar-test"}' \
	host='grep -x "$pid" /sys/fs/resctrl/ar-test/tasks >/dev/null && echo there' output=there
property "linux.intelRdt with monitoring" runc=1.3 needs=resctrl config='.linux.intelRdt = {closID: "ar-test", enableMonitoring: true}' \
	host='grep -lx "$pid" /sys/fs/resctrl/ar-test/mon_groups/*/tasks | wc -l' output=1

# --- cgroups -------------------------------------------------------------------------------------

property "linux.cgroupsPath, absolute" needs=cgroup unified=yes config=".linux.cgroupsPath = \"/$lib_mark-parent/child\"" \
	host='sed -n "s/^0:://p" /proc/$pid/cgroup' output="/$lib_mark-parent/child"
property "linux.cgroupsPath, left out" needs=cgroup unified=yes config='del(.linux.cgroupsPath)' \
	host='own=$(sed -n "s/^0:://p" /proc/self/cgroup); theirs=$(sed -n "s/^0:://p" /proc/$pid/cgroup); [ "$theirs" = "${own%/*}/$id" ] && echo "beside ours"' \
	output='beside ours'
property "linux.cgroupsPath, left out, of a caller below others" needs=cgroup unified=yes config='del(.linux.cgroupsPath)' \
	host='root=$(cgroup_root); mkdir -p "$root/$lib_mark-parent/own"
		sh -c "echo \$\$ >\$0/cgroup.procs; exec \"\$@\"" "$root/$lib_mark-parent/own" "${runtime[@]}" create --bundle "$bundle" "$id-2" >/dev/null
		second=$("${runtime[@]}" state "$id-2" | jq .pid); sed -n "s/^0::.*-parent//p" "/proc/$second/cgroup"; "${runtime[@]}" ps --format json "$id-2" | tr -d "[]" | grep -cx "$second"
		"${runtime[@]}" delete --force "$id-2"; rmdir "$root/$lib_mark-parent/own"; ls "$root/$lib_mark-parent" | grep -c "$id-2"; rmdir "$root/$lib_mark-parent"' \
	match="^/$lib_mark-[0-9]+-2"$'\n1\n0$'

# --- hooks ---------------------------------------------------------------------------------------

hook() {
	printf '.hooks.%s = [{path: "/bin/sh", args: ["sh", "-c", $ARGS.named.script // "%s"], env: ["PATH=/usr/bin:/bin", "WORD=given"]}]' "$1" "$2"
}
for kind in prestart createRuntime createContainer poststart; do
	said=creating since=1.0 told='$pid'
	if [ "$kind" = poststart ]; then said=running since=1.5; fi
	if [ "$kind" = createContainer ]; then told=1; fi
	property "hooks.$kind" runc="$since" config="$(hook "$kind" "(cat; echo; echo \$WORD) >$volume/state")" run='exec sleep 100' \
		host='sleep 0.2; head -n 1 "$volume/state" | jq -r "[.status, (.id == \"$id\"), (.pid == '"$told"'), (.bundle == \"$bundle\")] | join(\" \")" 2>/dev/null; tail -n 1 "$volume/state"' \
		output="$said true true true"$'\ngiven'
done
# its files are those of the container
property "hooks.startContainer" config='.root.readonly = false | .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "(cat; echo; echo $WORD) >/state"], env: ["WORD=given"]}]' \
	run='grep -c "\"status\":\"created\",\"pid\":1," /state; tail -n 1 /state' match=$'^1\n.*given'
property "hooks.poststop" runc=1.0 config="$(hook poststop "cat >$TEST_TMP/stopped")" before='rm -f "$TEST_TMP/stopped"' run='exec sleep 100' \
	host='ls "$TEST_TMP/stopped" 2>/dev/null; "${runtime[@]}" delete --force "$id"; jq -r .status "$TEST_TMP/stopped"' output=stopped
property "hooks, args and a path of its own" config=".hooks.createRuntime = [{path: \"/bin/cp\", args: [\"any name\", \"/etc/hostname\", \"$volume/copied\"]}]" \
	host='cmp /etc/hostname "$volume/copied" && echo copied' output=copied
property "hooks, a failing one" config='.hooks.createRuntime = [{path: "/bin/false"}]' error='hook #0'
property "hooks, timeout" config='.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "30"], timeout: 1}]' error='hook ran past specified timeout of 1.0s'
property "hooks, several of a kind in their order" config=".hooks.createRuntime = [\"a\", \"b\"] | .hooks.createRuntime |= map({path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo \" + . + \" >>$volume/order\"]})" \
	host='cat "$volume/order"' output=$'a\nb'

# Without "env": the caller's on the host, the container's own in it, and nothing between. The directory is told by what is in it.
while read -r kind since said; do
	property "hooks.$kind, its environment and directory where it names none" runc="$since" before='export AR_HOST_WORD=host' \
		config=".process.env += [\"WORD=inside\"] | .hooks.$kind = [{path: \"/bin/sh\",
			args: [\"sh\", \"-c\", \"echo \${WORD--} \${AR_HOST_WORD--} \$(ls -d config.json observe) >$volume/said\"]}]" \
		host='cat "$volume/said"' output="$said"
done <<'KINDS'
prestart 1.0 - host config.json
createRuntime 1.0 - host config.json
createContainer 1.3 - - observe
KINDS
start_hook='.root.readonly = false | .process.cwd = "/tmp" | .process.env += ["WORD=inside"]
	| .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo ${WORD--} ${AR_HOST_WORD--} $PWD >/said"]}]'
property "hooks.startContainer, its environment and directory where it names none" before='export AR_HOST_WORD=host' config="$start_hook" \
	run='cat /said' output='inside - /tmp'
property "hooks.startContainer, an empty environment" runc=1.3 config="$start_hook | .hooks.startContainer[0].env = []" run='cat /said' output='inside - /tmp'
property "hooks.createRuntime, an empty environment" before='export AR_HOST_WORD=host' \
	config=".hooks.createRuntime = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo \${AR_HOST_WORD--} >$volume/said\"], env: []}]" host='cat "$volume/said"' output=-

properties_end
