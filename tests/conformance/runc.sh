#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The cases against runc, where it is installed: what they say is what runc does.
set -euo pipefail
if ! command -v runc >/dev/null; then
	echo "1..0 # SKIP needs the command 'runc'"
	exit 0
fi
RUNTIME=$(command -v runc) exec "$(dirname "$0")/run"
