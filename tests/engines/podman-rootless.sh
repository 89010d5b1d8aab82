#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman of a user without root, with agentrun: run, exec, pods, the cage, what is refused.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
needs root userns command:podman command:conmon command:newuidmap command:ip command:script

# ids that nobody on the host has
user_id=1879000001
first=1879048192
home=$TEST_TMP/home

# as_user COMMAND...: it and its arguments, for that user, in $as_user
as_user() {
	as_user=(nsenter --target "$host_pid" --mount --net --wdns="$home" --
		setpriv --reuid "$user_id" --regid "$user_id" --clear-groups --inh-caps=-all
		env -i "PATH=$PATH" "HOME=$home" USER=worker TERM=dumb "XDG_RUNTIME_DIR=/run/user/$user_id"
		"AGENTRUN_ENGINE=$lib_mark" "$@")
}

podman_() {
	as_user podman --cgroup-manager cgroupfs --runtime agentrun "$@"
	run_command "${as_user[@]}"
}

podman_pty() {
	local input=$1
	shift
	as_user podman --cgroup-manager cgroupfs --runtime agentrun "$@"
	run_pty "$input" "${as_user[@]}"
}

# Without a network of its own a container would have the user's, which is the host's.
run() {
	podman_ run --rm --name "$id" --network none "$@"
}

start() {
	podman_ run --detach --name "$id" --network none "$@"
	expect_success
}

engine_forget() {
	[ -n "$host_pid" ] || return 0
	podman_ rm --all --force --time 0 --volumes
}

test_begin "podman of a user takes an image, and knows the runtime by the installed drop-in"
host_start v2
# the user passes through
chmod go+x "$(dirname "$TEST_TMP")"
chmod 755 "$TEST_TMP" "$TEST_TMP/bin"
install -d -o "$user_id" -g "$user_id" -m 700 "$home"
sed "s|@bindir@|$TEST_TMP/bin|g" "$SRCDIR/packaging/engines/containers.conf.in" >"$TEST_TMP/50-agentrun.conf"
in_host sh -c 'set -e
	echo "worker:x:$1:$1::$2:/bin/sh" >>/etc/passwd; echo "worker:x:$1:" >>/etc/group
	echo "worker:$3:65536" >>/etc/subuid; echo "worker:$3:65536" >>/etc/subgid
	mkdir -p /run/user; install -d -o "$1" -g "$1" -m 700 "/run/user/$1"
	mkdir -p /etc/containers/containers.conf.d; cp "$4/50-agentrun.conf" /etc/containers/containers.conf.d/
	printf "[containers]\npids_limit = 0\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n[engine]\nevents_logger = \"file\"\n" \
		>/etc/containers/containers.conf' sh "$user_id" "$home" "$first" "$TEST_TMP"
engine_image "$TEST_TMP/image"
tar -C "$TEST_TMP/image" -cf "$TEST_TMP/image.tar" .
chmod 644 "$TEST_TMP/image.tar"
podman_ import "$TEST_TMP/image.tar" box
expect_success
podman_ info --format '{{.Host.OCIRuntime.Name}} {{.Host.Security.Rootless}}'
expect_output "agentrun true"

test_begin "a container runs, root in it is the user outside, and its status comes back"
run box sh -c 'id -u; cat /proc/self/uid_map; exit 7'
expect_status 7
check_equal "seen" "$(tr -s ' ' <<<"$output")" "0
 0 $user_id 1
 1 $first 65536"

test_begin "what is executed in it has its status, its user and its messages"
start box sleep 60
podman_ exec "$id" sh -c 'cat /proc/1/comm; exit 5'
expect_status 5
expect_output sleep
podman_ exec -u 1000 "$id" id -u
expect_output 1000
podman_ exec "$id" no-such-command
expect_status 127
expect_error 'executable file not found in $PATH'
podman_ stop --time 0 "$id"
expect_success

test_begin "run and exec have a terminal"
podman_pty $'tty; exit 9' run -it --rm --name "$id" --network none box sh
expect_status 9
expect_output_has /dev/pts/0
start box sleep 60
podman_pty $'tty; exit 3' exec -it "$id" sh
expect_status 3
expect_output_has /dev/pts/

test_begin "descriptors of the caller are passed on when they are asked for"
echo "from outside" >"$TEST_TMP/passed"
exec 3<"$TEST_TMP/passed"
run --preserve-fds 1 box cat /proc/self/fd/3
expect_success
expect_output "from outside"
run box sh -c 'test -e /proc/self/fd/3 && readlink /proc/self/fd/3 | grep passed'
expect_status 1
exec 3<&-

test_begin "a health check says whether the container is healthy"
expect_health_told

if test_begin "a container without a cgroup of its own is refused" agentrun; then
	podman_ run --detach --name "$id" --network none --cgroups disabled box sleep 60
	check_match "status" "$status" '^12[56]$'
	expect_error "flag.cgroup-manager 'disabled' is refused by the agent profile"
fi

test_begin "a container without a cgroup of its own runs, executes and ends under agentrun-compat"
podman_ --runtime agentrun-compat run --detach --name "$id" --network none --cgroups disabled box sleep 60
expect_success
podman_ --runtime agentrun-compat exec "$id" sh -c 'echo executed; exit 4'
expect_status 4
expect_output executed
podman_ --runtime agentrun-compat stop --time 0 "$id"
expect_success
podman_ inspect --format '{{.State.ExitCode}}' "$id"
expect_output 137

# As udev leaves it, for users; only in the namespace of this file.
mknod -m 666 "$TEST_TMP/tun" c 10 200
in_host mount --bind "$TEST_TMP/tun" /dev/net/tun 2>/dev/null || true
# networks NAME FEATURE: a test of a network that a user makes
networks() {
	test_begin "$@" || return 1
	as_user sh -c ': <>/dev/net/tun'
	! "${as_user[@]}" 2>/dev/null || return 0
	skip "needs the device /dev/net/tun"
	return 1
}

# what podman takes by itself
as_user podman --version
run_command "${as_user[@]}"
network=slirp4netns
[[ $output =~ \ [1-4]\. ]] || network=pasta
if networks "without a word about it, the network is a user's own" "command:$network"; then
	podman_ run --rm --name "$id" box ip route
	expect_success
	expect_output_has default
fi

if networks "a network of slirp4netns leads out of the container, with a port of the host's" command:slirp4netns; then
	podman_ run --detach --name "$id" --network slirp4netns --publish 127.0.0.1:7788:7000 box \
		sh -c 'while :; do nc -l -p 7000 -e echo pong; done'
	expect_success
	podman_ exec "$id" ip route
	expect_output_has "default via 10.0.2.2 dev tap0"
	for _ in 1 2 3 4 5 6 7 8 9; do
		run_command nsenter --target "$host_pid" --mount --net --wd=/ -- busybox nc -w 5 127.0.0.1 7788 </dev/null
		[ "$output" != pong ] || break
		sleep 0.3
	done
	expect_output pong
fi

test_begin "volumes and folders of the user are written through"
install -d -o "$user_id" -g "$user_id" "$home/job"
run -v "$home/job:/job" -v "$lib_mark:/data" box sh -c 'echo made >/job/new; echo kept >/data/mine; cat /data/mine'
expect_success
expect_output kept
check_equal "owner on the host" "$(stat -c %u "$home/job/new")" "$user_id"
podman_ volume rm "$lib_mark"
expect_success

if test_begin "a container is caged, and in exec --privileged too" agentrun; then
	start box sleep 600
	run_probe() {
		podman_ "$@" probe
		expect_success
		# that the memory of memfd_create is not executed takes root's rights, and so does the list of AppArmor's profiles
		expect_cage "$*" "$output" memory limits lsm
	}
	run_probe exec "$id"
	run_probe exec --privileged "$id"
	run_probe run --rm --network none box
fi

if test_begin "run --privileged, for which podman binds every node of the host's /dev, is caged all the same" agentrun; then
	run_probe run --rm --privileged --network none box
fi

test_begin "containers of a pod share network, names and shared memory"
podman_ pod create --name "$id-pod" --network none --share-parent=false --infra-image box --infra-command 'sleep 600' --infra-name "$id-infra"
expect_success
podman_ run --detach --name "$id-a" --pod "$id-pod" box sh -c 'echo shared >/dev/shm/file; exec nc -l -p 7000 -e echo pong'
expect_success
podman_ run --rm --name "$id-b" --pod "$id-pod" box \
	sh -c 'for i in 1 2 3 4 5; do nc 127.0.0.1 7000 </dev/null && break; sleep 0.3; done; cat /dev/shm/file'
expect_success
expect_output $'pong\nshared'
podman_ pod rm --force --time 0 "$id-pod"
expect_success

if test_begin "what policy refuses reaches the user as a sentence" agentrun; then
	run -v /:/host box true
	check_match "status" "$status" '^12[56]$'
	expect_error "mounts[/host].source '/' is refused by the agent profile"
	podman_ run --rm --network host box true
	check_match "status" "$status" '^12[56]$'
	expect_error "linux.namespaces[network]"
fi

test_begin "agentrun-compat lets a container write to its root"
podman_ --runtime agentrun-compat run --rm --network none box sh -c 'echo x >/new && cat /new'
expect_success
expect_output x

test_begin "when all is removed nothing is left"
engine_forget
engine_stop
# podman's own process that keeps the user namespace
engine_sweep
check_equal "mounts" "$(our_mounts)" ""
