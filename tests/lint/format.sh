#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every C file is as .clang-format says; scripts/format makes it so.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:clang-format
cd "$SRCDIR"

while read -r file; do
	test_begin "$file is formatted"
	found=$(clang-format --dry-run --Werror --ferror-limit=3 "$file" 2>&1) || fail "$found"
done < <(scripts/files | grep '\.[ch]$')
