#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kubernetes' side of containerd, the Container Runtime Interface, with agentrun as the handler of a
# RuntimeClass: pods as the kubelet makes them, the cage from inside, exec, messages.
set -euo pipefail
. "$(dirname "$0")/cri.bash"

# --- tests -------------------------------------------------------------------------------------------

test_begin "containerd starts with its CRI plugin and takes images"
# shellcheck disable=SC2119
cri_start
cri Version '{}'
expect_success
check_equal "runtime" "$(jq -r .runtime_name <<<"$output")" containerd
cri ListImages '{}'
expect_output_has docker.io/library/box:latest

test_begin "a pod of the class agentrun runs a container"
start_pod agentrun
expect_success
start_container . sh -c 'echo hello; echo oops >&2; exit 7'
expect_success
wait_exited
check_equal "exit code" "$(container_status .status.exit_code)" 7
check_equal "log" "$(log_of | sort)" $'hello\noops'

test_begin "the manifests of the page about engines: the class is containerd's handler, the workspace is written to and built in"
check_equal "the class of the pod" "$(page_value runtimeClassName)" "$(page_value name)"
check_has "the handler's table" "$(page_handler)" ".runtimes.$(page_value handler)]"
check_equal "the installed class" "$(sed -n 's/^handler: //p' "$SRCDIR/packaging/engines/runtimeclass.yaml" | head -n 1)" "$(page_value handler)"
workspace=$(page_value mountPath)
check_equal "the working directory" "$(page_value workingDir)" "$workspace"
pod_config
in_host sh -c "$kubelet_files" sh "$uid"
start_pod "$(page_value handler)"
expect_success
start_container ".working_dir = \"$workspace\" | .mounts = ($(kubelet_mounts) | map(select(.container_path == \"$workspace\")))" sleep 600
expect_success
exec_in sh -c 'pwd; printf "#!/bin/sh\necho built\n" >tool && chmod +x tool && ./tool'
check_equal "seen" "$said" "$workspace"$'\nbuilt'

test_begin "a container has the pod's network, name, shared memory and resolver, and its own processes"
start_pod agentrun
expect_success
cri PodSandboxStatus "$(jq -n --arg id "$pod" '{pod_sandbox_id: $id}')"
address=$(jq -r .status.network.ip <<<"$output")
check_match "address" "$address" '^10\.88\.7\.[0-9]+$'
start_container . sleep 600
first=$container
start_container '.metadata.name = "other" | .linux.security_context.namespace_options.pid = 1' \
	sh -c 'echo shared >/dev/shm/file; exec sleep 600'
expect_success
container=$first
exec_in sh -c 'hostname; cat /etc/hostname; cat /dev/shm/file; grep -c . /etc/resolv.conf; ps -o args | grep -c "[s]leep 600"'
check_equal "seen" "$said" "$id
$id
shared
3
1"
exec_in ip address show eth0
check_has "network" "$said" "$address/24"
check_equal "network of the pod" "$(in_host readlink "/proc/$(in_host pgrep -n -f 'sleep 36000')/ns/net")" \
	"$(in_host readlink "/proc/$(in_host pgrep -f 'sleep 600' | head -n 1)/ns/net")"

test_begin "containers of a pod that shares processes see each other"
pod_config '.linux.security_context.namespace_options.pid = 0'
start_pod agentrun
expect_success
start_container '.linux.security_context.namespace_options.pid = 0' sleep 600
expect_success
first=$container
start_container '.metadata.name = "other" | .linux.security_context.namespace_options.pid = 0' sleep 601
expect_success
exec_in ps -o pid,args
check_match "the pod's first process" "$said" '^ +1 /bin/sleep 36000$'
check_match "the other container's process" "$said" '^ +[0-9]+ sleep 600$'
container=$first
exec_in ps -o pid,args
check_match "that of the second, in the first" "$said" '^ +[0-9]+ sleep 601$'

test_begin "what the kubelet mounts is there, and as it should be"
pod_config
in_host sh -c "$kubelet_files" sh "$uid"
start_pod agentrun
expect_success
start_container ".mounts = $(kubelet_mounts)" sleep 600
expect_success
exec_in cat /var/run/secrets/kubernetes.io/serviceaccount/token /etc/config/settings /etc/podinfo/labels
check_equal "files" "$said" $'secret-token\ncolor=green\napp="agent"'
exec_in sh -c 'echo x >/var/run/secrets/kubernetes.io/serviceaccount/new'
check_has "the token is read-only" "$complained" "Read-only file system"
exec_in sh -c 'echo x >/etc/config/new'
check_has "a config map is read-only" "$complained" "Read-only file system"
exec_in sh -c 'printf "#!/bin/sh\necho built\n" >/workspace/tool && chmod +x /workspace/tool && /workspace/tool'
check_equal "programs run in an emptyDir" "$said" built
exec_in grep peer /etc/hosts
check_equal "hosts" "$said" $'10.88.7.99\tpeer'
exec_in sh -c 'echo why >/dev/termination-log'
check_equal "status of writing the termination log" "$code" 0
check_equal "termination log on the host" "$(in_host cat "/var/lib/kubelet/pods/$uid/containers/main/0123abcd")" why
if has agentrun; then
	exec_in sh -c 'grep -E " (/workspace|/etc/config|/var/run/secrets/.*|/run/secrets/.*) " /proc/self/mountinfo'
	check_equal "mounts without nosuid or nodev" "$(grep -vE 'nosuid,nodev' <<<"$said" || true)" ""
fi
# a new version of a config map, as the kubelet makes it
in_host sh -c 'cd "/var/lib/kubelet/pods/$1/volumes/kubernetes.io~configmap/config" && mkdir ..2027 &&
	echo color=blue >..2027/settings && ln -s ..2027 ..tmp && mv -T ..tmp ..data' sh "$uid"
exec_in cat /etc/config/settings
check_equal "updated config map" "$said" color=blue
if has agentrun; then
	exec_in probe
	expect_cage "exec beside the kubelet's mounts" "$said"
fi

# --- the cage ----------------------------------------------------------------------------------------

if test_begin "a container of a pod is caged, its first process and what is executed in it" agentrun; then
	start_pod agentrun
	expect_success
	start_container . sh -c 'probe; exec sleep 600'
	expect_success
	for _ in $(seq 50); do
		! grep -q "of what was looked at" <(log_of) || break
		sleep 0.2
	done
	expect_cage "the first process" "$(log_of)"
	exec_in probe
	expect_cage "exec" "$said"
fi

if test_begin "a privileged container is caged all the same" agentrun; then
	pod_config '.linux.security_context.privileged = true'
	start_pod agentrun
	expect_success
	start_container '.linux.security_context.privileged = true' sleep 600
	expect_success
	exec_in probe
	expect_cage "exec in a privileged container" "$said"
fi

if test_begin "added capabilities and an unconfined profile are held to the profile" agentrun; then
	start_pod agentrun
	expect_success
	start_container '.linux.security_context |= . + {capabilities: {add: ["ALL"]}, seccomp: {profile_type: 1}}' sleep 600
	expect_success
	exec_in probe
	expect_cage "exec with everything added" "$said"
fi

if test_begin "a user by number, with further groups, has no capability" agentrun; then
	start_pod agentrun
	expect_success
	start_container '.linux.security_context |= . + {run_as_user: {value: 1000}, supplemental_groups: [2000]}' sleep 600
	expect_success
	exec_in sh -c 'id -u; id -G; grep CapEff /proc/self/status'
	check_equal "ids" "$said" $'1000\n1000 2000\nCapEff:\t0000000000000000'
fi

# --- messages ----------------------------------------------------------------------------------------

# refused WHAT PART FILTER-OF-POD FILTER-OF-CONTAINER
refused() {
	test_begin "$1 is refused, and the kubelet hears why" agentrun || return 0
	pod_config "$3"
	start_pod agentrun
	if [ -n "$pod" ]; then start_container "$4" sleep 600; fi
	expect_status 1
	expect_error "$2"
}

refused "the host's network" "linux.namespaces[network]" \
	'del(.hostname) | .linux.security_context.namespace_options.network = 2' .
refused "the host's processes" "linux.namespaces[pid]" '.linux.security_context.namespace_options.pid = 2' .
refused "a folder of the host's system" "mounts[/host].source '/etc'" . \
	'.mounts = [{container_path: "/host", host_path: "/etc"}]'
refused "the engine's socket" "mounts[/s].source" . \
	'.mounts = [{container_path: "/s", host_path: "'"$containerd_socket"'"}]'
refused "the kubelet's folder" "mounts[/pods].source" . \
	'.mounts = [{container_path: "/pods", host_path: "/var/lib/kubelet"}]'
other=/var/lib/kubelet/pods/00000000-1111-2222-3333-444444444444/volumes/kubernetes.io~empty-dir/workspace
in_host mkdir -p "$other"
refused "another pod's volume" "mounts[/other].source" . \
	'.mounts = [{container_path: "/other", host_path: "'"$other"'"}]'

test_begin "a command that is missing is reported by name"
start_pod agentrun
expect_success
start_container . no-such-command
expect_status 1
expect_error 'exec: "no-such-command": executable file not found in $PATH'

test_begin "exec of a missing command is an error with its name, and a status comes back"
start_pod agentrun
start_container . sleep 600
exec_in no-such-command
expect_status 1
expect_error 'exec: "no-such-command": executable file not found in $PATH'
exec_in sh -c 'exit 42'
check_equal "status" "$code" 42

# --- other classes -----------------------------------------------------------------------------------

if test_begin "the class agentrun-strict has no capability at all" agentrun; then
	start_pod agentrun-strict
	expect_success
	start_container . sleep 600
	expect_success
	exec_in sh -c 'grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status'
	check_equal "seen" "$said" $'CapBnd:\t0000000000000000\nNoNewPrivs:\t1'
fi

test_begin "the class agentrun-compat lets a container write to its root"
start_pod agentrun-compat
expect_success
start_container . sleep 600
expect_success
exec_in sh -c 'echo x >/new && cat /new'
check_equal "written" "$said" x

# --- the end -----------------------------------------------------------------------------------------

test_begin "stopping ends a container by its own signal handler"
start_pod agentrun
start_container . sh -c 'trap "echo stopping; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
expect_success
for _ in $(seq 50); do
	! grep -q ready <(log_of) || break
	sleep 0.1
done
cri StopContainer "$(jq -n --arg id "$container" '{container_id: $id, timeout: 10}')"
expect_success
check_equal "exit code" "$(container_status .status.exit_code)" 5
check_equal "log" "$(log_of)" $'ready\nstopping'

test_begin "stopping a pod ends all that is in it"
start_pod agentrun
start_container . sleep 600
expect_success
cri StopPodSandbox "$(jq -n --arg id "$pod" '{pod_sandbox_id: $id}')"
expect_success
check_equal "state of the container" "$(container_status '.status.state // 0')" 2
check_equal "exit code" "$(container_status .status.exit_code)" 137

test_begin "when all pods are removed nothing is left"
cri_end
