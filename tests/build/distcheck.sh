#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tarball builds, passes its tests, installs and cleans up after itself.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:make
build=$(dirname "${AGENTRUN:?}")
[ -e "$build/Makefile" ] || skip_all "AGENTRUN is not in a build folder"

test_begin "make distcheck passes"
if ! make -C "$build" -j "$(nproc)" distcheck >"$TEST_TMP/log" 2>&1; then
	fail "$(grep -E -A 8 '^(not ok|failed)|error:|\*\*\*' "$TEST_TMP/log" | tail -n 60)"
fi
