#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Namespaces, new and joined, and what belongs to them: names, loopback, sysctls, clocks. runtime-spec
# config-linux.md "Namespaces", in the compat profile.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

kinds=(cgroup ipc mnt net pid uts)
declare -A file_of=([cgroup]=cgroup [ipc]=ipc [mount]=mnt [network]=net [pid]=pid [uts]=uts [time]=time)

# A process in a new namespace of that kind, to be joined: $holder, and its namespace $held. It ends with
# the test, by the mark in its environment.
hold() {
	local go=$TEST_TMP/holder.$id
	rm -f "$go"
	AGENTRUN_TEST=$lib_mark unshare "$@" sh -c "echo \$\$ >'$go.new'; mv '$go.new' '$go'; exec sleep 300" \
		</dev/null >/dev/null 2>&1 &
	for _ in $(seq 100); do
		[ ! -e "$go" ] || break
		sleep 0.05
	done
	holder=$(<"$go")
}

# --- new ones ------------------------------------------------------------------------------------

test_begin "every namespace that is listed is a new one"
run_compat . -- sh -c 'for kind; do readlink /proc/self/ns/$kind; done' sh "${kinds[@]}"
expect_success
check_equal "how many" "$(wc -l <<<"$output")" ${#kinds[@]}
for kind in "${kinds[@]}"; do
	check_lacks "namespaces of the container" "$output" "$(readlink "/proc/self/ns/$kind")"
done
assert_nothing_left

for kind in network ipc uts pid cgroup; do
	test_begin "a $kind namespace that is not listed is the host's"
	run_compat "del(.hostname) | .linux.namespaces |= map(select(.type != \"$kind\"))
		| .mounts |= map(if .type == \"sysfs\" then {destination: \"/sys\", type: \"bind\", source: \"/sys\",
			options: [\"rbind\", \"ro\"]} else . end | select(.destination | startswith(\"/sys/\") | not))" -- \
		readlink "/proc/self/ns/${file_of[$kind]}"
	expect_output "$(readlink "/proc/self/ns/${file_of[$kind]}")"
	assert_nothing_left
done

test_begin "a container without a mount namespace is refused"
run_compat '.linux.namespaces |= map(select(.type != "mount"))' -- true
expect_error "mount namespace"
assert_nothing_left

test_begin "a mount namespace is not joined by its path, and is as it was"
hold --mount
before=$(<"/proc/$holder/mountinfo")
run_compat ".linux.namespaces |= map(if .type == \"mount\" then .path = \"/proc/$holder/ns/mnt\" else . end)" -- true
expect_error "a container needs a mount namespace of its own"
check_equal "its mounts" "$(<"/proc/$holder/mountinfo")" "$before"

test_begin "in its pid namespace the program is process 1 and sees no other"
run_compat . -- sh -c 'echo $$; set -- /proc/[0-9]*; echo $#'
expect_output $'1\n1'

test_begin "in its cgroup namespace the container's cgroup is the root"
run_compat . -- sh -c 'grep ^0: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.type 2>/dev/null || echo no type: a root'
expect_success
check_has "its path" "$output" "0::/"
check_lacks "its path" "$output" agentrun

test_begin "in its network namespace the loopback interface is up, and there is no other"
run_compat . -- sh -c 'ip -o link | cut -d : -f 2; ping -c 1 -W 2 127.0.0.1 >/dev/null && echo answers' || true
expect_output_has " lo"
check_lacks "interfaces" "$output" eth
run_compat . -- sh -c 'cat /sys/class/net/lo/flags'
expect_output 0x9

test_begin "hostname and domainname are the container's alone"
run_compat '.hostname = "inside" | .domainname = "example.test"' -- \
	sh -c 'hostname; uname -n; cat /proc/sys/kernel/domainname'
expect_output $'inside\ninside\nexample.test'
check_lacks "the host" "$(uname -n)" inside

test_begin "a hostname without a uts namespace is refused"
run_compat '.linux.namespaces |= map(select(.type != "uts"))' -- true
expect_error uts
assert_nothing_left

# --- time ----------------------------------------------------------------------------------------

if test_begin "a time namespace has the offsets that are asked" timens; then
	run_compat '.linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {monotonic: {secs: 7200, nanosecs: 5}, boottime: {secs: 604800}}' -- \
		sh -c 'cut -d . -f 1 /proc/uptime; cat /proc/self/timens_offsets'
	expect_success
	uptime=$(cut -d . -f 1 /proc/uptime)
	inside=$(head -n 1 <<<"$output")
	check_true "the uptime ($inside) is a week ahead of the host's ($uptime)" \
		test $((inside - uptime - 604800)) -ge -5 -a $((inside - uptime - 604800)) -le 5
	check_match "monotonic" "$output" '^monotonic +7200 +5$'
	check_match "boottime" "$output" '^boottime +604800 +0$'
	assert_nothing_left
fi

if test_begin "exec sees the container's clocks" timens; then
	make_command "$bundle" '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 604800}}' \
		sleep 100
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	run_agentrun exec "$id" sh -c 'readlink /proc/self/ns/time; cut -d . -f 1 /proc/uptime'
	expect_output_has "$(readlink "/proc/$(container_pid "$id")/ns/time")"
	check_true "the uptime is a week ahead" test "$(tail -n 1 <<<"$output")" -gt 604800
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

test_begin "offsets without a time namespace are refused"
run_compat '.linux.timeOffsets = {boottime: {secs: 604800}}' -- true
expect_error time
assert_nothing_left

# --- joined ones ---------------------------------------------------------------------------------

# join_tests TYPE UNSHARE-OPTION
for pair in network:--net ipc:--ipc uts:--uts cgroup:--cgroup; do
	type=${pair%:*}
	file=${file_of[$type]}
	test_begin "a $type namespace is joined by its path"
	hold "${pair#*:}"
	run_compat "del(.hostname) | .linux.namespaces |= map(if .type == \"$type\"
		then .path = \"/proc/$holder/ns/$file\" else . end)" -- readlink "/proc/self/ns/$file"
	expect_output "$(readlink "/proc/$holder/ns/$file")"
	check_false "it is the host's" test "$output" = "$(readlink "/proc/self/ns/$file")"
	kill "$holder"
	assert_nothing_left
done

test_begin "a cgroup namespace is joined by its path from a new user namespace"
hold --cgroup
run_compat 'del(.mounts[] | select(.type == "cgroup")) | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = .linux.uidMappings
	| .linux.namespaces |= map(if .type == "cgroup" then .path = "'"/proc/$holder/ns/cgroup"'" else . end) + [{type: "user"}]' -- \
	sh -c 'readlink /proc/self/ns/cgroup; echo "$(tr -s " " </proc/self/uid_map)"; echo $$'
expect_output "$(readlink "/proc/$holder/ns/cgroup")"$'\n 0 100000 65536\n1'
kill "$holder"
assert_nothing_left

test_begin "a pid namespace is joined by its path: the program is not process 1 there"
make_command "$bundle-2" . sleep 100
run_agentrun --profile compat run --detach --bundle "$bundle-2" "$id-2"
expect_success
first=$(container_pid "$id-2")
run_compat ".linux.namespaces |= map(if .type == \"pid\" then .path = \"/proc/$first/ns/pid\" else . end)" -- \
	sh -c 'readlink /proc/self/ns/pid; tr "\0" " " </proc/1/cmdline; echo; echo $$'
expect_success
check_equal "the namespace" "$(sed -n 1p <<<"$output")" "$(readlink "/proc/$first/ns/pid")"
check_equal "process 1" "$(sed -n 2p <<<"$output")" "sleep 100 "
check_true "its own number" test "$(sed -n 3p <<<"$output")" -gt 1
run_agentrun delete --force "$id-2"
rm -rf "$bundle-2"
assert_nothing_left

if test_begin "a time namespace is joined by its path" timens; then
	hold --time --fork --boottime 1000000
	child=$(pgrep -P "$holder" 2>/dev/null || echo "$holder")
	run_compat ".linux.namespaces += [{type: \"time\", path: \"/proc/$child/ns/time\"}]" -- readlink /proc/self/ns/time
	expect_output "$(readlink "/proc/$child/ns/time")"
	kill "$child" "$holder" 2>/dev/null || true
	assert_nothing_left
fi

test_begin "a path of another kind of namespace is refused by name"
run_compat '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)' -- true
expect_error "'/proc/self/ns/uts' is not a namespace of type network"
assert_nothing_left

test_begin "a path that is no namespace is refused, and a fifo there keeps nobody waiting"
mkfifo "$TEST_TMP/fifo"
for path in /dev/null /etc/passwd "$TEST_TMP/fifo" /nonesuch; do
	RUN_SECONDS=10 run_compat ".linux.namespaces |= map(if .type == \"ipc\" then .path = \"$path\" else . end)" -- true
	expect_status 1
	expect_error "$path"
done
assert_nothing_left

# --- exec ----------------------------------------------------------------------------------------

test_begin "exec joins every namespace of the container"
make_command "$bundle" . sleep 100
run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
pid=$(container_pid "$id")
run_agentrun exec "$id" sh -c 'for kind; do readlink /proc/self/ns/$kind; done' sh "${kinds[@]}" user
expected=$(for kind in "${kinds[@]}" user; do readlink "/proc/$pid/ns/$kind"; done)
expect_output "$expected"
run_agentrun delete --force "$id"
assert_nothing_left

if test_begin "where systemd has mounted the cgroups, exec and joined cgroup namespaces work from outside" nsdelegate; then
	make_command "$bundle" ".linux.cgroupsPath = \"/$id\"" sleep 1000
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	pid=$(container_pid "$id")
	run_agentrun exec "$id" sh -c 'readlink /proc/self/ns/cgroup; grep ^0: /proc/self/cgroup'
	expect_output "$(readlink "/proc/$pid/ns/cgroup")"$'\n0::/'
	edit_bundle "$bundle" '.linux.cgroupsPath += "-two" | .process.args = ["readlink", "/proc/self/ns/cgroup"] |
		.linux.namespaces |= map(if .type == "cgroup" then .path = $path else . end)' --arg path "/proc/$pid/ns/cgroup"
	run_agentrun --profile compat run --bundle "$bundle" "$id-2"
	expect_output "$(readlink "/proc/$pid/ns/cgroup")"
	edit_bundle "$bundle" 'del(.mounts[] | select(.type == "cgroup")) | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	run_agentrun --profile compat run --bundle "$bundle" "$id-3"
	expect_output "$(readlink "/proc/$pid/ns/cgroup")"
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

# --- sysctls -------------------------------------------------------------------------------------

test_begin "sysctls of its namespaces are set, and the host's are not"
before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax)
run_compat '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4242", "fs.mqueue.msg_max": "7",
	"net/ipv4/ping_group_range": "5 6"}' -- \
	cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max /proc/sys/net/ipv4/ping_group_range
expect_output $'1\n4242\n7\n5\t6'
check_equal "the host's" "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax)" "$before"

for pair in kernel.core_pattern:x vm.overcommit_memory:1 kernel.hostname:x net.ipv4.nonesuch:1 net/../kernel/core_pattern:x; do
	test_begin "the sysctl ${pair%%:*} is refused by name"
	before=$(cat /proc/sys/kernel/core_pattern)
	run_compat ".linux.sysctl = {\"${pair%%:*}\": \"${pair#*:}\"}" -- true
	expect_error "${pair%%:*}"
	check_equal "the host's core_pattern" "$(cat /proc/sys/kernel/core_pattern)" "$before"
	assert_nothing_left
done

test_begin "a value that the kernel does not take is an error that names it"
run_compat '.linux.sysctl = {"net.ipv4.ip_local_port_range": "many"}' -- true
expect_error "net.ipv4.ip_local_port_range"
expect_error "many"
assert_nothing_left
