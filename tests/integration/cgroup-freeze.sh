#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pause and resume: a container stands still, and goes on.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup

beats() {
	wc -l <"$bundle/data/beat"
}
# A container that writes a line every hundredth of a second to the file data/beat of its bundle.
beating_container() {
	mkdir -p "$bundle/data"
	make_bundle "$bundle" '.mounts += [{"destination": "/data", "type": "bind", "source": $source,
		"options": ["bind", "rw"]}] | .process.args = ["sh", "-c", "while :; do echo x >>/data/beat; sleep 0.01; done"]' \
		--arg source "$bundle/data"
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	for _ in $(seq 100); do
		[ ! -s "$bundle/data/beat" ] || return 0
		sleep 0.05
	done
	fail "the container does not beat"
}

test_begin "a paused container stands still and a resumed one goes on"
beating_container
run_agentrun pause "$id"
expect_success
check_equal status "$(container_status)" paused
before=$(beats)
sleep 0.3
check_equal "beats while it is paused" "$(beats)" "$before"
run_agentrun resume "$id"
expect_success
check_equal status "$(container_status)" running
for _ in $(seq 100); do
	[ "$(beats)" = "$before" ] || break
	sleep 0.05
done
check_false "it goes on" [ "$(beats)" = "$before" ]
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "pausing twice and resuming what is not paused are errors, as with runc"
beating_container
run_agentrun resume "$id"
expect_error "container not paused"
run_agentrun pause "$id"
expect_success
run_agentrun pause "$id"
expect_error "container not running"
run_agentrun delete --force "$id"
expect_success
run_agentrun pause "$id"
expect_error "container does not exist"
run_agentrun resume "$id"
expect_error "container does not exist"

test_begin "a paused container is killed and deleted as it is"
beating_container
run_agentrun pause "$id"
run_agentrun kill "$id" KILL
expect_success
wait_status stopped
run_agentrun delete "$id"
expect_success
assert_nothing_left

if test_begin "exec --ignore-paused begins when the container is resumed, however long that takes" command:strace; then
	beating_container
	run_agentrun pause "$id"
	AGENTRUN_TEST=$lib_mark ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 strace -qq -o "$TEST_TMP/waits" -e trace=poll \
		"$AGENTRUN" --root "$state" exec --ignore-paused "$id" echo begun </dev/null >"$TEST_TMP/begun" 2>&1 &
	exec=$!
	for _ in $(seq 100); do
		! grep -qs ^poll "$TEST_TMP/waits" || break
		sleep 0.05
	done
	check_equal "what it says while it is paused" "$(cat "$TEST_TMP/begun")" ""
	run_agentrun resume "$id"
	expect_success
	wait "$exec" || fail "exec ends with status $?"
	check_equal "what it says" "$(cat "$TEST_TMP/begun")" begun
	check_has "how it waits" "$(cat "$TEST_TMP/waits")" poll
	check_equal "waits with an end" "$(grep -c ', 120000) ' "$TEST_TMP/waits" || true)" 0
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

test_begin "a stopped container cannot be paused"
make_command "$bundle" . true
run_agentrun run --detach --bundle "$bundle" "$id"
wait_status stopped
run_agentrun pause "$id"
expect_error "container not running"

test_begin "no container starts in a frozen cgroup"
frozen=$(cgroup_root)/agentrun-$id
mkdir "$frozen"
echo 1 >"$frozen/cgroup.freeze"
make_command "$bundle" . true
edit_bundle "$bundle" '.linux.cgroupsPath = $path' --arg path "/agentrun-$id/inner"
run_agentrun run --bundle "$bundle" "$id"
expect_error "'/agentrun-$id' above it is"
check_equal "what was made below" "$(find "$frozen" -mindepth 1 -type d)" ""
rmdir "$frozen"
assert_nothing_left

test_begin "no container starts in a cgroup of its own that is frozen"
frozen=$(cgroup_root)/agentrun-$id
mkdir "$frozen"
echo 1 >"$frozen/cgroup.freeze"
make_command "$bundle" . true
edit_bundle "$bundle" '.linux.cgroupsPath = $path' --arg path "/agentrun-$id"
run_agentrun run --bundle "$bundle" "$id"
expect_error "container's cgroup '/agentrun-$id' is unexpectedly frozen"
check_equal "its processes" "$(cat "$frozen/cgroup.procs")" ""
# it was the reason
echo 0 >"$frozen/cgroup.freeze"
run_agentrun run --bundle "$bundle" "$id"
expect_success
assert_nothing_left
