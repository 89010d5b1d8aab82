#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A cgroup above or beside its own: of all of the host, of other containers, of a service.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root cgroup

test_begin "a path that leads out of the tree, or is its root, is refused"
for path in ../x ../../.. /a/../../x a/.. / . /..; do
	attack_bundle '.linux.cgroupsPath = $path' --arg path "$path"
	expect_refused "linux.cgroupsPath"
done
assert_nothing_left

test_begin "a cgroup that holds processes already is not joined"
other=$(cgroup_root)/$lib_mark-other
mkdir "$other"
AGENTRUN_TEST=$lib_mark sleep 100 &
sleeper=$!
echo "$sleeper" >"$other/cgroup.procs"
attack_bundle '.linux.cgroupsPath = $path' --arg path "/$lib_mark-other"
run_agentrun run --bundle "$bundle" "$id"
expect_error "cgroup is not empty"
check_lacks "what ran" "$output" escaped
check_true "its processes live" kill -0 "$sleeper"
run_agentrun delete --force "$id"
check_true "its processes live after a delete" kill -0 "$sleeper"
kill "$sleeper"
wait "$sleeper" 2>/dev/null || true
rmdir "$other"
assert_nothing_left

test_begin "exec joins no cgroup above the container's"
make_command "$bundle" . sleep 100
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
for path in .. ../.. / /../..; do
	run_agentrun exec --cgroup "$path" "$id" cat /proc/self/cgroup
	[ "$status" != 0 ] || check_lacks "cgroup of an exec with $path" "$output" "/.."
done
run_agentrun exec "$id" cat /proc/self/cgroup
check_has "its cgroup namespace" "$output" "0::/"
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "a path of its own is taken"
attack_bundle '.linux.cgroupsPath = $path' --arg path "/$lib_mark/own"
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output escaped
rmdir "$(cgroup_root)/$lib_mark" 2>/dev/null || true
assert_nothing_left
