#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong command lines: exit status, error, help text, and one line in the log. runc's words, since engines
# look for them.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

log=$TEST_TMP/log.json

# arguments | exit status | first line on standard output, empty: nothing | error
# ARGV0 stands for the name the program is called by.
table='
bogus                                | 3   |                                                  | No help topic for '\''bogus'\''
help bogus                           | 3   |                                                  | No help topic for '\''bogus'\''
h bogus                              | 3   |                                                  | No help topic for '\''bogus'\''
--bogus                              | 1   | Incorrect Usage. flag provided but not defined: -bogus | flag provided but not defined: -bogus
-bogus=1 state x                     | 1   | Incorrect Usage. flag provided but not defined: -bogus | flag provided but not defined: -bogus
--root                               | 1   | Incorrect Usage. flag needs an argument: -root    | flag needs an argument: -root
--debug=perhaps state x              | 1   | Incorrect Usage. invalid boolean value "perhaps" for -debug: parse error | invalid boolean value "perhaps" for -debug: parse error
--log-format xml list                | 1   |                                                  | invalid log-format: xml
--rootless perhaps create x          | 1   |                                                  | agentrun create failed: invalid rootless: parsing "perhaps": invalid syntax
--cgroup-manager x list              | 1   |                                                  | invalid cgroup-manager: x (expected cgroupfs, systemd or disabled)
--profile nosuch list                | 1   |                                                  | invalid profile: nosuch (expected compat, agent or strict)
--root / list                        | 1   |                                                  | Option --root argument should not be set to /
--root // list                       | 1   |                                                  | Option --root argument should not be set to /
--root /x/.. list                    | 1   |                                                  | Option --root argument should not be set to /
--root= list                         | 1   |                                                  | Option --root argument should not be empty
state                                | 1   | Incorrect Usage.                                 | ARGV0: "state" requires exactly 1 argument(s)
state a b                            | 1   | Incorrect Usage.                                 | ARGV0: "state" requires exactly 1 argument(s)
list a                               | 1   | Incorrect Usage.                                 | ARGV0: "list" requires exactly 0 argument(s)
features a                           | 1   | Incorrect Usage.                                 | ARGV0: "features" requires exactly 0 argument(s)
create                               | 1   | Incorrect Usage.                                 | ARGV0: "create" requires exactly 1 argument(s)
run a b                              | 1   | Incorrect Usage.                                 | ARGV0: "run" requires exactly 1 argument(s)
start                                | 1   | Incorrect Usage.                                 | ARGV0: "start" requires exactly 1 argument(s)
delete                               | 1   | Incorrect Usage.                                 | ARGV0: "delete" requires exactly 1 argument(s)
pause                                | 1   | Incorrect Usage.                                 | ARGV0: "pause" requires exactly 1 argument(s)
resume                               | 1   | Incorrect Usage.                                 | ARGV0: "resume" requires exactly 1 argument(s)
update                               | 1   | Incorrect Usage.                                 | ARGV0: "update" requires exactly 1 argument(s)
events                               | 1   | Incorrect Usage.                                 | ARGV0: "events" requires exactly 1 argument(s)
kill                                 | 1   | Incorrect Usage.                                 | ARGV0: "kill" requires a minimum of 1 argument(s)
kill a TERM b                        | 1   | Incorrect Usage.                                 | ARGV0: "kill" requires a maximum of 2 argument(s)
exec                                 | 1   | Incorrect Usage.                                 | ARGV0: "exec" requires a minimum of 1 argument(s)
ps                                   | 1   | Incorrect Usage.                                 | ARGV0: "ps" requires a minimum of 1 argument(s)
state --bogus a                      | 1   | Incorrect Usage: flag provided but not defined: -bogus | flag provided but not defined: -bogus
delete -fa a                         | 1   | Incorrect Usage: flag provided but not defined: -fa | flag provided but not defined: -fa
list -fjson                          | 1   | Incorrect Usage: flag provided but not defined: -fjson | flag provided but not defined: -fjson
delete --force=perhaps a             | 1   | Incorrect Usage: invalid boolean value "perhaps" for -force: parse error | invalid boolean value "perhaps" for -force: parse error
create --bundle                      | 1   | Incorrect Usage: flag needs an argument: -bundle  | flag needs an argument: -bundle
create -b                            | 1   | Incorrect Usage: flag needs an argument: -b       | flag needs an argument: -b
create --preserve-fds x a            | 1   | Incorrect Usage: invalid value "x" for flag -preserve-fds: parse error | invalid value "x" for flag -preserve-fds: parse error
create ---bundle x a                 | 1   | Incorrect Usage: bad flag syntax: ---bundle       | bad flag syntax: ---bundle
list --format xml                    | 1   |                                                  | invalid format option
explain --format xml                 | 1   |                                                  | invalid format: xml (expected text or json)
doctor -f yaml                       | 1   |                                                  | invalid format: yaml (expected text or json)
checkpoint --image-path x a          | 1   |                                                  | container does not exist
checkpoint                           | 1   | Incorrect Usage.                                 | ARGV0: "checkpoint" requires exactly 1 argument(s)
restore --bundle x -no-subreaper a   | 1   |                                                  | restore is refused by the agent profile: a restored image would shed Landlock and seccomp
--profile strict restore a           | 1   |                                                  | restore is refused by the strict profile: a restored image would shed Landlock and seccomp
restore --lsm-mount-context          | 1   | Incorrect Usage: flag needs an argument: -lsm-mount-context | flag needs an argument: -lsm-mount-context
restore                              | 1   | Incorrect Usage.                                 | ARGV0: "restore" requires exactly 1 argument(s)
'

trim() {
	local s=$1
	s=${s#"${s%%[! ]*}"}
	printf '%s' "${s%"${s##*[! ]}"}"
}

# one_line_logged ERROR: the log is one JSON value on one line, with this message.
one_line_logged() {
	check_equal "lines in the log" "$(wc -l <"$log")" 1
	check_equal "level in the log" "$(jq -r .level <"$log")" error
	check_equal "message in the log" "$(jq -r .msg <"$log")" "$1"
	check_match "time in the log" "$(jq -r .time <"$log")" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9:]{5})$'
}

while IFS='|' read -r words wanted_status wanted_output wanted_error; do
	words=$(trim "$words") wanted_status=$(trim "$wanted_status")
	[ -n "$words" ] || continue
	wanted_output=$(trim "$wanted_output") wanted_error=$(trim "$wanted_error")
	wanted_error=${wanted_error/ARGV0/$AGENTRUN}
	read -ra argv <<<"$words"
	test_begin "agentrun $words"
	run_command "$AGENTRUN" "${argv[@]}"
	expect_status "$wanted_status"
	check_equal "first line on standard output" "${output%%$'\n'*}" "$wanted_output"
	check_equal "lines on standard error" "$(wc -l <"$TEST_TMP/errors")" 1
	check_match "standard error" "$errors" '^time="[^"]+" level=error msg="'
	check_has "standard error" "$errors" "${wanted_error//\"/\\\"}"
	rm -f "$log"
	run_command "$AGENTRUN" --log "$log" --log-format json "${argv[@]}"
	expect_status "$wanted_status"
	check_equal "standard error beside a log" "$errors" "$wanted_error"
	case $words in
	*--log-format*) ;; # the log is no JSON then
	*) one_line_logged "$wanted_error" ;;
	esac
done <<<"$table"

test_begin "with a log file in text the error is there, and as a bare line on standard error"
rm -f "$log"
run_command "$AGENTRUN" --log "$log" state "$id"
check_equal "standard error" "$errors" "container does not exist"
check_match "log" "$(cat "$log")" '^time="[0-9TZ:-]+" level=error msg="container does not exist"$'

test_begin "errors are added to a log, not written over it"
rm -f "$log"
run_command "$AGENTRUN" --log "$log" --log-format json state "$id"
run_command "$AGENTRUN" --log "$log" --log-format json bogus
check_equal "messages" "$(jq -r .msg <"$log")" "container does not exist"$'\n'"No help topic for 'bogus'"

test_begin "a log file that cannot be opened is an error"
run_command "$AGENTRUN" --log "$TEST_TMP/none/log" list
expect_status 1
expect_error "$TEST_TMP/none/log"

test_begin "a result that cannot be written is an error"
status=0
"$AGENTRUN" features >/dev/full 2>"$TEST_TMP/errors" || status=$?
check_equal status "$status" 1
check_has "standard error" "$(cat "$TEST_TMP/errors")" "write to standard output: no space left on device"

test_begin "closed standard descriptors are no descriptors of ours"
status=0
"$AGENTRUN" --log "$log" list <&- >&- 2>&- || status=$?
check_equal status "$status" 0
