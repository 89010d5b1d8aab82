#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker with agentrun-compat: containers are what runc makes of them.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
docker_needs
needs command:runc

# --- what is in a container ----------------------------------------------------------------------

# as_runc WHAT OPTION...: what "look" says in a container of either runtime
as_runc() {
	local what=$1 theirs
	shift
	test_begin "a container is as runc's: $what"
	docker run --rm --name "$id" --runtime peer --volume "$namespaces:/host-namespaces:ro" "$@" box look
	if [ "$status" != 0 ]; then
		skip "needs a machine where runc starts this${errors##*runc create failed}"
		return
	fi
	theirs=$output
	docker run --rm --name "$id" --runtime agentrun-compat --volume "$namespaces:/host-namespaces:ro" "$@" box look
	expect_success
	same "$theirs" "$output"
}

# same THEIRS OURS: with a diff when they are not
same() {
	local difference
	difference=$(diff <(echo "$1") <(echo "$2")) || fail "runc's (<) and agentrun-compat's (>):"$'\n'"$difference"
	check_true "something was compared" test "$(wc -l <<<"$2")" -gt 3
}

test_begin "dockerd starts, with agentrun-compat as the default runtime"
dockerd_options=(--default-runtime agentrun-compat)
docker_start v2
docker info --format '{{.DefaultRuntime}}'
expect_output agentrun-compat
namespaces=$TEST_TMP/namespaces
mkdir -p "$namespaces" "$TEST_TMP/shared"
for name in cgroup ipc mnt net pid uts user; do
	in_host readlink "/proc/self/ns/$name" >"$namespaces/$name"
done
check_match "a namespace of the host" "$(cat "$namespaces/mnt")" '^mnt:\[[0-9]+\]$'
host_mounts=$(in_host cut -d ' ' -f 4-7 /proc/self/mountinfo)

as_runc "nothing asked"
as_runc "read-only, with scratch" --read-only --tmpfs /tmp --tmpfs /cache:exec,size=4m,mode=700
as_runc "user, groups, names, limits" -u 1000:2000 --group-add disk --hostname inner \
	--ulimit nofile=1024:2048 --ulimit core=0 --oom-score-adj 100 -e COLOR=blue -w /opt
as_runc "few capabilities" --cap-drop ALL --cap-add CHOWN --cap-add NET_RAW
as_runc "a user with a capability" -u 1000 --cap-drop ALL --cap-add NET_BIND_SERVICE
as_runc "nothing confined" --security-opt seccomp=unconfined --security-opt systempaths=unconfined \
	--security-opt apparmor=unconfined
as_runc "no new privileges" --security-opt no-new-privileges
as_runc "volumes" -v "$TEST_TMP/shared:/w" -v "$TEST_TMP/shared:/r:ro" -v /data -v "$TEST_TMP/shared:/s:rslave"
as_runc "a volume with shared propagation" -v "$TEST_TMP/shared:/w:rshared"
as_runc "settings and shared memory" --sysctl net.ipv4.ip_unprivileged_port_start=80 \
	--sysctl kernel.msgmax=4242 --shm-size 1m
as_runc "devices" --device /dev/kmsg --device /dev/null:/dev/nothing:r --device-cgroup-rule 'c 1:3 rwm'
as_runc "the host's processes" --pid host
as_runc "the host's network, names and shared memory" --network host --uts host --ipc host
as_runc "the host's cgroups" --cgroupns host
as_runc "an init process" --init
as_runc "a terminal" -t
as_runc "privileged" --privileged

test_begin "an executed process is as runc's"
for name in peer agentrun-compat; do
	docker run --detach --name "$id-$name" --runtime "$name" -e COLOR=red \
		--volume "$namespaces:/host-namespaces:ro" box sleep 60
	expect_success
done
for options in '' '-u 1000' '-t' '-e COLOR=blue -w /data -u 1000:2000'; do
	# shellcheck disable=SC2086 # words
	docker exec $options "$id-peer" look
	theirs=$output
	# shellcheck disable=SC2086
	docker exec $options "$id-agentrun-compat" look
	expect_success
	same "$theirs" "$output"
done

# --- how it ends ---------------------------------------------------------------------------------

# The last run's, without what is somebody's own; newer versions of runc say more of the place.
message() {
	sed -e 's/agentrun create failed/runc create failed/; s/error during container init: //' \
		-e '/error waiting for container: context canceled/d' <<<"$status $output $errors"
}

# ends_as_runc WHAT COMMAND...: status and text
ends_as_runc() {
	local what=$1 theirs
	shift
	test_begin "it ends as with runc: $what"
	docker run --rm --name "$id" --runtime peer "$@"
	theirs=$(message)
	docker run --rm --name "$id" --runtime agentrun-compat "$@"
	check_equal "status and messages" "$(message)" "$theirs"
}

ends_as_runc "a status" box sh -c 'exit 7'
ends_as_runc "a signal" box sh -c 'trap - TERM; kill -TERM $$; sleep 1; exit 3'
ends_as_runc "a command that is missing" box no-such-command
ends_as_runc "a path that is missing" box /no/such/path
ends_as_runc "a file that is no program" box /bin/plain-file
ends_as_runc "a user that is missing" -u nosuchuser box true
ends_as_runc "a folder that is a file" -w /etc/passwd box true
ends_as_runc "a device that is missing" --device /dev/no-such-device box true

test_begin "a folder as command is 126, with its name"
docker run --rm --name "$id" --runtime agentrun-compat box /etc
expect_status 126
expect_error 'exec: "/etc": '

# --- image builds ---------------------------------------------------------------------------------

test_begin "docker build runs its steps, with agentrun-compat as the default runtime"
mkdir -p "$bundle"
cat >"$bundle/Dockerfile" <<-'DOCKERFILE'
	FROM box
	RUN echo built >/made && chown 1000:1000 /made && ln -s made /bin/linked
	USER user
	CMD ["cat", "/made"]
DOCKERFILE
DOCKER_BUILDKIT=0 docker build --quiet --cgroup-parent "/$engine_cgroup" --tag built "$bundle"
expect_success
docker run --rm --name "$id" built
expect_success
expect_output built

# --- the host ------------------------------------------------------------------------------------

test_begin "a mount made in a shared volume is the host's too, and the other way round"
if [ "$(in_host findmnt -no PROPAGATION -T "$TEST_TMP/shared")" != shared ]; then
	skip "needs a shared root"
else
	docker run --detach --name "$id" --runtime agentrun-compat --cap-add SYS_ADMIN \
		--security-opt apparmor=unconfined -v "$TEST_TMP/shared:/w:rshared" box sleep 60
	expect_success
	docker exec "$id" sh -c 'mkdir /w/inner && mount -t tmpfs inner /w/inner'
	expect_success
	check_has "the host's mounts" "$(in_host cat /proc/self/mountinfo)" " $TEST_TMP/shared/inner "
	in_host umount "$TEST_TMP/shared/inner"
	mkdir "$TEST_TMP/shared/outer"
	in_host mount -t tmpfs outer "$TEST_TMP/shared/outer"
	docker exec "$id" grep -c ' /w/outer ' /proc/self/mountinfo
	expect_output 1
	in_host umount "$TEST_TMP/shared/outer"
fi

test_begin "the host's mounts are what they were"
engine_forget
check_equal "mounts" "$(in_host cut -d ' ' -f 4-7 /proc/self/mountinfo | grep -v docker-exec/netns || true)" \
	"$(grep -v docker-exec/netns <<<"$host_mounts" || true)"

test_begin "nothing is left"
engine_stop
assert_engine_left_nothing

# --- a host with both cgroup trees ---------------------------------------------------------------

if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
	test_begin "containers run where Docker sees cgroup v1"
	skip "needs a host with v1 controllers"
else
	test_begin "dockerd starts where it sees cgroup v1"
	dockerd_options=()
	docker_start as-is
	docker info --format '{{.CgroupVersion}}'
	expect_output 1

	for name in agentrun agentrun-compat; do
		test_begin "$name runs, executes, stops and removes where Docker sees cgroup v1"
		docker run --detach --name "$id" --runtime "$name" box sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
		expect_success
		docker exec "$id" cat /proc/1/comm
		expect_output sh
		docker pause "$id"
		expect_success
		docker unpause "$id"
		expect_success
		docker top "$id"
		expect_success
		docker stats --no-stream "$id"
		expect_success
		docker stop "$id"
		expect_success
		docker inspect --format '{{.State.ExitCode}}' "$id"
		expect_output 5
		docker run --rm --name "$id-2" --runtime "$name" --memory 64m --cpus 1 --pids-limit 100 box echo limited
		# limits that cannot be kept are refused, with the controller's name
		expect_status 125
		expect_output ''
		check_match "message" "$errors" 'controller'
		docker run --rm --name "$id-2" --runtime "$name" box probe
		expect_success
		[ "$name" != agentrun ] || expect_cage "where Docker sees cgroup v1" "$output"
	done

	test_begin "nothing is left where Docker sees cgroup v1"
	engine_forget
	engine_stop
	assert_engine_left_nothing
fi
