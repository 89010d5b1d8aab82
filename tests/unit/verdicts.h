/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/seccomp.h>
#include <stdint.h>

#include "kernel/seccomp.h"

/*
 * Tables of verdicts, so that what a filter does can be read. A line of a table:
 *
 *	ARCH CALL[,CALL...] [ARGUMENT...] = VERDICT	# why
 *
 * ARCH is x86_64, aarch64, i386, x32, arm, or "native": the one given to check_verdicts(), whose
 *missing calls are skipped. CALL is a name of syscalls.tbl (x86_64, x32 and aarch64) or a number;
 *arguments that are left out are 0. VERDICT is allow, log, notify, trace(N), trap, kill_thread,
 *kill_process, or the errno: EPERM, 38 ...
 */

/*
 * Every line of tests/unit/data/<table> against the filters, stacked; returns how many there were.
 */
unsigned int check_verdicts(const char *table, const char *native,
			    const struct ar_filters *filters);

/* The number of a call in syscalls.tbl, -1: arch has none of that name. Fails the test for an
 * unknown name. */
long call_number(const char *arch, const char *name);
/* The verdict of stacked filters, as the kernel finds it. */
uint32_t stacked_verdict(const struct ar_filters *filters, const struct seccomp_data *data);
/* A verdict's name, as tables have it. */
const char *verdict_name(uint32_t verdict);
/* The AUDIT_ARCH_* of a name. */
uint32_t audit_arch(const char *arch);
