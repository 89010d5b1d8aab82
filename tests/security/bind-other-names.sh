#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A part of the host's system under a harmless name: a volume that an engine was told to make of it, a second
# mount of its device, a tree with it mounted beneath.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root command:unshare

volumes=$TEST_TMP/volumes
mkdir -p "$volumes/a/_data" "$TEST_TMP/tree/below" "$TEST_TMP/harmless/part"
part=$(find /etc -mindepth 1 -maxdepth 1 -type d | sort | sed -n 1p)
touch "$TEST_TMP/file" "$TEST_TMP/harmless/part/file"

# run_beside MOUNT-COMMAND [ARGUMENT...]: the bundle, on a host where that was mounted.
run_beside() {
	local command=$1
	shift
	run_command unshare --mount --propagation private sh -c "$command"' && exec "$@"' sh "$@" \
		"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
}
expect_beside() {
	run_beside "mount --rbind $1 $2"
	expect_error "is refused by the agent profile"
	expect_error "mounts[/host].source"
	check_lacks "what ran" "$output" escaped
}

test_begin "a volume that shows a directory of /etc is refused"
bind_bundle "$volumes/a/_data"
expect_beside "$part" "$volumes/a/_data"
bind_bundle "$volumes/a/_data" ro
expect_beside /etc "$volumes/a/_data"
assert_nothing_left

test_begin "a file that shows /etc/shadow is refused"
bind_bundle "$TEST_TMP/file" ro
expect_beside /etc/shadow "$TEST_TMP/file"
assert_nothing_left

test_begin "a tree with a part of /etc mounted beneath is refused"
bind_bundle "$TEST_TMP/tree" ro
expect_beside "$part" "$TEST_TMP/tree/below"
assert_nothing_left

test_begin "what is mounted into /etc is refused by its other name"
bind_bundle "$TEST_TMP/harmless" ro
run_beside "mount --bind $TEST_TMP/harmless/part $part"
expect_error "'$part' of the host's system"
assert_nothing_left

test_begin "a directory with another harmless name is taken"
bind_bundle "$TEST_TMP/harmless" ro
run_beside "mount --bind $TEST_TMP/harmless/part $TEST_TMP/tree/below"
expect_success
expect_output escaped
bind_bundle "$volumes/a/_data"
run_beside "mount --bind $TEST_TMP/harmless $volumes/a/_data"
expect_success
expect_output escaped
assert_nothing_left

# As a bind of its own each of these is refused or read-only; so it is under the name of a volume, or of a second mount.
write='touch /host/written && echo written'
host_with='mount -t tmpfs fake /usr/local && mkdir -p /usr/local/lib && mount -t tmpfs home /home && mkdir -p /home/u1/.ssh /home/u2 &&
	mount -t tmpfs lib /var/lib && mkdir -p /var/lib/kubelet/pods /var/lib/docker/containers &&'

for source in /usr/local /usr/local/lib /home/u2; do
	test_begin "a volume of $source is as read-only as $source"
	attack_bundle ".mounts += [{destination: \"/host\", type: \"bind\", source: \$source, options: [\"rbind\", \"rw\"]}]
		| .process.args = [\"sh\", \"-c\", \"$write\"]" --arg source "$volumes/a/_data"
	run_beside "$host_with mount --bind $source $volumes/a/_data"
	check_equal "status" "$status" 1
	check_has "what the container is told" "$errors" "Read-only file system"
	check_lacks "what ran" "$output" written
	assert_nothing_left
done

while read -r source why; do
	test_begin "a volume of $source is refused"
	bind_bundle "$volumes/a/_data" ro
	run_beside "$host_with mount --bind $source $volumes/a/_data"
	expect_error "is refused by the agent profile"
	expect_error "$why"
	check_lacks "what ran" "$output" escaped
	assert_nothing_left
done <<'WHAT'
/home/u1 it holds a store of credentials (.ssh)
/var/lib/kubelet/pods '/var/lib/kubelet/pods', part of a container engine's data
/var/lib/docker/containers '/var/lib/docker/containers', part of a container engine's data
WHAT

test_begin "a second mount of the host's disk is as read-only as the first"
attack_bundle '.mounts += [{destination: "/host", type: "bind", source: "/mnt/local/lib", options: ["rbind", "rw"]}]
	| .process.args = ["sh", "-c", $write]' --arg write "$write"
run_beside "$host_with mount -t tmpfs mnt /mnt && mkdir /mnt/local && mount --bind /usr/local /mnt/local"
check_equal "status" "$status" 1
check_has "what the container is told" "$errors" "Read-only file system"
assert_nothing_left

test_begin "a volume of a directory that may be written is written"
attack_bundle ".mounts += [{destination: \"/host\", type: \"bind\", source: \$source, options: [\"rbind\", \"rw\"]}]
	| .process.args = [\"sh\", \"-c\", \"$write\"]" --arg source "$volumes/a/_data"
run_beside "$host_with mkdir -p /home/u2/project && mount --bind /home/u2/project $volumes/a/_data"
expect_success
expect_output written
assert_nothing_left

own=$(printf '%064d' 7)
for profile in agent strict; do
	test_begin "an engine's file is taken where what it lies in is mounted twice ($profile)"
	mkdir -p "$TEST_TMP/docker/containers/$own" "$TEST_TMP/again/.local/share/docker"
	echo 'nameserver 192.0.2.1' >"$TEST_TMP/docker/containers/$own/resolv.conf"
	attack_bundle '.mounts += [{destination: "/etc/resolv.conf", type: "bind", source: $source, options: ["rbind", "ro"]}]' \
		--arg source "$TEST_TMP/docker/containers/$own/resolv.conf"
	run_command unshare --mount --propagation private sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
		"$TEST_TMP/docker" "$TEST_TMP/again/.local/share/docker" "$AGENTRUN" --root "$state" --profile "$profile" run --bundle "$bundle" "$id"
	expect_success
	expect_output escaped
	assert_nothing_left
done

test_begin "strict takes a volume of what bind-sources declares, and of nothing else"
echo "{\"bind-sources\": [\"$TEST_TMP/harmless\"]}" >"$TEST_TMP/declared.conf"
bind_bundle "$volumes/a/_data"
for source in "$TEST_TMP/harmless" "$TEST_TMP/tree"; do
	run_command unshare --mount --propagation private sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
		"$source" "$volumes/a/_data" "$AGENTRUN" --root "$state" --config "$TEST_TMP/declared.conf" --profile strict \
		run --bundle "$bundle" "$id"
	if [ "$source" = "$TEST_TMP/harmless" ]; then
		expect_success
		expect_output escaped
	else
		expect_error "is refused by the strict profile"
		check_lacks "what ran" "$output" escaped
	fi
done
assert_nothing_left

test_begin "what lies in a source may be declared by another name: the source is not"
bind_bundle "$TEST_TMP/tree"
run_command unshare --mount --propagation private sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
	"$TEST_TMP/tree/below" "$TEST_TMP/harmless" "$AGENTRUN" --root "$state" --config "$TEST_TMP/declared.conf" --profile strict \
	run --bundle "$bundle" "$id"
expect_error "the strict profile takes only sources that bind-sources declares"
check_lacks "what ran" "$output" escaped
assert_nothing_left
