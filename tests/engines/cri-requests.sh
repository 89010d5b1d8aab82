#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# More of what the kubelet asks containerd for: a terminal, limits that change, a user namespace, mounts that are read-only
# with all that is below them.
set -euo pipefail
. "$(dirname "$0")/cri.bash"

# since_2 NAME [FEATURE...]: a test that needs containerd 2
since_2() {
	test_begin "$@" || return 1
	[ "$containerd_version" -lt 3 ] || return 0
	skip "needs containerd 2, and this is $(containerd --version | cut -d ' ' -f 3)"
	return 1
}

test_begin "containerd starts"
# shellcheck disable=SC2119
cri_start
cri Version '{}'
expect_success

# dumped VERSION NAME: what containerd makes of the tables on standard input below "version = VERSION" has that handler
dumped() {
	{ echo "version = $1"; cat; } >"$TEST_TMP/tables.toml"
	run_command containerd --config "$TEST_TMP/tables.toml" config dump
	expect_success
	check_true "handler $2" awk -v name="$2" '
		/^ *\[/ { on = index($0, ".containerd.runtimes." name ".options]") }
		on && /BinaryName/ { found = 1 }
		END { exit !found }' <<<"$output"
}

test_begin "the tables of the page and of the installed file are taken, those of containerd 1 by containerd 2 too"
dumped 2 agentrun < <(page_block containerd toml 1)
dumped 2 agentrun-strict < <(shipped containerd-config.toml)
if [ "$containerd_version" = 3 ]; then
	dumped 3 agentrun < <(page_block containerd toml 2)
	dumped 3 agentrun-strict < <(shipped containerd-2-config.toml)
fi

# --- a terminal ----------------------------------------------------------------------------------

# stream_exec INPUT COMMAND...: on a terminal of 33 rows and 77 columns, through containerd's streaming server
stream_exec() {
	local input=$1 url
	shift
	cri Exec "$(jq -n --arg id "$container" '{container_id: $id, cmd: $ARGS.positional, tty: true, stdin: true, stdout: true}' --args -- "$@")"
	expect_success
	url=$(jq -r .url <<<"$output")
	check_match "address of the stream" "$url" '^http://127\.0\.0\.1:[0-9]+/exec/'
	run_command nsenter --target "$host_pid" --mount --net --wd=/ -- \
		/usr/bin/python3 "$SRCDIR/tests/engines/cri.py" stream "$url" 77 33 "$input"
	output=$(tr -d '\r' <<<"$output")
}

test_begin "exec has a terminal of the size of the caller's, and its status comes back"
start_pod agentrun
start_container . sleep 600
expect_success
stream_exec $'until [ "$(stty size)" = "33 77" ] || [ $((n += 1)) = 50 ]; do sleep 0.1; done; echo "size $(stty size) on $(tty)"; exit 0\n' sh
expect_success
expect_output_has "size 33 77 on /dev/pts/"
stream_exec $'exit 9\n' sh
expect_status 1
expect_error "exit code 9"

if test_begin "exec on a terminal is caged" agentrun; then
	start_pod agentrun
	start_container . sleep 600
	expect_success
	stream_exec '' probe
	expect_success
	expect_cage "exec on a terminal" "$output"
fi

test_begin "attach reaches the container's own terminal"
start_pod agentrun
start_container '.stdin = true | .tty = true' sh -c 'read -r line; echo "heard $line"; stty size; exit 6'
expect_success
cri Attach "$(jq -n --arg id "$container" '{container_id: $id, tty: true, stdin: true, stdout: true}')"
expect_success
url=$(jq -r .url <<<"$output")
check_match "address of the stream" "$url" '^http://127\.0\.0\.1:[0-9]+/attach/'
run_command nsenter --target "$host_pid" --mount --net --wd=/ -- \
	/usr/bin/python3 "$SRCDIR/tests/engines/cri.py" stream "$url" 77 33 $'words\n'
expect_output_has "heard words"
expect_output_has "33 77"
wait_exited
check_equal "exit code" "$(container_status .status.exit_code)" 6

test_begin "a port is forwarded into the pod"
start_pod agentrun
start_container . sh -c 'while :; do echo forwarded | nc -l -p 7000; done'
expect_success
cri PortForward "$(jq -n --arg id "$pod" '{pod_sandbox_id: $id, port: [7000]}')"
expect_success
url=$(jq -r .url <<<"$output")
for _ in $(seq 50); do
	run_command nsenter --target "$host_pid" --mount --net --wd=/ -- /usr/bin/python3 "$SRCDIR/tests/engines/cri.py" forward "$url"
	[ "$output" != forwarded ] || break
	cri PortForward "$(jq -n --arg id "$pod" '{pod_sandbox_id: $id, port: [7000]}')"
	url=$(jq -r .url <<<"$output")
done
expect_output forwarded

test_begin "a log that the kubelet has moved away is opened anew"
start_pod agentrun
start_container . sh -c 'trap "echo later" TERM; echo before; while :; do sleep 0.1; done'
expect_success
logged() {
	log_of 2>/dev/null | grep -qx "$1"
}
check_true "it has said so" wait_until logged before
mv "$TEST_TMP/logs/$id.log" "$TEST_TMP/logs/$id.log.old"
cri ReopenContainerLog "$(jq -n --arg id "$container" '{container_id: $id}')"
expect_success
exec_in kill -TERM 1
check_true "it goes on in the new one" wait_until logged later
check_equal "log" "$(log_of)" later

# --- limits --------------------------------------------------------------------------------------

if test_begin "limits of a container are set and changed" cpu memory; then
	start_pod agentrun
	expect_success
	start_container '.linux.resources = {cpu_period: 100000, cpu_quota: 50000, memory_limit_in_bytes: 67108864}' sleep 600
	expect_success
	exec_in cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max
	check_equal "limits" "$said" $'67108864\n50000 100000'
	cri UpdateContainerResources "$(jq -n --arg id "$container" \
		'{container_id: $id, linux: {cpu_period: 100000, cpu_quota: 80000, memory_limit_in_bytes: 134217728}}')"
	expect_success
	exec_in cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max
	check_equal "limits after the change" "$said" $'134217728\n80000 100000'
fi

if test_begin "a container that takes more memory than it may is killed, and the kubelet hears why" memory; then
	start_pod agentrun
	expect_success
	# containerd hears of that and of the end in any order, and not of it at all where its shim comes to look at
	# memory.events when the cgroup has gone
	for attempt in 1 2 3; do
		start_container ".metadata.attempt = $attempt | .linux.resources = {memory_limit_in_bytes: 33554432}" sh -c 'x=$(tail /dev/zero)'
		expect_success
		wait_exited
		for _ in $(seq 25); do
			[ "$(container_status .status.reason)" != OOMKilled ] || break 2
			sleep 0.2
		done
	done
	check_equal "exit code and reason" "$(container_status '"\(.status.exit_code) \(.status.reason)"')" "137 OOMKilled"
fi

if test_begin "what a container uses is counted" cpu memory; then
	start_pod agentrun
	start_container . sh -c 'x=$(head -c 8000000 /dev/zero | tr "\0" x); exec sleep 600'
	expect_success
	cri ContainerStats "$(jq -n --arg id "$container" '{container_id: $id}')"
	expect_success
	check_true "processor time, memory" jq -e '.stats | .cpu.usage_core_nano_seconds.value > 0 and .memory.working_set_bytes.value > 0' \
		<<<"$output"
fi

# --- signals -------------------------------------------------------------------------------------

trapping='trap "exit 9" TERM; echo ready >/tmp/ready; while :; do sleep 0.1; done'

# As a preStop hook may do.
test_begin "what is executed in a container ends its first process"
start_pod agentrun
expect_success
start_container . sh -c "$trapping"
expect_success
exec_in sh -c 'until [ -s /tmp/ready ]; do sleep 0.1; done; kill -TERM 1'
check_equal "status of kill" "$code" 0
wait_exited
check_equal "exit code" "$(container_status .status.exit_code)" 9

if test_begin "under the strict profile it does not, and the kubelet's own signal does" agentrun landlock kernel:6.12; then
	start_pod agentrun-strict
	expect_success
	start_container . sh -c "$trapping"
	expect_success
	exec_in sh -c 'until [ -s /tmp/ready ]; do sleep 0.1; done; kill -TERM 1'
	check_has "what kill says" "$complained" "Operation not permitted"
	cri StopContainer "$(jq -n --arg id "$container" '{container_id: $id, timeout: 10}')"
	expect_success
	check_equal "exit code" "$(container_status .status.exit_code)" 9
fi

# --- a user namespace ----------------------------------------------------------------------------

# ids that nobody on the host has
first=1879048192
userns='.linux.security_context.namespace_options.userns_options = {mode: 0,
	uids: [{host_id: '$first', container_id: 0, length: 65536}], gids: [{host_id: '$first', container_id: 0, length: 65536}]}'

if since_2 "containerd knows what the runtime can do" agentrun; then
	cri Status '{}'
	expect_success
	for name in agentrun agentrun-strict agentrun-compat; do
		check_equal "$name" "$(jq -c --arg name "$name" '[.runtime_handlers[] | select(.name == $name).features]' <<<"$output")" \
			'[{"recursive_read_only_mounts":1,"user_namespaces":1}]'
	done
fi

for name in agentrun agentrun-compat; do
	if since_2 "$name: a pod has a user namespace, and its files their owners" userns; then
		# a file system that can be id-mapped, which the folder of the daemons' own is not
		in_host mkdir -p /var/lib/kubelet
		in_host mount -t tmpfs tmpfs /var/lib/kubelet
		pod_config "$userns"
		in_host sh -c "$kubelet_files" sh "$uid"
		start_pod "$name"
		expect_success
		start_container "$userns | .mounts = ($(kubelet_mounts) | map(select(.container_path == \"/workspace\") |
			.uidMappings = [{host_id: $first, container_id: 0, length: 65536}] | .gidMappings = .uidMappings))" sleep 600
		expect_success
		exec_in sh -c 'id -u; tr -s " " </proc/self/uid_map; stat -c %u /etc/passwd /workspace; echo made >/workspace/new; stat -c %u /workspace/new'
		check_equal "seen" "$said" "0
 0 $first 65536
0
0
0"
		check_equal "owner on the host" "$(in_host stat -c %u "/var/lib/kubelet/pods/$uid/volumes/kubernetes.io~empty-dir/workspace/new")" 0
		check_equal "user on the host" "$(stat -c %u "/proc/$(in_host pgrep -f '^sleep 600$' | head -n 1)")" "$first"
		if [ "$name" = agentrun ]; then
			exec_in probe
			# a group by number is none of the host's here
			expect_cage "exec in a pod's user namespace" "$said" groups
		fi
		remove_pod
		in_host umount /var/lib/kubelet
	fi
done

# --- read-only mounts ----------------------------------------------------------------------------

for name in agentrun agentrun-compat; do
	if since_2 "$name: a mount that is read-only recursively is so with all that is mounted in it"; then
		pod_config
		in_host sh -c "$kubelet_files" sh "$uid"
		inner=/var/lib/kubelet/pods/$uid/volumes/kubernetes.io~empty-dir/workspace/inner
		in_host mkdir "$inner"
		in_host mount -t tmpfs inner "$inner"
		start_pod "$name"
		expect_success
		start_container ".mounts = ($(kubelet_mounts) | map(select(.container_path == \"/workspace\") |
			.readonly = true | .recursive_read_only = true))" sleep 600
		expect_success
		exec_in sh -c 'for place in /workspace /workspace/inner; do grep -c " $place " /proc/self/mountinfo; touch $place/new; done'
		check_equal "mounts" "$said" $'1\n1'
		check_has "the mount" "$complained" "/workspace/new: Read-only file system"
		check_has "what is mounted in it" "$complained" "/workspace/inner/new: Read-only file system"
		in_host umount "$inner"
	fi
done

test_begin "when all pods are removed nothing is left"
cri_end
