#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program in memory leaves nothing that noexec could stop: memfd_create, then exec of its descriptor.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "memory is not executed, also with MFD_EXEC and by execveat"
probe_bundle "$privileged"
run_probes agent memfd-exec memfd-mfd-exec memfd-execveat
expect_probe memfd-exec 'EACCES|EPERM'
expect_probe memfd-mfd-exec 'EACCES|EPERM'
expect_probe memfd-execveat 'EACCES|EPERM|ENOSYS'
assert_nothing_left

if test_begin "the setting that stops it cannot be changed from inside" kernel:6.3; then
	make_command "$bundle" "$privileged" sh -c 'echo 0 >/proc/sys/vm/memfd_noexec'
	run_agentrun run --bundle "$bundle" "$id"
	expect_error "Read-only file system"
	assert_nothing_left
fi

test_begin "memory is executed where nothing guards"
probe_bundle "$privileged"
run_probes compat memfd-exec memfd-execveat
control_probes memfd-exec memfd-execveat
assert_nothing_left
