# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Container engines of this test file's own: their daemons run in a mount and a network namespace that
# end with the file, keep everything below TEST_TMP and put their containers into cgroups named for
# it. An engine of the host is neither used nor disturbed.
#
#   host_start [LAYOUT [KEPT...]]  the namespaces. The cgroup tree is v2, also on a host that has both;
#                                  LAYOUT "as-is" leaves it as the host has it. KEPT are folders in /run that stay the host's
#   in_host COMMAND...             run it in there
#   containerd_start               both fail the open test, with the end of the daemon's log, when the
#   dockerd_start                  daemon does not answer
#   docker_start [LAYOUT]          all of that for Docker, with images; see below for run, start, inspect
#   engine_image FOLDER            root filesystem of the test images
#   engine_archive FOLDER NAME FILE    an image of it, as "docker save" writes one
#   $counting                      a shell's script that counts in /data/count for ever, and writes down each start
#   run_pty INPUT COMMAND...       as run_command, on a terminal that INPUT is typed into
#   expect_cage HOW TEXT           what the probe printed is the cage of the agent profile: see cage.bash
#   engine_forget                  removes the containers of a test, when it ends; replaced where they
#                                  are not Docker's. With engine_keep set they stay for the next one
#   engine_stop                    ends daemons and namespaces
#   assert_engine_left_nothing     after engine_stop: no process, cgroup or mount is left
#
# The runtimes that are registered: agentrun, agentrun-strict, agentrun-compat (the same program by its other names) and,
# in $peer, runc to compare with. With AGENTRUN_ENGINE_RUNTIME, as crun, all names but the peer's are that program, and
# what needs the feature "agentrun" is a skip.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../helpers.bash"
. "$(dirname "${BASH_SOURCE[0]}")/cage.bash"
build_helper surface
build_helper counter

peer=$(command -v runc || true)
engine_cgroup=agentrun-$lib_mark
# shellcheck disable=SC2034 # for the files that source this one
counting='echo start >>/data/starts; exec /bin/counter alone /data/count'
host_pid='' containerd_pid='' dockerd_pid=''
containerd_socket=$TEST_TMP/containerd.sock
docker_socket=$TEST_TMP/docker.sock

engine_program=$(command -v "${AGENTRUN_ENGINE_RUNTIME:-$AGENTRUN}" || true)
[ -n "$engine_program" ] || skip_all "$(needs_text "command:$AGENTRUN_ENGINE_RUNTIME")"
mkdir -p "$TEST_TMP/bin"
runtime=$TEST_TMP/bin/agentrun
for engine_name in agentrun agentrun-compat agentrun-strict; do
	ln -sf "$(realpath "$engine_program")" "$TEST_TMP/bin/$engine_name"
done

# --- namespaces ----------------------------------------------------------------------------------

# /run, /etc, /opt and /var/lib are the daemons' own: engines write below them whatever they are told.
# The root is shared, as an init system leaves it.
# shellcheck disable=SC2016 # for the other shell
host_setup='
	set -e
	tmp=$1
	mkdir -p "$tmp/host"
	mount -t tmpfs -o mode=755 tmpfs "$tmp/host"
	for folder in /etc /opt /var/lib; do
		[ -d "$folder" ] || continue
		own=$tmp/host/${folder##*/}
		mkdir "$own" "$own.work"
		mount -t overlay -o "lowerdir=$folder,upperdir=$own,workdir=$own.work" overlay "$folder"
	done
	mkdir "$tmp/host/run"
	mount -t tmpfs -o mode=755 tmpfs "$tmp/host/run"
	mkdir -m 1777 "$tmp/host/run/lock"
	layout=$2
	shift 2
	for folder; do
		mkdir -p "$tmp/host$folder"
		mount --rbind "$folder" "$tmp/host$folder"
	done
	mount -n --move "$tmp/host/run" /run
	if [ "$layout" = v2 ] && [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
		mount -t sysfs sysfs /sys
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
	fi
	ip link set lo up
	mount --make-rshared /
	: >"$tmp/host-ready"
	exec sleep infinity
'

host_start() {
	rm -f "$TEST_TMP/host-ready"
	engine_daemon host unshare --mount --net --propagation private \
		sh -c "$host_setup" sh "$TEST_TMP" "${1:-v2}" "${@:2}"
	host_pid=$engine_pid
	engine_wait host test -e "$TEST_TMP/host-ready"
}

in_host() {
	nsenter --target "$host_pid" --mount --net --wd=/ -- "$@"
}

# --- daemons -------------------------------------------------------------------------------------

# engine_daemon NAME COMMAND...: in the background, with the mark of engines; $engine_pid.
# A daemon does not outlive this file, however it ends.
engine_daemon() {
	local name=$1
	shift
	AGENTRUN_ENGINE=$lib_mark setpriv --pdeathsig KILL "$@" \
		</dev/null >"$TEST_TMP/$name.log" 2>&1 &
	engine_pid=$!
}

# engine_wait NAME COMMAND...: until the command succeeds; at most 20 seconds, or the daemon's life.
engine_wait() {
	local name=$1
	shift
	for _ in $(seq 200); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		kill -0 "$engine_pid" 2>/dev/null || break
		sleep 0.1
	done
	[ -n "$tap_name" ] || test_begin "$name starts"
	fail "$name does not answer; the end of what it said:"$'\n'"$(tail -n 15 "$TEST_TMP/$name.log")"
	# nothing in the file makes sense without it
	exit 1
}

# containerd_cri: tables of the CRI plugin; it is disabled when there are none
# containerd_version, containerd_imports: of the configuration's format; a file that it imports
containerd_cri='' containerd_version=2 containerd_imports=''
containerd_start() {
	local disabled='"io.containerd.grpc.v1.cri"'
	[ -z "$containerd_cri" ] || disabled=
	mkdir -p "$TEST_TMP/containerd"
	cat >"$TEST_TMP/containerd.toml" <<-CONFIG
		version = $containerd_version
		imports = [${containerd_imports:+"\"$containerd_imports\""}]
		root = "$TEST_TMP/containerd/root"
		state = "$TEST_TMP/containerd/state"
		disabled_plugins = [$disabled]
		[grpc]
		  address = "$containerd_socket"
		$containerd_cri
	CONFIG
	engine_daemon containerd nsenter --target "$host_pid" --mount --net --wd=/ -- \
		containerd --config "$TEST_TMP/containerd.toml"
	containerd_pid=$engine_pid
	engine_wait containerd ctr --address "$containerd_socket" version
}

# The Debian package's client, whatever else is in PATH.
docker_client=/usr/bin/docker
export DOCKER_CONFIG=$TEST_TMP/docker-config
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS_VERIFY

# dockerd_options: more of them
# dockerd_config: a daemon.json, which names the runtimes then
dockerd_options=() dockerd_config=
dockerd_start() {
	local options=("${dockerd_options[@]}")
	if [ -z "$dockerd_config" ]; then
		[ -z "$peer" ] || options+=(--add-runtime "peer=$peer")
		options+=(--add-runtime "agentrun=$runtime" --add-runtime "agentrun-strict=$runtime-strict"
			--add-runtime "agentrun-compat=$runtime-compat")
	fi
	echo "${dockerd_config:-"{}"}" >"$TEST_TMP/daemon.json"
	mkdir -p "$DOCKER_CONFIG"
	engine_daemon dockerd nsenter --target "$host_pid" --mount --net --wd=/ -- \
		dockerd --config-file "$TEST_TMP/daemon.json" --pidfile "$TEST_TMP/dockerd.pid" \
		--data-root "$TEST_TMP/docker" --exec-root "$TEST_TMP/docker-exec" \
		--containerd "$containerd_socket" --host "unix://$docker_socket" --host unix:///run/docker.sock \
		--cgroup-parent "/$engine_cgroup" "${options[@]}"
	dockerd_pid=$engine_pid
	engine_wait dockerd "$docker_client" --host "unix://$docker_socket" version
}

# --- images --------------------------------------------------------------------------------------

# engine_image FOLDER: busybox with /var/run as a link, a program that is not executable, an entry
# point, and the programs look, probe and surface.
engine_image() {
	rm -rf "$1"
	make_rootfs "$1"
	cp "$SRCDIR"/tests/engines/{look,probe} "$helpers_folder"/{surface,counter} "$1/bin/"
	ln -s ../run "$1/var/run"
	mkdir -p "$1/run/postgresql" "$1/data" "$1/job"
	echo 'from the image' >"$1/data/file"
	chmod 1777 "$1/data"
	echo 'not a program' >"$1/bin/plain-file"
	printf '#!/bin/sh\necho "entry: $*"\nid -un\npwd\nexec "$@"\n' >"$1/entry"
	chmod 755 "$1/entry"
}

# engine_import CLIENT: the images "box", plain, and "tool" with an entry point, user, folder and environment
engine_import() {
	engine_image "$TEST_TMP/image"
	tar -C "$TEST_TMP/image" -cf "$TEST_TMP/image.tar" .
	"$1" import "$TEST_TMP/image.tar" box
	expect_success
	"$1" import --change 'ENTRYPOINT ["/entry"]' --change 'CMD ["echo", "default"]' \
		--change 'USER user' --change 'WORKDIR /job' --change 'ENV COLOR=green' "$TEST_TMP/image.tar" tool
	expect_success
}

# engine_archive FOLDER NAME FILE [FILTER]: an archive as "docker save" makes it; the filter changes the
# image's configuration.
engine_archive() {
	local work=$TEST_TMP/archive architecture
	case $(uname -m) in
	x86_64) architecture=amd64 ;;
	aarch64) architecture=arm64 ;;
	*) architecture=$(uname -m) ;;
	esac
	rm -rf "$work"
	mkdir -p "$work"
	tar -C "$1" -cf "$work/layer.tar" .
	jq -n --arg arch "$architecture" --arg id "sha256:$(sha256sum <"$work/layer.tar" | cut -d ' ' -f 1)" '{
		architecture: $arch, os: "linux", rootfs: {type: "layers", diff_ids: [$id]},
		config: {Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"]}} | '"${4:-.}" >"$work/config.json"
	case ${2##*/} in
	*:*) set -- "$1" "$2" "$3" ;;
	*) set -- "$1" "$2:latest" "$3" ;;
	esac
	jq -n --arg name "$2" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$work/manifest.json"
	tar -C "$work" -cf "$3" manifest.json config.json layer.tar
	rm -r "$work"
}

# --- terminals -----------------------------------------------------------------------------------

run_pty() {
	local input=$1
	shift
	lib_asked="on a terminal: $*"
	status=0
	AGENTRUN_TEST=$lib_mark timeout -k 5 "${RUN_SECONDS:-${AGENTRUN_RUN_SECONDS:-60}}" \
		script --quiet --return --command "$(printf '%q ' "$@")" /dev/null \
		<<<"$input" >"$TEST_TMP/output" 2>"$TEST_TMP/errors" || status=$?
	output=$(tr -d '\0\r' <"$TEST_TMP/output")
	errors=$output
}

# --- docker --------------------------------------------------------------------------------------

docker_needs() {
	needs root command:dockerd command:containerd "command:$docker_client" command:ip command:script
}

# docker_start [LAYOUT]: daemons and two images: "box" and "tool".
docker_start() {
	host_start "${1-}"
	containerd_start
	dockerd_start
	docker_images
}

docker_images() {
	engine_import docker
}

# docker ARGUMENT...: sets $status, $output, $errors.
docker() {
	run_command "$docker_client" --host "unix://$docker_socket" "$@"
}

docker_pty() {
	local input=$1
	shift
	run_pty "$input" "$docker_client" --host "unix://$docker_socket" "$@"
}

# Containers of the test that ends; named for it.
docker_forget() {
	local left
	[ -n "$dockerd_pid" ] || return 0
	docker ps --all --quiet --filter "name=$lib_mark"
	mapfile -t left <<<"$output"
	[ -z "$output" ] || docker rm --force --volumes "${left[@]}"
}

# run OPTION... IMAGE COMMAND...: with agentrun, and removed when it ends.
run() {
	docker run --rm --name "$id" --runtime agentrun "$@"
}

# start OPTION... IMAGE COMMAND...: in the background, and it stays.
start() {
	docker run --detach --name "$id" --runtime agentrun "$@"
	expect_success
}

# inspect FORMAT: of this test's container
inspect() {
	docker inspect --format "$1" "$id"
	printf '%s' "$output"
}

# State directories of containers.
runtime_state() {
	find "$TEST_TMP"/docker-exec/runtime-* -mindepth 2 -maxdepth 2 2>/dev/null || true
}

# wait_for WHAT FORMAT VALUE: at most 15 seconds
wait_for() {
	local got=
	for _ in $(seq 75); do
		got=$(inspect "$2")
		[ "$got" != "$3" ] || return 0
		sleep 0.2
	done
	fail "$1"$'\n'"     got: $got"$'\n'"expected: $3"
}

# --- the end -------------------------------------------------------------------------------------

# Containers of the test that ends; podman and containerd's files have their own.
engine_keep=
engine_forget() {
	[ -n "$engine_keep" ] || docker_forget
}

engine_cgroups() {
	find /sys/fs/cgroup -maxdepth 2 -type d -name "*$lib_mark*" 2>/dev/null || true
}

# Daemons, shims, and what runs in their cgroups.
engine_processes() {
	{
		grep -lxzF "AGENTRUN_ENGINE=$lib_mark" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3 || true
		engine_cgroups | while read -r folder; do
			find "$folder" -name cgroup.procs -exec cat {} + 2>/dev/null || true
		done
	} | sort -nu | while read -r pid; do
		echo "$pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
	done
}

# end_daemon PID: at most ten seconds
end_daemon() {
	[ -n "$1" ] || return 0
	kill -TERM "$1" 2>/dev/null || return 0
	for _ in $(seq 100); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$1" 2>/dev/null || true
}

engine_stop() {
	end_daemon "$dockerd_pid"
	end_daemon "$containerd_pid"
	end_daemon "$host_pid"
	dockerd_pid='' containerd_pid='' host_pid=''
}

# Whatever a test that failed has left.
engine_sweep() {
	local pid folder
	engine_processes | while read -r pid _; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	for _ in $(seq 50); do
		[ -n "$(engine_processes)" ] || break
		sleep 0.1
	done
	engine_cgroups | while read -r folder; do
		find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done
}

assert_engine_left_nothing() {
	local left
	for _ in $(seq 30); do
		[ -n "$(engine_processes)" ] || break
		sleep 0.1
	done
	left=$(engine_processes)
	[ -z "$left" ] || fail "processes are left:"$'\n'"$left"
	# the parent of all is ours to remove; a container's must be gone
	left=$(engine_cgroups | while read -r folder; do
		find "$folder" -mindepth 1 -type d
	done)
	[ -z "$left" ] || fail "cgroups are left:"$'\n'"$left"
	left=$(our_mounts)
	[ -z "$left" ] || fail "mounts are left:"$'\n'"$left"
}

tap_test_done() {
	engine_forget
	[ -n "$engine_keep" ] || lib_clean
	rm -rf "$bundle"
}

tap_file_done() {
	engine_keep=
	engine_forget
	engine_stop
	engine_sweep
	lib_clean
	rm -rf "$TEST_TMP"/{buildah,containerd,docker,docker-exec,host,podman}
	if [ -n "${lib_own_tmp-}" ]; then rm -rf "$TEST_TMP"; fi
}

# expect_health_told: of podman, a container that is healthy as long as it has a file; by the test's own podman_ and start
expect_health_told() {
	start --health-cmd 'test -e /tmp/good' --health-retries 1 --health-interval disable box \
		sh -c 'touch /tmp/good; exec sleep 60'
	for _ in 1 2 3 4 5 6 7 8 9; do
		podman_ healthcheck run "$id"
		[ "$status" != 0 ] || break
		sleep 0.2
	done
	expect_success
	podman_ exec "$id" rm /tmp/good
	podman_ healthcheck run "$id"
	expect_status 1
}

# expect_unit_limits: of podman, that limits are those of a container's unit of systemd, and can be changed; by the test's own
# podman_, property and start, which sets $unit
expect_unit_limits() {
	local unit=
	start --memory 64m --pids-limit 50 --cpus 0.5 box sleep 600
	podman_ exec "$id" cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max
	expect_output $'67108864\n50\n50000 100000'
	check_equal MemoryMax "$(property "$unit" MemoryMax)" 67108864
	check_equal TasksMax "$(property "$unit" TasksMax)" 50
	podman_ update --memory 128m "$id"
	expect_success
	podman_ exec "$id" cat /sys/fs/cgroup/memory.max
	expect_output 134217728
	check_equal "MemoryMax after that" "$(property "$unit" MemoryMax)" 134217728
}
