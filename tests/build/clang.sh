#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# clang's warnings are not gcc's: the program and the tests have none of them either.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:clang
[ -x "$SRCDIR/configure" ] || skip_all "no ./configure in the source folder; autogen.sh makes it"

test_begin "clang compiles everything without a warning"
cd "$TEST_TMP"
{ "$SRCDIR/configure" --quiet --enable-werror CC=clang &&
	make --silent -j "$(nproc)" all && make --silent -j "$(nproc)" test-programs; } >log 2>&1 ||
	fail "$(grep -E 'error|warning' log | head -n 20)"

test_begin "the program that clang makes runs"
check_match "its version" "$(./agentrun --version)" '^agentrun version '
