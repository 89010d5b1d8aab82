#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Binds of what the host is made of: its root, its configuration, its keys, its devices; by name, by "..",
# through links.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# A folder that looks harmless.
mkdir -p "$TEST_TMP/harmless/deep"
ln -s / "$TEST_TMP/harmless/link"
ln -s /etc "$TEST_TMP/harmless/deep/etc"

test_begin "the host's system is refused, writable or not"
for source in / /etc /etc/shadow /etc/ssl/private /root /home /usr /usr/bin /bin /sbin /lib /boot /var /run /dev \
	/dev/pts /dev/shm; do
	[ -e "$source" ] || continue
	for option in rw ro; do
		bind_bundle "$source" "$option"
		expect_refused "mounts[/host].source" "$source"
	done
done
assert_nothing_left

test_begin "no spelling and no link hides it"
for source in "$TEST_TMP/harmless/link" "$TEST_TMP/harmless/link/etc" "$TEST_TMP/harmless/deep/etc/shadow" \
	"/tmp/../etc" "//etc//." "/proc/self/root" "/proc/self/root/etc"; do
	bind_bundle "$source" ro
	expect_refused "mounts[/host].source"
done
# relative to the bundle
bind_bundle . ro
ln -s /etc "$bundle/data"
edit_bundle "$bundle" '.mounts[-1].source = "data"'
expect_refused "mounts[/host].source"
assert_nothing_left

test_begin "what the host mounted beneath a harmless directory is judged too"
mkdir -p "$TEST_TMP/volume/inside"
# shellcheck disable=SC2016
for mount in "-t proc proc" "-t sysfs sysfs" "--bind /etc" "--bind /dev"; do
	bind_bundle "$TEST_TMP/volume" rw
	run_command unshare --mount --propagation private sh -c 'mount $1 "$2" && shift 2 && exec "$@"' sh \
		"$mount" "$TEST_TMP/volume/inside" "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
	expect_error "mounts[/host].source"
	check_lacks "what ran with mount $mount" "$output" escaped
done
assert_nothing_left

test_begin "stores of credentials are refused, and a home that holds one"
mkdir -p "$TEST_TMP/home/.ssh" "$TEST_TMP/home/.aws" "$TEST_TMP/home/.kube"
echo secret >"$TEST_TMP/home/.ssh/id_ed25519"
for source in "$TEST_TMP/home/.ssh" "$TEST_TMP/home/.ssh/id_ed25519" "$TEST_TMP/home/.aws" "$TEST_TMP/home/.kube" \
	"$TEST_TMP/home"; do
	bind_bundle "$source" ro
	expect_refused "mounts[/host].source" "credentials"
done
assert_nothing_left

test_begin "nothing is bound over the container's own protections"
mkdir -p "$TEST_TMP/fake"
for destination in / /proc /proc/sys /proc/self/attr /sys /dev /dev/pts; do
	attack_bundle '.mounts += [{destination: $where, type: "bind", source: $source, options: ["bind"]}]' \
		--arg where "$destination" --arg source "$TEST_TMP/fake"
	expect_refused "mounts[$destination].destination"
done
assert_nothing_left

test_begin "where nothing guards the host's root is there to be read"
bind_bundle / ro
edit_bundle "$bundle" '.process.args = ["sh", "-c", "ls /host/etc/passwd && echo escaped"]'
expect_runs
assert_nothing_left
