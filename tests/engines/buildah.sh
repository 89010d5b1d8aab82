#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# buildah with agentrun: builds and single steps, which it makes by create, start, state, kill and delete.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
needs root command:buildah command:ip command:script

# buildah_ ARGUMENT...: sets $status, $output, $errors
buildah_() {
	run_command nsenter --target "$host_pid" --mount --net --wd=/ -- env --unset DOCKER_CONFIG "AGENTRUN_ENGINE=$lib_mark" \
		buildah --root "$TEST_TMP/buildah/root" --runroot "$TEST_TMP/buildah/run" "$@"
}

# build RUNTIME TAG: of $bundle/Containerfile
build() {
	buildah_ build --runtime "$1" --isolation oci --tag "$2" --file "$bundle/Containerfile" "$bundle"
}

engine_forget() {
	[ -n "$host_pid" ] || return 0
	buildah_ rm --all
}

test_begin "buildah takes an image"
host_start v2
engine_image "$TEST_TMP/image"
engine_archive "$TEST_TMP/image" localhost/box "$TEST_TMP/box.tar"
buildah_ pull "docker-archive:$TEST_TMP/box.tar"
expect_success

test_begin "a build with agentrun-compat runs its steps, as root and as a user, and keeps what they wrote"
mkdir -p "$bundle"
cat >"$bundle/Containerfile" <<'END'
FROM localhost/box
RUN echo built >/built && chmod 644 /built
COPY Containerfile /copied
USER user
WORKDIR /job
RUN id -un >/tmp/who && pwd >>/tmp/who
END
build "$runtime-compat" "made-$lib_mark"
expect_success
buildah_ from --name "$id" "localhost/made-$lib_mark"
expect_success
buildah_ run --runtime "$runtime-compat" --isolation oci "$id" cat /built /tmp/who
expect_success
expect_output $'built\nuser\n/job'

test_begin "a step that fails fails the build, with its status"
mkdir -p "$bundle"
printf 'FROM localhost/box\nRUN echo before; exit 9\n' >"$bundle/Containerfile"
build "$runtime-compat" failed
expect_status 9
expect_output_has before

if test_begin "the agent profile fails a step that writes to the root, by the kernel's own words" agentrun; then
	mkdir -p "$bundle"
	printf 'FROM localhost/box\nRUN echo built >/built\n' >"$bundle/Containerfile"
	build "$runtime" caged
	check_false "it was built" test "$status" = 0
	check_has "reason" "$errors$output" "Read-only file system"
fi

if test_begin "a step under the agent profile is caged" agentrun; then
	buildah_ from --name "$id" localhost/box
	expect_success
	buildah_ run --runtime "$runtime" --isolation oci "$id" probe
	expect_success
	expect_cage "buildah run" "$output"
fi

if test_begin "a volume is a copy of a mount by another name, and so read-only under the agent profile" agentrun; then
	mkdir -p "$bundle/work"
	buildah_ from --name "$id" localhost/box
	for name in "$runtime" "$runtime-compat"; do
		buildah_ run --runtime "$name" --isolation oci --volume "$bundle/work:/work" "$id" \
			sh -c 'echo made >/work/new || echo refused'
		expect_success
		expect_output "$([ "$name" != "$runtime" ] || echo refused)"
	done
	check_equal "written by compat" "$(cat "$bundle/work/new")" made
fi

test_begin "buildah run has the command's status, its messages and a terminal"
buildah_ from --name "$id" localhost/box
buildah_ run --runtime "$runtime" --isolation oci "$id" sh -c 'echo out; echo err >&2; exit 5'
expect_status 5
expect_output out
expect_error err
buildah_ run --runtime "$runtime" --isolation oci "$id" no-such-command
check_false "a missing command ran" test "$status" = 0
check_has "message" "$errors" "executable file not found in \$PATH"
run_pty $'tty; exit 3' nsenter --target "$host_pid" --mount --net --wd=/ -- \
	env --unset DOCKER_CONFIG buildah --root "$TEST_TMP/buildah/root" --runroot "$TEST_TMP/buildah/run" \
	run --runtime "$runtime" --isolation oci --tty "$id" sh
expect_status 3
expect_output_has /dev/pts/

test_begin "nothing is left"
engine_forget
check_equal "state of the runtime" "$(in_host ls /run/agentrun 2>/dev/null || true)" ""
buildah_ umount --all
in_host umount --lazy "$TEST_TMP/buildah/root/overlay" 2>/dev/null || true
engine_stop
assert_engine_left_nothing
