#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# As an engine calls the runtime: detached, with a terminal and a pidfd that go to sockets, and a service manager.
set -euo pipefail
AGENTRUN_SWEEP_SOCKETS=1 exec "$(dirname "$0")/sweep.sh"
