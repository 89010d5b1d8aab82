#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A tmpfs is memory of the host: one without bounds, by any of the ways to say so.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

# expect_bounds OPTION...: a tmpfs with these options has a size, and a number of inodes, within 1 GiB.
expect_bounds() {
	local size block inodes
	make_command "$bundle" . stat -f -c '%b %S %c' /mnt
	edit_bundle "$bundle" '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs",
		options: $ARGS.positional}]' --args -- "$@"
	run_agentrun run --bundle "$bundle" "$id"
	expect_success
	read -r size block inodes <<<"$output"
	# 0 blocks or inodes: no bounds
	check_true "$*: a size of $size blocks" test "$((size * block))" -gt 0
	check_true "$*: a size of $size blocks" test "$((size * block))" -le $((1 << 30))
	check_true "$*: $inodes inodes" test "$inodes" -gt 0
}

test_begin "no size, a share of the memory, none, and one of 8 EiB"
expect_bounds rw
for size in 0 100% 4294967296g 0x7fffffffffffffff -1; do
	expect_bounds "size=$size"
done
assert_nothing_left

test_begin "a size in blocks, before and behind one in bytes"
expect_bounds nr_blocks=0
expect_bounds size=1m nr_blocks=0
expect_bounds nr_blocks=0 size=1m
expect_bounds size=1m nr_blocks=99999999
expect_bounds mode=755,nr_blocks=0
assert_nothing_left

test_begin "a million inodes at most, where a limit is asked for"
for inodes in 0 1g 99999999999 none; do
	expect_bounds "nr_inodes=$inodes"
	check_true "nr_inodes=$inodes: ${output##* }" test "${output##* }" -le 1048576
done
assert_nothing_left

test_begin "huge pages and a choice of memory are left out"
make_command "$bundle" . grep ' /mnt ' /proc/mounts
edit_bundle "$bundle" '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs",
	options: ["huge=always", "mpol=bind:0"]}]'
run_agentrun run --bundle "$bundle" "$id"
expect_success
check_lacks options "$output" huge
check_lacks options "$output" mpol
assert_nothing_left
