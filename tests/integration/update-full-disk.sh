#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An update that cannot be remembered, for want of room, changes nothing.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup hugetlb
[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip_all "needs huge pages of 2 MB"

update_to() {
	printf '{"unified": {"hugetlb.2MB.max": "%s"}}' "$1" >"$TEST_TMP/resources.json"
	run_agentrun --profile compat update --resources "$TEST_TMP/resources.json" "$id"
}

# expect_limit BYTES: so the kernel has it, and so it is remembered
expect_limit() {
	check_equal "the kernel's limit" \
		"$(cat "$(cgroup_root)$(jq -r .cgroup "$state/$id/state.json")/hugetlb.2MB.max")" "$1"
	check_equal "what is remembered" \
		"$(jq -r '.config.linux.resources.unified["hugetlb.2MB.max"]' "$state/$id/effective.json")" "$1"
}

test_begin "on a disk without room an update fails, and changes neither the limit nor what is remembered of it"
mkdir -p "$state"
mount -t tmpfs -o size=1m,mode=711 tmpfs "$state"
make_command "$bundle" '.linux.resources.unified = {"hugetlb.2MB.max": "4194304"}' sleep 1000
run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
expect_success
expect_limit 4194304
head -c 2M /dev/zero >"$state/full" 2>/dev/null || true
update_to 6291456
expect_error "no space left on device"
expect_limit 4194304
rm "$state/full"
update_to 6291456
expect_success
expect_limit 6291456
update_to many
expect_error "hugetlb.2MB.max"
expect_limit 6291456
run_agentrun delete --force "$id"
expect_success
umount "$state"
assert_nothing_left
