# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs that tests bring, made with the C compiler when they are needed.
#
#   build_helper NAME   helpers/NAME.c of any kind of tests, as a static program:
#                       $helpers_folder/NAME. Skips the file where there is no compiler.
#
# AGENTRUN_HELPERS is a folder of those that are made already, for machines without a compiler.

helpers_folder=${AGENTRUN_HELPERS:-$TEST_TMP/helpers}

build_helper() {
	local compiler=${CC:-cc}
	[ ! -x "$helpers_folder/$1" ] || return 0
	command -v "$compiler" >/dev/null || skip_all "needs a C compiler (Debian package gcc)"
	mkdir -p "$helpers_folder"
	"$compiler" -std=c11 -O1 -Wall -Wextra -Werror -static -o "$helpers_folder/$1" \
		"$SRCDIR"/tests/*/helpers/"$1.c" ||
		skip_all "helpers/$1.c cannot be compiled (Debian package libc6-dev)"
}
