#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All of the conformance cases, in the profile that does what the bundle says.
set -euo pipefail
: "${AGENTRUN:?the program under test}"
RUNTIME=$AGENTRUN exec "$(dirname "$0")/run" -o '--profile compat'
