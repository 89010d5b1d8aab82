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

# run_in TOP PATH: the bundle with that root, on a host that has nothing else in TOP; the last line is what lies in it then.
run_in() {
	attack_bundle '.root.path = $path' --arg path "$2"
	# shellcheck disable=SC2016 # for the other shell
	run_command unshare --mount --propagation private sh -euc '
		top=$1 path=$2 from=$3
		shift 3
		mount -t tmpfs -o mode=755 top "$top"
		mkdir -p "$path"
		cp -a "$from/rootfs/bin" "$path"
		"$@" || status=$?
		ls -x "$path"
		exit "${status-0}"' sh "$1" "$2" "$bundle" "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
}

test_begin "so is one that is or lies in what they keep"
for path in /var/spool /var/spool/cron /var/log /var/mail /var/backups /var/lib/dpkg /lib /bin; do
	[ -d "$path" ] || continue
	attack_bundle '.root.path = $path' --arg path "$path"
	run_agentrun explain --bundle "$bundle"
	expect_status 1
	expect_output_has "root.path"
done

test_begin "nothing is made in a directory that services or root keep"
for path in /var/spool/cron /var/spool/x/rootfs /var/log/x /var/lib/x /var/lib/x/data /root/x; do
	top=$(cut -d / -f 1-3 <<<"$path")
	if [ "$path" = /root/x ]; then top=/root; fi
	[ -d "$top" ] || continue
	run_in "$top" "$path"
	expect_error "root.path '$path' is refused by the agent profile"
	expect_output bin
done
assert_nothing_left

test_begin "what is made as a root is one in the same places"
for path in /var/lib/x/rootfs /var/lib/machines/x /var/lib/x/0123456789abcdef /root/x/rootfs; do
	top=$(cut -d / -f 1-3 <<<"$path")
	if [ "$path" = /root/x/rootfs ]; then top=/root; fi
	run_in "$top" "$path"
	expect_success
	expect_output_has escaped
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
