# SPDX-License-Identifier: GPL-2.0-or-later
# The program itself knows what there is.
agentrun completion fish | source
