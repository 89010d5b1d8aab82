#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cppcheck finds nothing in the C files.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:cppcheck
cd "$SRCDIR"

for folder in libcontainer src; do
	test_begin "cppcheck finds nothing in $folder"
	found=$(cppcheck --quiet --std=c11 --language=c --platform=unix64 -j 2 \
		--enable=warning,performance,portability --inline-suppr \
		--suppressions-list=tests/lint/cppcheck.suppressions \
		-D_GNU_SOURCE -DMS_RDONLY=1 -DAR_COMMIT='""' -DAR_VERSION='""' -DAR_SYSCONFDIR='""' \
		-Ilibcontainer -Isrc --error-exitcode=1 "$folder" 2>&1) || fail "$found"
done
