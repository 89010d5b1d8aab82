/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/str.h"
#include "policy/effective.h"
#include "policy/facts.h"

/*
 * What policy did, for a person: what is refused first, then each change with its reason, then the
 * controls and how strictly they are held. At most 100 columns; nothing from outside can end a
 * line. facts may be NULL. The same for a program is ar_effective_encode().
 */
void ar_explain_text(struct ar_text *out, const struct ar_effective *effective,
		     const struct ar_facts *facts);
