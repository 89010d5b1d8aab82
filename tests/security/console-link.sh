#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2025-52565: a /dev/console, or a pts, that is a link would put the terminal's bind mount elsewhere.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:script

# run_terminal: the bundle with a terminal of its own, under script(1).
run_terminal() {
	edit_bundle "$bundle" '.process.terminal = true'
	run_command script -qec "'$AGENTRUN' --root '$state' --profile $1 run --bundle '$bundle' '$id'" /dev/null
}

for profile in compat agent; do
	test_begin "$profile: /dev/console as a link is refused or left alone"
	make_command "$bundle" 'del(.mounts[] | select(.destination == "/dev"))' sh -c 'echo ran'
	mkdir -p "$bundle/rootfs/dev"
	echo untouched >"$bundle/rootfs/target"
	ln -s /target "$bundle/rootfs/dev/console"
	run_terminal "$profile"
	check_equal "the link's target" "$(cat "$bundle/rootfs/target")" untouched
	check_lacks "mounts" "$(cat /proc/self/mountinfo)" "$bundle"
	assert_nothing_left

	test_begin "$profile: /dev/pts/0 as a link does not become the terminal"
	make_command "$bundle" 'del(.mounts[] | select(.destination == "/dev" or .destination == "/dev/pts"))' tty
	mkdir -p "$bundle/rootfs/dev/pts"
	echo untouched >"$bundle/rootfs/target"
	ln -s /target "$bundle/rootfs/dev/pts/0"
	ln -s /target "$bundle/rootfs/dev/pts/ptmx"
	run_terminal "$profile"
	check_equal "the link's target" "$(cat "$bundle/rootfs/target")" untouched
	assert_nothing_left
done

test_begin "a terminal that nobody attacks is on /dev/console"
make_command "$bundle" . sh -c '[ -c /dev/console ] && tty'
run_terminal agent
expect_output_has /dev/pts/
assert_nothing_left
