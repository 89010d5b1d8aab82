/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

/*
 * What runc takes and ar_spec_validate() refuses, brought to what runc makes of it: versions other
 * than 1.x are not looked at, of several limits for one resource the last counts, a bind mount
 * without a source and a root without a path are the bundle, flags of a personality (runtime-spec
 * has none) and id mappings without a user namespace have no effect, and the path of a device begins
 * at the root even if it lacks the slash.
 */
void ar_spec_tolerate(struct ar_arena *arena, struct ar_spec *spec);
void ar_process_tolerate(struct ar_arena *arena, struct ar_process *process);
