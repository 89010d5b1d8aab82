#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line, formats, exit statuses and messages are the same in the hardened profiles; only the
# properties of a container are not always those of its bundle.
set -euo pipefail
: "${AGENTRUN:?the program under test}"
RUNTIME=$AGENTRUN exec "$(dirname "$0")/run" -o '--profile agent' -s property
