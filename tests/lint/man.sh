#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages are clean under mandoc, and every command has its place in one.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:mandoc
cd "$SRCDIR"

while read -r page; do
	test_begin "$page is clean under mandoc"
	found=$(mandoc -T lint -W warning "$page" 2>&1) || fail "$found"
done < <(find man -name '*.[1-8]' | sort)

test_begin "every command is described in agentrun(1)"
mapfile -t commands < <(sed -nE 's/^const struct ar_command ar_command_([a-z]+) = \{.*/\1/p' src/*.c)
[ "${#commands[@]}" -gt 10 ] || fail "only ${#commands[@]} commands were found in src"
for name in "${commands[@]}"; do
	grep -qw -e "$name" man/agentrun.1 || fail "$name"
done

# --- agentrun(1) and --help say the same -------------------------------------------------------------

[ -n "${AGENTRUN-}" ] || exit 0
page=man/agentrun.1

# documented HEADING-REGEX: the long options below these headings of the page
documented() {
	awk -v wanted="$1" '/^\.S[hs] / { on = $0 ~ wanted } on && /^\.(It|Ss) /' "$page" |
		grep -oE -e '(Fl|\|) -[a-z-]+' | sed -E 's/^(Fl|\|) -//' | sort -u
}

# offered [COMMAND]: the long options that --help shows
offered() {
	"$AGENTRUN" "$@" --help | sed -nE '/OPTIONS:$/,$ s/^ +--([a-z-]+).*/\1/p' | sort -u
}

# plain LIST: without what every command has
plain() {
	grep -vxE 'help' <<<"$1" || true
}

test_begin "agentrun(1) has the global options of --help"
check_equal "options" "$(documented '^.Sh GLOBAL OPTIONS')" "$(offered)"

while read -r command; do
	test_begin "agentrun(1) has the command $command, with the options of its --help"
	check_true "heading" grep -qE "^\.Ss agentrun $command( |\$)" "$page"
	headings="^.Ss agentrun $command( |\$)"
	# takes the options of create besides
	if [ "$command" = run ]; then headings+="|^.Ss agentrun create "; fi
	check_equal "options" "$(plain "$(documented "$headings")")" "$(plain "$(offered "$command")")"
done < <("$AGENTRUN" --help | sed -nE '/^COMMANDS:/,/^$/ s/^   ([a-z]+) .*/\1/p')
