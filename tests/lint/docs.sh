#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The documents: links lead somewhere, and whatever an administrator can name is described.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:jq
cd "$SRCDIR"
schema=packaging/agentrun.schema.json

# anchors FILE: of its headings, as web views of Markdown make them
anchors() {
	sed -nE 's/^#+ +//p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

while read -r file; do
	test_begin "the links of $file lead to files and headings"
	while read -r link; do
		target=${link%%#*} anchor=
		case $link in *'#'*) anchor=${link#*#} ;; esac
		if [ -n "$target" ]; then
			target=$(dirname "$file")/$target
		else
			target=$file
		fi
		if ! [ -e "$target" ]; then
			fail "$link: no such file"
		elif [ -n "$anchor" ]; then
			anchors "$target" | grep -qxF -e "$anchor" || fail "$link: no such heading"
		fi
	done < <(grep -oE '\]\([^)]+\)' "$file" | sed -E 's/^\]\(//; s/\)$//' | grep -vE '^[a-z]+:' || true)
done < <(scripts/files | grep '\.md$')

test_begin "every CVE that SECURITY.md says is stopped is attempted in tests/security"
while read -r cve; do
	grep -qF -e "$cve" tests/security/*.sh || fail "$cve"
done < <(grep -oE 'CVE-[0-9]+-[0-9]+' SECURITY.md | sort -u)

test_begin "docs/hardening.md has a heading for every control"
while read -r control; do
	grep -qE "^### (.*[ ,])?$control(\$|[ ,])" docs/hardening.md || fail "$control"
done < <(jq -r '.properties.strengths.propertyNames.enum[]' "$schema")

test_begin "agentrun-policy(5) names every control"
while read -r control; do
	grep -qE "^\.Cm .*$control( |,|\$)" man/agentrun-policy.5 || fail "$control"
done < <(jq -r '.properties.strengths.propertyNames.enum[]' "$schema")

test_begin "agentrun-policy(5) and the example have every key of the policy file"
while read -r key; do
	grep -qE "^\.It Cm (.* )?$key( |,|\$)" man/agentrun-policy.5 || fail "agentrun-policy(5): $key"
	grep -q "\"$key\"" packaging/agentrun.conf || fail "packaging/agentrun.conf: $key"
done < <(jq -r '.properties | keys[]' "$schema")

test_begin "docs/engines.md and the file for podman that is installed are the same"
check_equal "configuration" \
	"$(awk '/^## / { on = /^## podman/ } on && /^```toml/ { out = 1; next } /^```/ { out = 0 } out' docs/engines.md)" \
	"$(sed -e '/^#/d' -e 's|@bindir@|/usr/local/bin|' packaging/engines/containers.conf.in)"
