#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every shell script is clean under shellcheck and stops at errors.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:shellcheck
cd "$SRCDIR"

while read -r file; do
	case $(head -n 1 "$file") in
	'#!/bin/bash'* | '#!/bin/sh'* | '# shellcheck shell='*) ;;
	*) continue ;;
	esac
	test_begin "$file is clean under shellcheck"
	found=$(shellcheck --external-sources --source-path=SCRIPTDIR "$file") || fail "$found"
	case $(head -n 1 "$file") in
	'#!/bin/bash'*) grep -q '^set -euo pipefail$' "$file" || fail "no 'set -euo pipefail'" ;;
	esac
done < <(scripts/files | grep -E '^(autogen\.sh$|build-aux/|\.ci/|man/|packaging/|scripts/|tests/)' |
	grep -vE '\.([ch]|json|md)$|/(data|corpus)/')
