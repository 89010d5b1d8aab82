#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All that "features" says in the compat profile (features.json), but for versions and what the kernel can do.
#
#   features.sh        compare
#   features.sh -u     write what comes out as what is expected, to be read with "git diff"
set -euo pipefail
: "${SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${AGENTRUN:=./agentrun}"
expected=$SRCDIR/tests/golden/features.json

features() {
	"$AGENTRUN" --profile "$1" features |
		jq 'del(.annotations["io.agentrun.version", "io.agentrun.commit", "io.github.seccomp.libseccomp.version"], .linux.seccomp.supportedFlags)'
}

if [ "${1-}" = -u ]; then
	features compat >"$expected"
	exit
fi

. "$SRCDIR/tests/tap.sh"
needs command:jq
test_begin "features of the compat profile"
found=$(diff -u "$expected" <(features compat) | tail -n +3) || fail "$found"

# the lists of annotations are those of the profile: tests/integration/cli-help.sh
others() {
	jq 'del(.annotations, .potentiallyUnsafeConfigAnnotations)'
}
for profile in agent strict; do
	test_begin "features of the $profile profile"
	found=$(diff -u <(others <"$expected") <(features "$profile" | others) | tail -n +3) || fail "$found"
done
