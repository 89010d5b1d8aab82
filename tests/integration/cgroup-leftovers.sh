#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes of a container's cgroup: nothing is left of it, whoever died on the way.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../helpers.bash"
needs root cgroup
build_helper first-thread-ends

cgroup() {
	echo "$(cgroup_root)$(jq -r .cgroup "$state/$id/state.json")"
}

test_begin "a cgroup that holds a process is refused, and the process lives on"
other=$(cgroup_root)/agentrun-$id
mkdir "$other"
sleep 1000 &
pid=$!
echo "$pid" >"$other/cgroup.procs"
make_command "$bundle" . true
edit_bundle "$bundle" '.linux.cgroupsPath = $path' --arg path "/agentrun-$id"
run_agentrun run --bundle "$bundle" "$id"
expect_error "container's cgroup is not empty: 1 process(es) found"
check_true "the process lives" kill -0 "$pid"
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
check_true "the cgroup is still there" rmdir "$other"
assert_nothing_left

test_begin "a cgroup path with dots is refused"
make_command "$bundle" '.linux.cgroupsPath = "/agentrun/../../x"' true
run_agentrun run --bundle "$bundle" "$id"
expect_error ".."
assert_nothing_left

test_begin "cgroups that were made below the container's go with it, and what runs in them"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
mkdir -p "$(cgroup)/a/b"
sleep 1000 &
pid=$!
echo "$pid" >"$(cgroup)/a/b/cgroup.procs"
run_agentrun delete --force "$id"
expect_success
wait "$pid" 2>/dev/null || true
check_false "the process has ended" kill -0 "$pid"
assert_nothing_left

test_begin "a container whose init was killed from outside is deleted with its cgroup"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
kill -KILL "$(container_pid "$id")"
wait_status stopped
run_agentrun delete "$id"
expect_success
assert_nothing_left

# stopped_beside FILTER: container $id has ended, and a process of ours ($pid) is in its cgroup ($left).
stopped_beside() {
	make_command "$bundle" "$1" sleep 1000
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	left=$(cgroup)
	sleep 1000 &
	pid=$!
	echo "$pid" >"$left/cgroup.procs"
	kill -KILL "$(container_pid "$id")"
	wait_status stopped
}

test_begin "what others put into the cgroup of a container that has ended lives on when it is deleted"
stopped_beside .
run_agentrun delete "$id"
expect_success
check_has "the warning" "$errors" "holds processes of others"
check_true "the process lives" kill -0 "$pid"
check_false "the state" test -e "$state/$id"
kill -KILL "$pid" || true
wait "$pid" 2>/dev/null || true
check_true "the cgroup is still there" rmdir "$left"
rmdir "${left%/*}" 2>/dev/null || true
assert_nothing_left

test_begin "without a pid namespace of its own a container that has ended may have left processes, which end with it"
stopped_beside '.linux.namespaces -= [{"type": "pid"}]'
run_agentrun delete "$id"
expect_success
wait "$pid" 2>/dev/null || true
check_false "the process lives" kill -0 "$pid"
assert_nothing_left

if test_begin "the end of a run whose output is taken late does not cost the life of who has its cgroup by then" command:python3; then
	# more than a pipe of a page takes, and no more than the terminal has room for besides
	make_command "$bundle" '.process.terminal = true' sh -c 'seq 1500'
	edit_bundle "$bundle" '.linux.cgroupsPath = $path' --arg path "/agentrun-$lib_mark-late"
	mkfifo "$TEST_TMP/late"
	exec 6<>"$TEST_TMP/late"
	python3 -c 'import fcntl; fcntl.fcntl(6, 1031, 4096)' # F_SETPIPE_SZ
	exec 7<"$TEST_TMP/late"
	AGENTRUN_TEST=$lib_mark "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id" </dev/null >"$TEST_TMP/late" 2>"$TEST_TMP/late.errors" \
		6>&- 7<&- &
	run=$!
	wait_status stopped
	exec 6>&-
	edit_bundle "$bundle" '.process.terminal = false | .process.args = ["sleep", "1000"]'
	run_agentrun run --detach --bundle "$bundle" "$id-2"
	expect_success
	check_equal "the first one's last line" "$(tail -n 1 <&7 | tr -d '\r')" 1500
	exec 7<&-
	wait "$run" || fail "the run ends with status $?"
	check_has "the warning" "$(cat "$TEST_TMP/late.errors")" "holds processes of others"
	check_equal "the second one" "$(container_status "$id-2")" running
	run_agentrun delete --force "$id-2"
	expect_success
	assert_nothing_left
fi

test_begin "a container whose init has ended but for a thread is deleted whole"
make_bundle "$bundle" '.process.args = ["/first-thread-ends"]'
cp "$helpers_folder/first-thread-ends" "$bundle/rootfs"
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
pid=$(jq .init_process_pid "$state/$id/state.json")
wait_status stopped
check_true "a thread of it lives" grep -q "^Threads:.*[2-9]" "/proc/$pid/status"
run_agentrun delete "$id"
expect_success
check_equal "errors" "$errors" ""
assert_nothing_left

if test_begin "a create that is refused another's cgroup, and killed on the way, does not cost the other's life" command:strace; then
	make_command "$bundle" ".linux.cgroupsPath = \"/agentrun-$lib_mark\"" sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	pid=$(container_pid "$id")
	killed=0 refused=0
	for call in mkdirat renameat getdents64; do
		for n in 1 2 3 4 5; do
			ASAN_OPTIONS=detect_leaks=0 run_command sh -c '"$@"; exit' sh strace -qq -o "$TEST_TMP/trace" \
				-e "inject=$call:signal=KILL:when=$n" \
				"$AGENTRUN" --root "$state" create --bundle "$bundle" "$id-2"
			[ "$status" != 137 ] || killed=$((killed + 1))
			[ "$status" != 1 ] || refused=$((refused + 1))
			run_agentrun delete --force "$id-2"
		done
	done
	check_true "creates that were killed: $killed" [ "$killed" -gt 2 ]
	check_equal "creates that were killed or refused" "$((killed + refused))" 15
	check_true "the first container lives" kill -0 "$pid"
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

test_begin "the parents that engines name are made, and stay with other containers in them"
make_command "$bundle" . sleep 1000
edit_bundle "$bundle" '.linux.cgroupsPath = $path' --arg path "/engine-$lib_mark/$id"
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
check_true "its cgroup" test -d "$(cgroup_root)/engine-$lib_mark/$id"
run_agentrun delete --force "$id"
expect_success
check_false "its cgroup" test -d "$(cgroup_root)/engine-$lib_mark/$id"

test_begin "twenty containers come and go below one parent at once"
make_command "$bundle" . true
pids=()
for i in $(seq 20); do
	"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id-$i" </dev/null >>"$TEST_TMP/many" 2>&1 &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || fail "a run ended with status $?: $(cat "$TEST_TMP/many")"
done
assert_nothing_left
