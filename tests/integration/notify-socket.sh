#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# NOTIFY_SOCKET of the caller: the container gets one of its own, and the caller's service manager hears that
# the program is ready.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../helpers.bash"
needs root command:python3
build_helper datagram

# start_manager [BARRIER-SECONDS [ADDRESS]]
start_manager() {
	address=${2:-$TEST_TMP/manager}
	rm -f "$TEST_TMP/manager" "$TEST_TMP/messages"
	AGENTRUN_TEST=$lib_mark python3 "$(dirname "$0")/notify-socket.py" "$address" "$TEST_TMP/messages" "${1:-0}" 100 &
	manager=$!
	for _ in $(seq 100); do
		[ ! -e "$TEST_TMP/messages" ] || return 0
		sleep 0.05
	done
	fail "the manager does not listen"
}

stop_manager() {
	kill "$manager"
	wait "$manager" 2>/dev/null || true
}

# messages N: what the manager heard, when it is that many lines.
messages() {
	for _ in $(seq 100); do
		[ "$(wc -l <"$TEST_TMP/messages")" -lt "$1" ] || break
		sleep 0.05
	done
	cat "$TEST_TMP/messages"
}

# notifying_bundle FILTER COMMAND...: /datagram is in it.
notifying_bundle() {
	make_command "$bundle" "$@"
	cp "$helpers_folder/datagram" "$bundle/rootfs/datagram"
}

# run_notified ARGUMENT...: with the manager's address in the environment.
run_notified() {
	NOTIFY_SOCKET=$address run_agentrun "$@"
}

for profile in compat agent strict; do
	test_begin "start waits until the program is ready and tells the manager ($profile)"
	start_manager
	notifying_bundle . sh -c 'sleep 0.5; /datagram "STATUS=nearly there" "$(printf "FDNAME=x\nREADY=1\nSTATUS=up")" "STOPPING=1"; sleep 100'
	run_notified --profile "$profile" create --bundle "$bundle" "$id"
	expect_success
	check_equal "said at create" "$(cat "$TEST_TMP/messages")" ""
	run_notified start "$id"
	expect_success
	check_equal "what the manager heard by then" "$(cat "$TEST_TMP/messages")" \
		"READY=1"$'\n'"MAINPID=$(container_pid "$id")"$'\n'"BARRIER=1 +1"
	run_agentrun delete --force "$id"
	stop_manager
	assert_nothing_left

	test_begin "run --detach waits and tells in the same way ($profile)"
	start_manager
	notifying_bundle . sh -c 'sleep 0.3; /datagram READY=1; sleep 100'
	run_notified --profile "$profile" run --detach --bundle "$bundle" "$id"
	expect_success
	check_equal "what the manager heard by then" "$(cat "$TEST_TMP/messages")" \
		"READY=1"$'\n'"MAINPID=$(container_pid "$id")"$'\n'"BARRIER=1 +1"
	run_agentrun delete --force "$id"
	stop_manager
	assert_nothing_left

	test_begin "the container has the variable and a mount without rights ($profile)"
	start_manager
	# shellcheck disable=SC2016
	notifying_bundle . sh -c 'echo "$NOTIFY_SOCKET"; stat -c "%a %F" /run/notify/notify.sock
		grep " /run/notify " /proc/self/mountinfo | cut -d " " -f 6 | tr , "\n" | sort | tr "\n" " "
		touch /run/notify/x 2>&1 | grep -o Read-only'
	run_notified --profile "$profile" run --bundle "$bundle" "$id"
	expect_output_has $'/run/notify/notify.sock\n777 socket\nnodev noexec nosuid '
	check_match "read-only" "$output" '(^| )ro '
	expect_output_has Read-only
	stop_manager
	assert_nothing_left
done

test_begin "run in the foreground names itself, and ends with the container"
start_manager
notifying_bundle . sh -c '/datagram READY=1; echo said; exit 3'
run_notified run --bundle "$bundle" "$id"
expect_status 3
expect_output said
check_match "what the manager heard" "$(messages 3 | tr '\n' ' ')" '^READY=1 MAINPID=[0-9]+ BARRIER=1 \+1 $'
stop_manager
assert_nothing_left

test_begin "the process to watch is the runtime in the foreground"
start_manager
notifying_bundle . sh -c '/datagram READY=1; sleep 100'
AGENTRUN_TEST=$lib_mark NOTIFY_SOCKET=$address "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id" &
runtime=$!
check_equal "the pid" "$(messages 3 | sed -n 's/^MAINPID=//p')" "$runtime"
run_agentrun kill "$id" KILL
wait "$runtime" || true
stop_manager
assert_nothing_left

test_begin "a program that ends without a word keeps nobody waiting"
start_manager
notifying_bundle . sh -c 'sleep 0.3'
RUN_SECONDS=20 run_notified run --bundle "$bundle" "$id"
expect_success
RUN_SECONDS=20 run_notified create --bundle "$bundle" "$id"
RUN_SECONDS=20 run_notified start "$id"
expect_success
RUN_SECONDS=20 run_notified run --detach --bundle "$bundle" "$id-2"
expect_success
check_equal "what the manager heard" "$(cat "$TEST_TMP/messages")" ""
run_agentrun delete "$id"
run_agentrun delete "$id-2"
expect_success
stop_manager
assert_nothing_left

if test_begin "a manager that never answers the barrier is waited for half a minute, and the container runs" command:strace; then
	start_manager 90
	notifying_bundle . sh -c '/datagram READY=1; sleep 100'
	run_notified create --bundle "$bundle" "$id"
	expect_success
	# what is waited for last is the barrier; the kernel says at once that the time is over
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 NOTIFY_SOCKET=$address run_command strace -qq -o "$TEST_TMP/waits" -e trace=poll \
		-e inject=poll:retval=0:when=2+ "$AGENTRUN" --root "$state" start "$id"
	expect_success
	check_match "how it waits" "$(tail -n 1 "$TEST_TMP/waits")" \
		'^poll\(\[\{fd=[0-9]+, events=POLLIN\}\], 1, (30000|29[0-9]{3})\) = 0'
	check_equal "status" "$(container_status)" running
	run_agentrun delete --force "$id"
	stop_manager
	assert_nothing_left
fi

test_begin "the manager has read it all before start returns"
start_manager 1.5
notifying_bundle . sh -c '/datagram READY=1; sleep 100'
run_notified create --bundle "$bundle" "$id"
begin=$(date +%s%N)
run_notified start "$id"
expect_success
check_true "it took the second and a half of the barrier" [ $((($(date +%s%N) - begin) / 1000000)) -ge 1400 ]
run_agentrun delete --force "$id"
stop_manager
assert_nothing_left

test_begin "other commands do their work while start waits"
start_manager
notifying_bundle . sh -c 'while ! [ -e /tmp/go ]; do sleep 0.1; done; /datagram READY=1; sleep 100'
run_notified create --bundle "$bundle" "$id"
AGENTRUN_TEST=$lib_mark NOTIFY_SOCKET=$address "$AGENTRUN" --root "$state" start "$id" &
start=$!
wait_status running
# shellcheck disable=SC2016
run_agentrun exec "$id" sh -c 'echo "[$NOTIFY_SOCKET]"; touch /tmp/go'
expect_output "[]"
wait "$start" || fail "start ends with $?"
check_has "what the manager heard" "$(cat "$TEST_TMP/messages")" READY=1
run_agentrun delete --force "$id"
stop_manager
assert_nothing_left

test_begin "an abstract address is reached"
start_manager 0 "@agentrun-$lib_mark"
notifying_bundle . sh -c '/datagram READY=1; sleep 100'
run_notified run --detach --bundle "$bundle" "$id"
expect_success
check_has "what the manager heard" "$(cat "$TEST_TMP/messages")" READY=1
run_agentrun delete --force "$id"
stop_manager
assert_nothing_left

test_begin "a hardened container says READY=1 and nothing else"
start_manager
notifying_bundle . sh -c '/datagram "READY=1 MAINPID=1" READY=0 MAINPID=1; sleep 0.2; /datagram READY=1; sleep 100'
run_notified run --detach --bundle "$bundle" "$id"
check_equal "what the manager heard" "$(cat "$TEST_TMP/messages")" \
	"READY=1"$'\n'"MAINPID=$(container_pid "$id")"$'\n'"BARRIER=1 +1"
run_agentrun delete --force "$id"
stop_manager
assert_nothing_left

test_begin "the caller's address wins over the bundle's"
start_manager
# shellcheck disable=SC2016
notifying_bundle '.process.env += ["NOTIFY_SOCKET=/nonesuch"]' sh -c 'tr "\0" "\n" </proc/1/environ | grep NOTIFY'
run_notified run --bundle "$bundle" "$id"
expect_output NOTIFY_SOCKET=/run/notify/notify.sock
stop_manager
assert_nothing_left

test_begin "nobody at the address: start says so before the program runs"
address=$TEST_TMP/nobody
notifying_bundle . sleep 100
run_notified create --bundle "$bundle" "$id"
expect_success
run_notified start "$id"
expect_error "NOTIFY_SOCKET '$address'"
check_equal "status" "$(container_status "$id")" created
run_agentrun start "$id"
expect_success
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "nobody at the address: run goes on and says so"
address=$TEST_TMP/nobody
notifying_bundle . echo went on
run_notified run --bundle "$bundle" "$id"
expect_success
expect_output "went on"
check_has "the warning" "$errors" "NOTIFY_SOCKET '$address'"
notifying_bundle . sleep 100
RUN_SECONDS=20 run_notified run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "nobody but the container reaches its socket"
start_manager
notifying_bundle . sh -c 'while ! [ -e /tmp/go ]; do sleep 0.1; done; /datagram READY=1; sleep 100'
run_notified create --bundle "$bundle" "$id"
expect_success
AGENTRUN_TEST=$lib_mark NOTIFY_SOCKET=$address "$AGENTRUN" --root "$state" start "$id" &
start=$!
wait_status running
socket=$(find "$state/$id" -name notify.sock)
check_true "the socket is there" test -S "$socket"
check_false "another user reaches it" setpriv --reuid 1000 --regid 1000 --clear-groups test -e "$socket"
check_equal "the directory above its own" "$(stat -c %a "$(dirname "$(dirname "$socket")")")" 700
run_agentrun exec "$id" touch /tmp/go
wait "$start" || fail "start ends with $?"
run_agentrun delete --force "$id"
stop_manager
assert_nothing_left

test_begin "a manager that takes nothing for a while keeps no signal from the container, and hears all in the end"
start_manager
notifying_bundle . sh -c 'trap "echo got it; exit 3" TERM; /datagram READY=1; echo said; while :; do sleep 0.1; done'
kill -STOP "$manager"
# as many as it has room for, and one that waits
python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
s.setblocking(False)
try:
	while True:
		s.send(b"X")
except BlockingIOError:
	pass' "$address"
AGENTRUN_TEST=$lib_mark NOTIFY_SOCKET=$address "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id" >"$TEST_TMP/said" &
runtime=$!
check_true "it has said so" wait_until grep -q said "$TEST_TMP/said"
kill -TERM "$runtime"
status=0
wait "$runtime" || status=$?
check_equal "status" "$status" 3
check_has "output" "$(cat "$TEST_TMP/said")" "got it"
run_notified create --bundle "$bundle" "$id"
expect_success
AGENTRUN_TEST=$lib_mark NOTIFY_SOCKET=$address "$AGENTRUN" --root "$state" start "$id" >/dev/null &
start=$!
wait_status running
sleep 0.5
kill -CONT "$manager"
wait "$start" || fail "start ends with $?"
check_has "what the manager heard" "$(grep -vx X "$TEST_TMP/messages")" \
	"READY=1"$'\n'"MAINPID=$(container_pid "$id")"$'\n'"BARRIER=1 +1"
run_agentrun delete --force "$id"
stop_manager
assert_nothing_left

test_begin "a manager that goes before the program is ready: run --detach says so, and the container runs on"
start_manager
notifying_bundle . sh -c 'while ! [ -e /tmp/go ]; do sleep 0.1; done; /datagram READY=1; sleep 100'
AGENTRUN_TEST=$lib_mark NOTIFY_SOCKET=$address "$AGENTRUN" --root "$state" run --detach --bundle "$bundle" "$id" \
	>/dev/null 2>"$TEST_TMP/detached.errors" &
detached=$!
wait_status running
stop_manager
run_agentrun exec "$id" touch /tmp/go
wait "$detached" || fail "run ends with $?"
check_has "the warning" "$(cat "$TEST_TMP/detached.errors")" "NOTIFY_SOCKET"
check_equal "status" "$(container_status "$id")" running
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "a container that was not told at create is started as ever"
start_manager
notifying_bundle . sleep 100
run_agentrun create --bundle "$bundle" "$id"
RUN_SECONDS=20 run_notified start "$id"
expect_success
run_agentrun delete --force "$id"
stop_manager
assert_nothing_left

test_begin "an empty NOTIFY_SOCKET is none"
# shellcheck disable=SC2016
notifying_bundle . sh -c 'echo "[$NOTIFY_SOCKET]"; ls -d /run/notify 2>&1 | grep -o "No such"'
address='' run_notified run --bundle "$bundle" "$id"
expect_output $'[]\nNo such'
assert_nothing_left

if test_begin "a user namespace of the bundle's is no obstacle" userns; then
	start_manager
	notifying_bundle '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings' \
		sh -c '/datagram READY=1; sleep 100'
	mkdir "$bundle/rootfs/run/notify"
	run_notified --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	check_has "what the manager heard" "$(cat "$TEST_TMP/messages")" READY=1
	run_agentrun delete --force "$id"
	stop_manager
	assert_nothing_left
fi
