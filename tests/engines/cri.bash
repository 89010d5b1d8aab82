# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# containerd's CRI plugin, called as the kubelet calls it, in the namespaces of a test's daemons.
#
#   cri_start [LAYOUT [KEPT...]]   see host_start; the images box and pause are there
#   cri METHOD [JSON]              one call; sets $status, $output (JSON), $errors
#   pod_config [FILTER]            the configuration of the next pod, in $pod_config; $uid
#   start_pod HANDLER              $pod; removed when the test ends
#   start_container FILTER COMMAND...   in $pod; $container
#   exec_in COMMAND...             $code, $said, $complained
#   cri_end                        all is removed, and nothing is left
#
# Handlers: agentrun, agentrun-strict, agentrun-compat as documented and installed; agentrun-systemd, the installed one with
# its line of SystemdCgroup; peer.

. "$(dirname "${BASH_SOURCE[0]}")/engines.bash"
. "$(dirname "${BASH_SOURCE[0]}")/page.bash"
needs root command:containerd command:ctr command:ip command:/usr/lib/cni/bridge command:/usr/bin/python3
/usr/bin/python3 -c 'import grpc' 2>/dev/null || skip_all "python3-grpcio is not installed"

# cri METHOD [JSON]: sets $status, $output (JSON), $errors
cri() {
	run_command nsenter --target "$host_pid" --mount --net --wd=/ -- \
		/usr/bin/python3 "$SRCDIR/tests/engines/cri.py" "$containerd_socket" "$@"
}

# page_handler: the handler of docs/engines.md, for this containerd
page_handler() {
	page_block containerd toml "$((containerd_version - 1))" |
		sed -e "s|/usr/local/bin|$TEST_TMP/bin|" -e 's/SystemdCgroup = true/SystemdCgroup = false/'
}
# shipped FILE: a configuration that is installed, with the programs of this test
shipped() {
	sed "s|@bindir@|$TEST_TMP/bin|" "$SRCDIR/packaging/engines/$1.in"
}

# handler_table NAME PROGRAM
handler_table() {
	printf '[plugins."%s".containerd.runtimes.%s]\n  runtime_type = "io.containerd.runc.v2"\n' "$cri_plugin" "$1"
	printf '  [plugins."%s".containerd.runtimes.%s.options]\n    BinaryName = "%s"\n' "$cri_plugin" "$1" "$2"
}

# A machine that cannot raise its own score cannot give a pod the one of its infrastructure; one without
# the controller of processor time cannot give it the least share.
if has cpu; then without_cgroups=false; else without_cgroups=true; fi
# containerd 2 imports the file that is installed. What a file brings that containerd 1 imports replaces all that the
# plugin is told elsewhere: there the handler is the page's, and those of the other classes are added from the file.
if containerd --version | grep -qE ' v?2\.[0-9]'; then
	containerd_version=3 cri_plugin=io.containerd.cri.v1.runtime containerd_file=containerd-2-config.toml
	shipped "$containerd_file" | sed 's/^# version/version/' >"$TEST_TMP/$containerd_file"
	containerd_imports=$TEST_TMP/$containerd_file
else
	# shellcheck disable=SC2034 # for engines.bash
	containerd_version=2 cri_plugin=io.containerd.grpc.v1.cri containerd_file=containerd-config.toml
fi
# shellcheck disable=SC2034
containerd_cri=$(
	cat <<-CONFIG
		[plugins."$cri_plugin"]
		  restrict_oom_score_adj = true
		  disable_cgroup = $without_cgroups
	CONFIG
	if [ "$containerd_version" = 2 ]; then
		printf '  sandbox_image = "docker.io/library/pause:latest"\n  disable_tcp_service = true\n'
	else
		printf '[plugins."io.containerd.cri.v1.images".pinned_images]\n  sandbox = "docker.io/library/pause:latest"\n'
		printf '[plugins."io.containerd.grpc.v1.cri"]\n  disable_tcp_service = true\n'
	fi
	cat <<-CONFIG
		[plugins."$cri_plugin".cni]
		  bin_dir = "/usr/lib/cni"
		  conf_dir = "$TEST_TMP/cni"
		[plugins."$cri_plugin".containerd]
		  default_runtime_name = "agentrun"
	CONFIG
	if [ "$containerd_version" = 2 ]; then
		page_handler
		shipped "$containerd_file" | awk 'BEGIN { RS = "" } /runtimes\.agentrun-/'
	fi
	shipped "$containerd_file" | awk 'BEGIN { RS = "" } /runtimes\.agentrun\]/' |
		sed -e 's/runtimes\.agentrun/&-systemd/' -e 's/# SystemdCgroup/SystemdCgroup/'
	if [ -n "$peer" ]; then handler_table peer "$peer"; fi
)

mkdir -p "$TEST_TMP/cni" "$TEST_TMP/logs"
cat >"$TEST_TMP/cni/10-test.conflist" <<-CONFIG
	{ "cniVersion": "0.4.0", "name": "test", "plugins": [
		{ "type": "bridge", "bridge": "test0", "isGateway": true,
		  "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.88.7.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] } } ] }
CONFIG

# --- pods as the kubelet makes them ----------------------------------------------------------------

# pod_config [FILTER]: the configuration of a pod that is named for the test, in $pod_config; $uid
# shellcheck disable=SC2120 # it may be without
pod_config() {
	uid=$(</proc/sys/kernel/random/uuid)
	pod_config=$(jq -n --arg id "$id" --arg uid "$uid" --arg parent "/$engine_cgroup/kubepods/pod$id" --arg logs "$TEST_TMP/logs" '{
		metadata: {name: $id, uid: $uid, namespace: "default"}, hostname: $id, log_directory: $logs,
		dns_config: {servers: ["10.96.0.10"], searches: ["default.svc.cluster.local"], options: ["ndots:5"]},
		labels: {"io.kubernetes.pod.name": $id, "io.kubernetes.pod.namespace": "default", "io.kubernetes.pod.uid": $uid},
		linux: {cgroup_parent: $parent, security_context: {namespace_options: {pid: 1}, seccomp: {profile_type: 0}}}
		} | '"${1:-.}")
}

# start_pod HANDLER: $pod; the one that the test starts is removed at its end
start_pod() {
	# shellcheck disable=SC2119
	[ -n "${pod_config-}" ] || pod_config
	cri RunPodSandbox "$(jq -n --argjson config "$pod_config" --arg handler "$1" '{config: $config, runtime_handler: $handler}')"
	pod=$(jq -r '.pod_sandbox_id // ""' <<<"$output")
}

# What the kubelet puts below its folder for a pod, and the mounts of it: the service account, a config
# map with its link of a link, the downward API, an emptyDir, the hosts file and the termination log.
# shellcheck disable=SC2016,SC2034 # for the other shell; for the files that source this one
kubelet_files='
	set -e
	pod=/var/lib/kubelet/pods/$1
	volumes=$pod/volumes
	versioned() {
		mkdir -p "$volumes/$1/..2026"
		ln -sfn ..2026 "$volumes/$1/..data"
	}
	mkdir -p "$volumes/kubernetes.io~projected/kube-api-access"
	mount -t tmpfs tmpfs "$volumes/kubernetes.io~projected/kube-api-access"
	versioned kubernetes.io~projected/kube-api-access
	echo secret-token >"$volumes/kubernetes.io~projected/kube-api-access/..data/token"
	ln -s ..data/token "$volumes/kubernetes.io~projected/kube-api-access/token"
	versioned kubernetes.io~configmap/config
	echo "color=green" >"$volumes/kubernetes.io~configmap/config/..data/settings"
	ln -s ..data/settings "$volumes/kubernetes.io~configmap/config/settings"
	versioned kubernetes.io~downward-api/podinfo
	echo "app=\"agent\"" >"$volumes/kubernetes.io~downward-api/podinfo/..data/labels"
	ln -s ..data/labels "$volumes/kubernetes.io~downward-api/podinfo/labels"
	mkdir -p -m 777 "$volumes/kubernetes.io~empty-dir/workspace"
	mkdir -p "$pod/containers/main"
	touch "$pod/containers/main/0123abcd"
	chmod 666 "$pod/containers/main/0123abcd"
	printf "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n10.88.7.99\tpeer\n" >"$pod/etc-hosts"
'

kubelet_mounts() {
	jq -n --arg pod "/var/lib/kubelet/pods/$uid" '[
		["/var/run/secrets/kubernetes.io/serviceaccount", "volumes/kubernetes.io~projected/kube-api-access", true],
		["/etc/config", "volumes/kubernetes.io~configmap/config", true],
		["/etc/podinfo", "volumes/kubernetes.io~downward-api/podinfo", true],
		["/workspace", "volumes/kubernetes.io~empty-dir/workspace", false],
		["/etc/hosts", "etc-hosts", false],
		["/dev/termination-log", "containers/main/0123abcd", false]
		] | map({container_path: .[0], host_path: ($pod + "/" + .[1]), readonly: .[2]})'
}

# start_container FILTER COMMAND...: in $pod; $container
start_container() {
	local filter=$1 config
	shift
	config=$(jq -n --arg id "$id" '{
		metadata: {name: "main"}, image: {image: "docker.io/library/box:latest"}, command: $ARGS.positional,
		log_path: ($id + ".log"), labels: {"io.kubernetes.container.name": "main", "io.kubernetes.pod.name": $id},
		linux: {security_context: {namespace_options: {pid: 1}, seccomp: {profile_type: 0}}}
		} | '"$filter" --args -- "$@")
	cri CreateContainer "$(jq -n --arg pod "$pod" --argjson config "$config" --argjson sandbox "$pod_config" \
		'{pod_sandbox_id: $pod, config: $config, sandbox_config: $sandbox}')"
	container=$(jq -r '.container_id // ""' <<<"$output")
	[ "$status" = 0 ] || return 0
	cri StartContainer "$(jq -n --arg id "$container" '{container_id: $id}')"
}

# exec_in COMMAND...: $code, $said, $complained
# shellcheck disable=SC2034 # for the files that source this one
exec_in() {
	cri ExecSync "$(jq -n --arg id "$container" '{container_id: $id, cmd: $ARGS.positional, timeout: 20}' --args -- "$@")"
	code=$(jq -r '.exit_code // 0' <<<"$output")
	said=$(jq -r '.stdout // "" | rtrimstr("\n")' <<<"$output")
	complained=$(jq -r '.stderr // ""' <<<"$output")
}

container_status() {
	cri ContainerStatus "$(jq -n --arg id "$container" '{container_id: $id}')"
	jq -r "$1" <<<"$output"
}

# wait_exited: at most ten seconds; 2 is CONTAINER_EXITED
wait_exited() {
	for _ in $(seq 50); do
		[ "$(container_status '.status.state // 0')" != 2 ] || return 0
		sleep 0.2
	done
	fail "the container does not end"
}

log_of() {
	sed -E 's/^[^ ]+ std(out|err) [FP] //' "$TEST_TMP/logs/$id.log"
}

remove_pod() {
	local sandbox
	[ -n "${pod-}" ] || return 0
	sandbox=$(jq -n --arg id "$pod" '{pod_sandbox_id: $id}')
	cri StopPodSandbox "$sandbox"
	cri RemovePodSandbox "$sandbox"
	in_host sh -c 'umount "/var/lib/kubelet/pods/$1/volumes/kubernetes.io~projected/kube-api-access" 2>/dev/null || true
		rm -rf "/var/lib/kubelet/pods/$1"' sh "$uid"
	pod='' pod_config=''
}

engine_forget() {
	[ -n "$containerd_pid" ] || return 0
	[ -n "$engine_keep" ] || remove_pod
}

# cri_start [LAYOUT [KEPT...]]: containerd, with the images box and pause
# shellcheck disable=SC2120
cri_start() {
	local image
	host_start "${1:-v2}" "${@:2}"
	containerd_start
	engine_image "$TEST_TMP/image"
	engine_archive "$TEST_TMP/image" docker.io/library/box "$TEST_TMP/box.tar"
	engine_archive "$TEST_TMP/image" docker.io/library/pause "$TEST_TMP/pause.tar" '.config.Cmd = ["/bin/sleep", "36000"]'
	for image in box pause; do
		run_command nsenter --target "$host_pid" --mount --net --wd=/ -- \
			ctr --address "$containerd_socket" --namespace k8s.io images import "$TEST_TMP/$image.tar"
		expect_success
	done
}

# cri_end: all is removed, and nothing is left
cri_end() {
	local folder
	remove_pod
	check_equal "state of the runtime" \
		"$(in_host find /run/containerd/runc -mindepth 2 -maxdepth 2 2>/dev/null || true)" ""
	check_equal "mounts of containers" "$(in_host grep -c "/run/containerd/.*/rootfs" /proc/self/mountinfo || true)" 0
	engine_stop
	# these are the kubelet's, and can be removed when no container's is in them
	engine_cgroups | while read -r folder; do
		rmdir "$folder"/kubepods/pod* "$folder/kubepods" 2>/dev/null || true
	done
	assert_engine_left_nothing
}
