# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The blocks of docs/engines.md, so that tests use them as they stand there.
#
#   page_block HEADING LANGUAGE NUMBER   prints that block of the chapter
#   page_blocks HEADING LANGUAGE         all of them, one file each, in $blocks
#   page_value KEY                       of the manifests, the first

page=$SRCDIR/docs/engines.md

page_blocks() {
	rm -rf "$TEST_TMP/blocks"
	mkdir "$TEST_TMP/blocks"
	awk -v heading="$1" -v fence="\`\`\`$2" -v folder="$TEST_TMP/blocks" '
		/^#/ && !inside { on = substr($0, index($0, " ") + 1) == heading }
		/^```/ {
			inside = !inside
			out = inside && on && $0 == fence ? sprintf("%s/%02d", folder, ++n) : ""
			next
		}
		out { print >out }' "$page"
	blocks=("$TEST_TMP"/blocks/*)
	[ -e "${blocks[0]}" ] || fail "the chapter '$1' has no $2"
}

page_block() {
	(page_blocks "$1" "$2" && cat "${blocks[$(($3 - 1))]}")
}

page_value() {
	sed -n '/^```yaml$/,/^```$/s/.*\<'"$1"': *\([^ ,}]*\).*/\1/p' "$page" | head -n 1
}
