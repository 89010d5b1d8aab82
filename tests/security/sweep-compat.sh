#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sweep.sh for the profile that does what the bundle says: hooks, a user and a time namespace.
set -euo pipefail
AGENTRUN_SWEEP_PROFILE=compat exec "$(dirname "$0")/sweep.sh"
