#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A cgroup above or beside its own: of all of the host, of other containers, of a service; and one below them.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root cgroup

# Whether a cgroup in which processes are can have one below it for a container: not where it has to share out
# processors or numbers of processes, which makes it "threaded".
takes_below() {
	! has cpu && ! has pids
}

test_begin "a path that leads out of the tree, or is its root, is refused"
for path in ../x ../../.. /a/../../x a/.. / . /..; do
	attack_bundle '.linux.cgroupsPath = $path' --arg path "$path"
	expect_refused "linux.cgroupsPath"
done
assert_nothing_left

test_begin "a path where engines and systemd keep the cgroups of others is refused"
while read -r path; do
	attack_bundle '.linux.cgroupsPath = $path' --arg path "$path"
	expect_refused "linux.cgroupsPath '$path'" "parent of other cgroups"
done <<'PATHS'
/agentrun
//agentrun/.
agentrun
/docker
/default
/init.scope
/kubepods
/kubepods/burstable
/kubepods/besteffort
/kubelet/kubepods
/kubepods/burstable/pod0a1b2c3d-1111-2222-3333-444455556666
/libpod_parent
/machine.slice
/podruntime
/system.slice
/user.slice/user-1000.slice
system.slice:agentrun:others.slice
PATHS
assert_nothing_left

# start_other PATH: a container $id-2 whose cgroup is that; $pid is its init.
start_other() {
	make_command "$bundle" '.linux.cgroupsPath = $ARGS.positional[-1] | .process.args |= .[:-1]' sleep 1000 "$1"
	run_agentrun run --detach --bundle "$bundle" "$id-2"
	expect_success
	pid=$(container_pid "$id-2")
	attack_bundle .
}

# expect_cgroup_refused PATH WORDS: a container there does not start, and the other one lives on.
expect_cgroup_refused() {
	edit_bundle "$bundle" '.linux.cgroupsPath = $path' --arg path "$1"
	run_agentrun run --bundle "$bundle" "$id"
	expect_error "$2"
	check_lacks "what ran" "$output" escaped
	run_agentrun delete --force "$id"
	check_true "the other container lives" kill -0 "$pid"
	check_equal "the other container" "$(container_status "$id-2")" running
}

test_begin "a container's cgroup is not made above another container's"
start_other "/$lib_mark-pod/other"
expect_cgroup_refused "/$lib_mark-pod" "cgroup is not empty"
run_agentrun delete --force "$id-2"
mkdir -p "$(cgroup_root)/$lib_mark-pod/later"
attack_bundle '.linux.cgroupsPath = $path' --arg path "/$lib_mark-pod"
run_agentrun run --bundle "$bundle" "$id"
expect_error "there are cgroups below it"
check_lacks "what ran" "$output" escaped
run_agentrun delete --force "$id"
check_true "the other cgroup is still there" rmdir "$(cgroup_root)/$lib_mark-pod/later"
rmdir "$(cgroup_root)/$lib_mark-pod"
assert_nothing_left

# occupy: $other is a cgroup with a process of the host, $sleeper
occupy() {
	other=$(cgroup_root)/$lib_mark-other
	mkdir "$other"
	AGENTRUN_TEST=$lib_mark sleep 1000 &
	sleeper=$!
	echo "$sleeper" >"$other/cgroup.procs"
}

test_begin "a container's cgroup is not made below another container's"
start_other "/$lib_mark-other"
expect_cgroup_refused "/$lib_mark-other/own" "'/$lib_mark-other' above it holds processes of others"
expect_cgroup_refused "/$lib_mark-other/a/b" "'/$lib_mark-other' above it holds processes of others"
check_false "something was made below it" test -e "$(cgroup_root)/$lib_mark-other/own"
if takes_below; then
	edit_bundle "$bundle" '.linux.cgroupsPath = $path' --arg path "/$lib_mark-other/own"
	expect_runs
fi
run_agentrun delete --force "$id-2"
assert_nothing_left

test_begin "a container's cgroup is not made below that of a process of the host"
occupy
attack_bundle '.linux.cgroupsPath = $path' --arg path "/$lib_mark-other/own"
run_agentrun run --bundle "$bundle" "$id"
expect_error "holds processes of others"
check_lacks "what ran" "$output" escaped
kill "$sleeper"
wait "$sleeper" 2>/dev/null || true
check_true "nothing was made below it" rmdir "$other"
assert_nothing_left

test_begin "a cgroup below the caller's own is taken, and one that is there and empty"
own=$(cgroup_root)/$lib_mark-own
mkdir -p "$own/box"
attack_bundle '.linux.cgroupsPath = $path' --arg path "/$lib_mark-own/box"
# the program is the shell's child: neither is in the root
run_command sh -c 'echo $$ >"$1/cgroup.procs" && shift && "$@"' sh "$own" \
	"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
if takes_below; then
	expect_success
	expect_output escaped
else
	expect_error "a cgroup above it is threaded"
fi
rmdir "$own/box" "$own" 2>/dev/null || true
assert_nothing_left

if test_begin "of two that are made at one time, one above the other, only one starts" command:strace; then
	attack_bundle '.linux.cgroupsPath = $path' --arg path "/$lib_mark-pod"
	# after it has looked at its cgroup, before its first process is there
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o "$TEST_TMP/trace" -e inject=clone3:delay_enter=2000000 \
		"$AGENTRUN" --root "$state" create --bundle "$bundle" "$id" >"$TEST_TMP/above" 2>&1 &
	above=$!
	for _ in $(seq 100); do
		if [ -d "$(cgroup_root)/$lib_mark-pod" ]; then break; fi
		sleep 0.05
	done
	cp -r "$bundle" "$bundle-below"
	edit_bundle "$bundle-below" '.linux.cgroupsPath = $path' --arg path "/$lib_mark-pod/below"
	run_agentrun create --bundle "$bundle-below" "$id-2"
	expect_success
	wait "$above" && status=0 || status=$?
	check_equal "status of the one above" "$status" 1
	# where the one below has enabled controllers for itself, the kernel lets no process into the cgroup above it
	check_match "what it says" "$(cat "$TEST_TMP/above")" "there are cgroups below it|device or resource busy"
	check_equal "the other container" "$(container_status "$id-2")" created
	check_true "it has a process" kill -0 "$(container_pid "$id-2")"
	run_agentrun delete --force "$id-2"
	rmdir "$(cgroup_root)/$lib_mark-pod" 2>/dev/null || true
	assert_nothing_left
fi

test_begin "a cgroup that holds processes already is not joined"
occupy
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
