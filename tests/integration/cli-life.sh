#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From create to delete: what each command does in each state, and how its options may be written.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

# expect_sentence STATUS SENTENCE: the last run failed with exactly that
expect_sentence() {
	expect_status "$1"
	check_equal "standard output" "$output" ""
	check_equal "error" "$(sed -n 's/^time="[^"]*" level=error msg="\(.*\)"$/\1/p' <<<"$errors")" "${2//\"/\\\"}"
}

create() {
	run_agentrun create --bundle "$bundle" "$id"
	expect_success
}

# A bundle whose program runs until it is told to end by SIGTERM or SIGUSR1.
make_waiting() {
	make_command "$bundle" . sh -c 'trap "exit 3" TERM; trap "exit 4" USR1; sleep 1000 & while :; do wait; done'
}

# --- states --------------------------------------------------------------------------------------

test_begin "a container is created, started and stopped, and is gone when it is deleted"
make_waiting
create
check_equal status "$(container_status "$id")" created
run_agentrun start "$id"
expect_success
check_equal status "$(container_status "$id")" running
run_agentrun kill "$id" KILL
expect_success
wait_status stopped
run_agentrun delete "$id"
expect_success
check_equal status "$(container_status "$id")" none
assert_nothing_left

# state | command | exit status | sentence ("" for success)
table='
none    | state ID            | 1   | container does not exist
none    | start ID            | 1   | container does not exist
none    | kill ID             | 1   | container does not exist
none    | kill --all ID KILL  | 1   | container does not exist
none    | delete ID           | 1   | container does not exist
none    | delete --force ID   | 0   |
none    | pause ID            | 1   | container does not exist
none    | resume ID           | 1   | container does not exist
none    | ps ID               | 1   | container does not exist
none    | events ID           | 1   | container does not exist
none    | update ID           | 1   | container does not exist
none    | exec ID true        | 255 | exec failed: container does not exist
created | kill ID 0           | 0   |
created | delete ID           | 0   |
created | delete -f ID        | 0   |
created | resume ID           | 1   | container not paused
running | start ID            | 1   | cannot start an already running container
running | delete ID           | 1   | cannot delete container ID that is not stopped: running
running | delete --force ID   | 0   |
running | resume ID           | 1   | container not paused
running | kill ID 0           | 0   |
paused  | start ID            | 1   | cannot start a container in the paused state
paused  | delete ID           | 1   | cannot delete container ID that is not stopped: paused
paused  | delete --force ID   | 0   |
paused  | pause ID            | 1   | container not running
paused  | exec ID true        | 255 | exec failed: cannot exec in a paused container (use --ignore-paused to override)
paused  | kill ID KILL        | 0   |
stopped | start ID            | 1   | cannot start a container that has stopped
stopped | kill ID             | 1   | container not running
stopped | kill ID KILL        | 1   | container not running
stopped | kill ID 0           | 1   | container not running
stopped | kill --all ID       | 0   |
stopped | kill -a ID KILL     | 0   |
stopped | pause ID            | 1   | container not running
stopped | resume ID           | 1   | container not paused
stopped | exec ID true        | 255 | exec failed: cannot exec in a stopped container
stopped | update ID           | 1   | container not running
stopped | delete ID           | 0   |
stopped | delete --force ID   | 0   |
'

# reach STATE
reach() {
	[ "$1" != none ] || return 0
	make_waiting
	create
	[ "$1" != created ] || return 0
	run_agentrun start "$id"
	expect_success
	case $1 in
	paused) run_agentrun pause "$id" ;;
	stopped)
		run_agentrun kill "$id" KILL
		wait_status stopped
		;;
	esac
	expect_success
	check_equal "status before" "$(container_status "$id")" "$1"
}

while IFS='|' read -r before words wanted sentence; do
	before=${before// /}
	[ -n "$before" ] || continue
	read -ra argv <<<"$words"
	read -r sentence <<<"$sentence"
	needed=()
	[ "$before" != paused ] || needed=(cgroup)
	test_begin "$before: ${argv[*]}" "${needed[@]}" || continue
	reach "$before"
	run_agentrun "${argv[@]/#ID/$id}"
	if [ -n "$sentence" ]; then
		expect_sentence "${wanted// /}" "${sentence/ID/$id}"
	else
		expect_status "${wanted// /}"
		check_equal "standard output" "$output" ""
		check_equal "standard error" "$errors" ""
	fi
	case ${argv[0]} in
	delete)
		if [ "$status" = 0 ]; then assert_nothing_left; fi
		;;
	esac
done <<<"$table"

# --- run -----------------------------------------------------------------------------------------

while IFS='|' read -r what program wanted; do
	test_begin "run ends with $what"
	make_command "$bundle" . sh -c "$program"
	run_agentrun run --bundle "$bundle" "$id"
	expect_status "$wanted"
	check_equal "standard error" "$errors" ""
	assert_nothing_left
done <<'EOT'
the program's success|exit 0|0
the program's exit status|exit 7|7
255, if that is the program's|exit 255|255
EOT

test_begin "run ends with 128 and the signal that ended the program"
make_waiting
(
	# a kill is taken before the program runs as well, and then run says that it did not start
	wait_status running
	"$AGENTRUN" --root "$state" kill "$id" KILL
) &
run_agentrun run --bundle "$bundle" "$id"
expect_status 137
wait
assert_nothing_left

test_begin "what a container in the foreground mounts is not busy in the host"
mkdir "$TEST_TMP/source"
mount -t tmpfs none "$TEST_TMP/source"
make_waiting
edit_bundle "$bundle" '.mounts += [{destination: "/source", type: "bind", source: $source, options: ["bind"]}]' \
	--arg source "$TEST_TMP/source"
"$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id" &
runtime=$!
wait_status running
check_true "unmount on the host" umount "$TEST_TMP/source"
run_agentrun delete --force "$id"
wait "$runtime" 2>/dev/null || true
assert_nothing_left

test_begin "run --keep leaves the stopped container"
make_command "$bundle" . true
run_agentrun run --keep --bundle "$bundle" "$id"
expect_success
check_equal status "$(container_status "$id")" stopped

test_begin "run --detach ends when the program has begun"
make_waiting
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
check_equal status "$(container_status "$id")" running

if test_begin "systemd's library and CRIU are not looked for unless they are asked for" command:strace; then
	make_command "$bundle" . sh -c 'echo runs'
	run_agentrun create --bundle "$bundle" "$id"
	expect_success
	make_command "$bundle-3" . sleep 1000
	run_agentrun run --detach --bundle "$bundle-3" "$id-3"
	expect_success
	for command in "run --bundle $bundle $id-2" "state $id" "exec $id-3 true" "delete --force $id"; do
		# shellcheck disable=SC2086 # words
		ASAN_OPTIONS=detect_leaks=0 run_command strace -f -qq -o "$TEST_TMP/trace" -e trace=%file,execve "$AGENTRUN" --root "$state" $command
		expect_success
		check_true "$command: files were looked at" [ -s "$TEST_TMP/trace" ]
		check_equal "$command" "$(grep -iE 'libsystemd|libcriu|criu|sd-bus|system_bus_socket' "$TEST_TMP/trace" || true)" ""
	done
fi

# --- signals -------------------------------------------------------------------------------------

for signal in "" TERM SIGTERM term sigterm 15; do
	test_begin "kill ID $signal"
	make_waiting
	run_agentrun run --detach --bundle "$bundle" "$id"
	check_true "its traps are set" wait_until handles_term "$(container_pid)"
	run_agentrun kill "$id" ${signal:+"$signal"}
	expect_success
	wait_status stopped
done

for signal in HUP INT QUIT TERM; do
	test_begin "kill ID $signal: a container that waits for start ends"
	make_waiting
	create
	run_agentrun kill "$id" "$signal"
	expect_success
	wait_status stopped
	run_agentrun start "$id"
	expect_sentence 1 "cannot start a container that has stopped"
	run_agentrun delete "$id"
	expect_success
	assert_nothing_left
done

# Whoever shares the host's pid namespace is not ended by the kernel with the first process.
if test_begin "KILL ends all processes of a container without a pid namespace of its own" cgroup; then
	make_command "$bundle" 'del(.linux.namespaces[] | select(.type == "pid"))' sh -c 'sleep 1000 & sleep 1000 & wait'
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	has_processes() {
		[ "$("$AGENTRUN" --root "$state" ps -f json "$id" | jq length)" = "$1" ]
	}
	check_true "it has three processes" wait_until has_processes 3
	run_agentrun kill "$id" KILL
	expect_success
	wait_status stopped
	check_true "it has none afterwards" wait_until has_processes 0
fi

# Between the look at it and the signal, which no caller can wait for: the kernel's answer then.
if test_begin "a signal that comes after the end of the first process says what engines look for" command:strace; then
	make_waiting
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	for signal in TERM KILL; do
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -qq -o /dev/null -e inject=pidfd_send_signal:error=ESRCH \
			"$AGENTRUN" --root "$state" kill "$id" "$signal"
		expect_sentence 1 "unable to signal init: os: process already finished"
	done
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

if test_begin "KILL ends what a stopped container without a pid namespace left" cgroup; then
	make_command "$bundle" 'del(.linux.namespaces[] | select(.type == "pid"))' sh -c 'sleep 1000 & exit 0'
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	wait_status stopped
	run_agentrun kill --all "$id" 9
	expect_success
	for _ in 1 2 3 4 5; do
		[ -n "$(our_processes)" ] || break
		sleep 0.1
	done
	check_equal "processes" "$(our_processes)" ""
	run_agentrun delete "$id"
	expect_success
	assert_nothing_left
fi

# --- how options may be written ------------------------------------------------------------------

while read -r words; do
	[ -n "$words" ] || continue
	test_begin "agentrun $words"
	make_waiting
	read -ra argv <<<"$words"
	argv=("${argv[@]//BUNDLE/$bundle}")
	run_agentrun "${argv[@]//ID/$id}"
	expect_success
	check_equal status "$(container_status "$id")" created
done <<'EOT'
create --bundle BUNDLE ID
create --bundle=BUNDLE ID
create -bundle BUNDLE ID
create -bundle=BUNDLE ID
create -b BUNDLE ID
create -b=BUNDLE ID
create --b BUNDLE ID
create ID --bundle BUNDLE
create ID -b BUNDLE
create --no-new-keyring=false -b BUNDLE ID
create -b /nonexistent -b BUNDLE ID
--debug=false create -b BUNDLE ID
--systemd-cgroup=false create -b BUNDLE ID
--rootless=auto create -b BUNDLE ID
--criu /nonexistent create -b BUNDLE ID
create -b BUNDLE -- ID
create --console-socket= --pid-file= -b BUNDLE ID
EOT

test_begin "the working directory is the bundle when none is named"
make_waiting
run_command env -C "$bundle" "$AGENTRUN" --root "$state" create "$id"
expect_success
check_equal bundle "$("$AGENTRUN" --root "$state" state "$id" | jq -r .bundle)" "$bundle"

test_begin "relative paths are taken against the working directory, not the bundle"
make_waiting
mkdir "$TEST_TMP/elsewhere"
run_command env -C "$TEST_TMP/elsewhere" "$AGENTRUN" --root ../state create --pid-file pid \
	--bundle "../${bundle##*/}" "$id"
expect_success
check_equal "pid file" "$(cat "$TEST_TMP/elsewhere/pid")" "$(container_pid "$id")"
check_equal bundle "$("$AGENTRUN" --root "$state" state "$id" | jq -r .bundle)" "$bundle"

test_begin "delete takes its option behind the id"
make_waiting
create
run_agentrun start "$id"
run_agentrun delete "$id" -f
expect_success
assert_nothing_left

test_begin "options behind exec's id belong to the command"
make_waiting
run_agentrun run --detach --bundle "$bundle" "$id"
run_agentrun exec "$id" echo --tty -- -e
expect_success
expect_output "--tty -- -e"

test_begin "options of exec that are given empty are not given"
make_waiting
run_agentrun run --detach --bundle "$bundle" "$id"
run_agentrun exec --user= --cwd= --process= --pid-file= --apparmor= --process-label= --cgroup= --console-socket= \
	"$id" sh -c 'id -u; pwd'
expect_success
expect_output "0"$'\n'/

test_begin "a relative pid file of exec is taken against the working directory"
make_waiting
mkdir "$TEST_TMP/there"
run_agentrun run --detach --bundle "$bundle" "$id"
run_command env -C "$TEST_TMP/there" "$AGENTRUN" --root "$state" exec --detach --pid-file pid "$id" sleep 1000
expect_success
check_true "the process runs" test -d "/proc/$(cat "$TEST_TMP/there/pid")"
run_agentrun delete --force "$id"
assert_nothing_left

# --- a state root without room -------------------------------------------------------------------

test_begin "a container starts, and its poststart hooks run, when there is no room for its record"
usual=$state state=$TEST_TMP/small
mkdir "$state"
mount -t tmpfs -o size=256k,mode=700 tmpfs "$state"
make_command "$bundle" '.hooks.poststart = [{path: "/bin/touch", args: ["touch", ""]}]' sleep 1000
edit_bundle "$bundle" '.hooks.poststart[0].args[1] = $file' --arg file "$TEST_TMP/poststart"
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_success
dd if=/dev/zero of="$state/filler" bs=4k status=none 2>/dev/null || true
run_agentrun start "$id"
expect_success
check_match "standard error" "$errors" "level=warning msg=\"container $id: write 'state.json': no space left on device\""
check_equal status "$(container_status "$id")" running
check_true "the hook has run" test -e "$TEST_TMP/poststart"
run_agentrun delete --force "$id"
expect_success
umount "$state"
rmdir "$state"
state=$usual
assert_nothing_left

# --- descriptors ---------------------------------------------------------------------------------

test_begin "descriptors of socket activation are passed on, and those that are asked for behind them"
make_command "$bundle" . sh -c 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; cat <&4'
echo three >"$TEST_TMP/three"
echo four >"$TEST_TMP/four"
# shellcheck disable=SC2016 # the inner shell's own number becomes the tool's
run_command sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<"$0/three" 4<"$0/four"' "$TEST_TMP" \
	"$AGENTRUN" --root "$state" run --preserve-fds 1 --bundle "$bundle" "$id"
expect_success
expect_output "1 1"$'\n'three$'\n'four

test_begin "descriptors of socket activation that are another process's stay behind"
make_command "$bundle" . sh -c 'echo "${LISTEN_FDS-none}"; cat <&3'
# shellcheck disable=SC2016
run_command sh -c 'LISTEN_FDS=1 LISTEN_PID=1 exec "$@" 3<"$0/three"' "$TEST_TMP" \
	"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
expect_output none
expect_error "Bad file descriptor"

for command in create run; do
	test_begin "$command refuses to pass on a descriptor that is not open"
	make_command "$bundle" . true
	run_command sh -c 'exec "$@" 3<&- 4<&-' sh "$AGENTRUN" --root "$state" "$command" --preserve-fds 2 \
		--bundle "$bundle" "$id"
	expect_status 1
	expect_error "agentrun $command failed: unable to stat preserved-fd 0 (of 2)"
	assert_nothing_left
done

test_begin "a descriptor of the tool itself, as its log, is none of the caller's"
make_command "$bundle" . true
run_command sh -c 'exec "$@" 3<&- 4<&-' sh "$AGENTRUN" --root "$state" --log "$TEST_TMP/log" run --preserve-fds 1 \
	--bundle "$bundle" "$id"
expect_status 1
expect_error "unable to stat preserved-fd 0 (of 1)"
assert_nothing_left

# --- hooks of delete -----------------------------------------------------------------------------

if test_begin "delete runs poststop hooks with the state on their input, when the container is gone"; then
	mkdir -p "$TEST_TMP/hooks"
	printf '#!/bin/sh\ncat >%s/state\n%s --root %s state %s >%s/seen 2>&1\n' "$TEST_TMP/hooks" "$AGENTRUN" "$state" "$id" \
		"$TEST_TMP/hooks" >"$TEST_TMP/hooks/hook"
	chmod 755 "$TEST_TMP/hooks/hook"
	make_command "$bundle" '.hooks.poststop = [{"path": "'"$TEST_TMP/hooks/hook"'"}] | .annotations = {"a": "b"}' sleep 1000
	run_agentrun --profile compat create --bundle "$bundle" "$id"
	expect_success
	run_agentrun delete --force "$id"
	expect_success
	check_equal "state that the hook got" "$(jq -c . "$TEST_TMP/hooks/state")" \
		"{\"ociVersion\":\"1.3.0\",\"id\":\"$id\",\"status\":\"stopped\",\"bundle\":\"$bundle\",\"annotations\":{\"a\":\"b\"}}"
	check_has "what the hook saw" "$(cat "$TEST_TMP/hooks/seen")" "container does not exist"
fi

test_begin "a poststop hook that fails is a warning, and the container is gone"
make_command "$bundle" '.hooks.poststop = [{"path": "/bin/false"}]' true
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_success
run_agentrun delete --force "$id"
expect_success
check_match "standard error" "$errors" 'level=warning msg="error running poststop hook #0'
assert_nothing_left

test_begin "a caller that ignores SIGCHLD gets the exit status all the same"
make_command "$bundle" '.hooks = {createRuntime: [{path: "/bin/true"}]}' sh -c 'exit 3'
run_command sh -c 'trap "" CHLD; exec "$@"' sh "$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id"
expect_status 3
assert_nothing_left
