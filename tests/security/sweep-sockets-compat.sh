#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same in the profile that does what the bundle says: hooks, a user namespace, a seccomp listener.
set -euo pipefail
AGENTRUN_SWEEP_PROFILE=compat AGENTRUN_SWEEP_SOCKETS=1 exec "$(dirname "$0")/sweep.sh"
