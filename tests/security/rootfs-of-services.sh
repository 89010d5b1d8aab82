#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The root of the container is a directory of the host's services: their sockets are in reach through a
# read-only root too.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root command:unshare

test_begin "a root with the sockets, homes or data of the host's services is refused"
for path in /run /run/lock /run/systemd /run/user /run/dbus /var /var/run /var/lib /home /root /tmp; do
	[ -d "$path" ] || continue
	attack_bundle '.root.path = $path' --arg path "$path"
	expect_refused "root.path"
done
assert_nothing_left

test_begin "a root that shows them under another name is refused"
mkdir -p "$TEST_TMP/alias/rootfs"
for path in /run /etc /var; do
	attack_bundle '.root.path = $path' --arg path "$TEST_TMP/alias/rootfs"
	run_command unshare --mount --propagation private sh -c 'mount --rbind "$1" "$2" && shift 2 && exec "$@"' sh \
		"$path" "$TEST_TMP/alias/rootfs" "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
	expect_error "root.path"
	expect_error "is refused by the agent profile"
	check_lacks "what ran" "$output" escaped
done
assert_nothing_left

test_begin "a root with the host's procfs mounted where the container has no mount is refused"
attack_bundle .
mkdir "$bundle/rootfs/mnt/proc"
# shellcheck disable=SC2016
in_root='mount -t proc proc "$1" && shift && exec "$@"'
run_command unshare --mount --propagation private sh -c "$in_root" sh "$bundle/rootfs/mnt/proc" \
	"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
expect_error "it is a procfs of the host"
# on /proc it lies below the container's own
run_command unshare --mount --propagation private sh -c "$in_root" sh "$bundle/rootfs/proc" \
	"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
expect_success
expect_output escaped
assert_nothing_left
