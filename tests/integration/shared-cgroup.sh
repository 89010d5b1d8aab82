#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two containers with one cgroupsPath, the second in the place of the first, which has ended or never began: whatever
# is done to the first, the second lives on.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup

# make_both FILTER: $bundle for both, in one cgroup
make_both() {
	make_command "$bundle" ".linux.cgroupsPath = \"/agentrun-$lib_mark/shared\" | $1" sleep 1000
}

# A second container runs in the cgroup; $second is its init.
start_second() {
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id-2"
	expect_success
	second=$(container_pid "$id-2")
}

expect_second() {
	check_true "the second one's init lives" kill -0 "$second"
	check_equal "the second one" "$(container_status "$id-2")" running
}

delete_both() {
	for each in "$id" "$id-2"; do
		run_agentrun delete --force "$each"
		expect_success
	done
	rmdir "$(cgroup_root)/agentrun-$lib_mark" 2>/dev/null || true
	assert_nothing_left
}

# start_both FILTER: the first has ended, and the second runs
start_both() {
	make_both "$1"
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	kill -KILL "$(container_pid "$id")"
	wait_status stopped
	start_second
}

for filter in . '.linux.namespaces -= [{"type": "pid"}]'; do
	case $filter in
	.) kind="with a pid namespace" ;;
	*) kind="without a pid namespace" ;;
	esac

	test_begin "kill of a container that has ended, $kind, reaches no other one"
	start_both "$filter"
	run_agentrun kill "$id" KILL
	expect_error "container not running"
	run_agentrun kill --all "$id" KILL
	expect_success
	expect_second
	delete_both

	test_begin "delete of a container that has ended, $kind, costs no other one its life"
	start_both "$filter"
	run_agentrun delete "$id"
	expect_success
	check_has "the warning" "$errors" "holds processes of others"
	expect_second
	delete_both

	if test_begin "delete --force of one that another command holds, $kind, reaches no other one" command:flock; then
		start_both "$filter"
		AGENTRUN_TEST=$lib_mark flock "$state/$id" sleep 4 &
		for _ in $(seq 100); do
			if ! flock --nonblock "$state/$id" true; then break; fi
			sleep 0.05
		done
		run_agentrun delete --force "$id"
		expect_success
		wait
		expect_second
		delete_both
	fi
done

# die_creating: a create of $id that is killed when it has its cgroup, before it has an init
die_creating() {
	ASAN_OPTIONS=detect_leaks=0 run_command sh -c '"$@"; exit' sh strace -qq -o "$TEST_TMP/trace" \
		-e inject=clone3:signal=KILL:when=1 "$AGENTRUN" --root "$state" --profile compat create --bundle "$bundle" "$id"
	check_equal "pid on record" "$(jq .init_process_pid "$state/$id/state.json")" null
	check_true "its cgroup" test -d "$(cgroup_root)/agentrun-$lib_mark/shared"
}

for how in "" --force; do
	if test_begin "delete $how of a create that died costs no other container its life" command:strace; then
		make_both .
		die_creating
		start_second
		# shellcheck disable=SC2086
		run_agentrun delete $how "$id"
		expect_success
		check_has "the warning" "$errors" "holds processes of others"
		expect_second
		delete_both
	fi

	if test_begin "delete $how of a create that died ends what was never recorded" command:strace; then
		make_both .
		die_creating
		sleep 1000 &
		left=$!
		echo "$left" >"$(cgroup_root)/agentrun-$lib_mark/shared/cgroup.procs"
		# shellcheck disable=SC2086
		run_agentrun delete $how "$id"
		expect_success
		wait "$left" 2>/dev/null || true
		check_false "the process lives" kill -0 "$left"
		rmdir "$(cgroup_root)/agentrun-$lib_mark" 2>/dev/null || true
		assert_nothing_left
	fi
done
