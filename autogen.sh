#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes ./configure in a checkout. A release tarball has it already.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
for tool in autoreconf:autoconf automake:automake pkg-config:pkg-config; do
	command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
done
if [ "${#missing[@]}" -gt 0 ]; then
	echo "autogen.sh: missing tools; on Debian: apt-get install ${missing[*]}" >&2
	exit 1
fi

autoreconf --force --install
