#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every text file: no trailing blanks, no place of somebody's machine, no leftover marker, a license.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
cd "$SRCDIR"

mapfile -t files < <(scripts/files | grep -v '^LICENSES/' | xargs -d '\n' grep -lI .)

# none TEXT REGEX [FILE...]: no line of these files (all) fits.
none() {
	local text=$1 regex=$2 found
	shift 2
	[ $# -gt 0 ] || set -- "${files[@]}"
	test_begin "$text"
	found=$(grep -nE -e "$regex" /dev/null "$@" | head -n 20 || true)
	[ -z "$found" ] || fail "$found"
}

# some FILE-REGEX: the names of the files that fit
some() {
	printf '%s\n' "${files[@]}" | grep -E -e "$1"
}

# The words are put together here, so that this file does not find itself.
none "no line ends in blanks" '[[:blank:]]+$'
none "no carriage returns" $'\r'
none "no markers of unfinished work" "\\<(TO""DO|FIX""ME|XX""X|HA""CK)\\>"
none "no place of somebody's machine" "/ho""me/[a-z]+/|/Us""ers/[a-z]+/"
none "no leftover of a merge" '^(<<<<<<<|>>>>>>>|=======)( |$)'
mapfile -t sources < <(some '\.([ch]|sh|mk|am|ac)$')
# The tables of tests may be wide.
mapfile -t narrow < <(printf '%s\n' "${sources[@]}" | grep -v '^tests/.*\.sh$')
none "no line of a source is longer than 140 characters" '^.{141}' "${narrow[@]}"

# All files at once, and not a program a file: there are a thousand.
test_begin "every source names its license in its first three lines"
check_equal "without" "$(awk 'FNR == 1 { all[FILENAME] } FNR <= 3 && /SPDX-License-Identifier: / { named[FILENAME] }
	END { for (file in all) if (!(file in named)) print file }' "${sources[@]}")" ""

test_begin "libcontainer is LGPL-2.1-or-later, everything else GPL-2.0-or-later"
mapfile -t programs < <(some '\.[ch]$')
check_equal "others" "$(awk 'FNR == 1 {
	license = FILENAME ~ /^libcontainer\// ? "LGPL-2.1-or-later" : "GPL-2.0-or-later"
	if (!index($0, "/* SPDX-License-Identifier: " license " */")) print FILENAME }' "${programs[@]}")" ""

test_begin "every header says #pragma once"
mapfile -t headers < <(some '\.h$')
check_equal "without" "$(grep -L '^#pragma once$' "${headers[@]}")" ""

test_begin "no file is longer than 600 lines"
mapfile -t long < <(some '^(libcontainer|src)/.*\.[ch]$')
check_equal "longer" "$(wc -l "${long[@]}" | awk '$1 > 600 && $2 != "total"')" ""

test_begin "every file ends with a newline"
if [ "$(tail -q -c 1 "${files[@]}" | tr -d '\n' | wc -c)" != 0 ]; then
	for file in "${files[@]}"; do
		[ -z "$(tail -c 1 "$file")" ] || fail "$file"
	done
fi
