# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TAP for test files written in bash. Sourced; prints the plan when the file ends.
#
#   test_begin NAME [FEATURE...]   open a test; the one before is closed. It passes unless a check
#                                  fails. With features (see needs) that this machine lacks it is
#                                  skipped and false is returned: if test_begin ... ; then ... fi
#   fail TEXT...                   the open test fails; more checks may follow
#   skip REASON                    the open test is skipped; leave its body after that
#   skip_all REASON                the whole file is skipped; ends it
#   note TEXT...                   a line for the reader
#   check_equal WHAT GOT EXPECTED
#   check_has WHAT GOT PART        part of it, literally
#   check_lacks WHAT GOT PART
#   check_match WHAT GOT REGEX     extended, any line
#   check_true WHAT COMMAND...     the command succeeds
#   check_false WHAT COMMAND...    it does not
#
# A command that fails outside of a check, under "set -e", fails the open test and ends the file.

: "${SRCDIR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
export SRCDIR

tap_number=0
tap_name=    # of the open test; empty: none is open
tap_problems=
tap_skip=
tap_failed=0
tap_line=
# Called when a test starts, when it ends and when the file does; a library replaces them.
tap_test_start() { :; }
tap_test_done() { :; }
tap_file_done() { :; }

test_begin() {
	test_end
	tap_number=$((tap_number + 1))
	tap_name=$1
	tap_problems='' tap_skip=''
	shift
	local feature
	for feature; do
		if ! has "$feature"; then
			skip "$(needs_text "$feature")"
			test_end
			return 1
		fi
	done
	tap_test_start
}

# Close the open test, if there is one.
test_end() {
	[ -n "$tap_name" ] || return 0
	tap_test_done
	if [ -n "$tap_problems" ]; then
		echo "not ok $tap_number - $tap_name"
		# never a line that reads as TAP
		sed 's/^/# /' <<<"${tap_problems%$'\n'}"
		tap_failed=$((tap_failed + 1))
	elif [ -n "$tap_skip" ]; then
		echo "ok $tap_number - $tap_name # SKIP $tap_skip"
	else
		echo "ok $tap_number - $tap_name"
	fi
	tap_name=''
}

fail() {
	tap_problems+="$*"$'\n'
}

skip() {
	tap_skip=$1
}

skip_all() {
	trap - EXIT
	tap_file_done
	echo "1..0 # SKIP $1"
	exit 0
}

note() {
	sed 's/^/# /' <<<"$*"
}

check_equal() {
	[ "$2" = "$3" ] || fail "$1"$'\n'"     got: $2"$'\n'"expected: $3"
}

check_has() {
	case $2 in
	*"$3"*) ;;
	*) fail "$1"$'\n'"     got: $2"$'\n'"expected to have: $3" ;;
	esac
}

check_lacks() {
	case $2 in
	*"$3"*) fail "$1"$'\n'"     got: $2"$'\n'"expected not to have: $3" ;;
	esac
}

check_match() {
	grep -qE -e "$3" <<<"$2" || fail "$1"$'\n'"     got: $2"$'\n'"expected to match: $3"
}

check_true() {
	local what=$1 said
	shift
	said=$("$@" 2>&1) || fail "$what"$'\n'"   asked: $*"$'\n'"     got: status $? $said"$'\n'"expected: success"
}

check_false() {
	local what=$1 said
	shift
	if said=$("$@" 2>&1); then
		fail "$what"$'\n'"   asked: $*"$'\n'"     got: success $said"$'\n'"expected: a failure"
	fi
}

# Replaced by tests/lib.sh, which knows the machine; here only commands are known.
has() {
	command -v "${1#command:}" >/dev/null
}

needs_text() {
	echo "needs the command '${1#command:}'"
}

# The whole file needs these.
needs() {
	local feature
	for feature; do
		has "$feature" || skip_all "$(needs_text "$feature")"
	done
}

tap_end() {
	local status=$?
	trap - EXIT
	set +e
	if [ "$status" -ne 0 ]; then
		if [ -z "$tap_name" ]; then
			tap_number=$((tap_number + 1))
			tap_name="the file runs to its end"
		fi
		fail "ended with status $status at ${tap_line:-?}"
	fi
	test_end
	tap_file_done
	echo "1..$tap_number"
	[ "$tap_failed" -eq 0 ] || exit 1
	exit 0
}
set -o errtrace
trap 'tap_line="${BASH_SOURCE[0]##*/}:$LINENO"' ERR
trap tap_end EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
