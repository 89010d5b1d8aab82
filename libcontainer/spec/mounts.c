/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

#include "base/str.h"

/* Also of linux.uidMappings and linux.gidMappings. */
static const struct ar_field id_mapping_fields[] = {
	AR_FIELD_U64(ar_id_mapping, container_id, "containerID", AR_F_REQUIRED, UINT32_MAX),
	AR_FIELD_U64(ar_id_mapping, host_id, "hostID", AR_F_REQUIRED, UINT32_MAX),
	AR_FIELD_U64(ar_id_mapping, size, "size", AR_F_REQUIRED, UINT32_MAX),
};
const struct ar_class ar_id_mapping_class = AR_CLASS(ar_id_mapping, "idMapping", id_mapping_fields);

/* config.md, "Mounts" */
static const struct ar_field mount_fields[] = {
	AR_FIELD_STRING(ar_mount, destination, "destination", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRING(ar_mount, type, "type", AR_F_BLANK),
	AR_FIELD_STRING(ar_mount, source, "source", AR_F_BLANK),
	AR_FIELD_STRINGS(ar_mount, options, "options", 0),
	AR_FIELD_LIST(ar_mount, uid_mappings, "uidMappings", 0, ar_id_mapping),
	AR_FIELD_LIST(ar_mount, gid_mappings, "gidMappings", 0, ar_id_mapping),
};
const struct ar_class ar_mount_class = AR_CLASS_LINE(ar_mount, "mount", mount_fields, line);

bool ar_mount_wants_bind(const struct ar_mount *mount)
{
	return ar_streq(mount->type, "bind") || ar_strings_have(&mount->options, "bind") ||
	       ar_strings_have(&mount->options, "rbind");
}
