/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

static const struct ar_field intel_rdt_fields[] = {
	AR_FIELD_STRING(ar_intel_rdt, clos_id, "closID", AR_F_BLANK),
	AR_FIELD_STRINGS(ar_intel_rdt, schemata, "schemata", 0),
	AR_FIELD_STRING(ar_intel_rdt, l3_cache_schema, "l3CacheSchema", AR_F_BLANK),
	AR_FIELD_STRING(ar_intel_rdt, mem_bw_schema, "memBwSchema", AR_F_BLANK),
	AR_FIELD_TRI(ar_intel_rdt, enable_cmt, "enableCMT", 0),
	AR_FIELD_TRI(ar_intel_rdt, enable_mbm, "enableMBM", 0),
	AR_FIELD_TRI(ar_intel_rdt, enable_monitoring, "enableMonitoring", 0),
};
const struct ar_class ar_intel_rdt_class = AR_CLASS(ar_intel_rdt, "intelRdt", intel_rdt_fields);

/* set_mempolicy(2) */
static const struct ar_name memory_modes[] = {
	{ .name = "MPOL_DEFAULT" },    { .name = "MPOL_BIND" },
	{ .name = "MPOL_INTERLEAVE" }, { .name = "MPOL_WEIGHTED_INTERLEAVE" },
	{ .name = "MPOL_PREFERRED" },  { .name = "MPOL_PREFERRED_MANY" },
	{ .name = "MPOL_LOCAL" },
};
static const struct ar_name memory_flags[] = {
	{ .name = "MPOL_F_NUMA_BALANCING" },
	{ .name = "MPOL_F_RELATIVE_NODES" },
	{ .name = "MPOL_F_STATIC_NODES" },
};
static const struct ar_field memory_policy_fields[] = {
	AR_FIELD_NAME(ar_memory_policy, mode, "mode", AR_F_REQUIRED, memory_modes),
	AR_FIELD_STRING(ar_memory_policy, nodes, "nodes", AR_F_BLANK),
	AR_FIELD_NAMES(ar_memory_policy, flags, "flags", 0, memory_flags),
};
const struct ar_class ar_memory_policy_class =
	AR_CLASS(ar_memory_policy, "memoryPolicy", memory_policy_fields);

/* personality(2) */
static const struct ar_name domains[] = {
	{ .name = "LINUX" },
	{ .name = "LINUX32" },
};
static const struct ar_field personality_fields[] = {
	AR_FIELD_NAME(ar_personality, domain, "domain", AR_F_REQUIRED, domains),
	AR_FIELD_STRINGS(ar_personality, flags, "flags", 0),
};
const struct ar_class ar_personality_class =
	AR_CLASS(ar_personality, "personality", personality_fields);

/* config-linux.md, "Rootfs Mount Propagation", and the recursive forms that runc takes as well */
static const struct ar_name propagations[] = {
	{ .name = "private" },	  { .name = "rprivate" },    { .name = "slave" },
	{ .name = "rslave" },	  { .name = "shared" },	     { .name = "rshared" },
	{ .name = "unbindable" }, { .name = "runbindable" },
};

/* config-linux.md */
static const struct ar_field linux_fields[] = {
	AR_FIELD_LIST(ar_linux, uid_mappings, "uidMappings", 0, ar_id_mapping),
	AR_FIELD_LIST(ar_linux, gid_mappings, "gidMappings", 0, ar_id_mapping),
	AR_FIELD_MAP(ar_linux, sysctl, "sysctl", 0),
	AR_FIELD_OBJECT(ar_linux, resources, "resources", 0, ar_resources),
	AR_FIELD_STRING(ar_linux, cgroups_path, "cgroupsPath", AR_F_BLANK),
	AR_FIELD_LIST(ar_linux, namespaces, "namespaces", 0, ar_namespace),
	AR_FIELD_LIST(ar_linux, devices, "devices", 0, ar_device),
	AR_FIELD_OBJECT_MAP(ar_linux, net_devices, "netDevices", 0, ar_net_device),
	AR_FIELD_OBJECT(ar_linux, seccomp, "seccomp", 0, ar_seccomp),
	AR_FIELD_NAME(ar_linux, rootfs_propagation, "rootfsPropagation", AR_F_BLANK, propagations),
	AR_FIELD_STRINGS(ar_linux, masked_paths, "maskedPaths", 0),
	AR_FIELD_STRINGS(ar_linux, readonly_paths, "readonlyPaths", 0),
	AR_FIELD_STRING(ar_linux, mount_label, "mountLabel", AR_F_BLANK),
	AR_FIELD_OBJECT(ar_linux, intel_rdt, "intelRdt", 0, ar_intel_rdt),
	AR_FIELD_OBJECT(ar_linux, memory_policy, "memoryPolicy", 0, ar_memory_policy),
	AR_FIELD_OBJECT(ar_linux, personality, "personality", 0, ar_personality),
	AR_FIELD_OBJECT_MAP(ar_linux, time_offsets, "timeOffsets", 0, ar_time_offset),
};
const struct ar_class ar_linux_class = AR_CLASS(ar_linux, "linux", linux_fields);
