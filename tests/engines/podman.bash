# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# podman with agentrun, by its own configuration, in the namespaces of a test's daemons.
#
#   podman_host           $runtime and its names are known to it
#   podman_start          and the images box and tool are there
#   podman_since MAJOR    it is that new
#   podman_ ARGUMENT...   sets $status, $output, $errors; podman_pty INPUT ARGUMENT... on a terminal
#   run, start            a container $id, which ends with its command or stays
#   inspect FORMAT        prints what $id has there
#   podman_end            all is removed, and nothing is left

[ -n "${engine_cgroup-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/engines.bash"
needs root command:podman command:conmon command:ip

podman_() {
	run_command nsenter --target "$host_pid" --mount --net --wdns=/ -- "${podman[@]}" "$@"
}

podman_pty() {
	local input=$1
	shift
	run_pty "$input" nsenter --target "$host_pid" --mount --net --wdns=/ -- "${podman[@]}" "$@"
}

# The file that is installed, and what this machine needs besides: the limits that podman asks for by
# default want rights and controllers that not every one has.
podman_host() {
	cat >"$TEST_TMP/containers.conf" <<-CONFIG
		[containers]
		pids_limit = 0
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	CONFIG
	podman=(env --unset DOCKER_CONFIG --unset CONTAINERS_CONF "AGENTRUN_ENGINE=$lib_mark"
		podman --root "$TEST_TMP/podman/root" --runroot "$TEST_TMP/podman/run" --tmpdir "$TEST_TMP/podman/tmp"
		--runtime agentrun)
	host_start v2
	# the /etc of the daemons
	in_host sh -c 'mkdir -p /etc/containers/containers.conf.d && cp "$1" /etc/containers/' sh "$TEST_TMP/containers.conf"
	podman_drop_in containers.conf
}

# podman_drop_in FILE: of those that are installed
podman_drop_in() {
	sed "s|@bindir@|$TEST_TMP/bin|g" "$SRCDIR/packaging/engines/$1.in" >"$TEST_TMP/50-agentrun.conf"
	in_host cp "$TEST_TMP/50-agentrun.conf" /etc/containers/containers.conf.d/
}

podman_start() {
	podman_host
	engine_import podman_
}

podman_since() {
	local version
	version=$(podman --version)
	version=${version##* }
	[ "${version%%.*}" -ge "$1" ]
}

run() {
	podman_ run --rm --name "$id" --cgroup-parent "/$engine_cgroup" "$@"
}

# Its log is a file: the journal's socket is not among the daemons' own folders.
start() {
	podman_ run --detach --log-driver k8s-file --name "$id" --cgroup-parent "/$engine_cgroup" "$@"
	expect_success
}

inspect() {
	podman_ inspect --format "$1" "$id"
	printf '%s' "$output"
}

engine_forget() {
	[ -n "$host_pid" ] || return 0
	podman_ rm --all --force --time 0 --volumes
}

podman_end() {
	local folder
	engine_forget
	check_equal "mounts of containers" "$(in_host grep -c "$TEST_TMP/podman/.*/merged" /proc/self/mountinfo || true)" 0
	engine_stop
	# podman's own, for conmon
	engine_cgroups | while read -r folder; do
		find "$folder" -mindepth 1 -type d -name conmon -exec rmdir {} +
	done
	assert_engine_left_nothing
}
