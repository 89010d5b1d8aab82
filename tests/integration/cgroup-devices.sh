#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Device rules: what may be opened, and made.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup

test_begin "the default devices can be used"
make_command "$bundle" . sh -c 'echo x >/dev/null && head -c 1 /dev/zero | od -An -tx1 &&
	head -c 1 /dev/urandom >/dev/null && : </dev/full'
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output " 00"
assert_nothing_left

# A device that everybody may open and that is none of the default ones.
fuse='.linux.devices += [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438}]'

# test_fuse NAME: a test that needs it.
test_fuse() {
	test_begin "$1"
	if grep -qx '10:229' /sys/class/misc/fuse/dev 2>/dev/null; then return 0; fi
	skip "needs the device 'fuse'"
	return 1
}

if test_fuse "what no rule allows cannot be opened, though its node is there"; then
	run_compat "$fuse"' | .linux.resources.devices = [{"allow": false, "access": "rwm"}]' -- \
		sh -c 'ls /dev/fuse; (: </dev/fuse) 2>&1; (: >/dev/fuse) 2>&1'
	expect_output_has /dev/fuse
	check_equal "refusals" "$(grep -c 'Operation not permitted' <<<"$output" || true)" 2
fi

if test_fuse "a rule allows what it names, and a later one takes it back"; then
	run_compat "$fuse"' | .linux.resources.devices = [{"allow": false, "access": "rwm"},
			{"allow": true, "type": "c", "major": 10, "minor": -1, "access": "rw"},
			{"allow": false, "type": "c", "major": 10, "minor": 229, "access": "w"}]' -- \
		sh -c '(: </dev/fuse) && echo read; (: >/dev/fuse) 2>/dev/null || echo no write'
	expect_output "read
no write"
fi

if test_fuse "a container with CAP_MKNOD can make a node that it cannot open"; then
	run_compat '.root.readonly = false |
			.process.capabilities |= map_values(. + ["CAP_MKNOD"] | unique) |
			.linux.resources.devices = [{"allow": false, "access": "rwm"}]' -- \
		sh -c 'mknod /made c 10 229 && ls /made; (: </made) 2>/dev/null || echo refused'
	expect_output "/made
refused"
fi

echo '{"devices": [{"allow": true}]}' >"$TEST_TMP/resources.json"
if test_fuse "a bundle without rules opens the default devices alone, and an update leaves it so"; then
	for filter in 'del(.linux.resources.devices)' 'del(.linux.resources)' '.linux.resources.devices = []'; do
		make_command "$bundle" "$fuse | $filter" sleep 1000
		run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
		expect_success
		run_agentrun update --resources "$TEST_TMP/resources.json" "$id"
		expect_success
		run_agentrun exec "$id" sh -c 'echo x >/dev/null && head -c 1 /dev/zero | od -An -tx1; (: </dev/fuse) 2>&1'
		expect_output_has " 00"
		expect_output_has "Operation not permitted"
		run_agentrun delete --force "$id"
		expect_success
	done
fi

test_begin "an update leaves the device rules alone"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun update --resources "$TEST_TMP/resources.json" "$id"
expect_success
check_equal "rules that allow everything" \
	"$(jq '[.config.linux.resources.devices[] | select(.allow and ((.type // "a") == "a"))] | length' \
		"$state/$id/effective.json")" 0
