#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# containerd with agentrun, without Docker: run, exec, kill, pause, resume, delete by ctr.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
needs root command:containerd command:ctr command:ip command:script

# ctr_ ARGUMENT...: sets $status, $output, $errors. It makes FIFOs in /run that the daemon must see.
ctr_() {
	run_command nsenter --target "$host_pid" --mount --net --wd=/ -- \
		ctr --address "$containerd_socket" --namespace "$lib_mark" "$@"
}

ctr_pty() {
	local input=$1
	shift
	run_pty "$input" nsenter --target "$host_pid" --mount --net --wd=/ -- \
		ctr --address "$containerd_socket" --namespace "$lib_mark" "$@"
}

# options of "ctr run" that all have; $1: the runtime
common() {
	common=(--runtime io.containerd.runc.v2 --runc-binary "$1" --cgroup "/$engine_cgroup/$id")
}

# run OPTION... COMMAND...: in the foreground, and removed
run() {
	common "$runtime"
	ctr_ run --rm "${common[@]}" "${options[@]}" docker.io/library/box:latest "$id" "$@"
	options=()
}

start() {
	common "$runtime"
	ctr_ run --detach --null-io "${common[@]}" "${options[@]}" docker.io/library/box:latest "$id" "$@"
	expect_success
	options=()
}
options=()

engine_forget() {
	local left
	[ -n "$containerd_pid" ] || return 0
	ctr_ tasks ls --quiet
	for left in $output; do
		ctr_ tasks delete --force "$left"
	done
	ctr_ containers ls --quiet
	for left in $output; do
		ctr_ containers delete "$left"
	done
}

task_status() {
	ctr_ tasks ls
	awk -v id="$1" '$1 == id { print $3 }' <<<"$output"
}

# wait_task STATUS: at most five seconds
wait_task() {
	for _ in $(seq 50); do
		[ "$(task_status "$id")" != "$1" ] || return 0
		sleep 0.1
	done
	fail "task"$'\n'"     got: $(task_status "$id")"$'\n'"expected: $1"
}

test_begin "containerd starts and takes an image"
host_start v2
containerd_start
engine_image "$TEST_TMP/image"
engine_archive "$TEST_TMP/image" box "$TEST_TMP/box.tar"
ctr_ images import "$TEST_TMP/box.tar"
expect_success

test_begin "ctr run prints what the command prints, with its status"
run sh -c 'echo hello; exit 7'
expect_status 7
expect_output hello

test_begin "a root filesystem that is a folder of the host is run"
engine_image "$bundle/root"
common "$runtime"
ctr_ run --rm "${common[@]}" --rootfs "$bundle/root" "$id" /bin/echo hello
expect_success
expect_output hello

test_begin "the terminal is the container's"
common "$runtime"
ctr_pty $'tty; exit 9' run --rm --tty "${common[@]}" docker.io/library/box:latest "$id" sh
expect_status 9
expect_output_has /dev/pts/0

test_begin "environment and folder are as asked, mounts are there"
mkdir -p "$bundle/job"
echo outside >"$bundle/job/file"
options=(--env COLOR=blue --cwd /data --mount "type=bind,src=$bundle/job,dst=/job,options=rbind:rw")
run sh -c 'echo $COLOR; pwd; cat /job/file; echo inside >/job/new'
expect_success
expect_output $'blue\n/data\noutside'
check_equal "file on the host" "$(cat "$bundle/job/new")" inside

if test_begin "a container is caged, with --privileged too" agentrun; then
	for option in --null '--privileged --seccomp'; do
		options=(--env COLOR=blue)
		[ "$option" = --null ] || options=(--privileged)
		run probe
		expect_success
		# ctr mounts no cgroup tree, where the limits could be read
		expect_cage "$option" "$output" limits
		check_match "capabilities" "$output" $'^CapBnd\t00000000000004fb$'
	done
fi

if test_begin "containerd's socket is refused, with the reason" agentrun; then
	options=(--mount "type=bind,src=$containerd_socket,dst=/socket,options=rbind:rw")
	run true
	check_true "status $status is none of success" test "$status" -ne 0
	expect_error "is refused by the agent profile: it is a socket of the host"
fi

test_begin "a command that is missing is reported, and nothing of it stays"
run no-such-command
expect_error 'exec: "no-such-command": executable file not found in $PATH'
check_equal "tasks" "$(task_status "$id")" ""

test_begin "exec runs in the container, with its status"
start sleep 60
ctr_ tasks exec --exec-id one "$id" sh -c 'cat /proc/1/comm; exit 5'
expect_status 5
expect_output sleep
ctr_ tasks exec --exec-id two --user 1000 --cwd /data "$id" sh -c 'id -u; pwd'
expect_success
expect_output $'1000\n/data'

if test_begin "what is executed in a container is caged" agentrun; then
	start sleep 60
	ctr_ tasks exec --exec-id one "$id" probe
	expect_success
	expect_cage "ctr tasks exec" "$output"
fi

test_begin "exec has a terminal"
start sleep 60
ctr_pty $'tty; exit 3' tasks exec --tty --exec-id one "$id" sh
expect_status 3
expect_output_has /dev/pts/

test_begin "kill sends the signal, and the task stops with it"
start sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
ctr_ tasks ls
wait_until handles_term "$(awk -v id="$id" '$1 == id { print $2 }' <<<"$output")"
ctr_ tasks kill --signal SIGTERM "$id"
expect_success
wait_task STOPPED
ctr_ tasks delete "$id"
check_has "exit status of the task" "$errors" 'exit with non-zero exit code 5"'
id=$id-2
start sleep 60
ctr_ tasks kill --signal SIGKILL "$id"
wait_task STOPPED
ctr_ tasks delete "$id"
check_has "exit status of the task" "$errors" 'exit with non-zero exit code 137"'

test_begin "kill --all ends every process of the container"
start sh -c 'sleep 61 & sleep 62 & wait'
ctr_ tasks kill --all --signal SIGKILL "$id"
expect_success
wait_task STOPPED

test_begin "pause and resume"
start sh -c 'while :; do sleep 0.1; done'
ctr_ tasks pause "$id"
expect_success
check_equal "status" "$(task_status "$id")" PAUSED
ctr_ tasks ls
pid=$(awk -v id="$id" '$1 == id { print $2 }' <<<"$output")
check_equal "in its cgroup" "$(frozen "$pid")" 1
ctr_ tasks resume "$id"
expect_success
check_equal "status" "$(task_status "$id")" RUNNING
check_equal "in its cgroup, after that" "$(frozen "$pid")" 0
ctr_ tasks exec --exec-id one "$id" true
expect_success

test_begin "ps and metrics answer"
start sleep 63
ctr_ tasks ps "$id"
expect_success
check_match "processes" "$output" '^[0-9]+'
ctr_ tasks metrics "$id"
expect_success

test_begin "delete --force ends and removes"
start sleep 60
ctr_ tasks delete --force "$id"
ctr_ containers delete "$id"
expect_success
check_equal "tasks" "$(task_status "$id")" ""
check_equal "state of the runtime" "$(in_host find "/run/containerd/runc/$lib_mark" -mindepth 1 2>/dev/null || true)" ""

test_begin "compat lets a container write to its root"
common "$runtime-compat"
ctr_ run --rm "${common[@]}" docker.io/library/box:latest "$id" sh -c 'echo x >/new && cat /new'
expect_success
expect_output x

if test_begin "a counter goes on where its checkpoint was made" command:criu; then
	mkdir -p "$bundle/data"
	count_file=$bundle/data/count
	common "$runtime-compat"
	ctr_ run --detach --null-io "${common[@]}" --mount "type=bind,src=$bundle/data,dst=/data,options=rbind:rw" \
		docker.io/library/box:latest "$id" sh -c "$counting"
	expect_success
	expect_counting
	before=$(count)
	ctr_ containers checkpoint --task "$id" "checkpoints/$id"
	expect_success
	expect_counting
	ctr_ tasks delete --force "$id"
	ctr_ containers delete "$id"
	expect_success
	ctr_ containers restore --live "$id" "checkpoints/$id"
	expect_success
	expect_counting
	check_true "it goes on at $(count), and was $before" test "$(count)" -gt "$before"
	check_equal "starts" "$(cat "$bundle/data/starts")" start
	ctr_ tasks exec --exec-id one "$id" cat /proc/1/comm
	expect_output counter
fi

test_begin "nothing is left"
engine_forget
engine_stop
assert_engine_left_nothing
