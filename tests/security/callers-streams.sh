#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The files and terminals that a caller has as its standard streams: /proc/self/fd/0 opens anew what stands behind a
# descriptor, also for writing, and a program under another user would be given them.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# shellcheck disable=SC2016 # for the shell in the container
attack='echo escaped >>/proc/self/fd/0; : >/proc/self/fd/1; chmod 4777 /proc/self/fd/0 /proc/self/fd/1; chown 5 /proc/self/fd/2; cat'

# files: input, output and errors as a caller has them, and how they stand
files() {
	echo given >"$bundle/in"
	echo before >"$bundle/out"
	: >"$bundle/err"
	chmod 600 "$bundle/in" "$bundle/out" "$bundle/err"
}
standing() {
	stat -c '%n %a %u' "$bundle/in" "$bundle/out" "$bundle/err"
}
expect_files() {
	check_equal "how they stand" "$(standing)" "$standing"
	check_equal "input" "$(cat "$bundle/in")" given
	# what was written to the pipe in the place of the input comes back from there
	check_equal "output" "$(head -n 1 "$bundle/out"; tail -n +2 "$bundle/out" | sort)" $'before\nescaped\ngiven'
}

for user in 0 1000; do
	test_begin "the files of the caller of run are out of reach, for user $user"
	make_command "$bundle" ".process.user = {uid: $user, gid: $user}" sh -c "$attack"
	files
	standing=$(standing)
	"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id" <"$bundle/in" >>"$bundle/out" 2>>"$bundle/err"
	expect_files

	test_begin "the files of the caller of exec are out of reach, for user $user"
	make_command "$bundle" . sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	files
	standing=$(standing)
	"$AGENTRUN" --root "$state" exec --user "$user:$user" "$id" sh -c "$attack" <"$bundle/in" >>"$bundle/out" 2>>"$bundle/err"
	expect_files
done

test_begin "output and errors that go to one file keep their order"
make_command "$bundle" . sh -c 'for i in 1 2 3 4 5; do echo "out $i"; echo "err $i" >&2; done'
"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id" >"$TEST_TMP/both" 2>&1
check_equal "both" "$(tr '\n' , <"$TEST_TMP/both")" "out 1,err 1,out 2,err 2,out 3,err 3,out 4,err 4,out 5,err 5,"

test_begin "what is long comes whole, both ways"
make_command "$bundle" . cat
head -c 5000000 /dev/urandom >"$TEST_TMP/long"
"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id" <"$TEST_TMP/long" >"$TEST_TMP/copy"
check_true "copy" cmp "$TEST_TMP/long" "$TEST_TMP/copy"

# Of a file, and of a pipe that is of another user than the program's.
for user in 0 1000; do
	test_begin "input that a program does not read is the caller's, for user $user"
	make_command "$bundle" . sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	seq 5000 >"$TEST_TMP/lines"
	rest=$(tail -c +6001 "$TEST_TMP/lines")
	: >"$TEST_TMP/read"
	while read -r line && [ "$line" -lt 4 ]; do
		"$AGENTRUN" --root "$state" exec --user "$user:$user" "$id" sh -c 'read line; echo "$line"' >>"$TEST_TMP/read"
	done <"$TEST_TMP/lines"
	check_equal "lines" "$(tr '\n' , <"$TEST_TMP/read")" "2,4,"
	{
		"$AGENTRUN" --root "$state" exec --user "$user:$user" "$id" dd bs=1 count=6000 of=/dev/null 2>/dev/null
		"$AGENTRUN" --root "$state" exec --user "$user:$user" "$id" true
		check_equal "the rest" "$(cat)" "$rest"
	} <"$TEST_TMP/lines"
	run_agentrun delete --force "$id"
done

test_begin "a pipe of the program's own user is not taken from"
make_command "$bundle" . sh -c 'read line; echo "$line"'
check_equal "lines" "$(seq 3 | { "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"; cat; } | tr '\n' ,)" "1,2,3,"

test_begin "who writes to a full disk is told"
make_command "$bundle" . sh -c 'while echo more; do :; done; exit 5'
# shellcheck disable=SC2016 # for the other shell
run_command bash -c '"$@" >/dev/full' bash "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
expect_status 5
expect_error "Broken pipe"
expect_error "the output of the container is not whole: no space left on device"
make_command "$bundle" . echo lost
# shellcheck disable=SC2016 # for the other shell
run_command bash -c '"$@" >/dev/full' bash "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id-2"
expect_status 1
expect_error "copy the output of the container: no space left on device"
check_equal "state directories" "$(ls "$state")" ""
# shellcheck disable=SC2016 # for the other shell
run_command bash -c '"$@" >/dev/full' bash "$AGENTRUN" --root "$state" run --keep --bundle "$bundle" "$id-2"
expect_status 1
check_equal "status of what is to be kept" "$(container_status "$id-2")" stopped
run_agentrun delete "$id-2"
expect_success

if test_begin "a terminal of the caller stays the caller's" command:script; then
	make_command "$bundle" . sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	# shellcheck disable=SC2016 # for the shell on the terminal
	AGENTRUN_TESTED="$AGENTRUN --root $state exec --user 1000:1000 $id" script -qec 'before=$(stat -Lc "%u %a" /dev/stdin)
		$AGENTRUN_TESTED true; [ "$(stat -Lc "%u %a" /dev/stdin)" = "$before" ] && echo the same' /dev/null >"$TEST_TMP/typescript"
	check_has "the terminal" "$(cat "$TEST_TMP/typescript")" "the same"
	run_agentrun delete --force "$id"
fi
assert_nothing_left
