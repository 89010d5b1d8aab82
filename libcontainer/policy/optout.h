/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "policy/config.h"
#include "policy/facts.h"
#include "policy/rules.h"

/*
 * The first opt-out of the configuration that holds for this rule, container and thing, at the time
 * and for the engine that facts tell; NULL: none. An opt-out with a path never holds where there is
 * no thing, one with an image only where an engine says itself which image it is.
 */
const struct ar_opt_out *ar_opt_out_find(const struct ar_config *config, const struct ar_spec *spec,
					 const struct ar_facts *facts, const struct ar_rule *rule,
					 const char *thing);
/* "2027-01-31" (its end, UTC) or RFC 3339 with seconds, to seconds since 1970. 0 or -EINVAL. */
int ar_expiry_parse(const char *text, int64_t *ret);
