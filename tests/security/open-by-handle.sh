#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "Shocker": a file handle that is guessed opens files outside of the mount tree, up to the host's root.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "no file is opened by its handle, and none is given out"
probe_bundle "$privileged"
run_probes agent open-by-handle name-to-handle
expect_probe open-by-handle EPERM
expect_probe name-to-handle ENOSYS
assert_nothing_left

test_begin "a handle is given out, and one that is guessed is looked up, where nothing guards"
probe_bundle "$privileged"
run_probes compat open-by-handle name-to-handle
expect_probe open-by-handle 'OK|ESTALE'
control_probe name-to-handle
assert_nothing_left
