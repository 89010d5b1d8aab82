#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What policy makes read-only is not to be written by the runtime either: mount points and a working directory that
# are missing in such a bind would be made by root, on the host.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root command:unshare

mkdir -p "$TEST_TMP/volume"
echo data >"$TEST_TMP/file"

# run_beside PROFILE: the bundle, on a host with a /usr/local/games and a /home/u1 of the test's own.
run_beside() {
	run_command unshare --mount --propagation private sh -c '
		mount -t tmpfs fake /usr/local/games && mount -t tmpfs home /home && mkdir -p /home/u1/there /usr/local/games/there || exit
		"$1" --root "$2" --profile "$3" run --bundle "$4" "$5"
		status=$?
		cd /usr/local/games && find . ! -path . ! -path ./there | sed "s|^|on the host: |" >&2
		cd /home/u1 && find . ! -path . ! -path ./there | sed "s|^|on the host: |" >&2
		exit $status' sh "$AGENTRUN" "$state" "$1" "$bundle" "$id"
}

# expect_held PART: the runtime said so, and made nothing.
expect_held() {
	expect_error "$1"
	expect_error "in the bind on '/m', which is read-only by policy"
	check_lacks "on the host" "$errors" "on the host"
	check_lacks "what ran" "$output" escaped
	assert_nothing_left
}

for source in /usr/local/games /home/u1; do
	for target in '{destination: "/m/sub/file", type: "bind", source: $file, options: ["bind"]}' \
		'{destination: "/m/dir", type: "tmpfs", source: "tmpfs"}'; do
		test_begin "agent: no mount point is made in $source: ${target:15:8}"
		attack_bundle '.mounts += [{destination: "/m", type: "bind", source: $source, options: ["rbind", "rw"]}, '"$target"']' \
			--arg source "$source" --arg file "$TEST_TMP/file"
		run_beside agent
		expect_held "mount '/m/"
	done

	test_begin "agent: no working directory is made in $source"
	attack_bundle '.process.cwd = "/m/work/dir" |
		.mounts += [{destination: "/m", type: "bind", source: $source, options: ["rbind", "rw"]}]' --arg source "$source"
	run_beside agent
	expect_held "working directory '/m/work/dir'"

	test_begin "agent: nor where something is mounted beneath"
	attack_bundle '.process.cwd = "/m/work/dir" | .mounts += [{destination: "/m", type: "bind", source: $source, options: ["rbind", "rw"]},
		{destination: "/m/there", type: "tmpfs", source: "tmpfs"}]' --arg source "$source"
	run_beside agent
	expect_held "working directory '/m/work/dir'"

	test_begin "agent: what is there in $source is mounted on and worked in"
	attack_bundle '.process.cwd = "/m/there" | .process.args = ["sh", "-c", "touch here && echo ran; touch /m/x"]
		| .mounts += [{destination: "/m", type: "bind", source: $source, options: ["rbind", "rw"]},
		{destination: "/m/there", type: "tmpfs", source: "tmpfs"}]' --arg source "$source"
	run_beside agent
	check_equal "what ran" "$output" ran
	check_has "the bind" "$errors" "/m/x: Read-only file system"
	check_lacks "on the host" "$errors" "on the host"
	assert_nothing_left
done

test_begin "agent: the directory of secrets of another container is not written to"
other=$TEST_TMP/overlay-containers/0123456789abcdef/userdata/run/secrets
mkdir -p "$other"
attack_bundle '.mounts += [{destination: "/run/secrets", type: "bind", source: $source, options: ["bind"]},
	{destination: "/run/secrets/token", type: "bind", source: $file, options: ["bind"]}]' \
	--arg source "$other" --arg file "$TEST_TMP/file"
printf '{ "engine-roots": ["%s"] }\n' "$TEST_TMP" >"$TEST_TMP/engines.conf"
run_agentrun --config "$TEST_TMP/engines.conf" run --bundle "$bundle" "$id"
expect_error "mounts[/run/secrets].source"
expect_error "it is part of a container engine's data"
check_equal "made on the host" "$(ls "$other")" ""
assert_nothing_left

# expect_held SOURCE PLACE NAME: what is bound from SOURCE to PLACE is read-only, and takes a file below it
expect_held() {
	attack_bundle '.mounts += [{destination: $top, type: "bind", source: $source, options: ["rbind"]},
		{destination: $place, type: "bind", source: $file, options: ["bind"]}]
		| .process.args = ["sh", "-c", "cat \($place); touch \($top)/x"]' \
		--arg top "$2" --arg place "$2/$3" --arg source "$1" --arg file "$TEST_TMP/file"
	run_agentrun run --bundle "$bundle" "$id"
	check_equal "the file" "$output" data
	check_has "the folder" "$errors" "Read-only file system"
	assert_nothing_left
}

test_begin "agent: into its own, secrets are mounted, and it is read-only"
id=$(od -An -N8 -tx8 /dev/urandom | tr -d ' ') # as engines give it
own=$TEST_TMP/overlay-containers/$id/userdata/run/secrets
mkdir -p "$own"
expect_held "$own" /run/secrets token

test_begin "agent: a volume that its place makes read-only takes mount points, and is read-only"
expect_held "$TEST_TMP/volume" /etc/app new/file

test_begin "where nothing guards, they are made"
attack_bundle '.process.cwd = "/m/work" | .mounts += [{destination: "/m", type: "bind", source: "/home/u1", options: ["rbind"]},
	{destination: "/m/dir", type: "tmpfs", source: "tmpfs"}]'
run_beside compat
expect_output escaped
check_has "made" "$errors" "on the host: ./dir"
check_has "made" "$errors" "on the host: ./work"
assert_nothing_left

test_begin "agent: programs that root of the host executes are not written, wherever they lie"
for source in /opt/cni/bin /opt/containerd /opt/bin; do
	attack_bundle '.process.args = ["sh", "-c", "touch /m/new && echo escaped"] |
		.mounts += [{destination: "/m", type: "bind", source: $source, options: ["rbind", "rw"]}]' --arg source "$source"
	run_command unshare --mount --propagation private sh -c 'mount -t tmpfs fake /opt && mkdir -p "$5" &&
		exec "$1" --root "$2" run --bundle "$3" "$4"' sh "$AGENTRUN" "$state" "$bundle" "$id" "$source"
	check_has "errors" "$errors" "Read-only file system"
	check_lacks "what ran" "$output" escaped
done
assert_nothing_left
