#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The root of the container is the host's, or a part of it.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

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
