/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "policy/config.h"
#include "policy/rules.h"

/*
 * The first opt-out of the configuration that holds for this rule, container and thing at time now
 * (seconds since 1970); NULL: none. An opt-out with a path never holds where there is no thing.
 */
const struct ar_opt_out *ar_opt_out_find(const struct ar_config *config, const struct ar_spec *spec,
					 int64_t now, const struct ar_rule *rule,
					 const char *thing);
/* "2027-01-31" (its end, UTC) or RFC 3339 with seconds, to seconds since 1970. 0 or -EINVAL. */
int ar_expiry_parse(const char *text, int64_t *ret);
