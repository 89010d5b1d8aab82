#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2026-30892: a user that is not read to its end becomes another user, root at worst.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

running_container() {
	make_command "$bundle" '.process.user = {uid: 1000, gid: 1000}' sleep 100
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
}

# shellcheck disable=SC2016 # for the container's shell
who='echo "$(id -u):$(id -g)"'

test_begin "exec --user is exactly that user, in the group of the container when none is named"
running_container
for user in 1000 1000:1000 65534:65534 0:0 4294967294:4294967294; do
	run_agentrun exec --user "$user" "$id" sh -c "$who"
	case $user in
	*:*) expect_output "$user" ;;
	*) expect_output "$user:1000" ;;
	esac
done
run_agentrun exec --user "" "$id" sh -c "$who"
expect_output 1000:1000
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "what is not wholly a number is an error"
running_container
for user in " " x root 1x 1: :1 1:x 1:1:1 -1 +1 0x0 1.0 "1 " " 1" 4294967295 4294967296 18446744073709551616 1,2; do
	run_agentrun exec --user "$user" "$id" sh -c "$who"
	check_equal "output for '$user'" "$output" ""
	check_equal "status for '$user'" "$status" 255
done
run_agentrun delete --force "$id"
assert_nothing_left
