#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker with agentrun: options that name something of the host's or the runtime's: annotations, features, profiles of
# seccomp and AppArmor. What a version of Docker or this host lacks is a skip.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
docker_needs

test_begin "dockerd starts"
docker_start v2
docker version --format '{{.Server.Version}}'
expect_success
version=$output
check_match "version" "$version" '^[0-9]+\.'

# since VERSION NAME [FEATURE...]: a test that needs this Docker
since() {
	local major=$1
	shift
	test_begin "$@" || return 1
	[ "${version%%.*}" -lt "$major" ] || return 0
	skip "needs Docker $major, and this is $version"
	return 1
}

# --- annotations ---------------------------------------------------------------------------------

if since 24 "an annotation asks for fewer processes than the profile gives" agentrun pids; then
	run --annotation io.agentrun.pids-limit=7 box cat /sys/fs/cgroup/pids.max
	expect_success
	expect_output 7
fi

if since 24 "an annotation asks for fewer capabilities and a smaller scratch than the profile gives" agentrun; then
	run --annotation io.agentrun.drop-capabilities=CAP_KILL --annotation io.agentrun.scratch-size=1m box \
		sh -c 'grep CapBnd /proc/self/status; stat -f -c %b:%S /tmp'
	expect_success
	expect_output $'CapBnd:\t00000000000004db\n256:4096'
fi

if since 24 "an annotation that asks for more than the profile gives is refused, with the reason" agentrun; then
	run --annotation io.agentrun.scratch-size=1t box echo started
	expect_status 125
	expect_output ''
	expect_error "annotations[io.agentrun.scratch-size] '1t' is refused by the agent profile: it would raise 64m"
fi

# --- features ------------------------------------------------------------------------------------

if since 25 "Docker reads the runtime's features" agentrun; then
	docker info --format '{{json .Runtimes.agentrun}}'
	expect_success
	features=$(jq -r '.status["org.opencontainers.runtime-spec.features"] // "{}"' <<<"$output")
	check_equal "the mount option rro" "$(jq '.mountOptions // [] | any(. == "rro")' <<<"$features")" true
	# Docker keeps what it knows of them
	for member in mountOptions hooks annotations linux.namespaces linux.seccomp.enabled; do
		check_equal "$member" "$(jq -cS ".$member" <<<"$features")" "$("$runtime" features | jq -cS ".$member")"
	done
fi

for name in agentrun agentrun-compat; do
	if since 25 "$name: a folder that is mounted read-only is so with all that is mounted in it"; then
		mkdir -p "$bundle/job/inner"
		in_host mount -t tmpfs inner "$bundle/job/inner"
		docker run --rm --name "$id" --runtime "$name" -v "$bundle/job:/job:ro" box \
			sh -c 'for place in /job /job/inner; do grep -c " $place " /proc/self/mountinfo; touch $place/new; done'
		check_equal "mounts" "$output" $'1\n1'
		expect_error "/job/new: Read-only file system"
		expect_error "/job/inner/new: Read-only file system"
		docker run --rm --name "$id" --runtime "$name" -v "$bundle/job:/job" box touch /job/new /job/inner/new
		expect_success
		in_host umount "$bundle/job/inner"
	fi
done

# --- a filter of the caller's ---------------------------------------------------------------------

jq -n '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
	{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 39},
	{names: ["symlink", "symlinkat"], action: "SCMP_ACT_ERRNO"}]}' >"$TEST_TMP/filter.json"

for name in agentrun agentrun-compat; do
	test_begin "$name: a filter of the caller's holds in the container, and in exec"
	filtered=(--runtime "$name" --security-opt "seccomp=$TEST_TMP/filter.json")
	docker run --rm --name "$id" --runtime "$name" box sh -c 'mkdir /tmp/new && ln -s x /tmp/new/link'
	expect_success
	docker run --rm --name "$id" "${filtered[@]}" box mkdir /tmp/new
	expect_error "Directory not empty"
	docker run --detach --name "$id" "${filtered[@]}" box sleep 60
	expect_success
	for how in '' --privileged; do
		# shellcheck disable=SC2086 # none or one
		docker exec $how "$id" mkdir /tmp/new
		expect_error "Directory not empty"
		# shellcheck disable=SC2086
		docker exec $how "$id" ln -s x /tmp/link
		expect_error "Operation not permitted"
	done
done

if test_begin "a filter of the caller's that allows everything takes nothing from the profile's" agentrun; then
	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' >"$TEST_TMP/open.json"
	run --security-opt "seccomp=$TEST_TMP/open.json" box probe
	expect_success
	expect_cage "with an open filter" "$output"
fi

test_begin "a filter that cannot be read is refused"
echo '{"defaultAction": "SCMP_ACT_NO_SUCH"}' >"$TEST_TMP/broken.json"
run --security-opt "seccomp=$TEST_TMP/broken.json" box echo started
expect_status 125
expect_output ''

# --- AppArmor ------------------------------------------------------------------------------------

# confined NAME HOW OPTION...: what a container and an exec in it run under
confined() {
	local expected=$1 how=$2
	shift 2
	docker run --detach --name "$id" "$@" box sleep 60
	expect_success
	docker exec "$id" cat /proc/self/attr/current
	check_equal "executed $how" "$output" "$expected"
	check_equal "the first process $how" "$(cat "/proc/$(inspect '{{.State.Pid}}')/attr/current")" "$expected"
	docker exec --privileged "$id" cat /proc/self/attr/current
	privileged=$output
	docker rm --force "$id"
}

if test_begin "a container is confined by Docker's profile, with --privileged and unconfined too" agentrun apparmor command:apparmor_parser; then
	confined "docker-default (enforce)" plain --runtime agentrun
	check_equal "exec --privileged" "$privileged" "docker-default (enforce)"
	confined "docker-default (enforce)" privileged --runtime agentrun --privileged
	check_equal "exec --privileged in a privileged one" "$privileged" "docker-default (enforce)"
	confined "docker-default (enforce)" unconfined --runtime agentrun --security-opt apparmor=unconfined
fi

if test_begin "agentrun-compat leaves a container unconfined that asks for it" apparmor command:apparmor_parser; then
	confined "docker-default (enforce)" plain --runtime agentrun-compat
	confined unconfined privileged --runtime agentrun-compat --privileged
fi

if test_begin "a profile of AppArmor that is named confines" apparmor command:apparmor_parser; then
	profile=agentrun-test-$lib_mark
	printf 'profile %s flags=(attach_disconnected,mediate_deleted) {\n\tfile,\n\tcapability,\n\tnetwork,\n\tsignal,\n\tptrace,\n\tmount,\n\tumount,\n\tdeny /data/file r,\n}\n' \
		"$profile" >"$TEST_TMP/profile"
	apparmor_parser --skip-cache --replace "$TEST_TMP/profile"
	for name in agentrun agentrun-compat; do
		confined "$profile (enforce)" "with $name" --runtime "$name" --security-opt "apparmor=$profile"
		docker run --rm --name "$id" --runtime "$name" --security-opt "apparmor=$profile" box cat /data/file
		expect_error "/data/file"
	done
	run --security-opt apparmor=agentrun-no-such-profile box true
	expect_status 125
	expect_error agentrun-no-such-profile
	engine_forget
	apparmor_parser --remove "$TEST_TMP/profile"
fi

# --- the configuration that is installed -----------------------------------------------------------

if test_begin "dockerd takes the installed file, and agentrun as the default runtime, which image builds by it are held to" agentrun; then
	end_daemon "$dockerd_pid"
	dockerd_config=$(sed "s|@bindir@|$TEST_TMP/bin|g" "$SRCDIR/packaging/engines/docker-daemon.json.in" | jq '. + {"default-runtime": "agentrun"}')
	dockerd_start
	docker info --format '{{.DefaultRuntime}}'
	expect_output agentrun
	docker run --rm --name "$id" box probe
	expect_success
	expect_cage "by default" "$output"
	for name in agentrun-strict agentrun-compat runc; do
		docker run --rm --name "$id" --runtime "$name" box true
		expect_success
	done
	mkdir -p "$bundle"
	printf 'FROM box\nRUN echo built >/built\n' >"$bundle/Dockerfile"
	run_command env DOCKER_BUILDKIT=0 "$docker_client" --host "unix://$docker_socket" build --cgroup-parent "/$engine_cgroup" "$bundle"
	check_false "the build succeeded" test "$status" = 0
	check_has "why" "$output$errors" "Read-only file system"
fi

test_begin "nothing is left"
engine_forget
engine_stop
assert_engine_left_nothing
