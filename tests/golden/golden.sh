#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What policy makes of each bundle in cases/: the effective configuration and its decisions (expected.json), and what
# "explain" shows of them (expected.txt). The host is made up, so that no rights are needed; see golden.c.
#
#   golden.sh        compare
#   golden.sh -u     write what comes out as what is expected, to be read with "git diff"
#
# GOLDEN is the program golden; without it the one beside AGENTRUN is taken.
set -euo pipefail
: "${SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${GOLDEN:=$(dirname "${AGENTRUN:-./agentrun}")/tests/golden/golden}"
cases=$SRCDIR/tests/golden/cases

# outputs CASE: the forms that a case has. Of an exec or update there is no text.
outputs() {
	echo json
	if [ ! -e "$1/process.json" ] && [ ! -e "$1/resources.json" ]; then
		echo txt
	fi
}

# produce CASE FORM
produce() {
	case $2 in
	json) "$GOLDEN" json "$1" ;;
	txt) "$GOLDEN" text "$1" ;;
	esac
}

if [ "${1-}" = -u ]; then
	for case in "$cases"/*/; do
		for form in $(outputs "$case"); do
			produce "$case" "$form" >"$case/expected.$form"
		done
	done
	exit
fi

. "$SRCDIR/tests/tap.sh"
[ -x "$GOLDEN" ] || skip_all "no program '$GOLDEN': make tests/golden/golden"
for case in "$cases"/*/; do
	for form in $(outputs "$case"); do
		test_begin "$(basename "$case"): expected.$form"
		if got=$(produce "$case" "$form" 2>&1); then
			found=$(diff -u "$case/expected.$form" - <<<"$got" | tail -n +3) || fail "$found"
		else
			fail "$got"
		fi
	done
done
