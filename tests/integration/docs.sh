#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The policy files that the documents show are taken as they stand.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

# split FILE FOLDER: its blocks of JSON with comments, one a file
split() {
	awk -v folder="$2" '
		/^```jsonc$/ { out = sprintf("%s/%02d", folder, ++n); next }
		/^```$/ { out = "" }
		out { print >out }' "$1"
}

# accepted FILE: what is refused of the bundle, a control that this machine lacks say, is not its fault
accepted() {
	make_bundle "$bundle"
	run_agentrun --config "$1" --profile strict explain --bundle "$bundle"
	check_lacks "errors" "$errors" "$1"
	check_has "output" "$output" "Profile strict"
}

while read -r document; do
	mkdir -p "$TEST_TMP/blocks"
	split "$document" "$TEST_TMP/blocks"
	for block in "$TEST_TMP"/blocks/*; do
		[ -e "$block" ] || continue
		test_begin "policy ${block##*/} of ${document#"$SRCDIR/"}"
		accepted "$block"
	done
	rm -r "$TEST_TMP/blocks"
done < <(ls "$SRCDIR"/README.md "$SRCDIR"/docs/*.md)

test_begin "the example configuration"
install -m 644 "$SRCDIR/packaging/agentrun.conf" "$TEST_TMP/agentrun.conf"
accepted "$TEST_TMP/agentrun.conf"

test_begin "the example configuration with everything in it switched on"
sed -E 's|^\t// *("[a-z-]+":.*)|\t\1|; s|^\t// *([]{}].*)|\t\1|; s|^\t//\t|\t|' "$SRCDIR/packaging/agentrun.conf" \
	>"$TEST_TMP/agentrun.conf"
check_true "something is switched on" grep -qE '^[[:blank:]]+"profile"' "$TEST_TMP/agentrun.conf"
accepted "$TEST_TMP/agentrun.conf"
