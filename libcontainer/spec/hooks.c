/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

static const struct ar_field hook_fields[] = {
	AR_FIELD_STRING(ar_hook, path, "path", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRINGS(ar_hook, args, "args", 0),
	AR_FIELD_STRINGS(ar_hook, env, "env", 0),
	AR_FIELD_I64(ar_hook, timeout, "timeout", 0, 1, INT32_MAX),
};
const struct ar_class ar_hook_class = AR_CLASS_LINE(ar_hook, "hook", hook_fields, line);

/* config.md, "POSIX-platform Hooks" */
static const struct ar_field hooks_fields[] = {
	AR_FIELD_LIST(ar_hooks, prestart, "prestart", 0, ar_hook),
	AR_FIELD_LIST(ar_hooks, create_runtime, "createRuntime", 0, ar_hook),
	AR_FIELD_LIST(ar_hooks, create_container, "createContainer", 0, ar_hook),
	AR_FIELD_LIST(ar_hooks, start_container, "startContainer", 0, ar_hook),
	AR_FIELD_LIST(ar_hooks, poststart, "poststart", 0, ar_hook),
	AR_FIELD_LIST(ar_hooks, poststop, "poststop", 0, ar_hook),
};
const struct ar_class ar_hooks_class = AR_CLASS(ar_hooks, "hooks", hooks_fields);
