/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a process is besides its files: the parts of "process" in config.json, each applied to this
 * process by the last mile of create and exec. One noun a header.
 */
#include "kernel/caps.h"
#include "kernel/ids.h"
#include "kernel/keyring.h"
#include "kernel/lsm.h"
#include "kernel/memory-policy.h"
#include "kernel/personality.h"
#include "kernel/rlimit.h"
#include "kernel/sched.h"
#include "kernel/sysctl.h"
