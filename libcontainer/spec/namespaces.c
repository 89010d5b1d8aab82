/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

/* config-linux.md, "Namespaces" */
static const struct ar_name types[] = {
	{ .name = "pid" }, { .name = "network" }, { .name = "mount" },	{ .name = "ipc" },
	{ .name = "uts" }, { .name = "user" },	  { .name = "cgroup" }, { .name = "time" },
};
static const struct ar_field namespace_fields[] = {
	AR_FIELD_NAME(ar_namespace, type, "type", AR_F_REQUIRED, types),
	AR_FIELD_STRING(ar_namespace, path, "path", AR_F_BLANK),
};
const struct ar_class ar_namespace_class = AR_CLASS(ar_namespace, "namespace", namespace_fields);

/* time_namespaces(7): these clocks, and less than a second of nanoseconds */
static const struct ar_name clocks[] = {
	{ .name = "boottime" },
	{ .name = "monotonic" },
};
static const struct ar_field time_offset_fields[] = {
	AR_FIELD_NAME(ar_time_offset, clock, "clock", AR_F_KEY, clocks),
	AR_FIELD_I64(ar_time_offset, secs, "secs", 0, 0, 0),
	AR_FIELD_U64(ar_time_offset, nanosecs, "nanosecs", 0, 999999999),
};
const struct ar_class ar_time_offset_class =
	AR_CLASS(ar_time_offset, "timeOffset", time_offset_fields);
