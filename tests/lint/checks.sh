#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every test checks something: between test_begin and the next one stands a word of tap.sh's, or a function that has one.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
cd "$SRCDIR"

mapfile -t files < <(scripts/files | grep -E '^tests/.*\.(sh|bash)$' | grep -vE '/(data|corpus|helpers)/')

# words FILE...: of each line of code "FILE LINE FUNCTION WORD...", FUNCTION being - outside of one; where it begins a test,
# "@" is all there is
words() {
	awk '
		FNR == 1 { name = "-" }
		/^[ \t]*#/ { next }
		/^[a-z_0-9]+\(\) [{(]/ { name = $1; sub(/\(.*/, "", name) }
		/^[ \t]*(if )?test_begin / { print FILENAME, FNR, name, "@"; next }
		{
			line = $0
			gsub(/[^a-zA-Z_0-9]+/, " ", line)
			print FILENAME, FNR, name, line
		}
		/^[})]/ { name = "-" }
	' "$@"
}

# The functions that check, those that call them, and so on.
mapfile -t checking < <(words "${files[@]}" | awk '
	{ for (i = 4; i <= NF; i++) if ($3 != "-") calls[$3, $i] = 1 }
	END {
		for (word in calls) { split(word, pair, SUBSEP); if (pair[2] == "fail") checks[pair[1]] = 1 }
		do {
			more = 0
			for (word in calls) {
				split(word, pair, SUBSEP)
				if ((pair[2] in checks) && !(pair[1] in checks)) more = checks[pair[1]] = 1
			}
		} while (more)
		for (name in checks) print name
	}')

for file in "${files[@]}"; do
	grep -qE '^[[:space:]]*(if )?test_begin ' "$file" || continue
	test_begin "every test of $file checks something"
	without=$(words "$file" | awk -v checking="fail ${checking[*]}" '
		BEGIN { n = split(checking, list, " "); for (i = 1; i <= n; i++) checks[list[i]] = 1 }
		function judge() { if (begun && !checked) print "line " begun " begins a test without a check" }
		{
			for (i = 4; i <= NF; i++) {
				if ($i == "@") { judge(); begun = $2; checked = 0 }
				else if ($i in checks) checked = 1
			}
		}
		END { judge() }')
	check_equal "tests without a check" "$without" ''
done
