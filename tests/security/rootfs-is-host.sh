#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The root of the container is the host's, or a part of it.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root command:python3

ln -s / "$TEST_TMP/root-link"
ln -s /usr "$TEST_TMP/usr-link"

test_begin "a root that is, holds or lies in the host's system is refused"
for path in / /proc /proc/self/root /sys /sys/kernel /dev /dev/shm /boot /etc /usr /usr/lib /.. \
	"$TEST_TMP/root-link" "$TEST_TMP/usr-link" "$TEST_TMP/../../../../../../../.."; do
	[ -d "$path" ] || continue
	attack_bundle '.root.path = $path' --arg path "$path"
	expect_refused "root.path"
done
assert_nothing_left

test_begin "a root that is a link in the bundle is judged by where it leads"
attack_bundle .
rm -rf "$bundle/rootfs"
ln -s / "$bundle/rootfs"
expect_refused "root.path"
assert_nothing_left

test_begin "a root that cannot be found is no container"
attack_bundle '.root.path = "nowhere"'
run_agentrun run --bundle "$bundle" "$id"
expect_error "root"
check_lacks "what ran" "$output" escaped
assert_nothing_left

test_begin "the host's root is taken where nothing guards"
attack_bundle '.root.path = "/" | .process.args = ["sh", "-c", "test -e '"$TEST_TMP"'/root-link && echo escaped"]'
run_command unshare --mount --propagation private "$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id"
expect_success
expect_output escaped
assert_nothing_left

# app_root: a root that is a directory of some application of the host, which tools are bound into.
app_root() {
	app=${1:-$TEST_TMP/app}
	attack_bundle '.root.path = $root | .process.args = ["sh", "-c", "ls -A / ; echo escaped"]' --arg root "$app"
	rm -rf "$app"
	mkdir -p "${app%/*}"
	mv "$bundle/rootfs" "$app"
}

test_begin "a root is looked into as a source is: credentials"
app_root
mkdir "$TEST_TMP/app/.aws"
expect_refused "root.path" "it holds a store of credentials (.aws)"
assert_nothing_left

# also one that looks like a volume, and a service in a network namespace of its own
for place in "$TEST_TMP/app" "$TEST_TMP/volumes/x/_data"; do
	test_begin "a root is looked into as a source is: the socket of a service in ${place##*/}"
	app_root "$place"
	AGENTRUN_TEST=$lib_mark unshare --net python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
time.sleep(1000)' "$app/root.sock" &
	service=$!
	check_true "it is there" wait_until test -S "$app/root.sock"
	expect_refused "root.path" "it holds '$app/root.sock', the socket of a service"
	kill "$service"
	wait "$service" 2>/dev/null || true
	assert_nothing_left
done

test_begin "a root of an engine has what its image has"
attack_bundle .
mkdir "$bundle/rootfs/.aws"
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output escaped
assert_nothing_left
