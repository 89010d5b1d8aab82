#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two builds of one commit are the same file, wherever they are made.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:make
[ -x "$SRCDIR/configure" ] || skip_all "no ./configure in the source folder; autogen.sh makes it"

copy_source() {
	mkdir -p "$1"
	(cd "$SRCDIR" && { scripts/files; printf '%s\n' configure aclocal.m4 Makefile.in build-aux; } |
		tar -c --files-from=-) | tar -x -C "$1"
	"$SRCDIR/build-aux/commit" -p "$SRCDIR" >"$1/.commit"
}

build_in() {
	mkdir -p "$1"
	(cd "$1" && "$2/configure" --quiet && make --silent -j "$(nproc)") >"$1.log" 2>&1 ||
		fail "the build in $1 failed:"$'\n'"$(tail -n 20 "$1.log")"
}

copy_source "$TEST_TMP/one/source"
copy_source "$TEST_TMP/two/far/deeper/source"

test_begin "two builds in different folders are identical"
build_in "$TEST_TMP/one/build" ../source
# in the source folder itself, and that at another depth
build_in "$TEST_TMP/two/far/deeper/source" .
check_true "the two programs" cmp "$TEST_TMP/one/build/agentrun" "$TEST_TMP/two/far/deeper/source/agentrun"

test_begin "no folder of the build is in the program"
check_false "the name of the folder" grep -q "$TEST_TMP" "$TEST_TMP/one/build/agentrun"
