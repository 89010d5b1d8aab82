#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that ends without having read its input: its status counts, not that somebody still wrote. And one whose
# errors nobody reads.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:python3

head -c 300000 /dev/zero >"$TEST_TMP/input"

# statuses COMMAND...: of 40 times the command, whose input nobody reads
statuses() {
	local status
	for _ in $(seq 40); do
		status=0
		AGENTRUN_TEST=$lib_mark timeout 60 "$AGENTRUN" --root "$state" "$@" <"$TEST_TMP/input" >/dev/null 2>&1 || status=$?
		echo "$status"
	done | sort | uniq -c | sed 's/^ *//'
}

test_begin "exec gives the status of a program that leaves its input"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
check_equal "statuses" "$(statuses exec "$id" true)" "40 0"
check_equal "statuses" "$(statuses exec "$id" sh -c 'exit 7')" "40 7"
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "run gives the status of a program that leaves its input"
make_command "$bundle" . sh -c 'exit 7'
check_equal "statuses" "$(statuses run --bundle "$bundle" "$id")" "40 7"
assert_nothing_left

test_begin "the end of a named pipe is seen, also when its last writer went before the exec came"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
mkfifo "$TEST_TMP/named"
printf hello >"$TEST_TMP/named" &
exec 8<"$TEST_TMP/named"
wait "$!"
# shellcheck disable=SC2016
RUN_SECONDS=20 run_command sh -c 'exec "$@" <&8 8<&-' sh "$AGENTRUN" --root "$state" exec "$id" cat
exec 8<&-
expect_success
expect_output hello
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "that a program is not executed is told to the caller, also where nobody reads its errors"
make_command "$bundle" . sleep 1000
printf '\177ELF' >"$bundle/rootfs/garbage"
chmod +x "$bundle/rootfs/garbage"
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_command python3 -c 'import os, subprocess, sys
unread, errors = os.pipe()
os.close(unread)
sys.exit(subprocess.call(sys.argv[1:], stderr=errors, restore_signals=False))' \
	"$AGENTRUN" --root "$state" --log "$TEST_TMP/log" exec --detach "$id" /garbage
expect_status 255
check_has "the log" "$(cat "$TEST_TMP/log")" "exec /garbage: exec format error"
run_agentrun delete --force "$id"
assert_nothing_left
