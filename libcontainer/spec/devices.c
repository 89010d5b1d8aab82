/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

/* A dev_t of the kernel: 12 bits of major and 20 bits of minor number. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

/* config-linux.md, "Devices" */
static const struct ar_name types[] = {
	{ .name = "c" },
	{ .name = "b" },
	{ .name = "u" },
	{ .name = "p" },
};
static const struct ar_field device_fields[] = {
	AR_FIELD_STRING(ar_device, path, "path", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_NAME(ar_device, type, "type", AR_F_REQUIRED, types),
	AR_FIELD_I64(ar_device, major, "major", 0, 0, MAJOR_MAX),
	AR_FIELD_I64(ar_device, minor, "minor", 0, 0, MINOR_MAX),
	/* engines write st_mode, with the type's bits */
	AR_FIELD_U64(ar_device, file_mode, "fileMode", 0, UINT32_MAX),
	AR_FIELD_U64(ar_device, uid, "uid", 0, UINT32_MAX),
	AR_FIELD_U64(ar_device, gid, "gid", 0, UINT32_MAX),
};
const struct ar_class ar_device_class = AR_CLASS(ar_device, "device", device_fields);

/* config-linux.md, "Network Devices" */
static const struct ar_field net_device_fields[] = {
	AR_FIELD_STRING(ar_net_device, host_name, "hostName", AR_F_KEY),
	AR_FIELD_STRING(ar_net_device, name, "name", AR_F_BLANK),
};
const struct ar_class ar_net_device_class = AR_CLASS(ar_net_device, "netDevice", net_device_fields);
