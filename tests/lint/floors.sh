#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The folders of libcontainer are floors: each includes only headers of those below it.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
cd "$SRCDIR/libcontainer"

# From the table of README.md, so that the text and the code cannot part.
mapfile -t floors < <(sed -nE 's/^\| *[0-9]+ *\| *`([a-z]+)` *\|.*/\1/p' README.md)

test_begin "libcontainer/README.md names every folder"
check_equal "folders" "$(printf '%s\n' "${floors[@]}" | sort)" \
	"$(for folder in */; do echo "${folder%/}"; done | sort)"

below=()
for floor in "${floors[@]}"; do
	[ -d "$floor" ] || continue
	below+=("$floor")
	allowed=$(IFS='|'; echo "${below[*]}")
	test_begin "$floor includes only ${below[*]}"
	found=$(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$floor" --include='*.[ch]' |
		grep -vE "\"($allowed)/[a-z0-9-]+\\.h\"" |
		# the generators of tables are programs of their own, with headers of their own
		grep -vE '^policy/gen-[a-z0-9-]+\.[ch]:.*"gen-[a-z0-9-]+\.h"' || true)
	[ -z "$found" ] || fail "$found"
done

test_begin "libcontainer includes nothing of src"
found=$(grep -rnE '#[[:space:]]*include.*(\.\./|src/)' . --include='*.[ch]' || true)
[ -z "$found" ] || fail "$found"

test_begin "only policy makes an effective configuration"
found=$(grep -rnE '\<struct ar_effective\>' . ../src --include='*.[ch]' | grep -v '^\./policy/' |
	grep -vE 'const struct ar_effective\>[^;){]*\**|^[^:]*:[0-9]*:struct ar_effective;' || true)
found+=$(grep -rnE '\(const struct ar_effective\)[[:space:]]*\{' . ../src --include='*.[ch]' |
	grep -v '^\./policy/' || true)
[ -z "$found" ] || fail "$found"

# one_file HEADER FILES: the header is included by these files alone (a pattern).
one_file() {
	test_begin "<$1> is included by ${2//|/, } alone"
	found=$(grep -rlE "#[[:space:]]*include[[:space:]]*<$1" . ../src --include='*.[ch]' |
		grep -vxE "\./($2)" || true)
	[ -z "$found" ] || fail "$found"
}
one_file yajl/ 'json/read\.c'
one_file 'seccomp\.h' 'kernel/[a-z-]*seccomp[a-z-]*\.c|policy/gen-[a-z-]*\.c'
one_file libmount/ 'kernel/[a-z-]*\.c'

test_begin "a library never prints"
found=$(grep -rnE '\<(printf|puts|putchar|fprintf|perror)[[:space:]]*\(' . --include='*.c' |
	grep -vE '^\./(base/log\.c|policy/gen-[a-z-]*\.c):' || true)
[ -z "$found" ] || fail "$found"
