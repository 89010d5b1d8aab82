#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2024-21626: a descriptor of the host that the runtime leaves open is a way out, as a working
# directory or as part of the program's path.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

# A directory of ours that callers leave open, as a careless engine does.
mkdir -p "$TEST_TMP/host"
echo secret >"$TEST_TMP/host/file"
cp /bin/busybox "$TEST_TMP/host/busybox"

for profile in compat agent; do
	test_begin "$profile: a program has no descriptor but the three standard streams"
	make_command "$bundle" . sh -c 'echo /proc/self/fd/*'
	run_agentrun --profile "$profile" run --bundle "$bundle" "$id" 9<"$TEST_TMP/host"
	# the fourth is the shell's own, of the directory that it lists
	check_equal descriptors "$output" "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3"
	assert_nothing_left

	test_begin "$profile: no descriptor of the host serves as working directory"
	for fd in $(seq 3 40); do
		make_command "$bundle" . cat file
		edit_bundle "$bundle" '.process.cwd = $cwd' --arg cwd "/proc/self/fd/$fd"
		run_agentrun --profile "$profile" run --bundle "$bundle" "$id" 9<"$TEST_TMP/host"
		check_lacks "output for descriptor $fd" "$output" secret
		expect_error "working directory"
	done
	assert_nothing_left

	test_begin "$profile: no descriptor of the host serves in the program's path"
	for fd in $(seq 3 40); do
		make_command "$bundle" . "/proc/self/fd/$fd/busybox" echo outside
		run_agentrun --profile "$profile" run --bundle "$bundle" "$id" 9<"$TEST_TMP/host"
		check_lacks "output for descriptor $fd" "$output" outside
		expect_error "exec:"
	done
	assert_nothing_left

	test_begin "$profile: nor in exec"
	make_command "$bundle" . sleep 100
	run_agentrun --profile "$profile" run --detach --bundle "$bundle" "$id"
	expect_success
	for fd in $(seq 3 40); do
		run_agentrun exec --cwd "/proc/self/fd/$fd" "$id" cat file 9<"$TEST_TMP/host"
		check_lacks "output for descriptor $fd" "$output" secret
		expect_error "working directory"
		run_agentrun exec "$id" "/proc/self/fd/$fd/busybox" echo outside 9<"$TEST_TMP/host"
		check_lacks "output for descriptor $fd" "$output" outside
	done
	run_agentrun exec "$id" sh -c 'echo /proc/self/fd/*' 9<"$TEST_TMP/host"
	check_equal descriptors "$output" "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3"
	run_agentrun delete --force "$id"
	assert_nothing_left
done

test_begin "a descriptor that is passed on purpose is a way: the probe sees one"
make_command "$bundle" . /proc/self/fd/3/busybox cat /proc/self/fd/3/file
run_agentrun --profile compat run --preserve-fds 1 --bundle "$bundle" "$id" 3<"$TEST_TMP/host"
expect_output secret
assert_nothing_left

for profile in agent strict; do
	test_begin "$profile: what leads out of the container is not passed on, whoever asks for it"
	make_command "$bundle" . true
	mkdir -p "$TEST_TMP/host"
	for what in "$TEST_TMP/host" /dev/kmsg /proc/version /proc/self/ns/net; do
		run_agentrun --profile "$profile" run --preserve-fds 1 --bundle "$bundle" "$id" 3<"$what"
		expect_error "descriptor 3 is not for the container: it"
		assert_nothing_left
	done
	run_command sh -c 'exec "$@" <"$0"' "$TEST_TMP/host" "$AGENTRUN" --root "$state" --profile "$profile" \
		create --bundle "$bundle" "$id"
	expect_error "descriptor 0 is not for the container: it is a directory of the host"
	assert_nothing_left

	test_begin "$profile: an exec passes on no more"
	make_command "$bundle" . sleep 1000
	run_agentrun --profile "$profile" run --detach --bundle "$bundle" "$id"
	expect_success
	run_agentrun exec --preserve-fds 1 "$id" true 3<"$TEST_TMP/host"
	expect_error "descriptor 3 is not for the container: it is a directory of the host"
	run_agentrun delete --force "$id"
	assert_nothing_left

	test_begin "$profile: files, pipes, sockets and the devices of everybody are"
	echo content >"$TEST_TMP/passed"
	make_command "$bundle" . cat /proc/self/fd/3
	for what in "$TEST_TMP/passed" /dev/null; do
		run_agentrun --profile "$profile" run --preserve-fds 1 --bundle "$bundle" "$id" 3<"$what"
		expect_success
	done
	run_agentrun --profile "$profile" run --preserve-fds 1 --bundle "$bundle" "$id" 3< <(echo through a pipe)
	expect_output "through a pipe"
	assert_nothing_left
done
