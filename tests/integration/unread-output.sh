#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program whose output nobody reads: neither the container nor the caller's signals wait for a reader.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

mkfifo "$TEST_TMP/unread"
exec 9<>"$TEST_TMP/unread"

# is_full: the pipe that nobody reads takes no more
is_full() {
	! timeout 1 dd if=/dev/zero of="$TEST_TMP/unread" bs=4096 count=1 oflag=nonblock status=none 2>/dev/null
}

test_begin "a container ends while the output of an exec waits for its reader"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
AGENTRUN_TEST=$lib_mark "$AGENTRUN" --root "$state" exec "$id" sh -c 'cat /dev/zero' >"$TEST_TMP/unread" 2>/dev/null 9>&- &
exec=$!
check_true "it writes" wait_until sh -c 'pgrep -f "^cat /dev/zero$" >/dev/null'
check_true "nobody reads it" wait_until is_full
run_agentrun kill "$id" KILL
expect_success
wait_status stopped
run_agentrun delete "$id"
expect_success
check_true "the exec waits for its reader" kill -0 "$exec"
kill -TERM "$exec"
status=0
wait "$exec" || status=$?
check_equal "status of the exec" "$status" 137
assert_nothing_left
