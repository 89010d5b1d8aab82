#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Image builds by the BuildKit inside of dockerd. It takes no runtime of the daemon's: it runs "runc" from the daemon's
# PATH, which is agentrun here, by links and scripts of that name.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
docker_needs
needs agentrun

# Docker's client has a part of its own for it up to 20.10, a plugin since.
docker buildx version
[ "$status" = 0 ] || "$docker_client" --version | grep -qE ' version (19|20)\.' ||
	skip_all "needs a client of Docker that speaks to BuildKit (Debian package docker-buildx)"

# dockerd_with: a daemon whose "runc" is the file on standard input, or, with an argument, a link to that
dockerd_with() {
	local folder=$TEST_TMP/path
	rm -rf "$folder"
	mkdir "$folder"
	if [ $# -gt 0 ]; then
		ln -s "$1" "$folder/runc"
	else
		cat >"$folder/runc"
		chmod 755 "$folder/runc"
	fi
	end_daemon "$dockerd_pid"
	PATH=$folder:$PATH dockerd_start
}

# build NAME: of the Dockerfile on standard input
build() {
	mkdir -p "$bundle"
	cat >"$bundle/Dockerfile"
	run_command env DOCKER_BUILDKIT=1 BUILDKIT_PROGRESS=plain "$docker_client" --host "unix://$docker_socket" \
		build --no-cache --tag "$1" "$bundle"
	errors+=$'\n'$output
}

test_begin "dockerd starts with a PATH whose runc is a link to agentrun"
host_start v2
containerd_start
dockerd_with "$runtime"
docker_images

test_begin "a link by the name of runc is the agent profile: a step that writes to the root fails, by the kernel's own words"
build caged <<-'DOCKERFILE'
	FROM box
	RUN echo built >/made
DOCKERFILE
check_false "it was built" test "$status" = 0
check_has "what it says" "$errors" "/made: Read-only file system"

test_begin "a step that only looks is run, caged"
build looked <<-'DOCKERFILE'
	FROM box
	RUN probe
DOCKERFILE
expect_success
probe=$(sed -nE 's/^#[0-9]+ [0-9.]+ //p' <<<"$errors")
check_match "no_new_privs" "$probe" $'^NoNewPrivs\t1$'
check_match "capabilities" "$probe" $'^CapBnd\t00000000000004fb$'
check_match "root" "$probe" $'^write /\trefused: Read-only file system$'

test_begin "a script by the name of runc that calls agentrun-compat builds images"
dockerd_with <<-RUNC
	#!/bin/sh
	exec "$runtime-compat" "\$@"
RUNC
build made <<-'DOCKERFILE'
	FROM box AS first
	RUN echo built >/made && chown 1000:1000 /made && mkdir /new && chown user /new
	FROM box
	COPY --from=first /made /made
	RUN --mount=type=cache,target=/cache echo cached >/cache/file && ln -s made /linked
	USER user
	RUN id -un >/tmp/who
	CMD ["cat", "/linked", "/tmp/who"]
DOCKERFILE
expect_success
run made
expect_success
expect_output $'built\nuser'

test_begin "a step that fails fails the build, with its status"
build failed <<-'DOCKERFILE'
	FROM box
	RUN echo before; exit 9
DOCKERFILE
check_false "it was built" test "$status" = 0
check_has "status" "$errors" "exit code: 9"
check_has "output" "$errors" before

test_begin "nothing is left"
engine_forget
check_equal "state of the runtime" "$(in_host find /run/agentrun /run/runc -mindepth 1 2>/dev/null || true)" ""
engine_stop
# the parent of all steps is BuildKit's, and can be removed when none is in it
engine_cgroups | while read -r folder; do
	rmdir "$folder/buildkit" 2>/dev/null || true
done
assert_engine_left_nothing
