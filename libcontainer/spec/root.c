/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

/* config.md, "Root" */
static const struct ar_field root_fields[] = {
	AR_FIELD_STRING(ar_root, path, "path", 0),
	AR_FIELD_TRI(ar_root, readonly, "readonly", 0),
};
const struct ar_class ar_root_class = AR_CLASS(ar_root, "root", root_fields);
