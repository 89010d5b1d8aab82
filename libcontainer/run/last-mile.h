/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/walk.h"

/*
 * From a process in its namespaces to the container's program: the one place, and the one order, in
 * which create and exec give up rights. Every step is init's.
 */
void ar_last_mile_add(struct ar_plan *plan, const struct ar_run *run);
/* The end of it: what may come only after "start". */
void ar_last_mile_add_end(struct ar_plan *plan, const struct ar_run *run);
/* Open the container's terminal and send its master away; once /dev/pts stands. */
int ar_step_terminal_open(struct ar_run *run, struct ar_error *err);
extern const struct ar_step ar_step_terminal; /* the same as a step, for exec */
