#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A bundle's own profile answers seccomp(2) with "done" without doing it, so that the runtime's list, which
# comes behind it, would never be installed. Arguments that nobody knows before the call - a pointer to the
# stack, what is left in registers that the call does not use - hide that from a look at the profile.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# lie [INDEX VALUE OPERATOR]
lie() {
	local args='[]'
	[ $# -eq 0 ] || args="[{index: $1, value: $2, op: \"$3\"}]"
	echo ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"seccomp\"],
		action: \"SCMP_ACT_ERRNO\", errnoRet: 0, args: $args}]}"
}

# Calls that the list denies, and a container without capabilities may make otherwise.
check_list() {
	probe_bundle "$1"
	run_probes agent unshare-user io-uring-setup socket-38-5-0
	expect_probe unshare-user EPERM
	expect_probe io-uring-setup "EPERM|ENOSYS"
	expect_probe socket-38-5-0 EAFNOSUPPORT
	assert_nothing_left
}

test_begin "a profile that answers every seccomp(2) keeps nothing out"
check_list "$(lie)"

test_begin "nor one that answers by the operation"
check_list "$(lie 0 1 SCMP_CMP_EQ)"

test_begin "nor one that looks where the program lies in memory"
check_list "$(lie 2 139637976727552 SCMP_CMP_GE)"
check_list "$(lie 2 139637976727552 SCMP_CMP_LT)"

test_begin "nor one that looks at arguments which the call does not have"
for index in 3 4 5; do
	check_list "$(lie "$index" 0 SCMP_CMP_NE)"
	check_list "$(lie "$index" 0 SCMP_CMP_EQ)"
done
