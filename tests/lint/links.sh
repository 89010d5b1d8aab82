#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program is linked with: every library costs every start, and every one is attack surface.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:readelf
[ -n "${AGENTRUN-}" ] || skip_all "no AGENTRUN"

dynamic=$(readelf -dW "$AGENTRUN")
if grep -q 'libasan' <<<"$dynamic"; then
	skip_all "built with sanitizers"
fi

test_begin "only libc and libyajl are linked"
check_equal "needed libraries" \
	"$(sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' <<<"$dynamic" | grep -v '^ld-linux' | sort | tr '\n' ' ')" \
	"libc.so.6 libyajl.so.2 "

test_begin "every symbol is bound at the start and then read-only"
check_match "flags" "$dynamic" 'FLAGS.*NOW'
check_has "segments" "$(readelf -lW "$AGENTRUN")" GNU_RELRO

test_begin "it is position independent"
check_match "flags" "$dynamic" 'FLAGS_1.*PIE'

test_begin "its stack is not executable"
check_match "segments" "$(readelf -lW "$AGENTRUN")" 'GNU_STACK.* RW +'

test_begin "no path is searched for libraries but the system's"
check_lacks "dynamic section" "$dynamic" PATH
